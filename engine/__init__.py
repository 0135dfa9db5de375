"""HRN engine: photographs in, head bundles out.

The engine runs in its own Python environment and never imports ``bpy``. Blender talks to it through
``engine serve`` (JSON lines on stdin/stdout); scripts can call :func:`reconstruct` directly.

Importing this package is cheap on purpose: the add-on imports ``engine.wire`` from Blender's own Python, where
OpenCV and the engine's other packages do not exist.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__", "load_bundle", "reconstruct"]


def __getattr__(name: str):
    if name == "reconstruct":
        from .methods import reconstruct

        return reconstruct
    if name == "load_bundle":
        from .wire.bundle import load_bundle

        return load_bundle
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""HRN engine: photographs in, head bundles out.

The engine runs in its own Python environment and never imports ``bpy``. Blender talks to it through
``engine serve`` (JSON lines on stdin/stdout); scripts can call :func:`reconstruct` directly.

Importing this package is cheap on purpose: the add-on imports ``engine.wire`` from Blender's own Python, where
OpenCV and the engine's other packages do not exist.
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"
__all__ = ["ErrorCode", "HrnError", "Settings", "__version__", "add_photo", "load_bundle", "reconstruct", "refit", "retexture"]

_PLACES = {
    "ErrorCode": "wire.errors",
    "HrnError": "wire.errors",
    "Settings": "wire.settings",
    "add_photo": "methods",
    "load_bundle": "wire.bundle",
    "reconstruct": "methods",
    "refit": "corrections.refit",
    "retexture": "methods",
}
"""Where the names of the public door are defined; each is imported when it is asked for."""


def __getattr__(name: str):
    if name in _PLACES:
        return getattr(importlib.import_module(f".{_PLACES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

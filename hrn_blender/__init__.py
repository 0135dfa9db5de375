"""HRN for Blender: a photo in, a complete textured head out.

The add-on half. It imports ``bpy``, NumPy and the standard library, never torch or OpenCV: photos are reconstructed
by the engine, a child process with its own Python environment (:mod:`engine.wire.client`), and the finished head bundle
is built into Blender objects (:mod:`.build`).

Importing this package needs no ``bpy``, so that :mod:`.link` can be tested with plain Python.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

__all__ = ["register", "unregister"]

_HERE = Path(__file__).resolve().parent

if "register" in globals():
    # Blender reloads this module only; the modules of the old version must not survive an update.
    for _name in [n for n in sys.modules if n.startswith(f"{__name__}.")]:
        del sys.modules[_name]

if not (_HERE / "engine").is_dir():
    # The zip carries the engine's sources inside the add-on. In a checkout they lie beside it; with the repository
    # root on the search path `from .engine.wire import protocol` works in both.
    __path__.append(str(_HERE.parent))

# fmt: off
_MODULES = ("state.language", "ui.preferences", "ui.properties", "ui.properties_correct", "ui.properties_more", "state.thumbnails", "state.session", "state.correct", "state.adding", "state.batch_session",
            "operators.photos", "operators.results", "operators.hair", "operators.hair_games", "operators.export", "operators.rig", "operators.capture", "operators.adjust", "operators.more", "operators.engine", "operators.batch", "ui.panel", "ui.panel_correct", "ui.panel_more", "ui.panel_hair", "ui.panel_rig", "ui.panel_engine",
            "state.model_files", "ui.panel_methods", "ui.panel_batch", "cli.reconstruct")
# fmt: on
"""Modules with their own register() and unregister(), in order of registration."""

_registered: list = []


def register() -> None:
    """Called by Blender when the add-on is enabled."""
    if _registered:
        unregister()
    try:
        for name in _MODULES:
            module = importlib.import_module(f"{__name__}.{name}")
            module.register()
            _registered.append(module)
    except Exception:
        unregister()
        raise


def unregister() -> None:
    """Called by Blender when the add-on is disabled; stops the engine."""
    while _registered:
        _registered.pop().unregister()

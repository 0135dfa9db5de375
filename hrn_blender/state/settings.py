"""The user's preferences, as everything but the preferences' own page sees them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import bpy

from ..engine.wire.paths import engine_home

__all__ = ["ADDON", "output_folder", "preferences"]

ADDON = __package__.rpartition(".")[0]
"""The add-on's own package, by which Blender knows it."""


_DEFAULTS = SimpleNamespace(
    engine_folder="",
    python="",
    wheels="",
    output_folder="",
    idle_minutes=10,
    frame_result=True,
    show_material=True,
    maps="REFER",
    last_folder="",
)
"""What holds where the add-on is not enabled in the preferences: Blender as a module."""


def preferences():
    """The add-on's preferences; defaults while it is registered without being enabled, as a script or a test does."""
    addon = bpy.context.preferences.addons.get(ADDON)
    return addon.preferences if addon is not None and addon.preferences is not None else _DEFAULTS


def output_folder() -> Path:
    """The folder that holds the finished heads. Not inside the add-on's own folder: that is deleted on uninstall."""
    chosen = preferences().output_folder
    return Path(bpy.path.abspath(chosen)) if chosen else engine_home() / "heads"

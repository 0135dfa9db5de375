"""Small pictures of photos for the panel; Blender makes them in the background."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import bpy
import bpy.utils.previews

from ..engine.wire.formats import PHOTO_FORMATS

__all__ = ["icon", "register", "unregister"]

_UNKNOWN_TO_BLENDER = tuple(suffix for one in PHOTO_FORMATS if not one.shown_by_blender for suffix in one.suffixes)
"""Endings of photos of which Blender makes no thumbnails."""
_LIMIT = 128
"""Pictures that are kept: many times what a list shows at once, at a quarter of a megabyte each."""

_previews = None
_recent: OrderedDict[str, None] = OrderedDict()
"""Paths of the pictures, the one that was drawn last at the end."""


def icon(path: str | Path) -> int:
    """Icon number of the picture at `path`; 0 when there is none to show."""
    path = Path(path)
    if _previews is None or path.suffix.lower() in _UNKNOWN_TO_BLENDER:
        return 0
    key = str(path)
    if key in _recent:
        _recent.move_to_end(key)
        return _previews[key].icon_id
    if not path.is_file():
        return 0
    while len(_recent) >= _LIMIT:
        del _previews[_recent.popitem(last=False)[0]]  # What was drawn longest ago.
    try:
        _previews.load(key, key, "IMAGE")
    except (KeyError, RuntimeError, OSError):
        return 0
    _recent[key] = None
    return _previews[key].icon_id


def register() -> None:
    global _previews
    _previews = bpy.utils.previews.new()


def unregister() -> None:
    global _previews
    bpy.utils.previews.remove(_previews)
    _recent.clear()
    _previews = None

"""Small pictures of photos for the panel; Blender makes them in the background."""

from __future__ import annotations

from pathlib import Path

import bpy
import bpy.utils.previews

__all__ = ["icon", "register", "unregister"]

_UNKNOWN_TO_BLENDER = {".heic", ".heif", ".avif"}
_LIMIT = 200
_previews = None


def icon(path: str | Path) -> int:
    """Icon number of the picture at `path`; 0 when there is none to show."""
    path = Path(path)
    if _previews is None or path.suffix.lower() in _UNKNOWN_TO_BLENDER:
        return 0
    key = str(path)
    if key not in _previews:
        if not path.is_file():
            return 0
        if len(_previews) >= _LIMIT:
            _previews.clear()
        try:
            _previews.load(key, key, "IMAGE")
        except (KeyError, RuntimeError, OSError):
            return 0
    return _previews[key].icon_id


def register() -> None:
    global _previews
    _previews = bpy.utils.previews.new()


def unregister() -> None:
    global _previews
    bpy.utils.previews.remove(_previews)
    _previews = None

"""More of one person: adding photos, comparing, mixing, and the versions of a head."""

from __future__ import annotations

import bpy

from . import add, compare, mix, shapes, versions

__all__ = ["register", "unregister"]

register, _unregister = bpy.utils.register_classes_factory(
    (*add.CLASSES, *compare.CLASSES, *mix.CLASSES, *shapes.CLASSES, *versions.CLASSES)
)


def unregister() -> None:
    compare.leave()
    _unregister()

"""More of one person: adding photos, comparing, mixing, and the versions of a head."""

from __future__ import annotations

import bpy

from . import add, versions

__all__ = ["register", "unregister"]

register, unregister = bpy.utils.register_classes_factory((*add.CLASSES, *versions.CLASSES))

"""What else the .blend file keeps about a head: its earlier versions."""

from __future__ import annotations

import bpy
from bpy.props import CollectionProperty, IntProperty, PointerProperty, StringProperty

__all__ = ["register", "unregister"]


class HRN_Version(bpy.types.PropertyGroup):
    """An earlier version of a head; its name says what was done next."""

    folder: StringProperty(options={"HIDDEN"}, description="Where it lies")
    when: StringProperty(options={"HIDDEN"}, description="Day and time")


class HRN_History(bpy.types.PropertyGroup):
    """The versions of a head, the oldest first."""

    versions: CollectionProperty(type=HRN_Version)
    active: IntProperty(default=-1, options={"HIDDEN"}, description="The version that the head shows; -1: its newest state")


_CLASSES = (HRN_Version, HRN_History)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Object.hrn_history = PointerProperty(type=HRN_History)


def unregister() -> None:
    del bpy.types.Object.hrn_history
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)

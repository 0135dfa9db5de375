"""What else the .blend file keeps about a head: its earlier versions."""

from __future__ import annotations

import bpy
from bpy.props import CollectionProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ..build.mix import set_mix
from ..state.language import CONTEXT

__all__ = ["register", "unregister"]


class HRN_Version(bpy.types.PropertyGroup):
    """An earlier version of a head; its name says what was done next."""

    folder: StringProperty(options={"HIDDEN"}, description="Where it lies")
    when: StringProperty(options={"HIDDEN"}, description="Day and time")


class HRN_History(bpy.types.PropertyGroup):
    """The versions of a head, the oldest first."""

    versions: CollectionProperty(type=HRN_Version)
    active: IntProperty(default=-1, options={"HIDDEN"}, description="The version that the head shows; -1: its newest state")


def _shared(mixed: HRN_Mix, _context) -> None:
    head = mixed.id_data
    if mixed.first is not None and mixed.second is not None and head.mode == "OBJECT":
        counts = {len(one.data.vertices) for one in (head, mixed.first, mixed.second)}
        if len(counts) == 1:
            set_mix(head, mixed.first, mixed.second, mixed.share)


class HRN_Mix(bpy.types.PropertyGroup):
    """What a mixed head is made of."""

    first: PointerProperty(type=bpy.types.Object, description="The head at 0")
    second: PointerProperty(type=bpy.types.Object, description="The head at 1")
    share: FloatProperty(
        name="Share",
        translation_context=CONTEXT,
        default=0.5,
        min=-0.5,
        max=1.5,
        update=_shared,
        description="0 is the first head, 1 the second one; beyond, their difference is exaggerated",
    )


_CLASSES = (HRN_Version, HRN_History, HRN_Mix)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Object.hrn_mix = PointerProperty(type=HRN_Mix)
    bpy.types.Object.hrn_history = PointerProperty(type=HRN_History)


def unregister() -> None:
    del bpy.types.Object.hrn_history
    del bpy.types.Object.hrn_mix
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)

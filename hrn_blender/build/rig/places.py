"""Where the bones of a head are and which way they point."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Vector

from ...engine.wire.errors import ErrorCode, HrnError
from ...engine.wire.messages import say
from ...engine.wire.rig import BONES, Rig
from ..shape import read_shape

__all__ = ["BONE_PROPERTY", "LOOK_AT", "bone_of", "place_bones", "rest_of"]

BONE_PROPERTY = "hrn_bone"
"""Custom property of bones: which bone of the rig it is, whatever its name."""
LOOK_AT = "look_at"
"""The bone that the eyes may look at."""
_LOOK_AT = 16.0
"""Distance of that bone from the eyes, in distances between the eyes: about a metre."""

FRONT = Vector((0, -1, 0))
"""Where a face looks, in its head's space."""
UP = Vector((0, 0, 1))
"""Where the crown is."""
UPRIGHT = ("root", "neck_01", "neck_02", "head")
"""Bones whose z axis points to the front, so that positive turns about x bow the head; all others' points up."""


def rest_of(head: bpy.types.Object, rig: Rig) -> np.ndarray:
    """(N, 3) float64 metres: the head at rest.

    Raises:
        HrnError: ``BUNDLE_INVALID``: vertices were added or removed.
    """
    if len(head.data.vertices) != rig.skin.shape[1]:
        message = say("{head} no longer has the vertices that it was built with.", head=head.name)
        raise HrnError(ErrorCode.BUNDLE_INVALID, message, hint="Build the head again and sculpt instead of editing the mesh.")
    return read_shape(head).rest.astype(np.float64)


def bone_of(rig: bpy.types.Object, name: str) -> bpy.types.Bone | None:
    """The bone of `rig` that is `name` in our rig, whatever it is called now; None where the artist removed it."""
    return next((bone for bone in rig.data.bones if bone.get(BONE_PROPERTY) == name), None)


def place_bones(rig: bpy.types.Object, joints: np.ndarray) -> None:
    """Put the bones at (B, 2, 3) heads and tails, making those that are missing. Leaves the mode and selection as they were."""
    layer = bpy.context.view_layer
    active, selected = layer.objects.active, layer.objects.selected[:]
    known = {bone[BONE_PROPERTY]: bone.name for bone in rig.data.bones if BONE_PROPERTY in bone}
    for thing in selected:
        thing.select_set(False)
    layer.objects.active = rig
    rig.select_set(True)
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        made = {}
        for name, (start, end) in zip(BONES, joints):
            made[name] = _bone(rig, known.get(name), name, start, end)
            made[name].parent = made.get(BONES[name])
            made[name].align_roll(FRONT if name in UPRIGHT else UP)
        eyes = np.array([joints[list(BONES).index(name), 0] for name in ("eye_L", "eye_R")])
        away = np.linalg.norm(eyes[0] - eyes[1])
        start = eyes.mean(0) + _LOOK_AT * away * np.array(FRONT)
        target = _bone(rig, known.get(LOOK_AT), LOOK_AT, start, start + away * np.array(FRONT))
        target.parent = made["root"]
        target.align_roll(UP)
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
        rig.select_set(False)
        for thing in selected:
            thing.select_set(True)
        layer.objects.active = active


def _bone(rig: bpy.types.Object, known: str | None, name: str, start: np.ndarray, end: np.ndarray) -> bpy.types.EditBone:
    bone = rig.data.edit_bones.get(known) if known else None
    if bone is None:
        bone = rig.data.edit_bones.new(name)
        bone[BONE_PROPERTY] = name
    bone.head, bone.tail = start.tolist(), end.tolist()
    return bone

"""What bones are called by other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import bpy

from ...engine.wire.rig import BONES
from .places import BONE_PROPERTY, LOOK_AT

__all__ = ["NAMINGS", "named", "rename_bones"]

_OURS = (*BONES, LOOK_AT)

NAMINGS: dict[str, dict[str, str]] = {
    "BLENDER": {name: name.replace("_L", ".L").replace("_R", ".R") for name in _OURS},
    "RIGIFY": {
        "root": "spine.003", "neck_01": "spine.004", "neck_02": "spine.005", "head": "spine.006", "jaw": "jaw", "eye_L": "eye.L",
        "eye_R": "eye.R", "tongue_01": "tongue.002", "tongue_02": "tongue.001", "tongue_03": "tongue", LOOK_AT: "look_at",
    },
    "UNREAL": {
        "root": "root", "neck_01": "neck_01", "neck_02": "neck_02", "head": "head", "jaw": "FACIAL_C_Jaw", "eye_L": "FACIAL_L_Eye",
        "eye_R": "FACIAL_R_Eye", "tongue_01": "FACIAL_C_Tongue1", "tongue_02": "FACIAL_C_Tongue2",
        "tongue_03": "FACIAL_C_Tongue3", LOOK_AT: "look_at",
    },
    "MIXAMO": {
        "root": "mixamorig:Spine2", "neck_01": "mixamorig:Neck", "neck_02": "mixamorig:Neck1", "head": "mixamorig:Head",
        "jaw": "mixamorig:Jaw", "eye_L": "mixamorig:LeftEye", "eye_R": "mixamorig:RightEye", "tongue_01": "mixamorig:Tongue",
        "tongue_02": "mixamorig:Tongue1", "tongue_03": "mixamorig:Tongue2", LOOK_AT: "look_at",
    },
    "VRM": {
        "root": "J_Bip_C_UpperChest", "neck_01": "J_Bip_C_Neck", "neck_02": "J_Bip_C_Neck2", "head": "J_Bip_C_Head",
        "jaw": "J_Adj_C_Jaw", "eye_L": "J_Adj_L_FaceEye", "eye_R": "J_Adj_R_FaceEye", "tongue_01": "J_Adj_C_Tongue1",
        "tongue_02": "J_Adj_C_Tongue2", "tongue_03": "J_Adj_C_Tongue3", LOOK_AT: "look_at",
    },
}  # fmt: skip
"""Convention -> our bone -> its name there: Blender's sides, Rigify's human metarig, Unreal's mannequin with MetaHuman's face,
Mixamo, and VRoid's bones of a VRM humanoid. Where a convention has no such bone, the name continues its own."""


def rename_bones(rig: bpy.types.Object, naming: str) -> None:
    """Give the bones of `rig` the names of a convention of :data:`NAMINGS`; groups, drivers and constraints follow."""
    _rename(rig, NAMINGS[naming])


def _rename(rig: bpy.types.Object, names: Mapping[str, str]) -> None:
    ours = [bone for bone in rig.data.bones if bone.get(BONE_PROPERTY) in names]
    for bone in ours:  # First out of each other's way: Blender would number what is taken.
        bone.name = f"hrn {bone[BONE_PROPERTY]}"
    for bone in ours:
        bone.name = names[bone[BONE_PROPERTY]]


@contextmanager
def named(rig: bpy.types.Object | None, naming: str) -> Iterator[None]:
    """The bones have the names of a convention while the context lasts; nothing happens without a rig or a naming."""
    given = {bone[BONE_PROPERTY]: bone.name for bone in rig.data.bones if BONE_PROPERTY in bone} if rig is not None else {}
    if not given or not naming:
        yield
        return
    rename_bones(rig, naming)
    try:
        yield
    finally:
        _rename(rig, given)

"""Vertex groups of a head's bones."""

from __future__ import annotations

import bpy
import numpy as np

from ...engine.wire.rig import BONES, Rig
from ..mesh import fill_group
from .places import LOOK_AT, bone_of

__all__ = ["FACE", "give_weights", "share_head", "sum_of_groups"]

FACE = tuple(name for name in BONES if name.startswith(("jaw", "eye", "tongue")))
"""Bones that move within the head."""


def give_weights(head: bpy.types.Object, thing: bpy.types.Object, rig: Rig) -> None:
    """A vertex group for each bone of the armature `thing`."""
    for name, weights in zip(BONES, rig.skin):
        bone = bone_of(thing, name)
        group = head.vertex_groups.get(bone.name) or head.vertex_groups.new(name=bone.name)
        group.remove(range(len(weights)))
        fill_group(group, np.asarray(weights))
    bone_of(thing, LOOK_AT).use_deform = False


def share_head(owner: bpy.types.Object, thing: bpy.types.Object, skinned: bool) -> None:
    """Give the head's group of `owner` what jaw, eyes and tongue do not carry; where these do not deform, their part, too: Blender
    leaves a vertex where it is that no deforming bone carries."""
    bone = bone_of(thing, "head")
    group = owner.vertex_groups.get(bone.name) if bone is not None else None
    if group is None:
        return
    names = {name: bone_of(thing, name) for name in BONES if name != "head" and (skinned or name not in FACE)}
    groups = [owner.vertex_groups.get(one.name) for one in names.values() if one is not None]
    rest = (1 - sum_of_groups(owner, {one.index for one in groups if one is not None})).clip(0, 1)
    group.remove(range(len(rest)))
    fill_group(group, rest)


def sum_of_groups(owner: bpy.types.Object, rows: set[int]) -> np.ndarray:
    """(N,) the sum of the weights of the vertex groups with these indices."""
    return np.array([sum(g.weight for g in v.groups if g.group in rows) for v in owner.data.vertices])

"""Recorded facial motion as keyframes of a head's shape keys and of its rig's neck."""

from __future__ import annotations

import bpy
import numpy as np

from ... import compat
from ..names import ACTIONS_PROPERTY
from .places import bone_of

__all__ = ["HALF_TURNS", "RADIANS", "action_names", "key_motion"]

RADIANS = 1.0
"""Radians of one unit of the head's angles, as the devices record them now."""
HALF_TURNS = float(np.pi)
"""Radians of one unit where -1 to 1 stands for half a turn either way, as older recordings have it."""
_NECK = {"neck_01": 0.25, "neck_02": 0.25, "head": 0.5}
"""Share of a turn of the head that each bone makes."""
_OWN = "hrn_capture"
"""Custom property of the actions that a recording made: the next one replaces them, and only them."""


def action_names(head: bpy.types.Object) -> list[str]:
    """The shape keys of a head that are facial actions."""
    keys = head.data.shape_keys
    known = str(head.get(ACTIONS_PROPERTY, "")).split("\n")
    return [name for name in known if keys is not None and name in keys.key_blocks]


def key_motion(
    head: bpy.types.Object,
    rig: bpy.types.Object | None,
    name: str,
    frames: np.ndarray,
    actions: dict[str, np.ndarray],
    turns: np.ndarray | None,
    unit: float = RADIANS,
) -> list[bpy.types.Action]:
    """Key the values of every frame. Keys of the artist's own are kept, in an action with a fake user.

    Args:
        rig: gets the head's turns; without one they are left out.
        name: of the recording.
        frames: (F,) frames of the scene. actions: shape key -> (F,) values.
        turns: (F, 3) yaw to the subject's left, pitch down and roll to the subject's left shoulder.
        unit: radians of one unit of `turns`.

    Returns:
        The actions that were made.
    """
    keys = head.data.shape_keys
    for action, values in actions.items():
        block = keys.key_blocks[action]
        block.slider_max = min(max(block.slider_max, float(values.max())), 10.0)
    curves = {(f'key_blocks["{action}"].value', 0): values for action, values in actions.items()}
    made = [_keyed(keys, f"{name} face", frames, curves)]
    if rig is None or turns is None:
        return made
    curves = {}
    for bone_name, share in _NECK.items():
        bone = bone_of(rig, bone_name)
        if bone is None:
            continue
        rig.pose.bones[bone.name].rotation_mode = "XYZ"
        path = f'pose.bones["{bone.name}"].rotation_euler'
        # x to the subject's left, y along the bone upwards, z to the front: see places.UPRIGHT.
        for axis, column in ((0, 1), (1, 0), (2, 2)):
            curves[path, axis] = share * unit * turns[:, column]
    return [*made, _keyed(rig, f"{name} head", frames, curves)]


def _keyed(owner: bpy.types.ID, name: str, frames: np.ndarray, curves: dict[tuple[str, int], np.ndarray]) -> bpy.types.Action:
    data = owner.animation_data or owner.animation_data_create()
    before = data.action
    if before is not None:
        data.action = None
        if before.get(_OWN) == owner.name and not before.users:
            bpy.data.actions.remove(before)
        else:
            before.use_fake_user = True
    action = bpy.data.actions.new(name)
    action[_OWN] = owner.name
    channels = compat.action_curves(action, owner)
    for (path, axis), values in curves.items():
        curve = channels.new(path, index=axis)
        curve.keyframe_points.add(len(frames))
        curve.keyframe_points.foreach_set("co", np.stack([frames, values], 1).astype(np.float32).ravel())
        curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), _LINEAR, np.int32))
        curve.update()
    return action


_LINEAR = 1
"""Blender's number for straight lines between keyframes: there is one in each frame."""

"""What couples the bones of jaw and eyes with the facial actions, so that both agree whichever of them leads."""

from __future__ import annotations

from math import radians
from typing import NamedTuple

import bpy
import numpy as np
from mathutils import Matrix

from ...engine.wire.rig import BONES, GAZE_ACTIONS, Rig
from ..mesh_arrays import key_offset, points_of
from ..names import JAW_CORRECTION
from .places import BONE_PROPERTY, LOOK_AT, bone_of, rest_of
from .weights import FACE, share_head, sum_of_groups

__all__ = ["LEADS", "lead_of", "look_at", "set_lead"]

LEADS = ("KEYS", "BONES", "SKIN")
"""Who leads: shape keys, which jaw and eyes of the armature follow; these bones, which the shape keys follow; or these bones with
weights of their own (linear blend skinning), as game engines have it, shape keys adding to that."""

_LEAD = "hrn_lead"
"""Custom property of armatures: which of :data:`LEADS`."""
_INFLUENCE = "influence"
"""Custom property of the bone that the eyes look at: how much they do, 0 to 1."""
_GAZE_REACH = 2.0
"""How far eyes may turn beyond their actions' full value when bones lead: some 25 degrees."""
_SLIDES = ("jawForward", "jawLeft", "jawRight")
"""Actions that shift the jaw without turning it."""
_FIRM = 0.99
"""Share of the largest weight of the jaw from which on a vertex is part of it: lower teeth and chin."""


class _Turn(NamedTuple):
    """An action's turn of a bone."""

    axis: int
    """Number of the bone's axis: 0 x, 2 z."""
    at_one: float
    """Radians at value 1."""


def lead_of(thing: bpy.types.Object) -> str:
    """The way of :data:`LEADS` in which the face of an armature is coupled."""
    found = thing.get(_LEAD)
    return found if found in LEADS else LEADS[0]


def look_at(thing: bpy.types.Object) -> bpy.types.PoseBone | None:
    """The bone that the eyes look at, whose property ``influence`` says how far they do."""
    bone = bone_of(thing, LOOK_AT)
    pose = thing.pose.bones.get(bone.name) if bone is not None else None
    return pose if pose is not None and _INFLUENCE in pose else None


def set_lead(head: bpy.types.Object, thing: bpy.types.Object, lead: str | None, rig: Rig) -> None:
    """Couple the face's shape keys and bones in one way and undo the others; the face stays as it is. None undoes all.

    Args:
        thing: the armature. rig: the table of bones.
    """
    bpy.context.view_layer.update()  # Drivers leave behind what they last said.
    turns, slides = _turns(rig), _slides(head, thing, rig)
    values = _values(head, thing, turns, slides)
    _uncouple(head, thing)
    skinned = lead == "SKIN"
    for name in FACE:
        bone = bone_of(thing, name)
        if bone is not None:
            bone.use_deform = skinned
            thing.pose.bones[bone.name].rotation_mode = "XYZ"
    share_head(head, thing, skinned)
    _pose(thing, {} if lead in (None, "KEYS") else values, turns, slides)
    keys = head.data.shape_keys
    for action, value in values.items():
        keys.key_blocks[action].value = 0.0 if skinned else value
    if lead is None:
        return
    thing[_LEAD] = lead
    _look(thing, lead)
    if keys is None:
        return
    if lead == "KEYS":
        _bones_follow(keys, thing, turns, slides)
    elif lead == "BONES":
        _keys_follow(keys, thing, turns, slides)
    else:
        _correct(head, thing, rig)


def _values(head: bpy.types.Object, thing: bpy.types.Object, turns: dict, slides: dict) -> dict[str, float]:
    """Action -> its value now, of the actions that bones can take over: that of its shape key, or of its skinned bone."""
    keys = head.data.shape_keys
    if keys is None:
        return {}
    values = {name: keys.key_blocks[name].value for name in (*turns, *slides) if name in keys.key_blocks}
    if lead_of(thing) != "SKIN":
        return values
    for action in values:
        name, turn = turns.get(action, ("jaw", None))
        bone = bone_of(thing, name)
        if bone is None:
            continue
        pose = thing.pose.bones[bone.name]
        if turn is not None:
            values[action] += max(0.0, pose.rotation_euler[turn.axis] / turn.at_one)
        elif slides[action].any():
            values[action] += max(0.0, float(np.array(pose.location) @ slides[action] / (slides[action] @ slides[action])))
    return values


def _pose(thing: bpy.types.Object, values: dict[str, float], turns: dict, slides: dict) -> None:
    """Turn and shift the bones of jaw and eyes as actions of these values do; without any, back to their rest."""
    for name in ("jaw", "eye_L", "eye_R"):
        bone = bone_of(thing, name)
        if bone is None:
            continue
        angle, shift = np.zeros(3), np.zeros(3)
        for action, value in values.items():
            owner, turn = turns.get(action, ("jaw", None))
            if owner == name and turn is not None:
                angle[turn.axis] += value * turn.at_one
            elif owner == name:
                shift += value * slides[action]
        pose = thing.pose.bones[bone.name]
        pose.rotation_euler, pose.location = angle.tolist(), shift.tolist()


def _turns(rig: Rig) -> dict[str, tuple[str, _Turn]]:
    """Action -> the bone that it turns, and how. Positive turns about x lift (z is up, y to the front), about z go to the left."""
    found = {"jawOpen": ("jaw", _Turn(0, -radians(rig.jaw_degrees)))}
    for bone, side, outwards in (("eye_L", "Left", 1), ("eye_R", "Right", -1)):
        axes = {"Down": (0, -1), "Up": (0, 1), "In": (2, -outwards), "Out": (2, outwards)}
        for end, degrees in zip(GAZE_ACTIONS, rig.gaze_degrees.tolist()):
            axis, sign = axes[end]
            found[f"eyeLook{end}{side}"] = (bone, _Turn(axis, sign * radians(degrees)))
    return found


def _slides(head: bpy.types.Object, thing: bpy.types.Object, rig: Rig) -> dict[str, np.ndarray]:
    """Action -> (3,) metres by which it shifts the jaw's bone, in the bone's axes."""
    keys, bone = head.data.shape_keys, bone_of(thing, "jaw")
    if keys is None or bone is None:
        return {}
    weight = rig.skin[list(BONES).index("jaw")]
    firm = weight >= _FIRM * weight.max()
    axes = np.array(bone.matrix_local.to_3x3())
    present = [name for name in _SLIDES if name in keys.key_blocks]
    return {name: key_offset(head, keys.key_blocks[name])[firm].mean(0) @ axes for name in present}


def _bones_follow(keys: bpy.types.Key, thing: bpy.types.Object, turns: dict, slides: dict) -> None:
    sums: dict[tuple[str, str, int], list[tuple[str, float]]] = {}
    for action, (name, turn) in turns.items():
        sums.setdefault((name, "rotation_euler", turn.axis), []).append((action, turn.at_one))
    for action, shift in slides.items():
        for axis in range(3):
            sums.setdefault(("jaw", "location", axis), []).append((action, float(shift[axis])))
    for (name, path, axis), parts in sums.items():
        bone = bone_of(thing, name)
        parts = [(action, factor) for action, factor in parts if action in keys.key_blocks]
        if bone is None or not parts:
            continue
        driver = thing.pose.bones[bone.name].driver_add(path, axis).driver
        for letter, (action, _) in zip("abc", parts):
            variable = driver.variables.new()
            variable.name = letter
            target = variable.targets[0]
            target.id_type, target.id = "KEY", keys
            target.data_path = f'key_blocks["{action}"].value'
        driver.expression = " + ".join(f"{factor:.7f} * {letter}" for letter, (_, factor) in zip("abc", parts))


def _keys_follow(keys: bpy.types.Key, thing: bpy.types.Object, turns: dict, slides: dict) -> None:
    for action, (name, turn) in turns.items():
        block, bone = keys.key_blocks.get(action), bone_of(thing, name)
        if block is None or bone is None:
            continue
        if name != "jaw":
            block.slider_max = max(block.slider_max, _GAZE_REACH)
        _follow(block, thing, bone, (f"ROT_{'XYZ'[turn.axis]}",), f"max(0, a * {1 / turn.at_one:.6f})")
    for action, shift in slides.items():
        bone, length = bone_of(thing, "jaw"), float(shift @ shift)
        if length > 0:
            terms = " + ".join(f"{value / length:.4f} * {letter}" for letter, value in zip("abc", shift.tolist()))
            _follow(keys.key_blocks[action], thing, bone, ("LOC_X", "LOC_Y", "LOC_Z"), f"max(0, {terms})")


def _follow(
    block: bpy.types.ShapeKey, thing: bpy.types.Object, bone: bpy.types.Bone, channels: tuple[str, ...], expression: str
) -> None:
    """Drive a shape key by channels of a bone, called a, b, c in the expression: plain arithmetic, which Blender runs by itself."""
    driver = block.driver_add("value").driver
    for letter, channel in zip("abc", channels):
        variable = driver.variables.new()
        variable.name, variable.type = letter, "TRANSFORMS"
        target = variable.targets[0]
        target.id, target.bone_target = thing, bone.name
        target.transform_type, target.transform_space, target.rotation_mode = channel, "LOCAL_SPACE", "XYZ"
    driver.expression = expression


def _uncouple(head: bpy.types.Object, thing: bpy.types.Object) -> None:
    """Remove every driver and constraint that another way has set; the face keeps the values that it shows."""
    keys = head.data.shape_keys
    bones = {bone.name for bone in thing.data.bones if BONE_PROPERTY in bone}
    for owner in (keys, thing):
        data = owner.animation_data if owner is not None else None
        for curve in list(data.drivers) if data is not None else ():
            if any(_reads(target, keys, thing, bones) for v in curve.driver.variables for target in v.targets):
                data.drivers.remove(curve)
    if keys is not None and JAW_CORRECTION in keys.key_blocks:
        head.shape_key_remove(keys.key_blocks[JAW_CORRECTION])
    for bone in thing.pose.bones:
        for constraint in [c for c in bone.constraints if c.type == "DAMPED_TRACK" and c.target == thing]:
            bone.constraints.remove(constraint)


def _reads(target: bpy.types.DriverTarget, keys: bpy.types.Key | None, thing: bpy.types.Object, bones: set[str]) -> bool:
    if target.id == thing:
        return target.bone_target in bones or _INFLUENCE in target.data_path
    return keys is not None and target.id == keys


def _look(thing: bpy.types.Object, lead: str) -> None:
    """The eyes look at their target as far as its slider says; sliders of the face leave it alone."""
    target = bone_of(thing, LOOK_AT)
    if target is None:
        return
    post = thing.pose.bones[target.name]
    if _INFLUENCE not in post:
        post[_INFLUENCE] = 0.0
        post.id_properties_ui(_INFLUENCE).update(min=0.0, max=1.0, description="How far the eyes look at this bone")
    if lead == "KEYS":
        return
    for name in ("eye_L", "eye_R"):
        bone = bone_of(thing, name)
        if bone is None:
            continue
        track = thing.pose.bones[bone.name].constraints.new("DAMPED_TRACK")
        track.target, track.subtarget, track.track_axis = thing, target.name, "TRACK_Y"
        driver = track.driver_add("influence").driver
        driver.type = "AVERAGE"
        variable = driver.variables.new()
        variable.targets[0].id = thing
        variable.targets[0].data_path = f'pose.bones["{target.name}"]["{_INFLUENCE}"]'


def _correct(head: bpy.types.Object, thing: bpy.types.Object, rig: Rig) -> None:
    """A shape key, driven by the jaw's turn, with which the jaw's weights open the mouth exactly as `jawOpen` does.

    Linear blend skinning takes a vertex x to x + w (R - 1)(x - c). The key moves x by d before that, so that the jaw fully open
    takes x + d to where `jawOpen` at 1 takes x.
    """
    keys, bone = head.data.shape_keys, bone_of(thing, "jaw")
    if bone is None or "jawOpen" not in keys.key_blocks:
        return
    points = rest_of(head, rig)
    names = [bone_of(thing, name) for name in BONES if name.startswith(("jaw", "tongue"))]
    rows = {head.vertex_groups[b.name].index for b in names if b is not None and b.name in head.vertex_groups}
    weight = sum_of_groups(head, rows)
    turn = np.array(Matrix.Rotation(-radians(rig.jaw_degrees), 3, bone.matrix_local.to_3x3().col[0])) - np.eye(3)
    away = points - np.array(bone.head_local)
    wanted = away + key_offset(head, keys.key_blocks["jawOpen"])
    before = np.linalg.solve(np.eye(3) + weight[:, None, None] * turn, wanted[..., None])[..., 0]
    block = head.shape_key_add(name=JAW_CORRECTION, from_mix=False)
    basis = points_of(keys.reference_key.points)
    block.points.foreach_set("co", (basis + before - away).astype(np.float32).ravel())
    block.slider_max = 1.5
    _follow(block, thing, bone, ("ROT_X",), f"max(0, a * {-1 / radians(rig.jaw_degrees):.6f})")

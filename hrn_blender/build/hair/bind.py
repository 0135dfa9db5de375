"""Binding: each curve remembers the head's surface at its root, as the nodes of :mod:`.follow` see it on the head at rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np

from ... import compat
from ..ledger import Ledger
from ..mesh import REST_KEYS
from ..names import UV_MAP
from . import follow
from .alone import evaluated_alone, switched_off
from .modifiers import add_follow
from .names import BIND_PLACE, BIND_TURN, BIND_UV, PLACE_UV, REST, SEEN_PLACE, SEEN_TURN, SURFACE_UV
from .strands import read_attribute, read_guides, set_attribute, write_points

__all__ = ["POSING", "bind", "followed_points", "measure", "set_follow_input", "set_rest", "unbound"]

_PLANT = 0.02
"""Metres from the surface up to which a strand is set upon it when it is bound. Bundles root strands on the mesh before
subdivision, outside of the smooth surface by half a millimetre (median; 95 %: 1.8, in the folds of ears 4); what is farther away
has a wrong place in the UV map."""
POSING = frozenset(
    {
        "ARMATURE", "CAST", "CLOTH", "CORRECTIVE_SMOOTH", "CURVE", "HOOK", "LAPLACIANDEFORM", "LAPLACIANSMOOTH", "LATTICE",
        "MESH_CACHE", "MESH_DEFORM", "SHRINKWRAP", "SIMPLE_DEFORM", "SMOOTH", "SOFT_BODY", "SURFACE_DEFORM", "WARP", "WAVE",
    }
)  # fmt: skip
"""Types of modifiers that move the vertices of a head at rest, as a rig does."""


def set_rest(head: bpy.types.Object, rest: np.ndarray) -> None:
    """Store what the nodes ask of the head: where its vertices are at rest, (N, 3) object space (:data:`.names.REST`), and its
    UV map as it is (:data:`.names.PLACE_UV`)."""
    mesh = head.data
    set_attribute(mesh, REST, "FLOAT_VECTOR", "POINT", rest)
    layer = mesh.uv_layers.get(UV_MAP)
    if layer is None and mesh.attributes.get(PLACE_UV) is not None:
        return  # Renamed or removed by the user: strands still know their places in it.
    uv = np.zeros((len(mesh.loops), 2), np.float32)
    if layer is not None:
        layer.uv.foreach_get("vector", flat := uv.ravel())
        uv = flat.reshape(-1, 2)
    set_attribute(mesh, PLACE_UV, "FLOAT_VECTOR", "CORNER", np.pad(uv, ((0, 0), (0, 1))))


def bind(strands: list[bpy.types.Object], head: bpy.types.Object, plant: bool = True) -> None:
    """Bind curves to the surface of `head` at rest.

    Args:
        plant: also move strands that begin near the surface onto it.
    """
    for hair, (place, turn) in zip(strands, measure(strands, head)):
        guides = read_guides(hair.data)
        if plant and len(guides.uv):
            shift = place - guides.roots
            shift[np.linalg.norm(shift, axis=1) > _PLANT] = 0
            write_points(hair.data, guides.points + shift[guides.curve])
        set_attribute(hair.data, BIND_PLACE, "FLOAT_VECTOR", "CURVE", place)
        set_attribute(hair.data, BIND_TURN, "QUATERNION", "CURVE", turn)
        set_attribute(hair.data, BIND_UV, "FLOAT2", "CURVE", guides.uv)
        hair.data.update_tag()


def unbound(hair: bpy.types.Object) -> int:
    """How many strands were drawn or slid since they were bound."""
    uv, known = read_attribute(hair.data, SURFACE_UV), read_attribute(hair.data, BIND_UV)
    if uv is None or known is None or uv.shape != known.shape:
        return len(hair.data.curves)
    return int(((np.abs(uv - known).max(1, initial=0) > 1e-6) | ~uv.any(1)).sum())


def measure(strands: list[bpy.types.Object], head: bpy.types.Object) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each object the surface's places (G, 3) and frames (G, 4), quaternions, at the roots on the head at rest. Objects whose
    first modifier the user removed get it again: it is what measures."""
    for hair in strands:
        if not any(map(_follows, hair.modifiers)):
            add_follow(hair, head, Ledger())
    found = []
    with _alone(strands, head, True) as seen:
        for data in seen:
            place, turn = read_attribute(data, SEEN_PLACE), read_attribute(data, SEEN_TURN)
            found.append(
                (place, turn)
                if place is not None and turn is not None
                else (np.zeros((0, 3), np.float32), np.zeros((0, 4), np.float32))
            )
    return found


def followed_points(strands: list[bpy.types.Object], head: bpy.types.Object) -> list[np.ndarray]:
    """For each object the points (M, 3) of its guides on the head at rest, where the modifier puts them."""
    with _alone(strands, head, False) as seen:
        return [read_guides(data).points for data in seen]


@contextmanager
def _alone(strands: list[bpy.types.Object], head: bpy.types.Object, measuring: bool) -> Iterator[list[bpy.types.Curves]]:
    """The curves as the first modifier leaves them, with the head at rest, in a scene without anything else."""
    keys = head.data.shape_keys
    # Muted, not set to 0: keyframes and drivers would set them again.
    posed = [key for key in keys.key_blocks[1:] if key.name not in REST_KEYS and not key.mute] if keys else []
    others = [m for hair in strands for m in hair.modifiers if not _follows(m)]
    others += [m for m in head.modifiers if m.type in POSING]
    try:
        for key in posed:
            key.mute = True
        for hair in strands:
            set_follow_input(hair, follow.BIND, measuring)
        with switched_off(others), evaluated_alone([*strands, head]) as seen:
            yield [hair.data for hair in seen[:-1]]
    finally:
        for hair in strands:
            set_follow_input(hair, follow.BIND, False)
        for key in posed:
            key.mute = False


def _follows(modifier: bpy.types.Modifier) -> bool:
    return modifier.type == "NODES" and modifier.node_group is not None and follow.MARK in modifier.node_group


def set_follow_input(hair: bpy.types.Object, name: str, value) -> None:
    """Set an input of the modifier HRN Follow Head of `hair`, where it has one."""
    for modifier in hair.modifiers:
        if _follows(modifier):
            compat.modifier_input(modifier, name).set(value)
    hair.update_tag()

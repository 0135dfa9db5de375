"""The shape of a head at rest and its facial actions, whatever other shape keys it has."""

from __future__ import annotations

from typing import NamedTuple

import bpy
import numpy as np

from .mesh import REST_KEYS
from .mesh_arrays import key_offset, mixed_places, points_of
from .names import ACTIONS_PROPERTY, JAW_CORRECTION

__all__ = ["Action", "Shape", "read_shape", "subdivided"]


class Action(NamedTuple):
    """One facial action, a target of the exported mesh."""

    offset: np.ndarray
    """(N, 3) float32, what it adds to the rest at 1, in the object's space."""
    value: float
    highest: float


class Shape(NamedTuple):
    """A head without Blender's shape keys."""

    rest: np.ndarray
    """(N, 3) float32 in the object's space: everything that is on and no facial action is in it."""
    actions: dict[str, Action]
    """By the name of the shape key, in their order."""


def read_shape(head: bpy.types.Object) -> Shape:
    """The rest and the actions of `head`.

    Deformation, folds and what an artist's own shape keys add now belong to the rest; those that are off are left out.
    """
    keys = head.data.shape_keys
    known = set(str(head[ACTIONS_PROPERTY]).split("\n")) if ACTIONS_PROPERTY in head else None
    blocks = [block for block in keys.key_blocks if block != keys.reference_key] if keys is not None else []
    acting = [block for block in blocks if (block.name in known if known is not None else block.name not in REST_KEYS)]
    rest = mixed_places(head, [JAW_CORRECTION, *(block.name for block in acting)]).astype(np.float32)
    return Shape(rest, {block.name: _action(head, block) for block in acting})


def _action(head: bpy.types.Object, block: bpy.types.ShapeKey) -> Action:
    return Action(key_offset(head, block).astype(np.float32), 0.0 if block.mute else block.value, block.slider_max)


def subdivided(thing: bpy.types.Object, shape: Shape, levels: int) -> tuple[bpy.types.Mesh, Shape]:
    """The mesh of `thing` after `levels` of Catmull-Clark subdivision, and `shape` on it.

    Args:
        thing: an object in the current view layer, without modifiers and shape keys, of as many vertices as `shape`.

    Returns:
        A new mesh with all layers of the given one, at rest, and the shape with its vertices.
    """
    if levels:
        modifier = thing.modifiers.new("Subdivision", "SUBSURF")
        modifier.levels = modifier.render_levels = levels
        modifier.uv_smooth = "PRESERVE_BOUNDARIES"
    graph = bpy.context.evaluated_depsgraph_get()

    def evaluated(points: np.ndarray) -> bpy.types.Object:
        thing.data.vertices.foreach_set("co", np.ascontiguousarray(points, np.float32).ravel())
        thing.data.update()
        graph.update()
        return thing.evaluated_get(graph)

    def moved(points: np.ndarray) -> np.ndarray:
        return points_of(evaluated(points).data.vertices, np.float32)

    # Subdivision is linear in the vertices: an action's offset on the finer mesh does not depend on the others.
    actions = {name: moved(shape.rest + action.offset) for name, action in shape.actions.items()} if levels else {}
    mesh = bpy.data.meshes.new_from_object(evaluated(shape.rest), preserve_all_data_layers=True, depsgraph=graph)
    if not levels:
        return mesh, shape
    rest = points_of(mesh.vertices, np.float32)
    return mesh, Shape(rest, {name: shape.actions[name]._replace(offset=there - rest) for name, there in actions.items()})

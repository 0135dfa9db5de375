"""The skin of a built head, as Blender shows it, for asking how far from it hair lies."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree

from ...engine.wire.bundle import MATERIALS
from ..hair.alone import evaluated_alone, switched_off
from ..hair.bind import POSING

__all__ = ["BothSkins", "Skin", "head_skin"]

_BESIDE = 0.3
"""Cosine between the skin's normal and the way to it from which a point counts as inside: beyond the neck's open border
the nearest skin lies sideways."""
_RIM = 0.012
"""Height of the neck's open border, metres: nothing below it is inside the head."""
_APART = 0.006
"""Metres from the subdivided skin within which the other one may be nearer."""


class Skin:
    """Signed distances to triangles or quads, metres."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        """
        Args:
            vertices: (N, 3) metres.
            faces: (F, 3 or 4), counter-clockwise from outside.
        """
        self.floor = vertices[:, 2].min() + _RIM
        self.tree = BVHTree.FromPolygons(vertices.tolist(), faces.tolist())

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(...) distances of (..., 3) points, negative inside, and (..., 3) normals of the nearest faces."""
        flat = np.ascontiguousarray(points, np.float64).reshape(-1, 3)
        found = [(*place, *normal, distance) for place, normal, _, distance in map(self.tree.find_nearest, flat.tolist())]
        hits = np.array(found, np.float64).reshape(-1, 7)
        place, normal, distance = hits[:, :3], hits[:, 3:6], hits[:, 6]
        inside = (((flat - place) * normal).sum(1) < -_BESIDE * distance) & (flat[:, 2] > self.floor)
        shape = points.shape[:-1]
        return np.where(inside, -distance, distance).reshape(shape), normal.reshape(points.shape)


class BothSkins:
    """The nearer of two surfaces of one head: what keeps out of it keeps out of both."""

    def __init__(self, first: Skin, second: Skin) -> None:
        self.first, self.second = first, second

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`Skin.__call__`."""
        distance, normal = self.first(points)
        close = distance < _APART
        other, turned = self.second(points[close])
        deeper = other < distance[close]
        distance[close] = np.where(deeper, other, distance[close])
        normal[close] = np.where(deeper[..., None], turned, normal[close])
        return distance, normal


def head_skin(head: bpy.types.Object, materials: tuple[str, ...] = ("skin",)) -> BothSkins:
    """The skin of `head` in its own space, with shape keys: subdivided as the viewport shows it, and as exporters write it.

    Args:
        materials: slots whose faces count; names of :data:`MATERIALS`.
    """
    shaping = [modifier for modifier in head.modifiers if modifier.type not in POSING]
    seen = _skin(head, materials)
    with switched_off(shaping):
        return BothSkins(seen, _skin(head, materials))


def _skin(head: bpy.types.Object, materials: tuple[str, ...]) -> Skin:
    """One of them."""
    with evaluated_alone([head]) as (seen,):
        mesh = seen.to_mesh()
        try:
            vertices = np.empty(3 * len(mesh.vertices), np.float32)
            mesh.vertices.foreach_get("co", vertices)
            mesh.calc_loop_triangles()  # Whatever polygons the user's modifiers leave.
            corner, polygon = np.empty(3 * len(mesh.loop_triangles), np.int32), np.empty(len(mesh.loop_triangles), np.int32)
            mesh.loop_triangles.foreach_get("vertices", corner)
            mesh.loop_triangles.foreach_get("polygon_index", polygon)
            material = np.empty(len(mesh.polygons), np.int32)
            mesh.polygons.foreach_get("material_index", material)
        finally:
            seen.to_mesh_clear()
    kept = np.isin(material, [MATERIALS.index(name) for name in materials])[polygon]
    return Skin(vertices.reshape(-1, 3), corner.reshape(-1, 3)[kept])

"""What of a mesh and its shape keys is read as arrays."""

from __future__ import annotations

from collections.abc import Collection

import bpy
import numpy as np

__all__ = ["key_offset", "mixed_places", "points_of", "smooth_normals", "vectors_of"]


def points_of(points, dtype: type = np.float64) -> np.ndarray:
    """(N, 3) metres: the points of a shape key, or the vertices of a mesh."""
    found = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", found)
    return found.reshape(-1, 3).astype(dtype, copy=False)


def vectors_of(mesh: bpy.types.Mesh, name: str) -> np.ndarray | None:
    """(N, 3) float32 values of a vector attribute of the vertices; None where the mesh has none of that name."""
    attribute = mesh.attributes.get(name)
    if attribute is None or len(attribute.data) != len(mesh.vertices):
        return None
    values = np.empty(3 * len(mesh.vertices), np.float32)
    attribute.data.foreach_get("vector", values)
    return values.reshape(-1, 3)


def key_offset(head: bpy.types.Object, block: bpy.types.ShapeKey) -> np.ndarray:
    """(N, 3) float64 metres that a shape key adds at 1, as far as its vertex group lets it."""
    offset = points_of(block.points) - points_of(block.relative_key.points)
    if block.vertex_group in head.vertex_groups:
        number = head.vertex_groups[block.vertex_group].index
        weights = [next((g.weight for g in v.groups if g.group == number), 0.0) for v in head.data.vertices]
        offset *= np.array(weights)[:, None]
    return offset


def mixed_places(head: bpy.types.Object, without: Collection[str] = ()) -> np.ndarray:
    """(N, 3) float64 metres: the mesh with its shape keys as they are now, without modifiers.

    Args:
        without: names of keys that are left out.
    """
    keys = head.data.shape_keys
    if keys is None:
        return points_of(head.data.vertices)
    places = points_of(keys.reference_key.points)
    for block in keys.key_blocks:
        if block != keys.reference_key and block.value and not block.mute and block.name not in without:
            places += block.value * key_offset(head, block)
    return places


def smooth_normals(places: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(N, 3) unit normals at vertices, those of their faces weighted with the area.

    Args:
        places: (N, 3). faces: (F, 3) or (F, 4) numbers of vertices.
    """
    across = np.cross(places[faces[:, 2]] - places[faces[:, 0]], places[faces[:, -1]] - places[faces[:, 1]])
    found = np.zeros_like(places)
    for corner in range(faces.shape[1]):
        np.add.at(found, faces[:, corner], across)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)

"""The dense mesh of HRN's highest level: one vertex for each texel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..basel.uv_raster import MAP_SIZE

__all__ = ["DenseMesh", "dense_mesh", "grid_faces"]


class DenseMesh(NamedTuple):
    """V texels that are covered."""

    vertices: np.ndarray
    """(V, 3) float32 posed world positions, decimetres."""
    faces: np.ndarray
    """(F, 3) int64, 0-based."""
    uv: np.ndarray
    """(V, 2) float32 of the texels' centres, v upwards; the published mesh has none."""


def grid_faces(size: int = MAP_SIZE) -> np.ndarray:
    """(F, 3) int64 triangles that join neighbouring texels, away from the border, column by column."""
    column, row = np.meshgrid(np.arange(2, size - 3), np.arange(5, size - 6), indexing="ij")
    q = (row * size + column).reshape(-1)
    return np.stack([np.stack([q, q + size, q + 1], 1), np.stack([q + 1, q + size, q + size + 1], 1)], 1).reshape(-1, 3)


def dense_mesh(position: np.ndarray, normals: np.ndarray, displacement: np.ndarray, *, corrected: bool = False) -> DenseMesh:
    """Covered texels moved along their normals.

    The released writer takes the 0-based faces for 1-based ones, so each face lies one texel further left before
    faces with uncovered texels are dropped. `corrected` keeps faces where they belong.

    Args:
        position: (3, S, S) posed world positions; a texel at exactly (0, 0, 0) after displacement is not covered.
        normals: (3, S, S).
        displacement: (S, S).
        corrected: see above.
    """
    size = position.shape[-1]
    points = (position + displacement * normals).reshape(3, -1).T
    kept = (points != 0).any(1)
    faces = grid_faces(size) - (0 if corrected else 1)
    faces = faces[kept[faces].all(1)]
    number = np.cumsum(kept) - 1
    texel = np.flatnonzero(kept)
    uv = np.stack([(texel % size + 0.5) / size, 1 - (texel // size + 0.5) / size], 1).astype(np.float32)
    return DenseMesh(points[kept].astype(np.float32), number[faces], uv)

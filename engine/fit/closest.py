"""The nearest point of a triangle mesh."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

__all__ = ["Closest", "SurfaceIndex", "border_vertices"]

_CANDIDATES = 8
_TINY = 1e-9


class Closest(NamedTuple):
    """The nearest points of a mesh to n points."""

    triangle: np.ndarray
    """(n,) int."""
    weights: np.ndarray
    """(n, 3) barycentric."""
    distance: np.ndarray
    """(n,)."""
    on_border: np.ndarray
    """(n,) bool: on the rim of an open mesh, so that the true counterpart lies beyond it."""

    def of(self, values: np.ndarray, triangles: np.ndarray) -> np.ndarray:
        """(n, C) vertex values (V, C) at these points."""
        return np.einsum("nk,nkc->nc", self.weights, values[triangles[self.triangle]])


class SurfaceIndex:
    """Answers where a mesh is nearest.

    Args:
        vertices: (V, 3). triangles: (T, 3), of sizes that do not differ wildly between neighbours: the nearest triangle
            is looked for among those with the nearest centroids.
    """

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray):
        self.triangles = triangles
        self._corners = np.asarray(vertices, np.float64)[triangles]
        self._tree = cKDTree(self._corners.mean(1))
        self._border = np.zeros(len(vertices), bool)
        self._border[border_vertices(triangles)] = True

    def query(self, points: np.ndarray) -> Closest:
        """(n, 3) points -> their nearest points."""
        points = np.asarray(points, np.float64)
        count = min(_CANDIDATES, len(self._corners))
        near = self._tree.query(points, k=count)[1].reshape(len(points), count)
        weights = _nearest_weights(points[:, None], *(self._corners[near, corner] for corner in range(3)))
        spots = np.einsum("nkc,nkcd->nkd", weights, self._corners[near])
        distance = np.linalg.norm(spots - points[:, None], axis=2)
        best = distance.argmin(1)
        row = np.arange(len(points))
        triangle, weights = near[row, best], weights[row, best]
        on_border = (self._border[self.triangles[triangle]] | (weights < 1e-6)).all(1)
        return Closest(triangle, weights, distance[row, best], on_border)


def border_vertices(triangles: np.ndarray) -> np.ndarray:
    """Numbers of the vertices on edges that belong to one triangle only."""
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    return np.unique(unique[count == 1])


def _nearest_weights(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(..., 3) barycentric weights of the point of triangle abc nearest to p; all arguments (..., 3)."""
    ab, ac, ap = b - a, c - a, p - a

    def dot(x, y):
        return np.einsum("...i,...i->...", x, y)

    aa, bb, mixed, pa, pb = dot(ab, ab), dot(ac, ac), dot(ab, ac), dot(ap, ab), dot(ap, ac)
    area = np.maximum(aa * bb - mixed * mixed, _TINY)
    v, w = (bb * pa - mixed * pb) / area, (aa * pb - mixed * pa) / area
    inside = np.stack([1 - v - w, v, w], -1)
    # Outside: the nearest of the three edges.
    along_ab = np.clip(pa / np.maximum(aa, _TINY), 0, 1)
    along_ac = np.clip(pb / np.maximum(bb, _TINY), 0, 1)
    bc = c - b
    along_bc = np.clip(dot(p - b, bc) / np.maximum(dot(bc, bc), _TINY), 0, 1)
    zero = np.zeros_like(v)
    on_edges = np.stack([np.stack([1 - along_ab, along_ab, zero], -1), np.stack([1 - along_ac, zero, along_ac], -1),
                         np.stack([zero, 1 - along_bc, along_bc], -1)], -2)
    spots = on_edges[..., 0, None] * a[..., None, :] + on_edges[..., 1, None] * b[..., None, :] \
        + on_edges[..., 2, None] * c[..., None, :]
    best = ((spots - p[..., None, :]) ** 2).sum(-1).argmin(-1)
    outside = np.take_along_axis(on_edges, best[..., None, None], -2)[..., 0, :]
    return np.where((inside >= 0).all(-1, keepdims=True), inside, outside)

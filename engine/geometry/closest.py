"""The nearest point of a triangle mesh."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.spatial import cKDTree

__all__ = ["Closest", "SurfaceIndex", "border_vertices", "closest_of"]

_CANDIDATES = 8
"""Number of nearest triangle centres among whose triangles the nearest is taken."""


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
            is searched for among those with the nearest centroids.
    """

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray):
        self.triangles = np.ascontiguousarray(triangles, np.int64)
        self._vertices = np.ascontiguousarray(vertices, np.float64)
        self._tree = cKDTree(self._vertices[triangles].mean(1))
        self._border = np.zeros(len(vertices), bool)
        self._border[border_vertices(triangles)] = True

    def query(self, points: np.ndarray) -> Closest:
        """(n, 3) points -> their nearest points."""
        points = np.ascontiguousarray(points, np.float64)
        count = min(_CANDIDATES, len(self.triangles))
        near = self._tree.query(points, k=count)[1].reshape(len(points), count)
        triangle, weights, spots = closest_of(self._vertices, self.triangles, near, points)
        on_border = (self._border[self.triangles[triangle]] | (weights < 1e-6)).all(1)
        return Closest(triangle, weights, np.linalg.norm(spots - points, axis=1), on_border)


def border_vertices(triangles: np.ndarray) -> np.ndarray:
    """Numbers of the vertices on edges that belong to one triangle only."""
    edges = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
    # One number for each pair: sorting pairs as such takes twenty times as long.
    limit = int(edges.max(initial=0)) + 1
    unique, count = np.unique(edges.min(1) * limit + edges.max(1), return_counts=True)
    return np.unique(np.divmod(unique[count == 1], limit))


@njit(cache=True, nogil=True)
def closest_of(vertices, triangles, near, points):
    """The closest point of each point's candidate triangles (Ericson, "Real-Time Collision Detection", 5.1.5).

    Args:
        vertices: (V, 3) float64. triangles: (T, 3). near: (n, k) numbers of triangles. points: (n, 3) float64.

    Returns:
        (n,) number of the triangle, (n, 3) barycentric weights, exactly 0 for corners that do not count, (n, 3) the
        closest point.
    """
    count = len(points)
    best = np.zeros(count, np.int64)
    weights = np.zeros((count, 3))
    place = np.zeros((count, 3))
    ab, ac, ap = np.empty(3), np.empty(3), np.empty(3)
    for p in range(count):
        least = 1e30
        for number in near[p]:
            a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
            d1 = d2 = d00 = d01 = d11 = 0.0
            for k in range(3):
                ab[k] = vertices[b, k] - vertices[a, k]
                ac[k] = vertices[c, k] - vertices[a, k]
                ap[k] = points[p, k] - vertices[a, k]
                d1 += ab[k] * ap[k]
                d2 += ac[k] * ap[k]
                d00 += ab[k] * ab[k]
                d01 += ab[k] * ac[k]
                d11 += ac[k] * ac[k]
            det = d00 * d11 - d01 * d01
            v = w = -1.0
            if det > 1e-12:
                v = (d11 * d1 - d01 * d2) / det
                w = (d00 * d2 - d01 * d1) / det
            if v < 0 or w < 0 or v + w > 1:
                # Outside: the nearest place of the three edges.
                e = min(max(d1 / max(d00, 1e-12), 0.0), 1.0)
                v, w = e, 0.0
                small = d00 * e * e - 2 * d1 * e
                e = min(max(d2 / max(d11, 1e-12), 0.0), 1.0)
                value = d11 * e * e - 2 * d2 * e
                if value < small:
                    small = value
                    v, w = 0.0, e
                length = d00 - 2 * d01 + d11
                e = min(max((d00 - d01 - d1 + d2) / max(length, 1e-12), 0.0), 1.0)
                x, y = 1 - e, e
                value = x * x * d00 + 2 * x * y * d01 + y * y * d11 - 2 * (x * d1 + y * d2)
                if value < small:
                    v, w = x, y
            distance = 0.0
            for k in range(3):
                distance += (ap[k] - v * ab[k] - w * ac[k]) ** 2
            if distance < least:
                least = distance
                best[p] = number
                weights[p, 0], weights[p, 1], weights[p, 2] = 1 - v - w, v, w
                for k in range(3):
                    place[p, k] = vertices[a, k] + v * ab[k] + w * ac[k]
    return best, weights, place

"""Shading with self-shadowing under distant light of low order.

Precomputed radiance transfer (Sloan, Kautz and Snyder, SIGGRAPH 2002) for a head: what a vertex sends to the camera is
``sum_d w_d max(n . d, 0) V(d) Y(d) . L`` over directions d, with V the visibility of d past the head itself. Without V,
the darkness of eye sockets, nostrils and the throat would be explained by bending the surface.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ...geometry.harmonics import sh_basis
from ...render import rasterize
from ...system.concurrency import concurrently
from .weights import WEIGHTS, SkyWeights

__all__ = ["SkyTransfer", "directions"]


def directions(count: int) -> np.ndarray:
    """(count, 3) unit vectors spread evenly over the sphere (spherical Fibonacci points)."""
    k = np.arange(count) + 0.5
    z = 1 - 2 * k / count
    angle = np.pi * (1 + 5**0.5) * k
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], 1)


class SkyTransfer:
    """Visibility of the sky from every vertex of one shape.

    Args:
        vertices: (V, 3) mm in the light frame (camera axes with y up and z towards the camera).
        triangles: (T, 3) occluders.
        normals: (V, 3) unit, same frame.
        weights: how finely it is told.
    """

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray, normals: np.ndarray, weights: SkyWeights = WEIGHTS.sky):
        w, count = weights, weights.directions
        self.directions = directions(count)
        self.sky = sh_basis(self.directions)
        self._weights, self._vertices, self._triangles, self._normals = w, vertices, triangles, normals
        self._centre = (vertices.max(0) + vertices.min(0)) / 2
        self._radius = np.linalg.norm(vertices - self._centre, axis=1).max()
        self.visible = np.zeros((len(vertices), count), np.float32)
        """(V, D) 1 where the direction is free."""

        def look(first: int, step: int) -> None:
            for number in range(first, count, step):
                self.visible[:, number] = self.free(self.directions[number])

        # Two at a time: drawing runs outside of Python's lock.
        concurrently([partial(look, first, 2) for first in range(2)])

    def free(self, direction: np.ndarray) -> np.ndarray:
        """(V,) 1 where nothing of the head lies in a direction, (3,) unit; 0 where the surface faces away from it."""
        w, radius, resolution = self._weights, self._radius, self._weights.side
        texel = w.width * radius / resolution
        facing = self._normals @ direction > w.facing
        helper = np.eye(3)[np.argmin(np.abs(direction))]
        right = np.cross(helper, direction)
        right /= np.linalg.norm(right)
        axes = np.stack([right, np.cross(direction, right), direction])
        local = (self._vertices - self._centre) @ axes.T
        points = local[:, :2] / texel + resolution / 2
        raster = rasterize(points, 2 * radius - local[:, 2], self._triangles, resolution, resolution)
        lifted = self._vertices[facing] + self._normals[facing] * (w.lift * texel) - self._centre
        query = lifted @ axes.T
        column = np.clip((query[:, 0] / texel + resolution / 2).astype(int), 0, resolution - 1)
        row = np.clip((query[:, 1] / texel + resolution / 2).astype(int), 0, resolution - 1)
        seen = np.zeros(len(self._vertices), np.float32)
        seen[facing] = raster.depth[row, column] > 2 * radius - query[:, 2] - w.behind * texel
        return seen

    def matrix(self, normals: np.ndarray) -> np.ndarray:
        """(V, 9) transfer of each vertex: shading = matrix @ lighting, for unit normals in the light frame.

        Normalised so that an unoccluded vertex under constant light of coefficient 1 has shading 1.
        """
        cosine = np.maximum(normals @ self.directions.T, 0) * self.visible
        return (cosine @ self.sky) * (4.0 / len(self.directions))

    def gradient(self, normals: np.ndarray, lighting: np.ndarray) -> np.ndarray:
        """(V, 3) derivative of ``matrix(normals) @ lighting`` by the normals, for one channel (9,)."""
        lit = ((normals @ self.directions.T) > 0) * self.visible * (self.sky @ lighting)
        return (lit @ self.directions) * (4.0 / len(self.directions))

"""Where the places of a fitted head truly are, for whoever knows the true surface."""

from __future__ import annotations

import cv2
import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from ..camera import Camera
from ..fit.skin_surface import SkinSurface
from ..geometry.closest import SurfaceIndex
from ..geometry.mesh import neighbour_mean, vertex_normals
from ..render import rasterize

__all__ = ["contours", "registered"]

_STIFFNESS = (30.0, 10.0, 3.0, 1.0)
"""Weight of smoothness against distance, one for each round."""
_FAR_MM = 12.0
"""Vertices that are farther from the true surface follow their neighbours alone."""
_FACING = 0.6
"""Least cosine between the normals of a vertex and of the true surface."""
_JUMP_MM = 12.0
"""Depth behind a contour."""
_SOFT_PX = 2.5
"""Deviation of the blur before a contour's direction is read."""


def registered(surface: SkinSurface, skin: np.ndarray, truth: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) mm: the skin of a fitted head laid smoothly onto the true surface (non-rigid registration with a membrane).

    Args:
        surface: of V vertices. skin: (V, 3) mm, aligned with the truth. truth: (M, 3) mm. triangles: (T, 3) of the truth.
    """
    index, normals = SurfaceIndex(truth, triangles), vertex_normals(truth, triangles)
    count = len(skin)
    laplace = sp.eye(count) - neighbour_mean(surface.triangles, count)
    bend = laplace.T @ laplace
    moved = skin.copy()
    for stiffness in _STIFFNESS:
        near = index.query(moved)
        target = near.of(truth, triangles)
        across = near.of(normals, triangles)
        across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
        own = vertex_normals(moved, surface.triangles)
        used = (near.distance < _FAR_MM) & ~near.on_border & ((own * across).sum(1) > _FACING)
        height = ((target - moved) * across).sum(1)
        wanted = moved - skin + height[:, None] * across
        weight = sp.diags(used.astype(float) + 1e-3)
        moved = skin + splu((weight + stiffness * bend).tocsc()).solve(weight @ wanted)
    return moved


def contours(camera: Camera, vertices: np.ndarray, triangles: np.ndarray):
    """Pixels at which a surface ends before what lies at least a centimetre behind it.

    Args:
        camera: that looks. vertices: (N, 3) mm. triangles: (T, 3).

    Returns:
        (n, 2) pixels, (n, 2) directions away from the surface, (n,) triangles and (n, 3) weights of what is seen there.
    """
    pixels, depth = camera.project(np.asarray(vertices, np.float64))
    raster = rasterize(pixels, depth, triangles.astype(np.int32), camera.width, camera.height)
    hit = raster.triangle >= 0
    z = np.full(hit.shape, np.inf, np.float32)
    z[hit] = (raster.weights[hit] * depth[triangles[raster.triangle[hit]]]).sum(1)
    around = np.pad(z, 1, mode="edge")
    behind = np.maximum.reduce([around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]])
    rows, columns = np.nonzero(hit & (behind - np.where(hit, z, 0) > _JUMP_MM))
    soft = cv2.GaussianBlur(np.minimum(z, z[hit].max() + 60), (0, 0), _SOFT_PX)
    slope = np.stack([cv2.Sobel(soft, cv2.CV_32F, 1, 0)[rows, columns], cv2.Sobel(soft, cv2.CV_32F, 0, 1)[rows, columns]], 1)
    away = slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-9)
    return np.stack([columns, rows], 1) + 0.5, away, raster.triangle[rows, columns], raster.weights[rows, columns]

"""Where a fitted head's features and outline truly are in a photo, for whoever knows the true surface."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..camera import Camera
from ..geometry.closest import SurfaceIndex
from ..head.model import MATERIALS, HeadModel
from ..render import rasterize

__all__ = ["contours", "feature_places"]

_JUMP_MM = 12.0
"""Depth behind a contour."""
_SOFT_PX = 2.5
"""Deviation of the blur before a contour's direction is read."""


def feature_places(
    model: HeadModel, heads: Sequence[np.ndarray], marks: Sequence[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Where on the model a benchmark has its landmarks, for each head by the others alone: what one fit has wrong does not
    count as true there.

    Args:
        heads: (N, 3) mm each, fitted and aligned with the truth. marks: (L, 3) mm each, the true landmarks.

    Returns:
        (L, 3) vertices and (L, 3) weights of each head.
    """
    triangles = model.triangles[np.repeat(model.face_material == MATERIALS.index("skin"), 2)]
    template = model.template.astype(np.float64)
    spots = []
    for head, known in zip(heads, marks):
        near = SurfaceIndex(head, triangles).query(known)
        spots.append(np.einsum("lk,lkd->ld", near.weights, template[triangles[near.triangle]]))
    mean = SurfaceIndex(template, triangles)
    found = []
    for number in range(len(heads)):
        near = mean.query(np.median([one for other, one in enumerate(spots) if other != number], axis=0))
        found.append((triangles[near.triangle], near.weights))
    return found


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

"""The result of rasterizing and how attributes are read through it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

__all__ = ["Raster", "interpolate"]


class Raster(NamedTuple):
    """Visibility buffer of H x W pixels."""

    triangle: np.ndarray
    """(H, W) int32 triangle number, -1 where nothing is hit."""
    weights: np.ndarray
    """(H, W, 3) float32 perspective-correct barycentric weights, 0 outside."""
    depth: np.ndarray
    """(H, W) float32, +inf outside."""


def interpolate(raster: Raster, triangles: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(V, C) vertex values -> (H, W, C) float32 image, 0 where nothing is hit."""
    height, width = raster.triangle.shape
    image = np.zeros((height * width, values.shape[1]), np.float32)
    _interpolate(
        raster.triangle.ravel(), raster.weights.reshape(-1, 3), triangles, np.ascontiguousarray(values, np.float64), image
    )
    return image.reshape(height, width, -1)


@njit(cache=True, nogil=True)
def _interpolate(hit, weights, triangles, values, image):
    for pixel in range(len(hit)):
        number = hit[pixel]
        if number < 0:
            continue
        a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
        for k in range(values.shape[1]):
            image[pixel, k] = (
                weights[pixel, 0] * values[a, k] + weights[pixel, 1] * values[b, k] + weights[pixel, 2] * values[c, k]
            )

"""The result of rasterizing and how attributes are read through it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

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
    corners = values[triangles[np.maximum(raster.triangle, 0)]]
    return np.einsum("hwk,hwkc->hwc", raster.weights, corners).astype(np.float32)

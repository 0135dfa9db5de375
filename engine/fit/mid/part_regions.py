"""Regions of a picture as points, and how sets of points are described by their distances from anchors.

The part re-projection distance of Wang et al. (CVPR 2024) compares such descriptions. The loss of
their training, in PyTorch, is in ``tests/reference/part_distance.py``.
"""

from __future__ import annotations

import numpy as np

from ...geometry.sampling import farthest_points
from .weights import WEIGHTS

__all__ = ["anchors", "below_brows", "describe", "region_points"]

_TINY = 1e-12
"""Added to squared distances, so that the root's derivative stays finite, mm^2."""


def anchors(height: int, width: int) -> np.ndarray:
    """(A, 2) float64 x and y of every pixel."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x.reshape(-1), y.reshape(-1)], 1).astype(np.float64)


def describe(points: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """(P, 2) points, (A, 2) anchors -> (A, 3) nearest, farthest and mean distance."""
    distance = np.sqrt(((grid[:, None] - points[None]) ** 2).sum(-1) + _TINY)
    return np.stack([distance.min(1), distance.max(1), distance.mean(1)], 1)


def region_points(mask: np.ndarray, limit: int = WEIGHTS.parts.region_points) -> np.ndarray:
    """(H, W) mask -> (n, 2) float32 x and y of its pixels, at most `limit` of them, evenly spread."""
    y, x = np.nonzero(mask)
    points = np.stack([x, y], 1).astype(np.float32)
    return points[farthest_points(points, limit)] if len(points) > limit else points


def below_brows(points: np.ndarray, right_brow: np.ndarray, left_brow: np.ndarray) -> np.ndarray:
    """(n,) bool: which skin points are not forehead, that is, not above the line through the middles of the brows.

    The published rule is known only in words ("the forehead above the brows is removed"). y points down.
    """
    a, b = right_brow.mean(0), left_brow.mean(0)
    slope = (b[1] - a[1]) / (b[0] - a[0]) if abs(b[0] - a[0]) > 1e-6 else 0.0
    return points[:, 1] >= a[1] + slope * (points[:, 0] - a[0])

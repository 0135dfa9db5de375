"""Choosing some of many points."""

from __future__ import annotations

import numpy as np

__all__ = ["farthest_points"]


def farthest_points(points: np.ndarray, count: int) -> np.ndarray:
    """Indices of up to `count` of the (N, D) `points`, each as far from the ones before as possible.

    Farthest point sampling (Gonzalez 1985), from the point nearest to the middle on.
    """
    chosen = np.empty(min(count, len(points)), np.int64)
    distance = np.full(len(points), np.inf)
    current = int(((points - points.mean(0)) ** 2).sum(1).argmin())
    for k in range(len(chosen)):
        chosen[k] = current
        distance = np.minimum(distance, ((points - points[current]) ** 2).sum(1))
        current = int(distance.argmax())
    return chosen

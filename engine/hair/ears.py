"""Ears that a photo shows bare stay bare: hair goes round them or ends before them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from ..head.model import HeadModel
from .seen import Seen

__all__ = ["Ears"]

_EARS = ("right_ear", "left_ear")
_LEAST = 25
"""Pixels of an ear that tell whether it is covered."""
_SWEPT = 14.0
"""Distance from a bare ear within which hair is swept behind it, mm."""
_SWEEP = 1.5
"""Strength of that, against the unit direction that hair has otherwise."""
_NEAR = 14.0
"""Hair nearer than this beside an ear lies on it, mm."""


class Ears:
    """The ears that photos show bare, and what lies over them.

    Args:
        posed: (N, 3) mm.
        views: the photos. An ear that none shows is taken to be as the other one.
    """

    def __init__(self, model: HeadModel, posed: np.ndarray, views: Sequence[Seen]):
        self.covered = _covered(views)
        places = [posed[model.part(name) > 0.4] for name, share in zip(_EARS, self.covered) if share < 0.5]
        self._places = np.concatenate(places) if places else np.zeros((0, 3))
        self._tree = cKDTree(self._places) if len(self._places) else None

    def over(self, points: np.ndarray) -> np.ndarray:
        """(n,) bool: (n, 3) points in mm that lie over a bare ear, on its outer side."""
        over = np.zeros(len(points), bool)
        if self._tree is None:
            return over
        low, high = self._places.min(0) - _NEAR, self._places.max(0) + _NEAR
        near = np.flatnonzero(((points > low) & (points < high)).all(1))
        distance, nearest = self._tree.query(points[near])
        ear = self._places[nearest]
        over[near] = (distance < _NEAR) & (np.abs(points[near, 0]) > np.abs(ear[:, 0]) + 0.3)
        return over

    def swept(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) what the direction of hair gets added at (n, 3) points: before and above a bare ear it is swept behind it."""
        push = np.zeros(points.shape)
        if self._tree is not None:
            distance, nearest = self._tree.query(points, distance_upper_bound=3 * _SWEPT)
            near = np.flatnonzero(np.isfinite(distance))
            before = points[near, 2] > self._places[:, 2].min() - 5
            push[near, 2] = -_SWEEP * before * np.exp(-((distance[near] / _SWEPT) ** 2))
        return push


def _covered(views: Sequence[Seen]) -> list[float]:
    """Share of each ear that hair covers, 0 to 1; 1 when no photo shows an ear."""
    shares: list[float | None] = []
    for name in _EARS:
        hair, count = 0.0, 0
        for seen in views:
            ear = (seen.window.parts[name] > 0.5) & seen.window.shown
            hair, count = hair + float(seen.hair[ear].sum()), count + int(ear.sum())
        shares.append(hair / count if count >= _LEAST else None)
    right, left = shares
    right = right if right is not None else left
    left = left if left is not None else right
    return [1.0 if right is None else right, 1.0 if left is None else left]

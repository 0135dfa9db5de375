"""A hard lamp beside the sky: light of low order knows no edge, and would make a shape of the edges of shadows.

Where sky and one lamp explain the face far better than the sky alone, the lamp joins the light: its direction is looked for
among those of the sky and then around the best one; what it reaches is told by the head's own shadow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...geometry.mesh import neighbour_mean
from .sky_shadow import SkyTransfer
from .weights import WEIGHTS, LampWeights

__all__ = ["Lamp", "find_lamp"]


class Lamp(NamedTuple):
    """Light from one direction."""

    direction: np.ndarray
    """(3,) unit, light frame."""
    strength: float
    """Brightness of skin that faces it."""
    reached: np.ndarray
    """(V,) share in [0, 1] of each vertex's surroundings that it reaches."""

    def shading(self, normals: np.ndarray) -> np.ndarray:
        """(V,) what it adds at (V, 3) unit normals."""
        return self.strength * self.reached * np.maximum(normals @ self.direction, 0)

    def gradient(self, normals: np.ndarray) -> np.ndarray:
        """(V, 3) derivative of that by the normals."""
        return (self.strength * self.reached * (normals @ self.direction > 0))[:, None] * self.direction

    @property
    def sure(self) -> np.ndarray:
        """(V,) 1 away from the edges of its shadows, 0 on them: where they fall depends on all of the shape."""
        return (2 * self.reached - 1) ** 2


class _Try(NamedTuple):
    """A light that was tried."""

    left: float
    """What it leaves unexplained, robust mean square of log brightness."""
    light: np.ndarray
    """(9,) or (10,), the lamp last."""


def find_lamp(
    sky: SkyTransfer,
    normals: np.ndarray,
    grey: np.ndarray,
    area: np.ndarray,
    triangles: np.ndarray,
    weights: LampWeights = WEIGHTS.lamp,
) -> tuple[Lamp, np.ndarray] | None:
    """The lamp, and the (9,) light of the sky beside it; None where the sky alone explains the face as well.

    Args:
        sky: of this shape. normals: (V, 3) unit, light frame. grey: (V,) brightness. area: (V,) weight.
        triangles: (T, 3), for what lies around a vertex.
    """
    used = np.flatnonzero(area > 0)
    if len(used) < weights.least_vertices:
        return None
    basis, mean = sky.matrix(normals)[used], neighbour_mean(triangles, len(normals))

    def reached(direction: np.ndarray) -> np.ndarray:
        share = sky.free(direction).astype(float)
        for _ in range(weights.soft_rounds):
            share = (share + mean @ share) / 2
        return share

    def tried(direction: np.ndarray, share: np.ndarray) -> _Try:
        column = (share * np.maximum(normals @ direction, 0))[used]
        return _fitted(np.column_stack([basis, column]), grey[used], area[used], weights)

    alone = _fitted(basis, grey[used], area[used], weights)
    best, direction = alone, None
    for number, towards in enumerate(sky.directions):
        found = tried(towards, sky.visible[:, number])
        if found.left < best.left and found.light[-1] > 0:
            best, direction = found, towards
    if direction is None:
        return None
    best = tried(direction, reached(direction))
    for step in weights.refine:
        for towards in _around(direction, np.radians(step)):
            found = tried(towards, reached(towards))
            if found.left < best.left:
                best, direction = found, towards
    lit = best.light[-1] / max(float(np.average(grey[used], weights=area[used])), 1e-6)
    if best.left > weights.better * alone.left or lit < weights.least_strength:
        return None
    return Lamp(direction, float(best.light[-1]), reached(direction)), best.light[:9]


def _around(direction: np.ndarray, angle: float) -> list[np.ndarray]:
    """Six unit vectors around one, that far from it."""
    helper = np.eye(3)[np.argmin(np.abs(direction))]
    right = np.cross(helper, direction)
    right /= np.linalg.norm(right)
    up = np.cross(direction, right)
    turns = np.arange(6) * np.pi / 3
    return [np.cos(angle) * direction + np.sin(angle) * (np.cos(a) * right + np.sin(a) * up) for a in turns]


def _fitted(design: np.ndarray, grey: np.ndarray, area: np.ndarray, w: LampWeights) -> _Try:
    """Light that explains (U,) brightness best, relative to it."""
    floor = w.floor * np.average(grey, weights=area)
    relative = 1 / (grey + floor)
    rows, goal = design * relative[:, None], grey * relative
    weight = area / area.sum()
    ridge = np.concatenate([[0.0], np.full(design.shape[1] - 1, w.ridge)]) / np.average(grey, weights=area) ** 2
    robust = np.ones(len(grey))
    for _ in range(w.steps):
        scaled = rows * (weight * robust)[:, None]
        light = np.linalg.solve(scaled.T @ rows + np.diag(ridge + 1e-12), scaled.T @ goal)
        away = (np.log(np.maximum(design @ light, 0) + floor) - np.log(grey + floor)) ** 2 / w.stray**2
        robust = 1 / (1 + away) ** 2
    return _Try(float(weight @ (away / (1 + away))), light)

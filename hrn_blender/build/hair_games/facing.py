"""The way outward for hair, and how strips lie on the head without sticking into it. Pure NumPy; lengths are metres."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .weights import CARD_WEIGHTS as _W

__all__ = ["Body", "Surface", "deepest", "lifted", "strip_axes"]

Surface = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""(..., 3) points -> (...) signed distances to the head's skin, negative inside, and (..., 3) normals of the skin nearest to them."""


class Body:
    """All hair of a head, for knowing which side of a strand looks out of it.

    Above the skull that is the skin's own direction. A curtain beside the face has a front edge, too: there it is away from the
    middle of the hair around.
    """

    def __init__(self, points: np.ndarray, surface: Surface) -> None:
        """
        Args:
            points: (..., 3) all points of the hair.
        """
        self.surface = surface
        flat = points.reshape(-1, 3)
        self._low = flat.min(0) - 2 * _W.around
        self._size = 0.4 * _W.around
        shape = tuple(np.ceil((flat.max(0) + 2 * _W.around - self._low) / self._size).astype(int) + 1)
        cell = np.ravel_multi_index(tuple(self._cells(flat).T), shape)
        self._sums = np.stack(
            [np.bincount(cell, weights, np.prod(shape)).reshape(shape) for weights in (np.ones(len(flat)), *flat.T)], -1
        )
        for _ in range(2):
            for axis in range(3):
                self._sums = _spread_out(self._sums, axis)

    def _cells(self, points: np.ndarray) -> np.ndarray:
        return np.round((points - self._low) / self._size).astype(int)

    def outward(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) unit directions out of the hair at (..., 3) points."""
        index = np.clip(self._cells(points.reshape(-1, 3)), 0, np.array(self._sums.shape[:3]) - 1)
        sums = self._sums[tuple(index.T)]
        middle = sums[:, 1:] / np.maximum(sums[:, :1], 1e-9)
        away = np.where(sums[:, :1] > 0, points.reshape(-1, 3) - middle, 0).reshape(points.shape)
        distance, normal = self.surface(points)
        free = np.clip(distance / _W.free, 0, 1)[..., None]
        direction = normal + free * away / _W.body
        return direction / np.maximum(np.linalg.norm(direction, axis=-1, keepdims=True), 1e-9)


def _spread_out(values: np.ndarray, axis: int) -> np.ndarray:
    """`values` summed with their neighbours along `axis`."""
    total = values.copy()
    before, after = [np.s_[:]] * values.ndim, [np.s_[:]] * values.ndim
    before[axis], after[axis] = np.s_[:-1], np.s_[1:]
    total[tuple(after)] += values[tuple(before)]
    total[tuple(before)] += values[tuple(after)]
    return total


def strip_axes(points: np.ndarray, outward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, rows, 3) unit sideways and outward axes of strips along `points` that face `outward` (n, rows, 3).

    Where a strand stands off the skin, sideways is not defined by the two: its neighbours on the strand decide.
    """
    tangent = np.gradient(points, axis=1)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=2, keepdims=True), 1e-9)
    outward = outward.copy()
    for _ in range(2):
        outward[:, 1:-1] = 0.5 * outward[:, 1:-1] + 0.25 * (outward[:, :-2] + outward[:, 2:])
    side = np.cross(tangent, outward)
    for row in range(1, side.shape[1]):
        flip = (side[:, row] * side[:, :row].sum(1)).sum(1) < 0
        side[flip, row] *= -1
    total = side.sum(1, keepdims=True)
    lost = np.linalg.norm(total, axis=2, keepdims=True) < 1e-6
    total = np.where(lost, np.cross(tangent[:, :1], [0.3, 0.9, 0.3]), total)
    for _ in range(4):
        around = np.concatenate([side[:, :1], side, side[:, -1:]], 1)
        side = 0.5 * side + 0.25 * (around[:, :-2] + around[:, 2:]) + 0.02 * total / side.shape[1]
    side -= (side * tangent).sum(2, keepdims=True) * tangent
    side /= np.maximum(np.linalg.norm(side, axis=2, keepdims=True), 1e-9)
    out = np.cross(side, tangent)
    side *= np.where((out * outward).sum((1, 2), keepdims=True) < 0, -1, 1)
    return side, np.cross(side, tangent)


def lifted(points: np.ndarray, half: np.ndarray, height: np.ndarray, surface: Surface) -> np.ndarray:
    """(n, rows, 2, 3) corners of strips that keep `height` (n, rows) above the skin, at and between their rows.

    Args:
        points: (n, rows, 3) middles.
        half: (n, rows, 3) from the middle to the right.
    """
    points = points.copy()
    for _ in range(3):
        lines = points[:, :, None] + half[:, :, None] * np.array([-1.0, 0, 1])[:, None]
        distance, normal = surface(lines)
        lack = np.clip(height[..., None] - distance, 0, None)
        push = (normal * lack[..., None])[np.arange(len(lack))[:, None], np.arange(lack.shape[1]), lack.argmax(2)]
        between, normal = surface(0.5 * (lines[:, 1:] + lines[:, :-1]))
        lack = np.clip(0.5 * (height[:, 1:] + height[:, :-1])[..., None] - between, 0, None).max(2)
        step = normal[:, :, 1] * lack[..., None]
        ends = np.zeros_like(push)
        ends[:, 1:] += step
        ends[:, 1:-1] = np.where(
            np.linalg.norm(step[:, 1:], axis=2)[..., None] > np.linalg.norm(step[:, :-1], axis=2)[..., None],
            step[:, 1:],
            step[:, :-1],
        )
        longer = np.linalg.norm(ends, axis=2, keepdims=True) > np.linalg.norm(push, axis=2, keepdims=True)
        points += np.where(longer, ends, push)
    distance, normal = surface(points[:, 0])
    points[:, 0] += normal * np.minimum(height[:, 0] - distance, 0)[:, None]  # What was pushed with the rest.
    corners = points[:, :, None] + half[:, :, None] * np.array([-1.0, 1])[:, None]
    distance, normal = surface(corners)
    return corners + normal * np.clip(height[..., None] - distance, 0, _W.rise)[..., None]


def deepest(corners: np.ndarray, surface: Surface) -> np.ndarray:
    """(n,) metres: the signed distance of the deepest of points spread over each strip."""
    lines = corners[:, :, :1] + np.linspace(0, 1, 5)[:, None] * (corners[:, :, 1:] - corners[:, :, :1])
    distance = surface(lines[:, :, ::2])[0].min(2)
    lowest = distance.min(1)
    longest = np.linalg.norm(np.diff(lines, axis=1), axis=3).max(2)
    # No point of a quad is farther from the head than its corners less half its length.
    card, row = np.nonzero(np.minimum(distance[:, :-1], distance[:, 1:]) < 0.5 * longest)
    start, step = lines[card, row], lines[card, row + 1] - lines[card, row]
    for part in (0.2, 0.4, 0.6, 0.8):
        np.minimum.at(lowest, card, surface(start + part * step)[0].min(1))
    np.minimum.at(lowest, card, surface(start[:, 1::2])[0].min(1))
    return lowest

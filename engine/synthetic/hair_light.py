"""Light in hair: how much of it gets through to each place, from a grid of how much hair there is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from .grooms import Locks

__all__ = ["HairCloud", "strand_light"]


@dataclass(frozen=True)
class HairLightWeights:
    """How hair dims and scatters light."""

    cell: float = 7.0
    """Side of the grid's cells, mm."""
    thick: float = 0.12
    """Optical depth of hair over what single scattering has: light that is scattered goes on."""
    pale: float = 0.6
    """How much less pale hair dims than black hair."""
    steps: int = 16
    """Cells that are looked through towards a lamp."""
    ahead: float = 1.8
    """How much brighter than from the side strands are before the light."""
    shine: float = 20.0
    """Exponent of the highlights."""


WEIGHTS = HairLightWeights()


class HairCloud:
    """All hair of a person as a dimming mist."""

    def __init__(self, locks: list[Locks], weights: HairLightWeights = WEIGHTS):
        points = np.concatenate([lock.guides.reshape(-1, 3) for lock in locks])
        self.low = points.min(0) - 2 * weights.cell
        size = np.ceil((points.max(0) - self.low) / weights.cell).astype(int) + 2
        self.grid = np.zeros(np.minimum(size, 160), np.float32)
        self.weights = weights
        for lock in locks:
            step = np.linalg.norm(np.diff(lock.guides, axis=1), axis=2)
            dim = 1 - weights.pale * float(np.sqrt(np.clip(lock.color.mean(), 0, 1)))
            share = step * (lock.strands.shape[1] * lock.width * weights.thick * dim / weights.cell**3)
            place = ((lock.guides[:, 1:] - self.low) / weights.cell).reshape(-1, 3)
            _fill(self.grid, place.astype(np.float32), share.reshape(-1).astype(np.float32))

    def through(self, points: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """(N,) share of the light from `direction` (3,) that reaches points (N, 3) mm."""
        place = ((points - self.low) / self.weights.cell).astype(np.float32)
        return np.exp(-self.weights.cell * _sum(self.grid, place, direction.astype(np.float32), self.weights.steps))


@njit(cache=True, nogil=True, fastmath=True)
def _fill(grid, place, share):
    """Spread shares (N,) over the cells around places (N, 3)."""
    for number in range(len(place)):
        x, y, z = place[number, 0] - 0.5, place[number, 1] - 0.5, place[number, 2] - 0.5
        i, j, k = int(x), int(y), int(z)
        if i < 0 or j < 0 or k < 0 or i + 1 >= grid.shape[0] or j + 1 >= grid.shape[1] or k + 1 >= grid.shape[2]:
            continue
        u, v, w = x - i, y - j, z - k
        for a in range(2):
            for b in range(2):
                for c in range(2):
                    part = (u if a else 1 - u) * (v if b else 1 - v) * (w if c else 1 - w)
                    grid[i + a, j + b, k + c] += part * share[number]


@njit(cache=True, nogil=True, fastmath=True)
def _sum(grid, place, direction, steps):
    """(N,) sums of the cells from places (N, 3) along a direction."""
    out = np.zeros(len(place), np.float32)
    for number in range(len(place)):
        total = 0.0
        for step in range(steps):
            far = step + 0.8
            i = int(place[number, 0] + far * direction[0])
            j = int(place[number, 1] + far * direction[1])
            k = int(place[number, 2] + far * direction[2])
            if i < 0 or j < 0 or k < 0 or i >= grid.shape[0] or j >= grid.shape[1] or k >= grid.shape[2]:
                break
            total += grid[i, j, k]
        out[number] = total
    return out


def strand_light(
    guides: np.ndarray,
    view: np.ndarray,
    lamps: np.ndarray,
    glow: np.ndarray,
    sky: np.ndarray,
    weights: HairLightWeights = WEIGHTS,
) -> tuple[np.ndarray, np.ndarray]:
    """What strands scatter over their albedo, and mirror: two of (G, P, 3), after Kajiya and Kay.

    Args:
        guides: (G, P, 3) mm. view: (3,) unit, from the hair to the camera. lamps: (L, 3) unit, to the lamps, all in model space.
        glow: (L, G, P, 3) radiance of each lamp that arrives. sky: (G, P, 3) light from all sides that arrives.
    """
    along = np.gradient(guides, axis=1)
    along /= np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-6)
    eye = along @ view.astype(np.float32)
    scattered, mirrored = sky.copy(), np.zeros_like(sky)
    for lamp, radiance in zip(lamps, glow):
        towards = along @ lamp.astype(np.float32)
        across = np.sqrt(np.clip(1 - towards**2, 0, 1))
        ahead = 0.65 + weights.ahead * max(0.0, -float(lamp @ view)) ** 2
        peak = np.clip(across * np.sqrt(np.clip(1 - eye**2, 0, 1)) - towards * eye, 0, 1) ** weights.shine
        scattered += (ahead * across)[..., None] * radiance
        mirrored += peak[..., None] * radiance
    return scattered, mirrored

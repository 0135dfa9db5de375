"""The six lights in which pairs are photographed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["FREE", "LIGHTS", "Lamps", "draw_lamps"]

FREE = 0.2
"""Least cosine between normal and ray at which relief moves a pixel's point."""
_SKY = 24
"""Number of directions of the sky."""


class _Light(NamedTuple):
    """A kind of light. Directions in camera axes: x right, y down, z into the scene."""

    key: tuple[float, float, float]
    """Towards the first lamp."""
    strength: float
    """Its radiance."""
    spread: float
    """Half its size, radians."""
    sky: float
    """Irradiance of a whole even sky."""
    up: float
    """How much brighter the sky is above than at the horizon."""
    fill: float = 0.0
    """Radiance of a second lamp from the other side."""
    turned: bool = True
    """Whether it may come from the other side."""


LIGHTS = {
    "soft": _Light((0.7, -0.45, -0.9), 0.9, 0.28, 0.4, 0.35),
    "flash": _Light((0.04, -0.12, -1.0), 1.3, 0.02, 0.12, 0.2),
    "sun": _Light((0.8, -0.9, -0.9), 1.5, 0.0, 0.35, 0.5),
    "overcast": _Light((0.0, -1.0, -0.5), 0.25, 0.4, 0.9, 0.8),
    "window": _Light((1.0, -0.2, -0.35), 1.2, 0.3, 0.16, 0.2, 0.28),
    "blotches": _Light((0.7, -0.45, -0.9), 0.9, 0.28, 0.4, 0.35),
}
"""Kinds of light; in the last the skin is freckled and blotched."""


class Lamps(NamedTuple):
    """One light, drawn. Camera axes."""

    towards: np.ndarray
    """(2, 3) middles of the two lamps."""
    samples: tuple[np.ndarray, np.ndarray]
    """Directions of points of each lamp, (K, 3)."""
    radiance: np.ndarray
    """(2, 3) linear RGB."""
    spread: tuple[float, float]
    """Half the size of each lamp, radians."""
    sky: np.ndarray
    """(D, 3) directions."""
    shine: np.ndarray
    """(D, 3) radiance of each times its share of the sphere over pi."""


def draw_lamps(name: str, rng: np.random.Generator) -> Lamps:
    """A light of a kind: direction, strength and color differ from head to head."""
    kind = LIGHTS[name]
    side = rng.choice([-1.0, 1.0]) if kind.turned else 1.0
    key = np.array(kind.key) * [side, 1, 1] + rng.normal(0, 0.02 if name == "flash" else 0.13, 3)
    fill = np.array([-0.9 * side, 0.05, -0.6]) + rng.normal(0, 0.15, 3)
    towards = np.stack([key / np.linalg.norm(key), fill / np.linalg.norm(fill)])
    strength = np.array([kind.strength, kind.fill]) * np.exp(rng.normal(0, 0.12, 2))
    radiance = strength[:, None] * np.exp(rng.normal(0, 0.06, (2, 3)))

    def points(middle: np.ndarray, spread: float, count: int) -> np.ndarray:
        some = middle + spread * rng.normal(size=(count if spread > 0 else 1, 3))
        return some / np.linalg.norm(some, axis=1, keepdims=True)

    spread = (kind.spread, 0.25 if kind.fill else 0.0)
    samples = points(towards[0], spread[0], 3 if spread[0] < 0.1 else 14), points(towards[1], spread[1], 6)
    number = np.arange(_SKY) + 0.5
    height = 1 - 2 * number / _SKY
    around = np.pi * (1 + 5**0.5) * number + rng.uniform(0, 6)
    sky = np.stack([np.sqrt(1 - height**2) * np.cos(around), height, np.sqrt(1 - height**2) * np.sin(around)], 1)
    even = kind.sky * np.exp(rng.normal(0, 0.12)) * np.clip(1 - kind.up * sky[:, 1], 0, None)
    shine = even[:, None] * np.exp(rng.normal(0, 0.05, 3)) * 4 / _SKY
    return Lamps(towards, samples, radiance, spread, sky, shine)

"""What is worn over a face, as a few numbers that others decide by."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from .part_net import PARTS
from .regions import CHIN, OVAL, TOP, fill
from .weights import WEIGHTS

__all__ = ["Worn", "expected", "worn_of"]

_GLASSES = PARTS.index("glasses")
_LENS = PARTS.index("lens")
_COVER = PARTS.index("cover")
_CORNERS = ((33, 133), (263, 362))
"""Landmarks at the outer and inner corners of the right and of the left eye."""
_NOSE_TIP = 4
"""Landmark of the tip of the nose."""
_RAYS = 24
"""Directions around an eye in which a rim is looked for."""
_STEPS = 24
"""Places along each."""


class Worn(NamedTuple):
    """Each in [0, 1]."""

    glasses: float = 0.0
    """How far around both eyes rims run (or lenses that are not clear): 0 for none, 1 for whole ones."""
    lens: float = 0.0
    """Share of both eyes' surroundings that is behind tinted or mirroring lenses."""
    cover: float = 0.0
    """Share of the face below the nose's tip that something covers: a mask, a hand, a microphone, words, paint."""

    @property
    def has_glasses(self) -> bool:
        """Whether there are glasses, clear or dark."""
        return self.glasses > WEIGHTS.parts.glasses_from or self.has_dark_lenses

    @property
    def has_dark_lenses(self) -> bool:
        """Whether the eyes are behind lenses that are not clear."""
        return self.lens > WEIGHTS.parts.lens_from


def worn_of(chances: np.ndarray, landmarks: np.ndarray) -> Worn:
    """From the answers for the square around a face.

    Args:
        chances: (P, S, S). landmarks: (478, 2) in pixels of the square, S of them on each side.
    """
    side = chances.shape[-1]
    points = np.asarray(landmarks, np.float32)
    oval = fill((side, side), points, OVAL) > 0
    y, x = np.mgrid[:side, :side] + 0.5
    axis = points[CHIN] - points[TOP]
    low = (x - points[_NOSE_TIP, 0]) * axis[0] + (y - points[_NOSE_TIP, 1]) * axis[1] > 0
    rings, around = zip(*(_rim(chances, points, corners) for corners in _CORNERS))
    # Of a turned head the eye that is seen better counts more.
    widths = np.array([np.linalg.norm(points[outer] - points[inner]) for outer, inner in _CORNERS])
    shares = widths / max(float(widths.sum()), 1e-6)
    return Worn(float(np.dot(shares, rings)), float(np.dot(shares, around)), _share(chances[_COVER], oval & low))


def expected(chances: np.ndarray, worn: Worn) -> np.ndarray:
    """Chances (P, S, S) by what the whole face says: frames are likelier where glasses are worn, else less likely."""
    weights = WEIGHTS.parts
    out = chances.copy()
    out[_GLASSES] *= weights.frames_worn if worn.has_glasses else weights.frames_absent
    return out / out.sum(0)


def _rim(chances: np.ndarray, points: np.ndarray, corners: tuple[int, int]) -> tuple[float, float]:
    """How far around one eye a rim runs, and the share of its surroundings that is lens."""
    outer, inner = points[list(corners)]
    weights = WEIGHTS.parts
    middle, wide = (outer + inner) / 2, float(np.linalg.norm(outer - inner))
    turn = np.linspace(0, 2 * np.pi, _RAYS, endpoint=False)
    reach = np.linspace(weights.rim_near, weights.rim_far, _STEPS) * wide
    places = middle + reach[None, :, None] * np.stack([np.cos(turn), np.sin(turn)], 1)[:, None]
    maps = (places - 0.5).astype(np.float32)
    rim = cv2.remap(chances[_GLASSES] + chances[_LENS], maps[..., 0], maps[..., 1], cv2.INTER_LINEAR)
    lens = cv2.remap(np.ascontiguousarray(chances[_LENS]), maps[..., 0], maps[..., 1], cv2.INTER_LINEAR)
    near = reach < weights.lens_far * wide
    return float(rim.max(1).mean()), float(lens[:, near].mean())


def _share(chances: np.ndarray, where: np.ndarray) -> float:
    """The share of pixels: faint chances all over a face, which stubble has, count for nothing."""
    return float((chances[where] > 0.5).mean()) if where.any() else 0.0

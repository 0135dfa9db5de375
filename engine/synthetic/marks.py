"""What may be taken for a thing on a face but is none: creases, bags, make-up around the eyes, strands before the face."""

from __future__ import annotations

import numpy as np

from .grooms import Locks
from .parts import Part
from .sitter import Studio
from .things import Look, Thing, sheet

__all__ = ["draw_marks", "loose_strands"]

_LINES = {
    "bag": (226, 31, 228, 229, 230, 231, 232, 233),
    "fold": (247, 30, 29, 27, 28, 56, 190),
    "liner": (33, 7, 163, 144, 145, 153, 154, 155, 133),
    "shadow": (33, 246, 161, 160, 159, 158, 157, 173, 133),
    "laugh": (129, 203, 206, 216, 212),
    "bridge": (193, 168),
}
"""Landmarks of lines on the right half of a face; see :func:`_mirrored`."""
_MIRROR = {
    226: 446, 31: 261, 228: 448, 229: 449, 230: 450, 231: 451, 232: 452, 233: 453, 247: 467, 30: 260, 29: 259, 27: 257, 28: 258,
    56: 286, 190: 414, 33: 263, 7: 249, 163: 390, 144: 373, 145: 374, 153: 380, 154: 381, 155: 382, 133: 362, 246: 466, 161: 388,
    160: 387, 159: 386, 158: 385, 157: 384, 173: 398, 129: 358, 203: 423, 206: 426, 216: 436, 212: 432, 193: 417, 168: 168,
}  # fmt: skip
"""Landmark -> the one of the other half."""


def draw_marks(studio: Studio, posed: np.ndarray, skin: np.ndarray, rng: np.random.Generator) -> list[Thing]:
    """Soft lines on the skin; what is labelled stays what is under them.

    Args:
        skin: (3,) its color.
    """
    points = studio.model.landmarks(posed)
    things = []
    for name, line in _LINES.items():
        if rng.random() > 0.35:
            continue
        dark = skin * rng.uniform(0.05, 0.5) * [1, rng.uniform(0.5, 1), rng.uniform(0.5, 1)]
        if name in ("liner", "shadow") and rng.random() < 0.6:
            dark = np.full(3, 0.01) if rng.random() < 0.6 else rng.random(3) ** 2 * 0.4
        look = Look(np.clip(dark, 0.002, 0.8), dark, gloss=0.0, fold=0.0, opacity=rng.uniform(0.12, 0.49))
        wide = rng.uniform(0.4, 1.8) if name != "shadow" else rng.uniform(1, 6)
        # Both halves alike, somewhat off the landmarks.
        shift, length = rng.normal(0, 2.0 if name in ("bag", "laugh") else 0.6), rng.uniform(0.5, 1)
        for numbers in (line, [_MIRROR[number] for number in line]):
            things.append(Thing(*_ribbon(points[list(numbers)], wide, shift, length), Part.SKIN, look))
    return things


def _ribbon(line: np.ndarray, wide: float, shift: float, length: float) -> tuple[np.ndarray, np.ndarray]:
    """A strip along points (P, 3) that thins towards its ends, a little before them."""
    along = np.linspace(0, length * (len(line) - 1), 16)
    fine = np.stack([np.interp(along, np.arange(len(line)), line[:, axis]) for axis in range(3)], 1)
    fine += [0, shift, 1.2]
    taper = np.sin(np.linspace(0.15, np.pi - 0.15, 16))[:, None] * wide / 2
    return sheet(np.stack([fine + taper * [0, 1, 0], fine - taper * [0, 1, 0]]))


def loose_strands(studio: Studio, posed: np.ndarray, color: np.ndarray, rng: np.random.Generator) -> Locks:
    """A few locks that fall from the hairline before the face, over forehead, eyes and cheeks."""
    points = studio.model.landmarks(posed)
    guides = []
    for _ in range(rng.integers(1, 7)):
        start = points[10] + [rng.normal(0, 28), rng.uniform(2, 18), -rng.uniform(2, 10)]
        end = start + [rng.normal(0, 22), -rng.uniform(25, 130), 0]
        along = np.linspace(0, 1, 24)[:, None]
        line = start * (1 - along) + end * along
        line[:, 0] += rng.normal(0, 8) * np.sin(np.pi * along[:, 0] * rng.uniform(0.5, 2.5))
        # Just before the face: as far ahead as the nearest landmark, smoothed.
        near = np.linalg.norm(points[None, :468, :2] - line[:, None, :2], axis=2)
        ahead = (points[:468, 2] * np.exp(-((near / 9) ** 2))).sum(1) / np.exp(-((near / 9) ** 2)).sum(1).clip(1e-9)
        ahead = np.where(near.min(1) < 25, ahead, points[10, 2])
        ahead = np.convolve(np.pad(ahead, 4, mode="edge"), np.ones(9) / 9, "valid")
        line[:, 2] = ahead + rng.uniform(2, 7)
        guides.append(line)
    guides = np.array(guides, np.float32)
    children = 28
    spread = rng.uniform(0.4, 2.2) * np.linspace(0.5, 1, 24)[None, None, :, None]
    strands = guides[:, None] + (rng.normal(0, 1, (len(guides), children, 1, 3)) * spread * [1, 1, 0.4]).astype(np.float32)
    tone = np.exp(rng.normal(0, 0.2, (len(guides), children, 1, 1)))
    colors = np.broadcast_to(color * tone, strands.shape)
    return Locks(
        guides,
        strands.astype(np.float32),
        np.ascontiguousarray(colors, np.float32),
        rng.uniform(0.2, 0.45),
        rng.gamma(1.5, 0.06),
        Part.HAIR,
    )

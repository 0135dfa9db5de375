"""The height of a relief at points of the head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from ...geometry.lookup import lookup
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...types import Relief
from .weights import WEIGHTS, SplitWeights

__all__ = ["Part", "heights", "joint_heights", "known_share", "placed", "read_height"]


class Part(NamedTuple):
    """What one photo's relief tells at n points."""

    relief: Relief
    height: np.ndarray
    """(H, W) mm, of the relief or of a band of it."""
    place: np.ndarray
    """(n, 6) values of :func:`placed`, interpolated between vertices."""
    share: np.ndarray | float = 1.0
    """(n, 2) how much the photo counts against others at each point and at its mirror image."""


def placed(model: HeadModel, relief: Relief, vertices: np.ndarray) -> np.ndarray:
    """(N, 6) float32: where each vertex of the smooth head and its mirror image lie in the relief's picture: pixels (OpenCV
    convention), depth in mm, of either.

    Args:
        vertices: (N, 3) mm, posed, without what the mesh carries of the relief.
    """
    points, depth = relief.camera.project(np.asarray(vertices, np.float64))
    own = np.column_stack([points - 0.5, depth]).astype(np.float32)
    return np.concatenate([own, own[model.mirror]], 1)


def heights(relief: Relief, height: np.ndarray, place: np.ndarray, w: SplitWeights = WEIGHTS.split) -> np.ndarray:
    """(n,) float32 mm: the height where the photo shows the surface; elsewhere a share of the other half's.

    Args:
        height: (H, W) mm, of the relief or of a band of it.
        place: (n, 6) values of :func:`placed`, interpolated between vertices.
    """
    return joint_heights([Part(relief, height, place)], w)


def joint_heights(parts: Sequence[Part], w: SplitWeights = WEIGHTS.split) -> np.ndarray:
    """(n,) float32 mm: the mean of what several photos tell; where none shows the surface a share of the other half's."""
    own, known = _mean([read_height(part, 0, w) for part in parts])
    other, _ = _mean([read_height(part, 1, w) for part in parts])
    return own + (np.float32(w.mirrored) * (1 - known)) * other


def known_share(parts: Sequence[Part], w: SplitWeights = WEIGHTS.split) -> np.ndarray:
    """(n,) float32 in [0, 1]: how far any of several photos shows the surface."""
    return _mean([read_height(part, 0, w) for part in parts])[1]


def _mean(read: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) mean height, and how far any photo knows it."""
    if len(read) == 1:
        return read[0][:2]
    weights = [known * share for _, known, share in read]
    total = np.maximum(sum(weights), np.float32(1e-6))
    mean = sum(weight / total * height for (height, *_), weight in zip(read, weights))
    return mean, np.max([known for _, known, _ in read], 0)


def read_height(part: Part, half: int, w: SplitWeights = WEIGHTS.split) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n,) heights, how far each is known, 0 where another surface lies before, and how much it counts against others.

    Args:
        half: 0 for the points, 1 for their mirror images.
    """
    relief, place = part.relief, part.place[:, 3 * half : 3 * half + 3]
    at = np.ascontiguousarray(place[:, :2])
    size = np.array([relief.camera.width - 1, relief.camera.height - 1], np.float32)
    inside = ((at >= 0) & (at <= size)).all(1)
    apart = np.abs(lookup(relief.depth, at) - place[:, 2])
    same = inside * (1 - smoothstep(w.same_mm / 2, w.same_mm, apart)).astype(np.float32)
    known = np.clip(same * lookup(relief.known, at), 0, 1)
    share = part.share if isinstance(part.share, float) else part.share[:, half]
    return same * lookup(part.height, at, cv2.INTER_CUBIC), known, np.broadcast_to(np.float32(share), known.shape)

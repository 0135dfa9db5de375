"""The height of a relief at points of the head."""

from __future__ import annotations

import cv2
import numpy as np

from ...geometry.lookup import lookup
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...types import Relief
from .weights import WEIGHTS, SplitWeights

__all__ = ["heights", "placed"]


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
    own, known = _read(relief, height, place[:, :3], w)
    other, _ = _read(relief, height, place[:, 3:], w)
    return own + (np.float32(w.mirrored) * (1 - known)) * other


def _read(relief: Relief, height: np.ndarray, place: np.ndarray, w: SplitWeights) -> tuple[np.ndarray, np.ndarray]:
    """(n,) heights and how far each is known, 0 where another surface lies before."""
    at = np.ascontiguousarray(place[:, :2])
    size = np.array([relief.camera.width - 1, relief.camera.height - 1], np.float32)
    inside = ((at >= 0) & (at <= size)).all(1)
    apart = np.abs(lookup(relief.depth, at) - place[:, 2])
    same = inside * (1 - smoothstep(w.same_mm / 2, w.same_mm, apart)).astype(np.float32)
    return same * lookup(height, at, cv2.INTER_CUBIC), np.clip(same * lookup(relief.known, at), 0, 1)

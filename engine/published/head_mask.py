"""Where a crop shows the head, hair and neck included: a matte of a network that the user brings, or cut out by colour."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["head_mask"]

_ROUNDS = 4
"""Number of GrabCut's rounds."""
_SOFT = 1.0
"""Pixels by which the outline is softened."""


def head_mask(picture: np.ndarray, skin: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """GrabCut (Rother et al., SIGGRAPH 2004) around a face: skin is head, what lies far off is not.

    Args:
        picture: (S, S, 3) uint8 RGB.
        skin: (S, S) in 0..1, the engine's skin mask.
        landmarks: (68, 2) pixels, y down.

    Returns:
        (S, S) float32 in 0..1. Deterministic.
    """
    low, high = landmarks.min(0), landmarks.max(0)
    wide, tall = high - low
    centre, chin = (low[0] + high[0]) / 2, high[1]
    marks = np.full(picture.shape[:2], cv2.GC_PR_BGD, np.uint8)
    # The points reach from chin to brows, which is about half of a head.
    middle = (int(round(centre)), int(round(chin - 0.85 * tall)))
    _ellipse(marks, middle, 1.1 * wide, 1.8 * tall, cv2.GC_BGD, outside=True)
    _ellipse(marks, middle, 0.62 * wide, 0.95 * tall, cv2.GC_PR_FGD)
    below = np.arange(len(marks)) > chin + 0.45 * tall
    marks[skin > 0.5] = cv2.GC_PR_FGD
    inner = cv2.erode((skin > 0.8).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    marks[inner] = cv2.GC_FGD
    marks[below] = cv2.GC_BGD
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if inner.any() and (marks != cv2.GC_FGD).any():
        cv2.setRNGSeed(0)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cut = cv2.grabCut(np.ascontiguousarray(picture[..., ::-1]), marks, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)[0]
        found = np.isin(cut, (cv2.GC_FGD, cv2.GC_PR_FGD))
        found = _with_the_face(found, inner)
    return cv2.GaussianBlur(found.astype(np.float32), (0, 0), _SOFT)


def _ellipse(
    marks: np.ndarray, middle: tuple[int, int], half_width: float, half_height: float, value: int, outside: bool = False
) -> None:
    shape = np.zeros_like(marks)
    cv2.ellipse(shape, middle, (max(1, int(half_width)), max(1, int(half_height))), 0, 0, 360, 1, -1)
    marks[(shape == 0) if outside else (shape == 1)] = value


def _with_the_face(found: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Without parts that do not hang together with the face, and without small holes."""
    closed = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    _, labels = cv2.connectedComponents(closed)
    return np.isin(labels, np.unique(labels[inner & (labels > 0)]))

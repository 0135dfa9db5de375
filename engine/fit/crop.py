"""The square, upright window around a face that the landmark network looks at."""

from __future__ import annotations

import cv2
import numpy as np

from ..photo.regions import FACE_POINTS
from .weights import WEIGHTS

__all__ = ["CROP_SIDE", "crop_pixels", "crop_transform", "to_crop"]

CROP_SIDE = 256
"""Side of the crop, pixels."""
_EYES = (33, 263)
"""Landmarks at the outer corners of the right and the left eye."""


def crop_transform(
    landmarks: np.ndarray, margin: float = WEIGHTS.window.margin, turn: float = 0.0, shift: tuple[float, float] = (0.0, 0.0)
) -> np.ndarray:
    """(2, 3) similarity from pixels of the photo to pixels of the crop, both with pixel centres at 0.5.

    The outer eye corners lie level, the longer side of the landmarks' box is 1 / `margin` of the crop.

    Args:
        landmarks: (>= 468, 2) pixels.
        turn: extra rotation in radians. shift: of the centre, as a share of the crop.
    """
    right, left = landmarks[_EYES[0]], landmarks[_EYES[1]]
    angle = np.arctan2(left[1] - right[1], left[0] - right[0]) + turn
    c, s = np.cos(angle), np.sin(angle)
    level = np.array([[c, s], [-s, c]])
    points = landmarks[:FACE_POINTS] @ level.T
    low, high = points.min(0), points.max(0)
    side = (high - low).max() * margin
    scale = CROP_SIDE / side
    centre = (low + high) / 2 + np.asarray(shift) * side
    linear = scale * level
    return np.column_stack([linear, CROP_SIDE / 2 - scale * centre])


def to_crop(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(..., 2) points of the photo -> of the crop."""
    return points @ transform[:, :2].T + transform[:, 2]


def crop_pixels(pixels: np.ndarray, transform: np.ndarray, side: int = CROP_SIDE) -> np.ndarray:
    """(side, side, ...) window of a photo or of a map of its size; beyond the border its edge is repeated."""
    scale = float(np.hypot(transform[0, 0], transform[0, 1]))
    shrink = 1.0
    if scale < WEIGHTS.window.coarse:
        # Warping alone would skip pixels; reduce by area first, only the part that is needed.
        inverse = cv2.invertAffineTransform(transform)
        corners = np.array([[0, 0], [side, 0], [0, side], [side, side]]) @ inverse[:, :2].T + inverse[:, 2]
        x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int) - 2, 0)
        x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 2, [pixels.shape[1], pixels.shape[0]])
        window = pixels[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
        shrink = scale * WEIGHTS.window.spare
        size = (max(1, round(window.shape[1] * shrink)), max(1, round(window.shape[0] * shrink)))
        ratio = np.array([size[0] / window.shape[1], size[1] / window.shape[0]])
        pixels = cv2.resize(window, size, interpolation=cv2.INTER_AREA)
        transform = np.column_stack([transform[:, :2] / ratio, transform[:, 2] + transform[:, :2] @ [x0, y0]])
    matrix = transform.copy()
    # OpenCV puts pixel centres at whole numbers.
    matrix[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5
    return cv2.warpAffine(pixels, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

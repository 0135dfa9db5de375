"""Where the pixels of a picture lie relative to a face, drawn from its landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from .regions import BROWS, CHIN, EYES, OUTER_LIPS, OVAL, TOP, fill
from .weights import WEIGHTS

__all__ = ["PLACES", "place_maps"]

PLACES = 6
"""Number of maps."""
_REACH = 2.0
"""Distance along and across the face's axis beyond which all places are the same, face heights."""


def place_maps(landmarks: np.ndarray, side: int) -> np.ndarray:
    """(PLACES, side, side) float32: places across and along the face's axis, distance into the oval (all in face heights, the
    oval's held within a half and doubled); brows, eyes, lips.

    Args:
        landmarks: (478, 2) in pixels of a picture whose side is `side`.
    """
    points = np.asarray(landmarks, np.float32)
    axis = points[TOP] - points[CHIN]
    height = max(float(np.linalg.norm(axis)), 1.0)
    up = axis / height
    middle = (points[TOP] + points[CHIN]) / 2
    y, x = np.mgrid[:side, :side].astype(np.float32) + 0.5 - middle[::-1, None, None]
    across, along = (y * up[0] - x * up[1]) / height, (x * up[0] + y * up[1]) / height
    oval = fill((side, side), points, OVAL)
    inside = cv2.distanceTransform(oval, cv2.DIST_L2, 3) - cv2.distanceTransform(255 - oval, cv2.DIST_L2, 3)
    features = [fill((side, side), points, *polygons).astype(np.float32) / 255 for polygons in (BROWS, EYES, (OUTER_LIPS,))]
    return np.stack(
        [
            np.clip(across, -_REACH, _REACH),
            np.clip(along, -_REACH, _REACH),
            np.clip(2 * inside / height, -1, 1),
            *(cv2.GaussianBlur(feature, (0, 0), WEIGHTS.parts.soft) for feature in features),
        ]
    ).astype(np.float32)

"""Named regions of the face as polygons over MediaPipe's landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from .weights import WEIGHTS

__all__ = [
    "BROWS",
    "CHIN",
    "EYES",
    "FACE_POINTS",
    "INNER_LIPS",
    "IRISES",
    "LANDMARKS",
    "LID_MIDDLE",
    "LIP_EDGES",
    "NOSTRILS",
    "OUTER_LIPS",
    "OVAL",
    "SURE_SKIN",
    "TOP",
    "disk",
    "face_crop",
    "fill",
]

LANDMARKS = 478
"""Number of landmarks, irises included."""
FACE_POINTS = 468
"""The landmarks after these are the irises."""

CHIN = 152
"""Landmark at the lower end of the face's axis."""
TOP = 10
"""Landmark at its upper end."""

# Right and left are the subject's; the order is once around.
OVAL = (
    10,
    338,
    297,
    332,
    284,
    251,
    389,
    356,
    454,
    323,
    361,
    288,
    397,
    365,
    379,
    378,
    400,
    377,
    152,
    148,
    176,
    149,
    150,
    136,
    172,
    58,
    132,
    93,
    234,
    127,
    162,
    21,
    54,
    103,
    67,
    109,
)
"""Outline of the face."""
EYES = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
"""Rims of the lids of the right and the left eye."""
LID_MIDDLE = (3, 4, 5)
"""Places along a rim, from its outer corner on, at which lids are farthest apart; 16 minus them lie above."""
BROWS = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))
"""The right and the left brow."""
OUTER_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
"""Outer rim of the lips."""
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
"""Inner rim of the lips."""
LIP_EDGES = (81, 82, 13, 312, 311), (178, 87, 14, 317, 402)
"""Inner edges of the upper and the lower lip, across the middle of the mouth."""
IRISES = ((468, (469, 470, 471, 472)), (473, (474, 475, 476, 477)))
"""Centre, and the four points on the edge."""
NOSTRILS = ((79, 166, 59, 238, 20, 242), (309, 392, 289, 458, 250, 462))
"""The right and the left nostril."""
# fmt: off
SURE_SKIN = ((117, 118, 101, 36, 205, 187, 123), (346, 347, 330, 266, 425, 411, 352),
             (6, 122, 196, 3, 51, 45, 4, 275, 281, 248, 419, 351), (9, 107, 66, 69, 151, 299, 296, 336),
             (18, 83, 201, 208, 199, 428, 421, 313))
# fmt: on
"""Cheeks, bridge of the nose, lower forehead, chin: where a face is bare most often."""


def fill(shape: tuple[int, int], landmarks: np.ndarray, *polygons: tuple[int, ...]) -> np.ndarray:
    """(H, W) uint8, 255 inside any of the polygons; landmarks in pixels with pixel centres at half.

    Without `polygons`, `landmarks` are the corners of one.
    """
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons or (range(len(landmarks)),):
        points = np.round((landmarks[list(polygon), :2] - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(mask, [points], 255, lineType=cv2.LINE_8, shift=4)
    return mask


def disk(radius: float) -> np.ndarray:
    """A round structuring element of so many pixels, 1 at least."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(1, round(radius)) + 1,) * 2)


def face_crop(image: np.ndarray, landmarks: np.ndarray, width: float, side: float) -> tuple[np.ndarray, np.ndarray]:
    """The face with a little margin, at most `side` pixels wide, and its landmarks there.

    Args:
        image: (H, W) or (H, W, C) photo or map of one. landmarks: (478, 2) in its pixels. width: of the face in them.
    """
    w, (height, full) = WEIGHTS.crop, image.shape[:2]
    margin = w.margin * width
    x0, y0 = np.clip(np.floor(landmarks.min(0) - margin), 0, (full - w.least_px, height - w.least_px)).astype(int)
    x1, y1 = np.maximum(
        np.minimum(np.ceil(landmarks.max(0) + margin), (full, height)), (x0 + w.least_px, y0 + w.least_px)
    ).astype(int)
    scale = min(1.0, side / width)
    size = max(w.least_px, round((x1 - x0) * scale)), max(w.least_px, round((y1 - y0) * scale))
    crop = image[y0:y1, x0:x1]
    if scale < 1:
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    ratio = np.array(crop.shape[1::-1]) / (x1 - x0, y1 - y0)
    return crop, ((landmarks - (x0, y0)) * ratio).astype(np.float32)

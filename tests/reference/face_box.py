"""Deep3D's crop for a 68-point landmark network, placed by a small network from five points.

The engine finds its landmarks with networks of its own (:mod:`engine.photo.landmarks`).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from engine.published.basel.files import Fields, read_mat

__all__ = [
    "BoxRegressor",
    "FaceBox",
    "crop_for_landmarks",
    "cut_box",
    "landmarks_of_network",
    "read_box_regressor",
    "regress_box",
    "to_photo",
]

_SIZE = 224


class BoxRegressor(NamedTuple):
    """The 10-200-3 network that predicts a face box from five points."""

    w1: np.ndarray
    """(200, 10) float64."""
    b1: np.ndarray
    """(200, 1)."""
    w2: np.ndarray
    """(3, 200)."""
    b2: np.ndarray
    """(3, 1)."""


class FaceBox(NamedTuple):
    """A square window of a photo, pixels, y down."""

    x: int
    y: int
    width: int
    height: int
    scale: float
    """Pixels of the 224-pixel crop per photo pixel."""


def read_box_regressor(path: Path | str) -> BoxRegressor:
    """``BBRegressorParam_r.mat``."""
    fields = Fields(path, read_mat(path))
    return BoxRegressor(
        *(
            fields.take(name, shape).astype(np.float64)
            for name, shape in (("W1", (200, 10)), ("B1", (200, 1)), ("W2", (3, 200)), ("B2", (3, 1)))
        )
    )


def regress_box(points: np.ndarray, regressor: BoxRegressor) -> np.ndarray:
    """(5, 2) points, pixels, y down -> (4,) float64 left, top, width, height."""
    points = np.asarray(points, np.float64)
    centre = points.mean(0)
    size = np.sqrt(((points - centre) ** 2).sum() / 5)
    query = ((points - centre) / size).reshape(10, 1)
    hidden = 2 / (1 + np.exp(-2 * (regressor.w1 @ query + regressor.b1))) - 1
    out = (regressor.w2 @ hidden + regressor.b2).reshape(3)
    side = _SIZE / out[2] * size
    return np.array([out[0] * size + centre[0], out[1] * size + centre[1], side, side])


def crop_for_landmarks(image: np.ndarray, points: np.ndarray, regressor: BoxRegressor) -> tuple[np.ndarray, FaceBox] | None:
    """:func:`cut_box` around the box that the small network gives.

    Args:
        points: (5, 2) pixels, y down.
        regressor: the small network.
    """
    return cut_box(image, regress_box(points, regressor))


def cut_box(image: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, FaceBox] | None:
    """The 224-pixel crop around a face.

    The photo stands in a black canvas of twice its size. A box that leaves the canvas on the right or below is cut off
    there and stretched to the crop, as the references do.

    Args:
        image: (H, W, 3) uint8.
        box: (4,) left, top, width, height, rounded here.

    Returns:
        (224, 224, 3) uint8 and the box; None when the box leaves the canvas on the left or above, or has no size.
    """
    height, width = image.shape[:2]
    if not np.isfinite(box).all() or np.abs(box).max() > 1e8:
        return None
    x, y, w, h = np.round(box).astype(np.int32).tolist()
    x0, y0 = x + width // 2, y + height // 2
    if x0 < 0 or y0 < 0 or w <= 0 or x0 >= 2 * width or y0 >= 2 * height:
        return None
    x1, y1 = min(x0 + w, 2 * width), min(y0 + h, 2 * height)
    window = np.zeros((y1 - y0, x1 - x0, 3), np.uint8)
    # Only the window of the canvas is made: a canvas of the references takes 4 x 3 x 8 bytes per photo pixel.
    left, top = x0 - width // 2, y0 - height // 2
    source = image[max(top, 0) : max(top + y1 - y0, 0), max(left, 0) : max(left + x1 - x0, 0)]
    window[max(-top, 0) : max(-top, 0) + source.shape[0], max(-left, 0) : max(-left, 0) + source.shape[1]] = source
    crop = cv2.resize(window, (_SIZE, _SIZE), interpolation=cv2.INTER_CUBIC)
    return crop, FaceBox(x, y, w, h, _SIZE / w)


def to_photo(points: np.ndarray, box: FaceBox) -> np.ndarray:
    """(..., 2) pixels of the crop -> photo pixels, y down."""
    return points / box.scale + np.array([box.x, box.y])


def landmarks_of_network(output: np.ndarray, mean_face: np.ndarray, box: FaceBox, height: int) -> np.ndarray:
    """The answer of Deep3D's 68-point network (``68lm_detector.pb``) about a crop, in the photo.

    Args:
        output: (136,) x, y of each point, as differences to the mean face, y up.
        mean_face: (68, 2) of ``test_mean_face.txt``.
        box: of the crop. height: of the photo.

    Returns:
        (68, 2) photo pixels, **y up**, as the training's landmark files have them.
    """
    points = np.asarray(output, np.float64).reshape(68, 2) + mean_face
    points[:, 1] = _SIZE - 1 - points[:, 1]
    points = to_photo(points, box)
    points[:, 1] = height - 1 - points[:, 1]
    return points

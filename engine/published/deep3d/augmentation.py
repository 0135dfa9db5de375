"""Deep3D's training augmentation, and the similarity that brings faces to the recognition network's crop.

Points are in pixels of the crop with y **up**, as training landmarks are stored, unless said.
"""

from __future__ import annotations

import random
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..basel.alignment import CROP_SIZE, five_points, flip_y

__all__ = [
    "ARCFACE_POINTS",
    "Augmentation",
    "augment_landmarks",
    "augment_picture",
    "draw",
    "mirrored_order",
    "recognition_similarity",
]

ARCFACE_POINTS = np.array([(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)])
"""Eyes, nose, mouth corners in a crop of 112 pixels, y down."""
_SHIFT = 10
"""Largest random shift of a crop, whole pixels."""
_SCALE = 0.1
"""Largest random change of its scale, as a share."""
_ROTATION = 10.0
"""Largest random turn, degrees."""


class Augmentation(NamedTuple):
    """One random change of a crop."""

    matrix: np.ndarray
    """(3, 3) takes points of the crop (y down) to the changed crop."""
    mirrored: bool


def draw(source: random.Random) -> Augmentation:
    """Whole-pixel shift, scale, rotation about the centre, and a mirror in half of the cases."""
    shift = source.randint(-_SHIFT, _SHIFT), source.randint(-_SHIFT, _SHIFT)
    scale, degrees = source.uniform(1 - _SCALE, 1 + _SCALE), source.uniform(-_ROTATION, _ROTATION)
    mirrored = source.random() > 0.5
    sine, cosine = scale * np.sin(np.radians(degrees)), scale * np.cos(np.radians(degrees))
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    mirror = np.diag([-1.0 if mirrored else 1.0, 1.0, 1.0])
    centre = CROP_SIZE / 2
    return Augmentation(_move(centre, centre) @ turn @ _move(*shift) @ mirror @ _move(-centre, -centre), mirrored)


def augment_picture(picture: np.ndarray, change: Augmentation) -> np.ndarray:
    """(224, 224, C) uint8 picture or mask, bicubic, black outside."""
    inverse = np.linalg.inv(change.matrix)
    image = Image.fromarray(picture)
    return np.asarray(
        image.transform(
            image.size, Image.Transform.AFFINE, data=tuple(inverse[:2].reshape(-1)), resample=Image.Resampling.BICUBIC
        )
    )


def augment_landmarks(landmarks: np.ndarray, change: Augmentation) -> np.ndarray:
    """(68, 2) landmarks of the changed crop; sides are exchanged when it is mirrored."""
    down = flip_y(landmarks, CROP_SIZE)
    moved = flip_y(down @ change.matrix[:2, :2].T + change.matrix[:2, 2], CROP_SIZE)
    return moved[mirrored_order()] if change.mirrored else moved


def mirrored_order() -> np.ndarray:
    """(68,) for each landmark the number of its counterpart on the other side."""
    order = np.arange(68)
    order[:17] = order[:17][::-1]
    order[17:27] = order[17:27][::-1]
    order[31:36] = order[31:36][::-1]
    for a, b in (
        (36, 45),
        (37, 44),
        (38, 43),
        (39, 42),
        (40, 47),
        (41, 46),
        (48, 54),
        (49, 53),
        (50, 52),
        (55, 59),
        (56, 58),
        (60, 64),
        (61, 63),
        (65, 67),
    ):
        order[[a, b]] = b, a
    return order


def recognition_similarity(landmarks: np.ndarray, height: int = CROP_SIZE) -> np.ndarray:
    """(2, 3) similarity from a picture (y down) to the recognition network's crop of 112 pixels.

    Least squares over the five points (Umeyama 1991).

    Args:
        landmarks: (68, 2), y up.
        height: of the picture.
    """
    points = flip_y(five_points(landmarks), height)
    source, target = points - points.mean(0), ARCFACE_POINTS - ARCFACE_POINTS.mean(0)
    u, values, vh = np.linalg.svd(target.T @ source)
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vh))])
    linear = (u * sign) @ vh * ((values * sign).sum() / (source**2).sum())
    return np.concatenate([linear, (ARCFACE_POINTS.mean(0) - linear @ points.mean(0))[:, None]], 1)


def _move(x: float, y: float) -> np.ndarray:
    return np.array([[1.0, 0, x], [0, 1.0, y], [0, 0, 1.0]])

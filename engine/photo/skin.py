"""Which pixels are bare skin of one face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..types import FaceObservation, Photo

__all__ = ["SkinMask", "segment_skin"]


@dataclass(frozen=True)
class SkinMask:
    """Maps of the photo's size in [0, 1]."""

    skin: np.ndarray
    """(H, W) float32: 1 on bare skin of this face."""
    highlight: np.ndarray
    """(H, W) float32: 1 on skin that is burnt out by a reflection."""


_OVAL = np.array([10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148,
                  176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109])


def segment_skin(photo: Photo, observation: FaceObservation) -> SkinMask:
    """The face oval, as a first estimate."""
    skin = np.zeros(photo.pixels.shape[:2], np.float32)
    cv2.fillPoly(skin, [np.round(observation.landmarks[_OVAL]).astype(np.int32)], 1.0)
    return SkinMask(skin, np.zeros_like(skin))

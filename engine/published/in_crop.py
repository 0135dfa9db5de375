"""What a photo shows of a face, in the aligned crop that a network or a fit looks at."""

from __future__ import annotations

import numpy as np
import torch

from ..head.landmarks68 import LANDMARKS_68
from .basel import alignment
from .method import GivenFace

__all__ = ["marks_in_crop", "picture_tensor", "skin_in_crop"]


def marks_in_crop(face: GivenFace, window: alignment.CropWindow) -> np.ndarray:
    """(68, 2) float64 landmarks, crop pixels, y up: the given ones where there are 68, else the detected ones."""
    marks = face.points
    if len(marks) != len(LANDMARKS_68):
        marks = face.observation.landmarks[LANDMARKS_68].astype(np.float64) - 0.5
    return alignment.to_crop(alignment.flip_y(marks, len(face.photo.pixels)), window)


def skin_in_crop(face: GivenFace, window: alignment.CropWindow) -> np.ndarray:
    """(S, S) float32 in 0..1: the engine's skin mask, which stands for the published face mask."""
    from ..photo import segment_skin

    skin = segment_skin(face.photo, face.observation).surface
    return alignment.crop((255 * skin).astype(np.uint8), window).astype(np.float32) / 255


def picture_tensor(picture: np.ndarray) -> torch.Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) in 0..1."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255

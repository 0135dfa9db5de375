"""The last step of the texture of ModelScope's face of February 2023: the fitted sheet and the official template.

Sheets are (5 S / 4, S, 3) float32 RGB of 0..255, row 0 on top; the face lies in the upper four fifths. The published width
is 4096.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ...system.progress import SILENT, Progress
from .head_texture import front_mask, transition

__all__ = ["FacePictures", "SHEET_SIZE", "TALL", "finished_sheet"]

SHEET_SIZE = 4096
"""Width of the published sheet in texels."""
TALL = 1.25
"""Height of the sheet over its width."""
_BRIGHTER = 1.05
"""Factor of the sheet's mean colour: the sheet is taken five per cent brighter, as released."""
_NEARER = 0.4
"""Share of the way that the sheet's colour moves towards the template's."""
_EYE = np.array([288, 235, 90, 50]) / 758
"""Left, top, width and height of the left eye's window, of the sheet's width; the right one's is its mirror image."""
_ROWS = 128
"""Number of rows that are drawn at a time."""


class FacePictures(NamedTuple):
    """Decoded, (H, W, 3) uint8 RGB."""

    template: np.ndarray
    """``template_texture.jpg``, 4:5."""
    front: np.ndarray
    """``face_mask.jpg``, square."""
    left_eye: np.ndarray
    """``l_eye_mask.png``, of the window."""
    right_eye: np.ndarray


def finished_sheet(sheet: np.ndarray, pictures: FacePictures, progress: Progress = SILENT) -> np.ndarray:
    """The sheet with the template behind it and at the corners of the eyes; not clipped.

    Sheet and template approach one another in colour where one passes into the other, then both become five per cent
    brighter.

    Args:
        progress: called a few times a second.
    """
    height, size = sheet.shape[:2]
    template = cv2.resize(pictures.template, (size, height))
    front = front_mask(pictures.front, size)
    progress(0.0)
    moved, share = np.zeros(3, np.float32), np.ones(3, np.float32)
    bands = [transition(front[..., color]) for color in range(3)]
    if all(band.any() for band in bands):
        for color, band in enumerate(bands):
            seen, there = sheet[:size, :, color][band], _mean(template[:size, :, color][band])
            moved[color] = _NEARER * (there - _BRIGHTER * _mean(seen))
            share[color] = _BRIGHTER * _mean(seen + moved[color]) / max(there, np.float32(1))
            progress(0.0)
    del bands
    out = np.empty_like(sheet)
    for first in range(0, height, _ROWS):
        rows = slice(first, first + _ROWS)
        behind, over = template[rows] * share, front[rows]
        behind[: len(over)] += over * (sheet[rows][: len(over)] + moved - behind[: len(over)])
        np.multiply(behind, np.float32(_BRIGHTER), out=out[rows])
        progress(0.0)
    left, top, width, tall = (_EYE * size).astype(int)
    # The release narrows one of the two masks and widens the other.
    for picture, column, narrowed in ((pictures.left_eye, left, True), (pictures.right_eye, size - left - width, False)):
        window = np.s_[top : top + tall, column : column + width]
        out[window] = _eye(out[window], template[window].astype(np.float32), _eye_mask(picture, narrowed, width, tall))
    return out


def _mean(values: np.ndarray) -> np.float32:
    return np.float32(values.mean(dtype=np.float64))


def _eye_mask(picture: np.ndarray, narrowed: bool, width: int, height: int) -> np.ndarray:
    mask = picture[..., 0].astype(np.float32) / 255
    mask = cv2.erode(mask, np.ones((5, 5), np.uint8)) if narrowed else cv2.dilate(mask, np.ones((7, 7), np.uint8))
    mask = cv2.GaussianBlur(mask, (7, 7), 0)
    return cv2.resize(mask, (width, height))[..., None]


def _eye(sheet: np.ndarray, template: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """One eye's window, with the template in the colours of the mask's border."""
    band = transition(mask)[..., 0]
    if band.any():
        for color in range(3):
            template[..., color] *= _mean(sheet[..., color][band]) / max(_mean(template[..., color][band]), np.float32(1))
    return sheet + mask * (template - sheet)

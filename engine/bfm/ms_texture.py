"""The last step of ModelScope's head texture: the fitted sheet over a template, which fills what no photo shows.

Sheets are (S, S, 3) float32 of 0..255, row 0 on top. The published sheet has 4096 texels a side; template and masks are
5:4 and their first 4 fifths are used.
"""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["SHEET_SIZE", "blend_template", "foreground_mask", "front_mask", "hair_mask", "template_shift", "upper_part"]

SHEET_SIZE = 4096
_WORKING_SIZE = 256
_BRIGHTER = 1.1
_BAND = (0.1, 0.9)


def hair_mask(picture: np.ndarray, size: int = SHEET_SIZE) -> np.ndarray:
    """(H, W, 3) uint8 mask picture of 5:4 -> (size, size) in 0..1."""
    return upper_part(picture[..., 0].astype(np.float32) / 255, size)


def foreground_mask(picture: np.ndarray, size: int = SHEET_SIZE) -> np.ndarray:
    """The mask picture of what is not background, widened and softened: (size, size) in 0..1."""
    small = cv2.resize(picture[..., 0].astype(np.float32) / 255, (_WORKING_SIZE, _WORKING_SIZE))
    return upper_part(cv2.blur(cv2.dilate(small, np.ones((13, 13), np.uint8)), (27, 27)), size)


def front_mask(picture: np.ndarray, size: int = SHEET_SIZE) -> np.ndarray:
    """The mask picture of the face's front, narrowed and softened: (size, size, 3) in 0..1.

    The exact filters of the reference are not known; these differ from its stored mask by 0.0026 in the mean and 0.02
    at most.
    """
    small = cv2.resize(picture.astype(np.float32) / 255, (_WORKING_SIZE, _WORKING_SIZE))
    small = cv2.erode(small, np.ones((16, 16), np.uint8))
    return cv2.resize(cv2.GaussianBlur(small, (37, 37), 0), (size, size))


def template_shift(sheet: np.ndarray, template: np.ndarray, front: np.ndarray) -> np.ndarray:
    """(3,) what to add to the template so that it continues the sheet: the difference of their mean colours where one
    passes into the other, the sheet's taken ten per cent brighter.

    The reference's own band of transition is not known; here it is where the mask is between 0.1 and 0.9.
    """
    band = ((front > _BAND[0]) & (front < _BAND[1])).all(2)
    if not band.any():
        return np.zeros(3, np.float32)
    return _BRIGHTER * sheet[band].mean(0) - template[band].mean(0)


def blend_template(sheet: np.ndarray, template: np.ndarray, front: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The sheet in front, the template in the sheet's colours behind; not clipped.

    Args:
        sheet: (s, s, 3) fitted, resized to the mask's size.
        template: (H, W, 3) uint8 of 5:4; its upper part is used.
        front: (S, S, 3) from :func:`front_mask`.
        shift: from :func:`template_shift`.
    """
    size = front.shape[0]
    large = cv2.resize(sheet.astype(np.float32), (size, size))
    behind = upper_part(template, size).astype(np.float32) + shift.astype(np.float32)
    return front * large + (1 - front) * behind


def upper_part(picture: np.ndarray, size: int) -> np.ndarray:
    """The first four fifths of a 5:4 picture, as (size, size, ...)."""
    return cv2.resize(picture, (size, size * 5 // 4))[:size]

"""The last step of ModelScope's head texture: the fitted sheet over a template, which fills what no photo shows.

Sheets are (S, S, 3) float32 RGB of 0..255, row 0 on top. The published sheet has 4096 texels a side; template and masks
are 5:4 and their first 4 fifths are used. There are two endings: in front of a bald template, or, with hair, of one whose
hair area has the colour of the photo's hair. Means are taken in float32, as released, which costs them up to a grey level.
"""

from __future__ import annotations

import cv2
import numpy as np

__all__ = [
    "SHEET_SIZE",
    "blend",
    "evenly_lit",
    "filled_hair",
    "foreground_mask",
    "front_mask",
    "matched_template",
    "transition",
    "upper_mask",
    "upper_part",
]

SHEET_SIZE = 4096
"""Side of the finished texture, texels, as published."""
_WORKING_SIZE = 256
"""Side in texels to which the mask of the foreground is reduced before it is widened."""
_FRONT_SIZE = 1024
"""Side in texels to which the mask of the face's front is resized first."""
_FRONT_REDUCED = 0.1
"""Factor by which it is then reduced."""
_BAND = (0.3, 0.7)
"""Least and largest value of a soft mask within its transition."""
_BAND_ROWS = (375 / 950, 600 / 950)
"""First and last row in which the colours of sheet and template are compared, as shares of the sheet's height: from the brows
to the mouth."""
_BRIGHTER = 1.1
"""Factor of the sheet's mean colour to which the template's is brought, as published."""
_LEFT_BRIGHTER = 1.5
"""How many times brighter the cheek on the sheet's left must be for the right half of the face to be replaced."""
_RIGHT_BRIGHTER = 2.0
"""How many times brighter the cheek on the sheet's right must be for the left half of the face to be replaced."""
_DARK = 120
"""Grey level (0..255) below which a texel of the hair area is hair."""
_HAIR_DIM = 0.5
"""The hair area gets the mean colour of its hair times this factor."""
_HAIR_COLOR = 20.0
"""Grey level (0..255) of the hair area where no texel of it is hair."""


def upper_mask(picture: np.ndarray, size: int = SHEET_SIZE) -> np.ndarray:
    """(H, W, 3) uint8 mask picture of 5:4 -> (size, size) in 0..1."""
    return upper_part(picture[..., 0].astype(np.float32) / 255, size)


def foreground_mask(picture: np.ndarray, size: int = SHEET_SIZE) -> np.ndarray:
    """The mask picture of what is not background, widened and softened: (size, size) in 0..1."""
    small = cv2.resize(picture[..., 0].astype(np.float32) / 255, (_WORKING_SIZE, _WORKING_SIZE))
    return upper_part(cv2.blur(cv2.dilate(small, np.ones((13, 13), np.uint8)), (27, 27)), size)


def front_mask(picture: np.ndarray, size: int = SHEET_SIZE) -> np.ndarray:
    """The mask picture of the face's front, narrowed and softened: (size, size, 3) in 0..1."""
    small = cv2.resize(picture.astype(np.float32) / 255, (_FRONT_SIZE, _FRONT_SIZE))
    small = cv2.resize(small, (0, 0), fx=_FRONT_REDUCED, fy=_FRONT_REDUCED)
    small = cv2.erode(small, np.ones((7, 7), np.uint8))
    return cv2.resize(cv2.GaussianBlur(small, (13, 13), 0), (size, size))


def transition(mask: np.ndarray) -> np.ndarray:
    """Where a soft mask passes from out to in; bool of its shape."""
    return (mask >= _BAND[0]) & (mask <= _BAND[1])


def matched_template(sheet: np.ndarray, template: np.ndarray, front: np.ndarray) -> np.ndarray:
    """The template in the sheet's colours: their mean colours are compared beside the face, the sheet's taken ten per
    cent brighter; not clipped.

    Args:
        template: (H, W, 3) uint8 of 5:4. front: (S, S, 3) from :func:`front_mask`.
    """
    size = len(front)
    behind = upper_part(template, size).astype(np.float32)
    first, last = (int(size * share) for share in _BAND_ROWS)
    band = transition(front[first:last, :, 0])
    if not band.any():
        return behind
    shift = _BRIGHTER * sheet[first:last][band].mean(0) - behind[first:last][band].mean(0)
    return behind + shift.astype(np.float32)


def evenly_lit(sheet: np.ndarray, cheek: np.ndarray) -> np.ndarray:
    """The sheet, or where one cheek is far darker than the other, the bright half mirrored.

    Args:
        cheek: (S, S) in 0..1, of the cheek on the sheet's left.
    """
    area = cheek == 1
    if not area.any():
        return sheet
    mirrored = sheet[:, ::-1]
    left, right = sheet[area].mean(dtype=np.float64), mirrored[area].mean(dtype=np.float64)
    half, out = sheet.shape[1] // 2, sheet
    if left > right * _LEFT_BRIGHTER:
        out = sheet.copy()
        out[:, half:] = mirrored[:, half:]
    elif right > left * _RIGHT_BRIGHTER:
        out = sheet.copy()
        out[:, :half] = mirrored[:, :half]
    return out


def filled_hair(behind: np.ndarray, sheet: np.ndarray, hair: np.ndarray) -> np.ndarray:
    """The template with its hair area in half the mean colour of the sheet's dark texels there.

    Args:
        behind: (S, S, 3) from :func:`matched_template`. hair: (S, S) in 0..1.
    """
    area, out = hair == 1, behind.copy()
    grey = cv2.cvtColor(sheet.clip(0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
    dark = area & (grey < _DARK)
    out[area] = _HAIR_DIM * sheet[dark].mean(0) if dark.any() else _HAIR_COLOR
    return out


def blend(sheet: np.ndarray, behind: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The sheet where `mask` is 1, the template behind; not clipped.

    Args:
        mask: (S, S, 3) or (S, S).
    """
    mask = mask if mask.ndim == 3 else mask[..., None]
    return mask * sheet + (1 - mask) * behind


def upper_part(picture: np.ndarray, size: int) -> np.ndarray:
    """The first four fifths of a 5:4 picture, as (size, size, ...)."""
    return cv2.resize(picture, (size, size * 5 // 4))[:size]

"""Focal length in pixels from a photo's EXIF block, and which way is up.

Sources: Exif 2.32 (JEITA CP-3451E) tags FocalLength, FocalPlaneXResolution, FocalLengthIn35mmFilm; CIPA DCG-001 for
what "35 mm equivalent" means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from .weights import WEIGHTS

__all__ = ["FILM_DIAGONAL_MM", "ORIENTATION", "UPRIGHT", "focal_from_calibration", "focal_from_exif", "turned"]

ORIENTATION = 0x0112
"""Tag of which way is up, a key of :data:`UPRIGHT`."""
_EXIF_IFD = 0x8769
"""Tag of the directory that holds the camera's own tags."""
_FOCAL_LENGTH = 0x920A
"""EXIF tag FocalLength, mm."""
_FOCAL_LENGTH_35MM = 0xA405
"""EXIF tag FocalLengthIn35mmFilm, mm."""
_FOCAL_PLANE_X = 0xA20E
"""EXIF tag FocalPlaneXResolution: pixels per unit on the sensor."""
_FOCAL_PLANE_UNIT = 0xA210
"""EXIF tag FocalPlaneResolutionUnit, a key of :data:`_UNIT_MM`."""
_PIXEL_X = 0xA002
"""EXIF tag PixelXDimension: the width that the camera recorded."""
_PIXEL_Y = 0xA003
"""EXIF tag PixelYDimension: the height that the camera recorded."""

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a photo upright, by its EXIF orientation."""

_UNIT_MM = {1: 25.4, 2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
"""Millimetres per unit; 1 ("none") is written by cameras that mean inches; 4 and 5 are common extensions."""

_FILM_MM = (36.0, 24.0)
"""Width and height of the 35 mm film frame, mm."""
FILM_DIAGONAL_MM = math.hypot(*_FILM_MM)
"""Its diagonal, by which equivalent focal lengths are defined, mm."""


def turned(samples: np.ndarray, orientation: int) -> np.ndarray:
    """(h, w, ...) samples as a picture with that EXIF orientation is meant to be seen."""
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return samples[:, ::-1] if orientation in (2, 3, 6, 7) else samples


def focal_from_calibration(focal: float, seen: Sequence[float], size: tuple[int, int]) -> float | None:
    """Focal length in long sides of a picture; None where it was measured for one of another shape, or is none.

    Args:
        focal: pixels of the picture that it was measured for.
        seen: that one's sides. size: the picture's own.
    """
    if not min(focal, *seen) > 0:
        return None
    w = WEIGHTS.focal
    ratio = max(seen) / min(seen) / (max(size) / min(size))
    found = focal / max(seen)
    return found if abs(ratio - 1) < w.cropped and w.least <= found <= w.most else None


def focal_from_exif(exif, width: int, height: int) -> float | None:
    """Focal length in pixels of a photo of `width` x `height` pixels (either way up).

    ``FocalLengthIn35mmFilm`` first. CIPA defines it by the diagonal, 43.27 mm, and cameras follow that; the rule
    "36 mm across" agrees for 3:2 and is 4 % short for 4:3. A picture squarer than 5:4 does not show a whole sensor:
    there the long side counts as 36 mm, which is what renderers write. Then ``FocalLength`` with
    ``FocalPlaneXResolution``, corrected for a photo that was resized, not for one that was cropped (another aspect
    ratio than the camera recorded). No list of sensor sizes: a wrong guess is worse than none.

    Args:
        exif: Pillow's ``Exif`` object.

    Returns:
        Pixels, or None where the file does not say or says something impossible.
    """
    try:
        tags = exif.get_ifd(_EXIF_IFD)
    except Exception:  # a broken EXIF block must not cost the user the photo
        return None
    w = WEIGHTS.focal
    long_side, short_side = max(width, height), min(width, height)
    focal = None
    film = _number(tags.get(_FOCAL_LENGTH_35MM))
    if film:
        if long_side < w.squarish * short_side:
            focal = film / _FILM_MM[0] * long_side
        else:
            focal = film / FILM_DIAGONAL_MM * math.hypot(width, height)
    else:
        length, density = _number(tags.get(_FOCAL_LENGTH)), _number(tags.get(_FOCAL_PLANE_X))
        unit = _UNIT_MM.get(tags.get(_FOCAL_PLANE_UNIT, 2))
        if length and density and unit:
            recorded = [_number(tags.get(_PIXEL_X)), _number(tags.get(_PIXEL_Y))]
            resize = 1.0
            if all(recorded):
                resize = long_side / max(recorded)
                if abs(min(recorded) * resize - short_side) > w.cropped * short_side:
                    return None
            focal = length * density / unit * resize
    return focal if focal and w.least * long_side <= focal <= w.most * long_side else None


def _number(value) -> float | None:
    """A positive finite number, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) and number > 0 else None

"""What lies over a face: a mask, glasses, a cup before the mouth.

The skin mask learns skin from the photo, so a large cover teaches it the cover's colour, and a thin rim is skin to it. Here
colours are compared with what skin can be, and places are examined at which no bare face is dark.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..types import Covers, FaceObservation, Photo
from ..wire.color import power_to_linear
from .landmarks import face_width
from .regions import BROWS, EYES, INNER_LIPS, NOSTRILS, OUTER_LIPS, OVAL, SURE_SKIN, face_crop, fill
from .skin import SKIN_LIGHT, SkinMask

__all__ = ["find_covers"]

_WORK_FACE = 160
"""Width in pixels to which the face is reduced before covers are searched for."""
_SKIN_HUE = np.float32([0.62, -0.45])
"""log(R/G) and log(B/G) of linear skin."""
_HUE_SPREAD = 0.25
"""How far people and white balance move both of these logarithms."""
_ONE_SKIN = 0.2
"""Places of one skin differ by less than this in either logarithm."""
_OTHER_HUE = 0.4
"""A place whose log(R/G) or log(B/G) differs from this skin's by more than this is something else, or lies in a shade without
colour."""
_PALEST = 0.25
"""That limit is never lower than this, however pale the skin is."""
_TO_GREY = 0.7
"""Pale skin is nearer to grey: there the limit is this share of its distance to grey."""
_MOST_OTHER = 0.35
"""Share of the face: of bare ones up to 0.25 is of another hue (42 photos), of those with a mask of any colour 0.43 and more."""
_NO_COLOR = 0.02
"""Linear light: a photo with a channel that stays below this tells nothing about hues."""
_EYE_CONTRAST = 0.3
"""Standard deviation of the log brightness within an eye below which it may be hidden: the clearer of two open eyes has 0.37
and more, an eye behind tinted glass at most 0.26 (measured on photos)."""
_EYE_DARK = -1.2
"""Log brightness against the skin's below which an eye may be hidden: closed lids have little contrast too, but are about as
bright as skin."""
_RIM = 0.8
"""How much darker, as a logarithm, a line across the skin below the eyes is than the skin on both of its sides where glasses
have a rim, as the mean of both eyes. Measured on photos: folds of bare faces reach 0.67, thin dark rims 0.88, other rims more
than 1.2."""
_LEAST_RIM = 0.5
"""The same difference that the line must at least have below each of the two eyes."""
_LIPS_GREENER = 0.2
"""log(R/G) by which what is in the place of the lips is greener than the skin around; lips are redder (without colour: the same)."""


def find_covers(photo: Photo, observation: FaceObservation, mask: SkinMask) -> Covers:
    """How much of a face is covered, whether it wears glasses, and whether its eyes or mouth are hidden.

    Hair over the face and deep shadow without colour count as covers; a hand does not where it looks like the face's skin.

    Args:
        photo: upright photo. observation: of the face.
        mask: :func:`~engine.photo.segment_skin` of the same.
    """
    width = face_width(observation)
    pixels, points = face_crop(photo.pixels, observation.landmarks, width, _WORK_FACE)
    surface, _ = face_crop(mask.surface, observation.landmarks, width, _WORK_FACE)
    shape, scaled = pixels.shape[:2], float(np.linalg.norm(points[454] - points[234]))
    oval = fill(shape, points, OVAL) > 0
    if not oval.any():
        return Covers(1.0, True, False, True)
    soft = cv2.GaussianBlur(pixels, (0, 0), max(0.6, 0.01 * scaled))
    linear = power_to_linear(soft.astype(np.float32) / 255)
    logs = np.log(linear + np.float32(0.012))
    hue = np.stack([logs[..., 0] - logs[..., 1], logs[..., 2] - logs[..., 1]], -1)
    colored = bool((np.quantile(linear[oval], 0.9, axis=0) > _NO_COLOR).all())
    other = _other_hue(hue, points, oval, scaled) if colored else 0.0
    return Covers(
        share=max(float(1 - surface[oval].mean()), other if other > _MOST_OTHER else 0.0),
        eyes=_hides_eyes(linear, points, oval),
        glasses=_rims(pixels, points),
        mouth=colored and _hides_lips(hue[..., 0], points, oval, scaled),
    )


def _disk(radius: float) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(1, round(radius)) + 1,) * 2)


def _other_hue(hue: np.ndarray, points: np.ndarray, oval: np.ndarray, face: float) -> float:
    """Share of the face, without eyes, brows, lips and nostrils, whose hue is not that of its skin."""
    shape = hue.shape[:2]
    features = cv2.dilate(fill(shape, points, *BROWS, *EYES, OUTER_LIPS, *NOSTRILS), _disk(0.03 * face)) > 0
    around_eyes = cv2.dilate(fill(shape, points, *EYES), _disk(0.07 * face)) > 0
    places = [fill(shape, points, polygon) > 0 for polygon in SURE_SKIN] + [around_eyes & oval]
    medians = np.array([np.median(hue[place], 0) for place in (one & ~features for one in places) if place.sum() >= 12])
    bare = oval & ~features
    if not len(medians) or not bare.any():
        return 0.0
    most_like_skin = medians[(np.abs(medians - _SKIN_HUE) / _HUE_SPREAD).max(1).argmin()]
    skin = np.median(medians[np.abs(medians - most_like_skin).max(1) < _ONE_SKIN], 0)
    most = np.clip(_TO_GREY * np.abs(skin).max(), _PALEST, _OTHER_HUE)
    return float((np.abs(hue[bare] - skin).max(-1) > most).mean())


def _hides_eyes(linear: np.ndarray, points: np.ndarray, oval: np.ndarray) -> bool:
    """Whether both eyes are dark, and neither shows white beside iris and lashes."""
    light = linear @ SKIN_LIGHT
    skin = float(np.median(light[oval]))
    logs = np.log((light + 0.03 * skin + 1e-4) / (skin + 1e-4))
    eyes = [eye for eye in (logs[fill(light.shape, points, eye) > 0] for eye in EYES) if eye.size >= 12]
    return bool(eyes) and all(eye.std() < _EYE_CONTRAST and np.median(eye) < _EYE_DARK for eye in eyes)


def _rims(pixels: np.ndarray, points: np.ndarray) -> bool:
    """Whether a dark line runs across the skin below both eyes."""
    light = np.log(power_to_linear(pixels.astype(np.float32) / 255) @ SKIN_LIGHT + np.float32(0.01))
    depths = []
    for eye in EYES:
        outer, inner = points[eye[0]], points[eye[8]]
        if np.linalg.norm(inner - outer) < 4:  # seen from the side, or a handful of pixels
            return False
        along = inner - outer
        length = float(np.linalg.norm(along))
        along = along / length
        down = np.array([-along[1], along[0]], np.float32)
        down = down if down @ (points[152] - points[10]) > 0 else -down
        middle = (outer + inner) / 2
        lid = float(((points[list(eye)] - middle) @ down).max())
        across, below = np.linspace(-0.5, 0.5, 25) * length, lid + np.linspace(0.12, 1.0, 40) * length
        x, y = np.moveaxis(
            (middle + across[None, :, None] * along + below[:, None, None] * down).astype(np.float32) - 0.5, -1, 0
        )
        profile = cv2.remap(light, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        above, under = np.maximum.accumulate(profile, 0), np.maximum.accumulate(profile[::-1], 0)[::-1]
        depths.append(np.quantile((np.minimum(above, under) - profile).max(0), 0.2))  # in four of five columns
    return bool(np.mean(depths) > _RIM and min(depths) > _LEAST_RIM)


def _hides_lips(red: np.ndarray, points: np.ndarray, oval: np.ndarray, face: float) -> bool:
    """Whether what is in the place of the lips is of a hue that lips never have."""
    shape = red.shape
    outer = fill(shape, points, OUTER_LIPS)
    lips = (outer > 0) & (fill(shape, points, INNER_LIPS) == 0)
    around = (cv2.dilate(outer, _disk(0.06 * face)) > 0) & (cv2.dilate(outer, _disk(0.02 * face)) == 0) & oval
    return bool(lips.any() and around.any() and np.median(red[lips]) < np.median(red[around]) - _LIPS_GREENER)

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
from .regions import BROWS, EYES, INNER_LIPS, NOSTRILS, OUTER_LIPS, OVAL, SURE_SKIN, disk, face_crop, fill
from .skin import SkinMask
from .weights import WEIGHTS, CoverWeights

__all__ = ["find_covers"]


def find_covers(photo: Photo, observation: FaceObservation, mask: SkinMask, weights: CoverWeights = WEIGHTS.covers) -> Covers:
    """How much of a face is covered, whether it wears glasses, and whether its eyes or mouth are hidden.

    Hair over the face and deep shadow without colour count as covers; a hand does not where it looks like the face's skin.

    Args:
        photo: upright photo. observation: of the face.
        mask: :func:`~engine.photo.segment_skin` of the same.
        weights: what is believed of skin, eyes and lips.
    """
    w, width = weights, face_width(observation)
    pixels, points = face_crop(photo.pixels, observation.landmarks, width, w.face_px)
    surface, _ = face_crop(mask.surface, observation.landmarks, width, w.face_px)
    shape, scaled = pixels.shape[:2], float(np.linalg.norm(points[454] - points[234]))
    oval = fill(shape, points, OVAL) > 0
    if not oval.any():
        return Covers(1.0, True, False, True)
    soft = cv2.GaussianBlur(pixels, (0, 0), max(w.soft_least_px, w.soft * scaled))
    linear = power_to_linear(soft.astype(np.float32) / 255)
    logs = np.log(linear + np.float32(WEIGHTS.skin.dark))
    hue = np.stack([logs[..., 0] - logs[..., 1], logs[..., 2] - logs[..., 1]], -1)
    colored = bool((np.quantile(linear[oval], w.no_color_quantile, axis=0) > w.no_color).all())
    other = _other_hue(hue, points, oval, scaled, w) if colored else 0.0
    share = max(float(1 - surface[oval].mean()), other if other > w.most_other else 0.0)
    eyes, mouth = _hides_eyes(linear, points, oval, w), colored and _hides_lips(hue[..., 0], points, oval, scaled, w)
    veil = observation.veil
    if veil is None:
        return Covers(share, eyes, _rims(pixels, points, w), mouth)
    places = set(veil.places)
    return Covers(
        share,
        eyes or {"right eye", "left eye"} <= places,
        # The border of a mask runs below the eyes, too.
        veil.glasses or (not {"right cheek", "left cheek"} & places and _rims(pixels, points, w)),
        mouth or "mouth" in places,
        veil.places,
        veil.crossed,
        veil.tinted,
    )


def _other_hue(hue: np.ndarray, points: np.ndarray, oval: np.ndarray, face: float, w: CoverWeights) -> float:
    """Share of the face, without eyes, brows, lips and nostrils, whose hue is not that of its skin."""
    shape = hue.shape[:2]
    features = cv2.dilate(fill(shape, points, *BROWS, *EYES, OUTER_LIPS, *NOSTRILS), disk(w.feature_rim * face)) > 0
    around_eyes = cv2.dilate(fill(shape, points, *EYES), disk(w.eye_rim * face)) > 0
    places = [fill(shape, points, polygon) > 0 for polygon in SURE_SKIN] + [around_eyes & oval]
    medians = np.array(
        [np.median(hue[place], 0) for place in (one & ~features for one in places) if place.sum() >= WEIGHTS.skin.least_place]
    )
    bare = oval & ~features
    if not len(medians) or not bare.any():
        return 0.0
    most_like_skin = medians[(np.abs(medians - np.float32(w.hue)) / w.hue_spread).max(1).argmin()]
    skin = np.median(medians[np.abs(medians - most_like_skin).max(1) < w.one_skin], 0)
    most = np.clip(w.to_grey * np.abs(skin).max(), w.palest, w.other_hue)
    return float((np.abs(hue[bare] - skin).max(-1) > most).mean())


def _hides_eyes(linear: np.ndarray, points: np.ndarray, oval: np.ndarray, w: CoverWeights) -> bool:
    """Whether both eyes are dark, and neither shows white beside iris and lashes."""
    light = linear @ np.float32(WEIGHTS.skin.light)
    skin = float(np.median(light[oval]))
    logs = np.log((light + w.eye_floor * skin + 1e-4) / (skin + 1e-4))
    eyes = [eye for eye in (logs[fill(light.shape, points, eye) > 0] for eye in EYES) if eye.size >= WEIGHTS.skin.least_place]
    return bool(eyes) and all(eye.std() < w.eye_contrast and np.median(eye) < w.eye_dark for eye in eyes)


def _rims(pixels: np.ndarray, points: np.ndarray, w: CoverWeights) -> bool:
    """Whether a dark line runs across the skin below both eyes."""
    light = np.log(power_to_linear(pixels.astype(np.float32) / 255) @ np.float32(WEIGHTS.skin.light) + np.float32(w.rim_floor))
    depths = []
    for eye in EYES:
        outer, inner = points[eye[0]], points[eye[8]]
        if np.linalg.norm(inner - outer) < w.least_eye_px:  # seen from the side, or a handful of pixels
            return False
        along = inner - outer
        length = float(np.linalg.norm(along))
        along = along / length
        down = np.array([-along[1], along[0]], np.float32)
        down = down if down @ (points[152] - points[10]) > 0 else -down
        middle = (outer + inner) / 2
        lid = float(((points[list(eye)] - middle) @ down).max())
        columns, rows = w.rim_samples
        across, below = np.linspace(-0.5, 0.5, columns) * length, lid + np.linspace(*w.rim_below, rows) * length
        x, y = np.moveaxis(
            (middle + across[None, :, None] * along + below[:, None, None] * down).astype(np.float32) - 0.5, -1, 0
        )
        profile = cv2.remap(light, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        above, under = np.maximum.accumulate(profile, 0), np.maximum.accumulate(profile[::-1], 0)[::-1]
        depths.append(np.quantile((np.minimum(above, under) - profile).max(0), w.rim_columns))
    return bool(np.mean(depths) > w.rim and min(depths) > w.least_rim)


def _hides_lips(red: np.ndarray, points: np.ndarray, oval: np.ndarray, face: float, w: CoverWeights) -> bool:
    """Whether what is in the place of the lips is of a hue that lips never have."""
    shape = red.shape
    outer = fill(shape, points, OUTER_LIPS)
    lips = (outer > 0) & (fill(shape, points, INNER_LIPS) == 0)
    around = (
        (cv2.dilate(outer, disk(w.lips_around[1] * face)) > 0) & (cv2.dilate(outer, disk(w.lips_around[0] * face)) == 0) & oval
    )
    return bool(lips.any() and around.any() and np.median(red[lips]) < np.median(red[around]) - w.lips_greener)

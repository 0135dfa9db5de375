"""From a file to one face of it, at a useful resolution, with what lies over it."""

from __future__ import annotations

import os

import numpy as np

from ..types import FaceObservation, Photo
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from .landmarks import Landmarker, face_width, select_face
from .load import WORKING_SIDE, load_photo
from .masked import with_masked_faces
from .veil import with_veil
from .weights import WEIGHTS, LandmarkWeights

__all__ = ["observe"]


def observe(
    path: str | os.PathLike, landmarker: Landmarker, index: int = 0, weights: LandmarkWeights = WEIGHTS.landmarks
) -> tuple[Photo, FaceObservation]:
    """Load a photo and one of its faces at a useful resolution.

    Photos up to 4096 pixels on the long side are taken as they are. A larger one is first reduced to that; when the
    chosen face is then narrower than 1024 pixels, the photo is read again at the scale that makes it so (at most full
    size) and the face is measured there. The whole photo is kept, so that one camera serves face and backdrop. What lies
    over the face is found, too.

    Raises:
        HrnError: see :func:`load_photo` and :func:`select_face`.
    """
    photo = load_photo(path)
    observation = select_face(with_masked_faces(photo, landmarker.detect(photo), landmarker), index, photo, weights)
    _check_decoded(photo, observation)
    width, w = face_width(observation), weights
    if photo.scale >= 1 or width >= w.focus_enough * w.focus_px:
        return photo, with_veil(photo, observation, landmarker)
    full_side = max(photo.size) / photo.scale
    side = int(min(full_side, WORKING_SIDE * w.focus_px / width) + 0.5)
    if side < w.focus_gain * max(photo.size):
        return photo, with_veil(photo, observation, landmarker)
    larger = load_photo(path, max_side=side)
    grow = np.array(larger.size) / np.array(photo.size)
    return larger, with_veil(larger, landmarker.again(larger, observation, grow), landmarker)


def _check_decoded(photo: Photo, observation: FaceObservation) -> None:
    """
    Raises:
        HrnError: ``IMAGE_DAMAGED`` where a part of the face lies in what a file that was cut off does not hold any more.
    """
    if photo.decoded is None:
        return
    left, top, right, bottom = photo.decoded
    points = observation.landmarks
    inside = (points >= (left, top)) & (points <= (right, bottom))
    if inside.all(1).mean() < WEIGHTS.landmarks.decoded:
        raise HrnError(ErrorCode.IMAGE_DAMAGED, say("{file} ends too early, in the middle of the face.", file=photo.name))

"""The photos and the chosen face of each, which every method begins with."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..system.failures import unexpected
from ..system.progress import Progress
from ..types import FaceObservation, Photo
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from ..wire.settings import Settings
from .solution import LeftOut

if TYPE_CHECKING:
    from ..photo import Landmarker

__all__ = ["observe_photos"]


_LEAVES_OUT = {
    ErrorCode.NO_FACE,
    ErrorCode.FACE_TOO_SMALL,
    ErrorCode.FACE_INDEX,
    ErrorCode.PHOTO_UNREADABLE,
    ErrorCode.NOT_AN_IMAGE,
    ErrorCode.IMAGE_DAMAGED,
    ErrorCode.IMAGE_TOO_LARGE,
    ErrorCode.PHOTO_UNMATCHED,
}
"""What may be wrong with one of several photos without stopping the others."""


def observe_photos(
    landmarker: Landmarker,
    paths: Sequence[str | os.PathLike],
    settings: Settings,
    progress: Progress,
    first: Callable[[Photo, FaceObservation], None] | None = None,
    known: Sequence[tuple[Photo, FaceObservation]] = (),
) -> tuple[list[tuple[str | os.PathLike, Photo, FaceObservation]], list[LeftOut]]:
    """The photos with the chosen face of each, and those that cannot be used.

    Args:
        first: called with the first photo of several that shows a face, before the others are read.
        known: photos that these are added to: none of them is taken twice.

    Raises:
        HrnError: of a single photo; of several only when none is left, or when it is not the photo's fault.
    """
    from ..photo import observe
    from ..photo.colors import with_natural_colors
    from ..photo.veil import with_veil

    faces: list[tuple[str | os.PathLike, Photo, FaceObservation]] = []
    left_out: list[LeftOut] = []
    for number, path in enumerate(paths):
        message = say("Reading photo {number} of {count}", number=number + 1, count=len(paths))
        progress(number / len(paths), message if len(paths) > 1 else say("Reading the photo"))
        try:
            photo, observation = observe(path, landmarker, settings.face_index)
            _refuse_again(photo, observation, [*known, *(found[1:] for found in faces)])
            natural = with_natural_colors(photo, observation)
            if natural.as_shot is not None:  # landmarks are a third nearer to the truth in colors that the networks know
                observation = with_veil(natural, landmarker.again(natural, observation), landmarker, observation.veil)
            faces.append((path, natural, observation))
        except HrnError as error:
            if len(paths) == 1 or error.code not in _LEAVES_OUT:
                raise
            left_out.append(LeftOut(Path(path).name, error, path))
        except Exception as error:
            if len(paths) == 1:
                raise
            left_out.append(LeftOut(Path(path).name, unexpected(error), path))
        else:
            if first is not None and len(faces) == 1 < len(paths):
                first(natural, observation)
    if not faces:
        raise left_out[0].error
    return faces, left_out


_SAME_PLACE = 0.01
"""Largest mean distance of the landmarks of two files of one shot, in face widths: compression moves them less."""
_SAME_PICTURE = 0.985
"""Least correlation of two small pictures of one shot."""
_SMALL = 48
"""Side of these pictures, pixels."""


def _refuse_again(photo: Photo, observation: FaceObservation, faces: list[tuple[Photo, FaceObservation]]) -> None:
    """
    Raises:
        HrnError: ``PHOTO_UNMATCHED`` where the photo is one of `faces` once more: another format or size of the same shot.
    """
    from ..photo.landmarks import face_width

    for other, face in faces:
        scale = np.array(photo.size) / np.array(other.size)
        if abs(np.log(scale[0] / scale[1])) > _SAME_PLACE:
            continue
        away = np.linalg.norm(observation.landmarks - face.landmarks * scale, axis=1).mean() / face_width(observation)
        if photo.sha256 == other.sha256 or (away < _SAME_PLACE and _likeness(photo, other) > _SAME_PICTURE):
            raise HrnError(
                ErrorCode.PHOTO_UNMATCHED,
                say("It shows the same view as {file}.", file=other.name),
                hint="Photos from other sides make the head better.",
            )


def _likeness(photo: Photo, other: Photo) -> float:
    """Correlation of two photos in small, 1 for the same picture."""
    small = [cv2.resize(one.shot, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA).astype(np.float64) for one in (photo, other)]
    a, b = (one.ravel() - one.mean() for one in small)
    return float(a @ b / max(np.sqrt((a @ a) * (b @ b)), 1e-9))

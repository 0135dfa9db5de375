"""The photos and the chosen face of each, which every method begins with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
}
"""What may be wrong with one of several photos without stopping the others."""


def observe_photos(
    landmarker: Landmarker, paths: Sequence[str | os.PathLike], settings: Settings, progress: Progress
) -> tuple[list[tuple[str | os.PathLike, Photo, FaceObservation]], list[LeftOut]]:
    """The photos with the chosen face of each, and those that cannot be used.

    Raises:
        HrnError: of a single photo; of several only when none is left, or when it is not the photo's fault.
    """
    from ..photo import observe

    faces, left_out = [], []
    for number, path in enumerate(paths):
        message = say("Reading photo {number} of {count}", number=number + 1, count=len(paths))
        progress(number / len(paths), message if len(paths) > 1 else say("Reading the photo"))
        try:
            faces.append((path, *observe(path, landmarker, settings.face_index)))
        except HrnError as error:
            if len(paths) == 1 or error.code not in _LEAVES_OUT:
                raise
            left_out.append(LeftOut(Path(path).name, error, path))
    if not faces:
        raise left_out[0].error
    return faces, left_out

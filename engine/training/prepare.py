"""Photos of people into training data of the published layout. Photos are only read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ..head.landmarks68 import LANDMARKS_68
from ..photo import Landmarker, load_photo
from ..photo.landmarks import face_width
from ..published.basel.alignment import estimate_similarity, five_points, flip_y
from ..wire.errors import ErrorCode, HrnError
from ..wire.formats import is_photo_name
from ..wire.messages import reason, say
from .layout import list_path, write_lists, write_sample

__all__ = ["Unusable", "prepare_photos", "photos_in"]

_STORED_FACE = 448.0
"""Largest width of a stored face in pixels: twice the resolution of the crop."""
_SET = "photos"
"""Folder of the prepared photos."""
Unusable = tuple[Path, str]
"""A photo, and why it cannot be used."""


def photos_in(sources: Sequence[Path | str]) -> list[Path]:
    """The photos named, and those in the folders named (not deeper), sorted.

    Raises:
        HrnError: PHOTO_UNREADABLE for a path that is not there, or when there is no photo at all.
    """
    found: list[Path] = []
    for source in map(Path, sources):
        if source.is_dir():
            found += sorted(path for path in source.iterdir() if is_photo_name(path.name) and path.is_file())
        elif source.is_file():
            found.append(source)
        else:
            raise HrnError(ErrorCode.PHOTO_UNREADABLE, say("There is no photo or folder {path}.", path=source))
    if not found:
        raise HrnError(
            ErrorCode.PHOTO_UNREADABLE, "None of the given paths contains a photo.", hint="Give photos, or folders with photos."
        )
    return list(dict.fromkeys(path.absolute() for path in found))


def prepare_photos(
    photos: Sequence[Path],
    folder: Path,
    template: np.ndarray,
    *,
    mode: str = "train",
    tell: Callable[[str], None] = lambda line: None,
) -> tuple[int, list[Unusable]]:
    """Adds photos to the training data in `folder`.

    The 68 points are those of ``detections/<name>.txt`` beside the photo (68 lines "x y", y down) where there is such a
    file; otherwise they are taken by a fixed table from the engine's 478 (of the largest face, or of the one nearest to
    the file's five points). The skin mask is the published mixture's. What cannot be used is left where it is, told
    and listed in ``unusable.txt``.

    Args:
        photos: files.
        folder: of the data.
        template: (5, 3) points of the landmark template.
        mode: the list they are added to, "train" or "val".

    Returns:
        how many photos are usable, and the others with the reason.

    Raises:
        HrnError: OUTPUT_NOT_WRITABLE; MODEL_MISSING without the landmark networks.
    """
    samples, unusable = [], []
    taken = _taken(folder)
    try:
        with Landmarker() as landmarker:
            for number, path in enumerate(photos, 1):
                try:
                    picture, points = _look(path, landmarker)
                    _check(points, picture.shape, template)
                except HrnError as error:
                    if error.code is ErrorCode.MODEL_MISSING:
                        raise
                    unusable.append((path, error.message))
                    tell(
                        say(
                            "[{number}/{count}] {file}: left out. {reason}",
                            number=number,
                            count=len(photos),
                            file=path.name,
                            reason=error.message,
                        )
                    )
                    continue
                name = _free_name(path.stem, taken)
                samples.append(write_sample(folder / _SET, name, picture, flip_y(points, len(picture))))
                tell(f"[{number}/{len(photos)}] {path.name}")
        write_lists(folder, mode, samples)
        (folder / "unusable.txt").write_text("".join(f"{path}\t{reason}\n" for path, reason in unusable), encoding="utf-8")
    except OSError as error:
        raise HrnError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            say("{path} cannot be written: {reason}.", path=error.filename or folder, reason=reason(error)),
        ) from error
    return len(samples), unusable


def _look(path: Path, landmarker: Landmarker) -> tuple[np.ndarray, np.ndarray]:
    """The stored picture and its (68, 2) points, centre of the first pixel at (0, 0), y down."""
    from ..published.method import points_beside

    photo = load_photo(path)
    given = points_beside(path, photo)
    if given is not None and len(given) == 68:
        points = given
        width = float(np.ptp(points[:, 0]))
    else:
        faces = landmarker.detect(photo)
        if not faces:
            raise HrnError(ErrorCode.NO_FACE, "No face was found.")
        candidates = [face.landmarks[LANDMARKS_68].astype(np.float64) - 0.5 for face in faces]
        best = 0 if given is None else int(np.argmin([np.abs(five_points(marks) - given).sum() for marks in candidates]))
        points, width = candidates[best], face_width(faces[best])
    if width < 30:
        raise HrnError(ErrorCode.FACE_TOO_SMALL, say("The face is only {width:.0f} pixels wide.", width=width))
    scale = min(1.0, _STORED_FACE / width)
    if scale == 1:
        return photo.pixels, points
    size = tuple(max(1, round(side * scale)) for side in photo.size)
    small = np.asarray(Image.fromarray(photo.pixels).resize(size, Image.Resampling.LANCZOS))
    return small, (points + 0.5) * np.array(size) / np.array(photo.size) - 0.5


def _check(points: np.ndarray, shape: tuple[int, ...], template: np.ndarray) -> None:
    """Refuses faces that the picture cuts off, for their crops would teach black borders."""
    estimate_similarity(five_points(flip_y(points, shape[0])), template)
    inner = points[17:]
    if (inner < 0).any() or (inner > (shape[1] - 1, shape[0] - 1)).any():
        raise HrnError(ErrorCode.NO_FACE, "The face is cut off by the edge of the photo.")


def _taken(folder: Path) -> set[str]:
    names: set[str] = set()
    for mode in ("train", "val"):
        if list_path(folder, mode).is_file():
            names |= {Path(line).stem for line in list_path(folder, mode).read_text(encoding="utf-8").splitlines() if line}
    return names


def _free_name(stem: str, taken: set[str]) -> str:
    plain = re.sub(r"[^\w.-]", "_", stem) or "photo"
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}_{number}", number + 1
    taken.add(name)
    return name

"""The published layout of training data on disk.

``FOLDER/<set>/<name>.png``, beside it ``landmarks/<name>.txt`` (68 lines "x y", y **up**) and ``mask/<name>.png``;
``FOLDER/datalist/<mode>/{images,landmarks,masks}.txt`` list them, one path a line. Pictures of known faces also have
``truth/<name>.npy`` with their 257 coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..published.deep3d.skin_mixture import skin_probability
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say

__all__ = ["Sample", "list_path", "read_landmarks", "read_list", "write_lists", "write_sample"]

_PARTS = {
    "images": lambda sample: sample.image,
    "landmarks": lambda sample: sample.landmarks,
    "masks": lambda sample: sample.mask,
}
"""The lists of samples by name, and which of a sample's files each holds."""


class Sample(NamedTuple):
    """The files of one picture."""

    mask: Path

    @property
    def image(self) -> Path:
        return self.mask.parent.parent / self.mask.name

    @property
    def landmarks(self) -> Path:
        return self.mask.parent.parent / "landmarks" / f"{self.mask.stem}.txt"

    @property
    def truth(self) -> Path:
        return self.mask.parent.parent / "truth" / f"{self.mask.stem}.npy"


def list_path(folder: Path, mode: str) -> Path:
    """The list that training reads."""
    return folder / "datalist" / mode / "masks.txt"


def write_sample(
    folder: Path, name: str, picture: np.ndarray, landmarks: np.ndarray, truth: np.ndarray | None = None
) -> Sample:
    """Writes a picture with landmarks and the skin mask of the published mixture.

    Args:
        folder: of the set.
        picture: (H, W, 3) uint8 RGB.
        landmarks: (68, 2) pixels, y up.
        truth: (257,) coefficients where they are known.
    """
    sample = Sample(folder / "mask" / f"{name}.png")
    for path in (sample.mask, sample.landmarks, *([sample.truth] if truth is not None else ())):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(sample.image)
    mask = np.round(255 * skin_probability(picture)).astype(np.uint8)
    Image.fromarray(np.repeat(mask[..., None], 3, -1)).save(sample.mask)
    np.savetxt(sample.landmarks, landmarks, fmt="%.4f")
    if truth is not None:
        np.save(sample.truth, np.asarray(truth, np.float32))
    return sample


def write_lists(folder: Path, mode: str, samples: Sequence[Sample]) -> None:
    """Adds `samples` to the lists of `mode`; what is listed already stays and is not listed twice."""
    for name, part in _PARTS.items():
        path = list_path(folder, mode).with_name(f"{name}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
        lines = [line for line in lines if line]
        known = set(lines)
        lines += [line for line in (part(sample).relative_to(folder).as_posix() for sample in samples) if line not in known]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_list(folder: Path, mode: str) -> list[Sample]:
    """The pictures of `mode`; paths are absolute, or relative to `folder` or, as published lists are, to its parents.

    Raises:
        HrnError: SETTINGS_INVALID without a list, with an empty one, or when a listed file is not there.
    """
    path = list_path(folder, mode)
    if not path.is_file():
        raise HrnError(
            ErrorCode.SETTINGS_INVALID,
            say("There is no list {path}.", path=path),
            hint="Prepare photos first: engine train deep3d --prepare PHOTOS… --data FOLDER",
        )
    samples = []
    for line in filter(None, (line.strip() for line in path.read_text(encoding="utf-8").splitlines())):
        places = [base / line for base in (folder, folder.parent, folder.parent.parent)]
        sample = Sample(next((place for place in places if place.is_file()), places[0]))
        absent = next((file for file in (sample.mask, sample.image, sample.landmarks) if not file.is_file()), None)
        if absent is not None:
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("{path} lists {name}, but there is no file {file}.", path=path, name=line, file=absent),
                hint="Correct the list or prepare the photos again.",
            )
        samples.append(sample)
    if not samples:
        raise HrnError(ErrorCode.SETTINGS_INVALID, say("The list {path} is empty.", path=path), hint="Prepare photos first.")
    return samples


def read_landmarks(path: Path) -> np.ndarray:
    """(68, 2) float64 pixels, y up.

    Raises:
        HrnError: SETTINGS_INVALID when the file holds anything else.
    """
    try:
        points = np.array([line.split() for line in path.read_text().splitlines() if line.strip()], np.float64)
        if points.shape != (68, 2) or not np.isfinite(points).all():
            raise ValueError
    except (OSError, ValueError) as error:
        raise HrnError(
            ErrorCode.SETTINGS_INVALID,
            say("{path} does not contain 68 points as lines “x y”.", path=path),
            hint="Prepare this photo again.",
        ) from error
    return points

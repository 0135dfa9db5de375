"""Aligned, augmented crops for training, and the order in which they come."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from ..published.basel import alignment
from ..published.deep3d import augmentation
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from .layout import Sample, read_landmarks

__all__ = ["CropBatch", "FaceCrops", "collate", "epoch_batches"]


class CropBatch(NamedTuple):
    """B crops of S pixels."""

    picture: torch.Tensor
    """(B, 3, S, S) RGB in 0..1."""
    skin: torch.Tensor
    """(B, 1, S, S) in 0..1."""
    landmarks: torch.Tensor
    """(B, 68, 2) float32 in pixels of a crop of 224, y up."""
    recognition: torch.Tensor
    """(B, 2, 3) float32 similarity from the crop of 224 (y down) to the recognition network's crop."""
    truth: torch.Tensor
    """(B, 257); not-a-number where it is not known."""

    def to(self, device) -> CropBatch:
        return CropBatch(*(part.to(device, non_blocking=True) for part in self))


class FaceCrops(Dataset):
    """Items are asked for by (epoch, number): the random change of a crop depends on these and the seed only, so that
    workers, processes and interruptions do not alter it.

    Args:
        samples: the pictures.
        template: (5, 3) of :func:`engine.published.basel.alignment.five_points` of the landmark template.
        size: side of the crops that the network sees; landmarks stay in pixels of 224.
        augment: shift, scale, turn and mirror at random.
        seed: of the changes.
    """

    def __init__(
        self, samples: Sequence[Sample], template: np.ndarray, *, size: int = alignment.CROP_SIZE, augment: bool, seed: int = 0
    ):
        self._samples, self._template, self._size = list(samples), template, size
        self._augment, self._seed = augment, seed

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, key: tuple[int, int]) -> CropBatch | dict:
        """As :meth:`crop`; an error is handed over as data, since exceptions do not survive the way out of a worker."""
        try:
            return self.crop(key)
        except HrnError as error:
            return error.to_json()

    def crop(self, key: tuple[int, int]) -> CropBatch:
        """One crop, its parts without the batch axis.

        Raises:
            HrnError: SETTINGS_INVALID for a file that cannot be read; NO_FACE for degenerate landmarks.
        """
        epoch, number = key
        sample = self._samples[number]
        picture, skin = _read(sample.image, "RGB"), _read(sample.mask, "RGB")[..., 0]
        if skin.shape != picture.shape[:2]:
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("{path} and its picture differ in size.", path=sample.mask),
                hint="Prepare this photo again.",
            )
        window, crop, points = alignment.align(picture, read_landmarks(sample.landmarks), self._template)
        skin = alignment.crop(skin, window)
        if self._augment:
            change = augmentation.draw(random.Random(f"{self._seed}/{epoch}/{number}"))
            crop, skin = (augmentation.augment_picture(part, change) for part in (crop, skin))
            points = augmentation.augment_landmarks(points, change)
        truth = np.load(sample.truth) if sample.truth.is_file() else np.full(257, np.nan, np.float32)
        return CropBatch(
            self._tensor(crop),
            self._tensor(skin[..., None]),
            torch.from_numpy(points).float(),
            torch.from_numpy(augmentation.recognition_similarity(points)).float(),
            torch.from_numpy(truth),
        )

    def _tensor(self, pixels: np.ndarray) -> torch.Tensor:
        if self._size != len(pixels):
            image = Image.fromarray(pixels.squeeze()).resize((self._size, self._size), Image.Resampling.BOX)
            pixels = np.asarray(image).reshape(self._size, self._size, -1)
        return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255


def collate(items: list[CropBatch | dict]) -> tuple[torch.Tensor, ...] | dict:
    """A batch of items, or the first error among them."""
    error = next((item for item in items if isinstance(item, dict)), None)
    return error or tuple(torch.stack(part) for part in zip(*items, strict=True))


def _read(path, mode: str) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert(mode))
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise HrnError(
            ErrorCode.SETTINGS_INVALID, say("The picture {path} cannot be read.", path=path), hint="Prepare this photo again."
        ) from error


def epoch_batches(
    count: int, batch: int, epoch: int, seed: int, *, first: int = 0, rank: int = 0, world: int = 1
) -> list[list[tuple[int, int]]]:
    """Keys of one epoch's batches in random order, the incomplete last batch dropped.

    Args:
        count: pictures.
        batch: pictures of a step over all processes.
        first: steps to leave out because they were done before an interruption.
        rank, world: this process takes every `world`-th picture of a step.
    """
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return [
        [(epoch, int(number)) for number in order[step * batch : (step + 1) * batch][rank::world]]
        for step in range(first, count // batch)
    ]

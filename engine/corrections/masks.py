"""Painted masks in place of the engine's own say about what covers a face and what is its skin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ..photo.regions import LANDMARKS
from ..types import FaceObservation, Photo, Veil, View
from ..wire.corrections import Corrections, PhotoCorrections

__all__ = ["Painted", "painted_masks", "with_painted_cover", "with_painted_skin"]


class Painted:
    """The masks of one photo, at the photo's size.

    Args:
        photo: what they lie over. corrections: of this photo. folder: where the files lie.
    """

    def __init__(self, photo: Photo, corrections: PhotoCorrections, folder: Path):
        def read(name: str | None) -> np.ndarray | None:
            if name is None:
                return None
            mask = cv2.imdecode(np.fromfile(folder / name, np.uint8), cv2.IMREAD_GRAYSCALE)
            return mask if mask.shape[::-1] == photo.size else cv2.resize(mask, photo.size, interpolation=cv2.INTER_AREA)

        self.ignore = read(corrections.ignore)
        """(H, W) uint8, 255 where nothing counts; None where none was painted."""
        self.skin = read(corrections.skin)
        """(H, W) uint8, 255 where bare skin shows; None where none was painted."""


def painted_masks(photo: Photo, corrections: Corrections, folder: Path) -> Painted | None:
    """The masks that were painted over a photo, None where there are none."""
    for one in corrections.photos:
        if one.sha256 == photo.sha256 and (one.ignore or one.skin):
            return Painted(photo, one, folder)
    return None


def with_painted_cover(photo: Photo, observation: FaceObservation, painted: Painted | None) -> FaceObservation:
    """The face with what was painted as what lies over it: ignored where that was painted, bare where skin was."""
    if painted is None:
        return observation
    veil = observation.veil or Veil(np.zeros(photo.pixels.shape[:2], np.uint8), np.zeros(LANDMARKS, np.float32))
    over, hidden = veil.over.copy(), veil.hidden.copy()
    for mask, put in ((painted.skin, False), (painted.ignore, True)):
        if mask is None:
            continue
        over = np.maximum(over, mask) if put else np.minimum(over, 255 - mask)
        place = np.clip(np.floor(observation.landmarks).astype(int), 0, np.array(photo.size) - 1)
        share = mask[place[:, 1], place[:, 0]].astype(np.float32) / 255
        hidden = np.maximum(hidden, share) if put else np.minimum(hidden, 1 - share)
    return replace(observation, veil=replace(veil, over=over, hidden=hidden))


def with_painted_skin(view: View, painted: Painted | None) -> View:
    """The view with its skin as it was painted."""
    if painted is None:
        return view
    skin = view.mid.skin_mask
    if painted.skin is not None:
        skin = np.maximum(skin, painted.skin * np.float32(1 / 255))
    if painted.ignore is not None:
        skin = skin * ((255 - painted.ignore) * np.float32(1 / 255))
    return replace(view, mid=replace(view.mid, skin_mask=skin))

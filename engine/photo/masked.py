"""Faces behind printed masks, scarves and bandanas, which the two networks see in different places.

A print makes the detector unsure where nose and mouth are, and the landmark network, started in a square that is a little off, slides
away. But from squares beside each other it comes to the same face where there is one, and the part network sees eyes, or dark lenses,
above and something over what is below. Neither holds for cats, cups and patterns.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..types import ARKIT_ACTIONS, FaceObservation, Photo
from .landmarks import Landmarker, width_of
from .parts import find_parts
from .regions import EYES, fill
from .weights import WEIGHTS, MaskedWeights

__all__ = ["is_masked", "with_masked_faces"]


def with_masked_faces(
    photo: Photo, faces: list[FaceObservation], landmarker: Landmarker, w: MaskedWeights = WEIGHTS.masked
) -> list[FaceObservation]:
    """The faces of a photo, largest first, with masked ones in the place of what was found on them instead.

    Args:
        faces: what :meth:`.Landmarker.detect` found. A sure one first means that nobody looks again.
    """
    if faces and faces[0].score >= w.sure:
        return faces
    found = _masked_faces(photo, faces, landmarker, w.starts, w)
    if not found and not (faces and faces[0].score >= w.doubtful):
        found = _masked_faces(photo, faces, landmarker, w.wide_starts, w)
    if faces:  # patterns in a background are not further people
        found = [new for new in found if new.score >= w.beside or any(_hides(new.landmarks, one, w) for one in faces)]
    if not found:
        return faces
    kept = [one for one in faces if not any(_hides(new.landmarks, one, w) for new in found)]
    found = sorted([*kept, *found], key=lambda one: width_of(one.landmarks), reverse=True)
    return [replace(one, index=index, count=len(found)) for index, one in enumerate(found)]


def _masked_faces(
    photo: Photo,
    faces: list[FaceObservation],
    landmarker: Landmarker,
    starts: tuple[tuple[float, float], ...],
    w: MaskedWeights,
) -> list[FaceObservation]:
    """Masked faces other than those that were found, as seen from such squares."""
    found = []
    for points in landmarker.steady(photo, starts, w):
        width = width_of(points)
        away = [np.linalg.norm(one.landmarks - points[:, :2], axis=1).mean() / width for one in faces]
        if min(away, default=np.inf) < w.same or not is_masked(photo.pixels, points, w):
            continue
        start = FaceObservation(points[:, :2], points[:, 2], np.zeros(len(ARKIT_ACTIONS), np.float32), 0, 1)
        found.append(landmarker.again(photo, start))
    return found


def _hides(masked: np.ndarray, other: FaceObservation, w: MaskedWeights) -> bool:
    """Whether what else was found is a part of a masked face, or an unsure one that lies partly over it: a collar, a print."""
    low, high = masked.min(0), masked.max(0)
    centre = other.landmarks.mean(0)
    if ((centre > low) & (centre < high)).all():
        return True
    other_low, other_high = other.landmarks.min(0), other.landmarks.max(0)
    shared = np.clip(np.minimum(high, other_high) - np.maximum(low, other_low), 0, None).prod()
    return other.score < w.doubtful and shared > w.shared * (other_high - other_low).prod()


def is_masked(pixels: np.ndarray, points: np.ndarray, w: MaskedWeights = WEIGHTS.masked) -> bool:
    """Whether there are eyes, or dark lenses, and something over the face below them; False without the part network.

    Args:
        pixels: (H, W, 3) uint8. points: (478, 2 or more) landmarks in them.
    """
    width = width_of(points)
    parts = find_parts(pixels, points, width)
    if parts is None or parts.worn.cover < w.cover:
        return False
    if parts.worn.lens > w.lens and parts.worn.cover > w.lens_cover:
        return True
    low, high = np.floor(points[:, :2].min(0)), np.ceil(points[:, :2].max(0))
    scale = min(1.0, w.face_px / width)
    columns, rows = np.maximum(WEIGHTS.crop.least_px, (scale * (high - low)).astype(int))
    eyes = parts.window((low[0], low[1]), scale, (rows, columns))["eyes"]
    local = ((points[:, :2] - low) * scale).astype(np.float32)
    seen = [eyes[fill(eyes.shape, local, outline) > 0] for outline in EYES]
    shares = [float(one.mean()) if one.size else 0.0 for one in seen]
    return bool(np.mean(shares) > w.eyes and max(shares) > w.better_eye)

"""Where teeth show between the lips."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..types import FaceObservation, Photo
from .landmarks import face_width
from .regions import SURE_SKIN, fill

__all__ = ["Bite", "find_bite"]

_UPPER, _LOWER = (81, 82, 13, 312, 311), (178, 87, 14, 317, 402)
"""Landmarks on the inner edges of both lips, across the middle of the mouth."""
_LEAST_OPENING_PX = 5.0
_LEAST_OPENING = 0.025
"""Of the face's width: lips that only just part show no row of teeth, but a line."""
_ROWS, _COLUMNS = 33, 17
_LESS_RED, _LEAST_LIGHT = -0.2, 0.35
"""Teeth against the skin's colour: log of red over green, and brightness. Lips, gums and tongue are redder than skin, the
dark of the mouth is darker."""
_SHOWS = 0.2
"""A column in which a smaller part is teeth shows none: a turned mouth hides those of one side."""
_LEAST_COLUMNS = 5
_ROW, _SLIT = 0.12, 0.06
"""A row of teeth takes at least the first of the opening's height, the dark between two rows the second."""


@dataclass(frozen=True)
class Bite:
    """Edges of the teeth as shares of the way from the upper lip's inner edge (0) to the lower lip's (1)."""

    upper: float
    """Lower edge of the upper row."""
    lower: float | None
    """Upper edge of the lower row; None where it does not show, behind the upper one or the lip."""
    opening_px: float
    """Between the lips."""


def find_bite(photo: Photo, observation: FaceObservation) -> Bite | None:
    """The rows of teeth that a photo shows; None where it shows no upper row."""
    points = observation.landmarks.astype(np.float64)
    steps = np.linspace(0, len(_UPPER) - 1, _COLUMNS)
    upper, lower = (np.stack([np.interp(steps, range(len(edge)), points[list(edge), axis]) for axis in (0, 1)], 1)
                    for edge in (_UPPER, _LOWER))
    opening = float(np.linalg.norm(lower - upper, axis=1).mean())
    if opening < max(_LEAST_OPENING_PX, _LEAST_OPENING * face_width(observation)):
        return None
    skin = _skin_color(photo.pixels, points)
    share = np.linspace(0, 1, _ROWS)[:, None, None]
    places = upper * (1 - share) + lower * share
    low = np.maximum(np.floor(places.min((0, 1)) - 4), 0).astype(int)
    high = np.ceil(places.max((0, 1)) + 5).astype(int)
    window = photo.pixels[low[1]:high[1], low[0]:high[0]]
    if not window.size:
        return None
    window = cv2.GaussianBlur(window, (0, 0), max(0.5, opening / _ROWS))
    x, y = np.moveaxis((places - low - 0.5).astype(np.float32), -1, 0)
    color = _linear(cv2.remap(window, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    less_red = np.log(color[..., 0] / color[..., 1]) - np.log(skin[0] / skin[1])
    tooth = (less_red < _LESS_RED) & (color[..., 1] > _LEAST_LIGHT * skin[1])
    shows = tooth.mean(0) > _SHOWS
    if shows.sum() < _LEAST_COLUMNS:
        return None
    rows = _runs(tooth[:, shows].mean(1) > 0.5)
    if not rows or rows[0][0] > 0.5:
        return None
    return Bite(rows[0][1], rows[1][0] if len(rows) > 1 else None, opening)


def _skin_color(pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(3,) median linear colour where a face is bare most often."""
    low, high = np.floor(points.min(0)).astype(int), np.ceil(points.max(0)).astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, (pixels.shape[1], pixels.shape[0]))
    face = pixels[low[1]:high[1], low[0]:high[0]]
    bare = fill(face.shape[:2], points - low, *SURE_SKIN) > 0
    return np.median(_linear(face[bare] if bare.any() else face.reshape(-1, 3)), 0)


def _linear(pixels: np.ndarray) -> np.ndarray:
    return (pixels.astype(np.float64) / 255) ** 2.2 + 0.005


def _runs(shown: np.ndarray) -> list[tuple[float, float]]:
    """Begin and end, as shares, of the rows of teeth in a profile."""
    steps = np.diff(np.concatenate([[0], shown.astype(int), [0]]))
    runs = [[int(a) / len(shown), int(b) / len(shown)] for a, b in zip(np.flatnonzero(steps > 0), np.flatnonzero(steps < 0))]
    joined: list[list[float]] = []
    for run in runs:
        if joined and run[0] - joined[-1][1] < _SLIT:
            joined[-1][1] = run[1]
        else:
            joined.append(run)
    return [(begin, end) for begin, end in joined if end - begin >= _ROW]

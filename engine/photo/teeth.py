"""Where teeth show between the lips."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..types import FaceObservation, Photo
from ..wire.color import power_to_linear
from .landmarks import face_width
from .regions import LIP_EDGES, SURE_SKIN, fill

__all__ = ["Bite", "find_bite"]

_LEAST_OPENING_PX = 5.0
"""Least opening of the mouth in which teeth can be told apart, pixels."""
_LEAST_OPENING = 0.025
"""Least opening of the mouth, as a share of the face's width: lips that only just part show a line instead of a row of
teeth."""
_ROWS = 33
"""Number of places from the upper lip to the lower one at which the mouth is sampled."""
_COLUMNS = 17
"""Number of places across the mouth at which it is sampled."""
_LESS_RED = -0.2
"""Log of red over green, against the skin's, below which a pixel may be a tooth: lips, gums and tongue are redder than skin."""
_LEAST_LIGHT = 0.35
"""Brightness, against the skin's, above which a pixel may be a tooth: the dark of the mouth is darker."""
_SHOWS = 0.2
"""Share of a column that must be teeth for it to show any: a turned mouth hides those of one side."""
_LEAST_COLUMNS = 5
"""Least number of columns of the mouth that must show teeth."""
_ROW = 0.12
"""Least height of a row of teeth, as a share of the mouth's opening."""
_SLIT = 0.06
"""Least height of the dark between two rows, as a share of the same."""
_SHADED_RED = 0.0
"""Highest limit that may take the place of :data:`_LESS_RED`: teeth in the lips' shade, or pale skin, leave a smaller
difference to the skin."""
_LIPS_REDDER = 0.5
"""Difference of log red over green to the lips that is then enough."""
_DIP = 0.65
"""Largest brightness of the line between two rows that touch, as a share of the brightness of the rows."""
_DARK = 0.5
"""Brightness, against the lower lip's, below which the mouth stands open behind the teeth."""
_REACHES = 0.7
"""Share of the opening: a row that shows further down than this, with no dark below it, goes on behind the lower lip."""


@dataclass(frozen=True)
class Bite:
    """Edges of the teeth as shares of the way from the upper lip's inner edge (0) to the lower lip's (1)."""

    upper: float
    """Lower edge of the upper row; 0 where it does not show in an open mouth, behind the lip."""
    lower: float | None
    """Upper edge of the lower row; None where it does not show, behind the upper one or the lip."""
    opening_px: float
    """Distance between the lips, pixels."""
    color: np.ndarray | None = None
    """(3,) linear colour of the teeth against the skin's."""

    @property
    def upper_hidden(self) -> bool:
        return self.upper == 0


def find_bite(photo: Photo, observation: FaceObservation) -> Bite | None:
    """The rows of teeth that a photo shows; None where lips are not far enough apart to tell, or what shows is not clear."""
    points = observation.landmarks.astype(np.float64)
    steps = np.linspace(0, len(LIP_EDGES[0]) - 1, _COLUMNS)
    upper, lower = (
        np.stack([np.interp(steps, range(len(edge)), points[list(edge), axis]) for axis in (0, 1)], 1) for edge in LIP_EDGES
    )
    opening = float(np.linalg.norm(lower - upper, axis=1).mean())
    if opening < max(_LEAST_OPENING_PX, _LEAST_OPENING * face_width(observation)):
        return None
    skin = _skin_color(photo.pixels, points)
    share = np.concatenate([np.linspace(0, 1, _ROWS), [-0.1, 1.1]])[:, None, None]
    places = upper * (1 - share) + lower * share
    low = np.maximum(np.floor(places.min((0, 1)) - 4), 0).astype(int)
    high = np.ceil(places.max((0, 1)) + 5).astype(int)
    if (np.minimum(high, photo.size) <= low).any():
        return None
    window = photo.pixels[low[1] : high[1], low[0] : high[0]]
    window = cv2.GaussianBlur(window, (0, 0), max(0.5, opening / _ROWS))
    x, y = np.moveaxis((places - low - 0.5).astype(np.float32), -1, 0)
    color = _linear(cv2.remap(window, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)) / skin
    redness = np.log(color[..., 0] / color[..., 1])
    lips = float(np.median(redness[_ROWS:]))
    color, redness, below = color[:_ROWS], redness[:_ROWS], float(np.median(color[_ROWS + 1, :, 1]))
    tooth = (redness < max(_LESS_RED, min(_SHADED_RED, lips - _LIPS_REDDER))) & (color[..., 1] > _LEAST_LIGHT)
    if not tooth.any():
        return Bite(0.0, None, opening)
    shows = tooth.mean(0) > _SHOWS
    if shows.sum() < _LEAST_COLUMNS:
        return None
    rows = _runs(tooth[:, shows].mean(1) > 0.5)
    if not rows:
        return None
    bright = color[tooth & shows]
    bright = np.median(bright[bright[:, 1] >= np.median(bright[:, 1])], 0)
    if rows[0][0] > 0.5:
        return Bite(0.0, rows[0][0], opening, bright)
    light = np.median(color[:, shows, 1], 1)
    first, second = rows[0][1], rows[1][0] if len(rows) > 1 else None
    if second is None:
        line = _line(light, *rows[0])
        if line is not None:
            first = second = line
        elif first > _REACHES and light[round(first * _ROWS) :].min(initial=np.inf) > _DARK * below:
            first = 1.0  # also where it reaches the lip, so that nothing is left below it
    return Bite(first, second, opening, bright)


def _line(light: np.ndarray, begin: float, end: float) -> float | None:
    """Where two rows of teeth touch in what looks like one: a thin line, darker than both. None without it."""
    inside = light[int(begin * _ROWS) : int(end * _ROWS)]
    least = int(_ROW * _ROWS)
    if len(inside) <= 2 * least:
        return None
    k = least + int(inside[least : len(inside) - least].argmin())
    if inside[k] < _DIP * min(inside[:k].max(), inside[k + 1 :].max()):
        return (int(begin * _ROWS) + k + 0.5) / _ROWS
    return None


def _skin_color(pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(3,) median linear colour where a face is bare most often."""
    low, high = np.floor(points.min(0)).astype(int), np.ceil(points.max(0)).astype(int) + 1
    size = np.array(pixels.shape[1::-1])
    low, high = np.clip(low, 0, size - 1), np.clip(high, 1, size)  # one pixel at least, of a face beside the photo, too
    face = pixels[low[1] : high[1], low[0] : high[0]]
    bare = fill(face.shape[:2], points - low, *SURE_SKIN) > 0
    return np.median(_linear(face[bare] if bare.any() else face.reshape(-1, 3)), 0)


def _linear(pixels: np.ndarray) -> np.ndarray:
    return power_to_linear(pixels.astype(np.float64) / 255) + 0.005


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

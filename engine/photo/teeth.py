"""Where teeth show between the lips."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..types import FaceObservation, Photo
from ..wire.color import power_to_linear
from .landmarks import face_width
from .regions import INNER_LIPS, LIP_EDGES, SURE_SKIN, fill
from .weights import WEIGHTS, BiteWeights

__all__ = ["Bite", "find_bite"]


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


def find_bite(photo: Photo, observation: FaceObservation, w: BiteWeights = WEIGHTS.bite) -> Bite | None:
    """The rows of teeth that a photo shows; None where lips are not far enough apart to tell, what shows is not
    clear, or something lies over them."""
    veil = observation.veil
    if veil is not None and ("mouth" in veil.crossed or veil.hidden[list(INNER_LIPS)].mean() > w.veiled):
        return None
    points = observation.landmarks.astype(np.float64)
    steps = np.linspace(0, len(LIP_EDGES[0]) - 1, w.columns)
    upper, lower = (
        np.stack([np.interp(steps, range(len(edge)), points[list(edge), axis]) for axis in (0, 1)], 1) for edge in LIP_EDGES
    )
    opening = float(np.linalg.norm(lower - upper, axis=1).mean())
    if opening < max(w.least_px, w.least * face_width(observation)):
        return None
    skin = _skin_color(photo.pixels, points, w.dark)
    share = np.concatenate([np.linspace(0, 1, w.rows), [-w.beside, 1 + w.beside]])[:, None, None]
    places = upper * (1 - share) + lower * share
    low = np.maximum(np.floor(places.min((0, 1)) - 4), 0).astype(int)
    high = np.ceil(places.max((0, 1)) + 5).astype(int)
    if (np.minimum(high, photo.size) <= low).any():
        return None
    window = photo.pixels[low[1] : high[1], low[0] : high[0]]
    window = cv2.GaussianBlur(window, (0, 0), max(w.soft_least_px, opening / w.rows))
    x, y = np.moveaxis((places - low - 0.5).astype(np.float32), -1, 0)
    color = _linear(cv2.remap(window, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), w.dark) / skin
    redness = np.log(color[..., 0] / color[..., 1])
    lips = float(np.median(redness[w.rows :]))
    color, redness, below = color[: w.rows], redness[: w.rows], float(np.median(color[w.rows + 1, :, 1]))
    # In a photo with little color all hues lie nearer together.
    share = w.pale_share if 0 < np.log(skin[0] / skin[2]) < w.pale and 0 < lips < w.pale_lips else 1.0
    reddest = max(share * w.less_red, min(w.shaded_red, lips - share * w.lips_redder))
    tooth = (redness < reddest) & (color[..., 1] > w.least_light)
    if not tooth.any():
        return Bite(0.0, None, opening)
    shows = tooth.mean(0) > w.shows
    if shows.sum() < w.least_columns:
        return None
    rows = _runs(tooth[:, shows].mean(1) > w.row_share, w)
    if not rows:
        return None
    bright = color[tooth & shows]
    bright = np.median(bright[bright[:, 1] >= np.median(bright[:, 1])], 0)
    if rows[0][0] > w.low:
        return Bite(0.0, rows[0][0], opening, bright)
    light = np.median(color[:, shows, 1], 1)
    first, second = rows[0][1], rows[1][0] if len(rows) > 1 else None
    if second is None:
        line = _line(light, *rows[0], w)
        if line is not None:
            first = second = line
        elif first > w.reaches and light[round(first * w.rows) :].min(initial=np.inf) > w.below * below:
            first = 1.0  # also where it reaches the lip, so that nothing is left below it
    return Bite(first, second, opening, bright)


def _line(light: np.ndarray, begin: float, end: float, w: BiteWeights) -> float | None:
    """Where two rows of teeth touch in what looks like one: a thin line, darker than both. None without it."""
    inside = light[int(begin * w.rows) : int(end * w.rows)]
    least = int(w.row * w.rows)
    if len(inside) <= 2 * least:
        return None
    k = least + int(inside[least : len(inside) - least].argmin())
    if inside[k] < w.dip * min(inside[:k].max(), inside[k + 1 :].max()):
        return (int(begin * w.rows) + k + 0.5) / w.rows
    return None


def _skin_color(pixels: np.ndarray, points: np.ndarray, dark: float) -> np.ndarray:
    """(3,) median linear colour where a face is bare most often."""
    low, high = np.floor(points.min(0)).astype(int), np.ceil(points.max(0)).astype(int) + 1
    size = np.array(pixels.shape[1::-1])
    low, high = np.clip(low, 0, size - 1), np.clip(high, 1, size)  # one pixel at least, of a face beside the photo, too
    face = pixels[low[1] : high[1], low[0] : high[0]]
    bare = fill(face.shape[:2], points - low, *SURE_SKIN) > 0
    return np.median(_linear(face[bare] if bare.any() else face.reshape(-1, 3), dark), 0)


def _linear(pixels: np.ndarray, dark: float) -> np.ndarray:
    return power_to_linear(pixels.astype(np.float64) / 255) + dark


def _runs(shown: np.ndarray, w: BiteWeights) -> list[tuple[float, float]]:
    """Begin and end, as shares, of the rows of teeth in a profile."""
    steps = np.diff(np.concatenate([[0], shown.astype(int), [0]]))
    runs = [[int(a) / len(shown), int(b) / len(shown)] for a, b in zip(np.flatnonzero(steps > 0), np.flatnonzero(steps < 0))]
    joined: list[list[float]] = []
    for run in runs:
        if joined and run[0] - joined[-1][1] < w.slit:
            joined[-1][1] = run[1]
        else:
            joined.append(run)
    return [(begin, end) for begin, end in joined if end - begin >= w.row]

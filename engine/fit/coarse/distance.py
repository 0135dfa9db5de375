"""How far away the camera was: as a phone measured it, else by the whole picture's frame and the network's guess by perspective.

The frame tells more than the face. Where the picture spans `mm` across its diagonal at the face, a camera at distance `d` has a
lens of ``43.27 d / mm`` millimetres on 35 mm film, or a longer one after a crop; no camera has one much shorter than a
phone's. So a picture of head and shoulders in full was not taken from half a metre, whatever its face looks like.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr

from ...photo.exif import FILM_DIAGONAL_MM
from ...photo.regions import SURE_SKIN
from ...photo.weights import WEIGHTS as PHOTO
from ...photo.weights import DepthWeights
from ...types import FaceObservation, Photo
from .weights import WEIGHTS, DistanceWeights, Way

__all__ = ["MEASURED", "Distance", "likely_distance", "measured_distance"]


MEASURED = tuple(sorted({point for place in SURE_SKIN for point in place}))
"""Landmarks on cheeks, forehead and chin, at which a phone's depth is read."""


class Distance(NamedTuple):
    """What is believed about the distance from the camera to the eyes."""

    mm: float
    """The one with the least squared error of its logarithm."""
    spread: float
    """Deviation of that logarithm."""


def measured_distance(photo: Photo, observation: FaceObservation, weights: DepthWeights = PHOTO.depth) -> float | None:
    """Distance in mm from the camera to the skin at :data:`MEASURED`, by the depth beside the photo; None without any that can be
    a face's.

    Args:
        weights: what is believed of it.
    """
    if photo.depth_mm is None:
        return None
    places = np.array(MEASURED)
    if observation.veil is not None:
        places = places[observation.veil.hidden[places] < 0.5]
    points = observation.landmarks[places]
    height, width = photo.depth_mm.shape
    x, y = np.floor(points * (np.array((width, height)) / photo.size)).astype(int).T
    within = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    seen = photo.depth_mm[y[within], x[within]]
    seen = np.log(seen[np.isfinite(seen)].astype(float))
    if len(seen) < max(1, weights.least_seen * len(points)):
        return None
    middle = float(np.median(seen))
    return None if np.quantile(np.abs(seen - middle), weights.most) > weights.spread else float(np.exp(middle))


def likely_distance(
    size: tuple[int, int], px_per_mm: float, guess_mm: float, weights: DistanceWeights = WEIGHTS.distance
) -> Distance:
    """Posterior of the distance by ways in which people take pictures.

    Args:
        size: (width, height) of the picture in pixels. px_per_mm: size of the face in it.
        guess_mm: distance that the landmark network guessed.
    """
    w = weights
    log_d = np.linspace(np.log(w.nearest_mm), np.log(w.farthest_mm), w.steps)
    log_lens = log_d + np.log(FILM_DIAGONAL_MM * px_per_mm / np.hypot(*size))
    chance = np.logaddexp.reduce(
        [np.log(way.share) + _log_chance(way, log_d, log_lens, _cropped(size, w), w) for way in w.ways]
    )
    # Student's: the network is now and then far off.
    miss = (np.log(guess_mm) - w.guess_offset - w.guess_slope * log_d) / w.guess_error
    chance = chance - (w.guess_tails + 1) / 2 * np.log1p(miss**2 / w.guess_tails)
    share = np.exp(chance - np.logaddexp.reduce(chance))
    mean = float(share @ log_d)
    return Distance(float(np.exp(mean)), float(np.sqrt(share @ (log_d - mean) ** 2)))


def _cropped(size: tuple[int, int], weights: DistanceWeights) -> float:
    """Chance that a picture of this format is a part of a larger one."""
    ratio = max(size) / min(size)
    usual = any(abs(ratio / one - 1) < weights.format_error for one in weights.formats)
    return weights.cropped if usual else weights.odd_cropped


def _log_chance(way: Way, log_d: np.ndarray, log_lens: np.ndarray, cropped: float, weights: DistanceWeights) -> np.ndarray:
    """(D,) log density of a distance and of the lens that the frame would then have, for one way of taking pictures."""
    near = _log_normal(log_d, np.log(way.distance_mm), way.distance_spread)
    lens, spread, rate = np.log(way.lens_mm), way.lens_spread, 1 / weights.crop
    # After a crop, normal plus exponential.
    part = np.log(rate) + rate * (lens - log_lens + rate * spread**2 / 2) + log_ndtr((log_lens - lens) / spread - rate * spread)
    whole = _log_normal(log_lens, lens, spread)
    return near + np.logaddexp(np.log(cropped) + part, np.log1p(-cropped) + whole)


def _log_normal(x: np.ndarray, mean: float, spread: float) -> np.ndarray:
    return -0.5 * ((x - mean) / spread) ** 2 - np.log(spread * np.sqrt(2 * np.pi))

"""How a believed height ends: no deeper than skin folds, no finer than the photo's pixels, nothing beyond the skin that shows."""

from __future__ import annotations

import numpy as np

from ...geometry.smoothstep import smoothstep
from .channels import Grid
from .filters import blur
from .network import Told
from .picture import Picture
from .weights import GateWeights, ReliefWeights

__all__ = ["belief_in_light", "belief_in_signal", "believed", "resolved"]


def believed(picture: Picture, grid: Grid, heights: np.ndarray, trust: np.ndarray, weights: ReliefWeights) -> np.ndarray:
    """(H, W) float32 mm: the sum of the bands, within limits.

    Args:
        heights: (3, H', W') mm of the grid's pixels, by band.
        trust: (H, W) where skin shows.
    """
    w = weights.gate
    out = np.zeros(trust.shape, np.float32)
    for height, wave, deepest in zip(heights, weights.bands.waves_mm, w.deepest):
        share = resolved(picture.photo_pixels_per_mm, wave, w)
        if share:
            height = grid.placed(height, trust.shape)
            out += np.float32(share) * _limited(height, deepest, w.bump * deepest)
    rim = smoothstep(0, w.rim, blur(trust, w.rim_mm * picture.pixels_per_mm))
    small = float(smoothstep(*w.small_px_mm, np.float64(picture.photo_pixels_per_mm)))
    return (small * out * rim).astype(np.float32)


def belief_in_light(residual: float, w: GateWeights) -> float:
    """How far heights are believed when the light leaves so much log brightness unexplained."""
    return float(np.clip(w.residual / max(residual, 1e-6), w.least, 1.0))


def belief_in_signal(told: Told, trust: np.ndarray, w: GateWeights) -> float:
    """How far heights are believed for what they are, all over the face, beside what the network expects to be off by.

    Few heads were ever like those of its training: where it finds little everywhere, most of that is errors of the fit and paint.

    Args:
        trust: (H, W) of the grid's pixels, where skin shows.
    """
    height, deviation = (float((image[0].astype(np.float64) ** 2 * trust).sum()) for image in told)
    share = float(smoothstep(*w.signal, np.sqrt(height / max(deviation, 1e-12))))
    return w.least_signal + (1 - w.least_signal) * share


def _limited(height: np.ndarray, deepest: float, highest: float) -> np.ndarray:
    """Heights that never exceed a depth and a height, smoothly."""
    return np.where(height < 0, deepest * np.tanh(height / deepest), highest * np.tanh(height / highest))


def resolved(pixels_per_mm: float, wave: float, w: GateWeights) -> float:
    """In [0, 1]: how far a photo of so many pixels per millimetre shows waves of a length in mm."""
    low, high = np.log(w.resolved_px)
    return float(np.clip((np.log(wave * pixels_per_mm) - low) / (high - low), 0, 1))

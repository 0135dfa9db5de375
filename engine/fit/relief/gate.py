"""What of a solved height is believed: coherent lines where faces fold, not the mottling that a whole face has."""

from __future__ import annotations

import numpy as np

from ...geometry.smoothstep import smoothstep
from .filters import bands, blur, blur_within, coherence
from .picture import Picture
from .weights import GateWeights

__all__ = ["believed", "belief_in_light", "band_deviations"]


def band_deviations(mm: float, waves: tuple[float, ...], w: GateWeights) -> tuple[float, ...]:
    """Deviations in pixels of the filters that part heights at these wavelengths (mm)."""
    return tuple(w.deviation * wave * mm for wave in waves)


def believed(
    picture: Picture, robust: np.ndarray, plain: np.ndarray, trust: np.ndarray, folds: np.ndarray, w: GateWeights
) -> np.ndarray:
    """(H, W) float32 mm.

    Args:
        robust, plain: (H, W) the two solved heights. trust: (H, W) where skin shows. folds: (H, W) chance of a fold.
    """
    mm, within = picture.pixels_per_mm, trust + np.float32(1e-4)
    deviations = band_deviations(mm, w.waves_mm, w)
    broad, *parts = bands(robust, within, deviations)
    plain_parts = bands(plain, within, deviations)[1:]
    sure = trust > 0.5
    kept, more, gain = w.broad
    out = w.recipe * _limited(broad * (kept + more * np.minimum(1, gain * folds)), w.broad_most, 1.0)
    for number, (part, other) in enumerate(zip(parts, plain_parts)):
        energy = np.maximum(blur_within(part * part, within, w.around_mm[number] * mm), 0)  # sums of floats
        floor = float(np.median(energy[sure])) if sure.any() else 0.0
        chance = (w.anywhere + w.places * folds) * w.coherent * coherence(part, w.coherent_mm[number] * mm)
        share = energy * chance / (energy * chance + w.floor[number] * floor + 1e-9)
        gated = _limited(
            part * share * w.gain[number] * (1 + w.gain_folds[number] * folds), w.deepest[number], w.bump * w.deepest[number]
        )
        resolved = _resolved(picture, w.waves_mm[number], w)
        out = out + resolved * (w.recipe * gated + w.plain * _limited(other, w.deepest[number], w.bump * w.deepest[number]))
    rim = smoothstep(0, w.rim, blur(trust, w.rim_mm * mm))
    small = float(smoothstep(*w.small_px_mm, np.float64(picture.photo_pixels_per_mm)))
    return (small * out * rim).astype(np.float32)


def belief_in_light(residual: float, w: GateWeights) -> float:
    """How far heights are believed when the light leaves so much log brightness unexplained."""
    return float(np.clip(w.residual / max(residual, 1e-6), w.least, 1.0))


def _limited(height: np.ndarray, deepest: float, highest: float) -> np.ndarray:
    """Heights that never exceed a depth and a height, smoothly."""
    return np.where(height < 0, deepest * np.tanh(height / deepest), highest * np.tanh(height / highest))


def _resolved(picture: Picture, wave: float, w: GateWeights) -> float:
    """In [0, 1]: how far the photo's own pixels show waves of a length in mm."""
    low, high = np.log(w.resolved_px)
    return float(np.clip((np.log(wave * picture.photo_pixels_per_mm) - low) / (high - low), 0, 1))

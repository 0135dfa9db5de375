"""What of a solved height is believed.

A small network, trained on heads with known relief and on their twins without any (``python -m engine.bench.detail_train``),
tells for every pixel and band by how much either solved height is to be multiplied so that the error is least: little where
it looks like paint, noise or a misfitted nose, much along a fold. It only scales; it draws nothing of its own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import say
from .evidence import Evidence
from .filters import blur, blur_within
from .picture import Picture
from .weights import GateWeights, ReliefWeights

__all__ = ["BELIEF_FILE", "Belief", "belief_in_light", "believed", "load_belief"]

BELIEF_FILE = Path(__file__).parent / "data" / "belief.npz"
"""The network that is shipped."""


class Belief(NamedTuple):
    """A network with two hidden layers (rectified)."""

    mean: np.ndarray
    """(F,) of what is told."""
    spread: np.ndarray
    """(F,)"""
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]
    """Weights (inputs, outputs) and biases."""

    def __call__(self, told: np.ndarray) -> np.ndarray:
        """(n, 6): what of the three robust and the three plain bands is believed, in [0, 1] of the most."""
        values = np.clip((told - self.mean) / self.spread, -4, 4)
        for weights, bias in self.layers[:-1]:
            values = np.maximum(values @ weights + bias, 0)
        weights, bias = self.layers[-1]
        return 1 / (1 + np.exp(-(values @ weights + bias)))


@cache
def load_belief() -> Belief:
    """The network that is shipped.

    Raises:
        HrnError: CHECKPOINT_INVALID when its file is damaged.
    """
    try:
        with np.load(BELIEF_FILE) as kept:
            count = sum(name.startswith("weights") for name in kept.files)
            layers = tuple((kept[f"weights_{number}"], kept[f"bias_{number}"]) for number in range(count))
            return Belief(kept["mean"], kept["spread"], layers)
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise HrnError(
            ErrorCode.CHECKPOINT_INVALID,
            say("{path} is damaged or of another version.", path=BELIEF_FILE),
            hint="Install the engine again.",
        ) from error


def believed(picture: Picture, evidence: Evidence, trust: np.ndarray, weights: ReliefWeights, belief: Belief) -> np.ndarray:
    """(H, W) float32 mm: the sum of the bands, as far as they are believed.

    Args:
        trust: (H, W) where skin shows.
    """
    w, mm, shape = weights.gate, picture.pixels_per_mm, trust.shape
    gains = w.most_gain * belief(evidence.told)
    out = np.zeros(shape, np.float32)
    for number, deepest in enumerate(w.deepest):
        resolved = _resolved(picture, weights.evidence.waves_mm[number], w)
        if not resolved:
            continue
        part = np.zeros(shape, np.float32)
        for gain, band in ((gains[:, number], evidence.robust), (gains[:, number + 3], evidence.plain)):
            image, height = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
            image.ravel()[evidence.rows], height.ravel()[evidence.rows] = gain, band[:, number]
            part += blur_within(image, trust + np.float32(1e-4), w.soft_mm * mm) * height
        out += np.float32(resolved) * _limited(w.strength * part, deepest, w.bump * deepest)
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

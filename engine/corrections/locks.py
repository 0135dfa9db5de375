"""What stays as it is: parts of the head and single vertices, as weights of vertices."""

from __future__ import annotations

import numpy as np

from ..fit.skin_surface import SkinSurface
from ..geometry.mesh import neighbour_mean
from ..head.model import HeadModel
from ..photo.regions import OVAL
from ..wire.corrections import Locks
from .weights import WEIGHTS, HoldWeights

__all__ = ["locked", "part_of"]

_PARTS = {
    "nose": ("nose",),
    "eyes": ("right_eye", "left_eye"),
    "mouth": ("upper_lip", "lower_lip"),
    "ears": ("right_ear", "left_ear"),
    "skull": ("scalp",),
}
"""Parts of the head model that make up those that can be locked."""


def part_of(model: HeadModel, name: str, weights: HoldWeights = WEIGHTS.hold) -> np.ndarray:
    """(N,) in [0, 1]: a part of :data:`engine.wire.corrections.LOCK_PARTS`."""
    if name != "jaw":
        return model.part(*_PARTS[name]).astype(np.float64)
    template = model.template.astype(np.float64)
    points = model.landmarks(template)
    top = points[13, 1] + weights.above_mouth_mm
    rim = points[[one for one in OVAL if points[one, 1] < top]]
    near = np.sqrt(((template[:, None] - rim) ** 2).sum(-1).min(1)) < weights.jaw_band_mm
    other = model.part("upper_lip", "lower_lip", "neck") > weights.part
    return (near & ~other & (template[:, 1] < top)).astype(np.float64)


def locked(model: HeadModel, surface: SkinSurface, locks: Locks, weights: HoldWeights) -> np.ndarray:
    """(N,) in [0, 1]: 1 where the head stays, softer within a few vertices of a lock's border."""
    kept = np.zeros(len(model.template))
    for name in locks.parts:
        kept = np.maximum(kept, part_of(model, name, weights) > weights.part)
    kept[list(locks.vertices)] = 1
    if not kept.any():
        return kept
    around, hard = neighbour_mean(surface.triangles, len(surface.vertices)), kept[surface.vertices]
    soft = hard
    for _ in range(weights.lock_rounds):
        soft = np.maximum(hard, around @ soft)
    kept[surface.vertices] = soft
    return kept

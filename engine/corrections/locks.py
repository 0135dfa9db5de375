"""What stays as it is: parts of the head and single vertices, as weights of vertices."""

from __future__ import annotations

import numpy as np

from ..fit.skin_surface import SkinSurface
from ..geometry.mesh import neighbour_mean
from ..head.model import HeadModel
from ..photo.regions import OVAL
from ..wire.corrections import Locks
from .weights import HoldWeights

__all__ = ["locked", "part_of"]

_PARTS = {
    "nose": ("nose",),
    "eyes": ("right_eye", "left_eye"),
    "mouth": ("upper_lip", "lower_lip"),
    "ears": ("right_ear", "left_ear"),
    "skull": ("scalp",),
}
"""Parts of the head model that make up those that can be locked."""
_JAW_BAND_MM = 22.0
"""The jaw reaches that far from the landmarks of the face's outline below the mouth, mm."""


def part_of(model: HeadModel, name: str) -> np.ndarray:
    """(N,) in [0, 1]: a part of :data:`engine.wire.corrections.LOCK_PARTS`."""
    if name != "jaw":
        return model.part(*_PARTS[name]).astype(np.float64)
    template = model.template.astype(np.float64)
    points = model.landmarks(template)
    mouth = points[13, 1]
    rim = points[[one for one in OVAL if points[one, 1] < mouth + 10]]
    near = np.sqrt(((template[:, None] - rim) ** 2).sum(-1).min(1)) < _JAW_BAND_MM
    lips = model.part("upper_lip", "lower_lip") > 0.5
    return (near & ~lips & (template[:, 1] < mouth + 10) & (model.part("neck") < 0.5)).astype(np.float64)


def locked(model: HeadModel, surface: SkinSurface, locks: Locks, weights: HoldWeights) -> np.ndarray:
    """(N,) in [0, 1]: 1 where the head stays, softer within a few vertices of a lock's border."""
    kept = np.zeros(len(model.template))
    for name in locks.parts:
        kept = np.maximum(kept, part_of(model, name) > 0.5)
    kept[list(locks.vertices)] = 1
    if not kept.any():
        return kept
    around, hard = neighbour_mean(surface.triangles, len(surface.vertices)), kept[surface.vertices]
    soft = hard
    for _ in range(weights.lock_rounds):
        soft = np.maximum(hard, around @ soft)
    kept[surface.vertices] = soft
    return kept

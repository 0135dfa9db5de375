"""Moves of the skin that would turn triangles over are spread over what lies around."""

from __future__ import annotations

import numpy as np

from ..geometry.mesh import face_cross, neighbour_mean
from .weights import EaseWeights

__all__ = ["eased"]

_AVERAGES = 2
"""Averages in a round."""


def eased(vertices: np.ndarray, triangles: np.ndarray, offset: np.ndarray, weights: EaseWeights) -> np.ndarray:
    """(V, 3) the offset, smoother around triangles that it turns over, as at the corners of a mouth that is made much narrower;
    :func:`engine.fit.mid.deformation.without_folds` alone takes the move away there, and with it what a pin asked for.

    Args:
        vertices: (V, 3) before. triangles: (T, 3). offset: (V, 3), same unit.
        weights: how far around.
    """
    before = face_cross(vertices, triangles)
    squared = np.maximum((before**2).sum(1), 1e-12)
    around, offset = neighbour_mean(triangles, len(vertices)), offset.copy()
    for _ in range(weights.rounds):
        after = face_cross(vertices + offset, triangles)
        bad = np.einsum("ij,ij->i", after, before) / squared < weights.least_area
        if not bad.any():
            break
        near = np.zeros(len(vertices))
        near[triangles[bad].ravel()] = 1
        for ring in range(1, weights.rings + 1):
            near = np.maximum(near, weights.fade**ring * (around @ near > 0))
        for _ in range(_AVERAGES):
            offset += weights.average * near[:, None] * (around @ offset - offset)
    return offset

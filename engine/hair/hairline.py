"""Hair thins out towards its border: a hairline of full strands looks like a wig's."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from .weights import StrandWeights

__all__ = ["hairline_thickness"]

_NEIGHBORS = 48
"""Roots around each that tell where the border is."""
_EDGE = 0.64
"""Distance of a root on a straight border from the middle of its neighbours, over their mean distance from it: the centre of a
half disc is 4 / (3 pi) of its radius away, and its points are 2 / 3 of it."""


def hairline_thickness(roots: np.ndarray, chosen: np.ndarray, points: np.ndarray, weights: StrandWeights) -> np.ndarray:
    """(G, P) factor of the strands' radius: less than 1 near the roots of those that stand at the border of the hair.

    Args:
        roots: (n, 3) mm, all places that carry hair, evenly spread.
        chosen: (G,) numbers of the strands' roots among them.
        points: (G, P, 3) mm of the strands, roots first.
    """
    least, length = weights.hairline
    inner = 1 - at_border(roots, chosen)
    along = np.linalg.norm(np.diff(points, axis=1, prepend=points[:, :1]), axis=2).cumsum(1)
    grown = np.clip(along / length, 0, 1)
    return np.maximum(least + (1 - least) * inner[:, None], grown).astype(np.float32)


def at_border(roots: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """(G,) 1 for roots that have others on one side only, 0 for those in the midst of others.

    Arguments as of :func:`hairline_thickness`.
    """
    count = min(_NEIGHBORS + 1, len(roots))
    if count < 3 or not len(chosen):
        return np.zeros(len(chosen))
    here = roots[chosen]
    away, near = cKDTree(roots).query(here, k=count)
    middle = np.linalg.norm(roots[near[:, 1:]].mean(1) - here, axis=1)
    aside = middle / (away[:, 1:].mean(1) + 1e-9) / _EDGE
    # Chance alone brings the middle some of the way out.
    return np.clip((aside - 0.35) / 0.45, 0, 1)

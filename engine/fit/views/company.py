"""Which photos show one and the same head, by what their pixels have in common."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components

from .matching import Tracks

__all__ = ["agreement", "strangers"]

_LEAST_AGREEMENT = 0.12
"""Of the places that two photos of one head both show, so many match at least (docs/decisions/no_face_recognition.md)."""
_LEAST_RELATIVE = 0.3
"""The same, as a share of what is usual among the photos."""
_LEAST_POSSIBLE = 60.0
"""Two photos that have fewer places in common cannot tell whether they show one head."""


def agreement(tracks: Tracks, good: np.ndarray, possible: np.ndarray) -> np.ndarray:
    """(V, V) symmetric share of the common places at which two views match; NaN where they have too few in common.

    Args:
        good: (P,) tracks whose observations agree on one point.
        possible: (V, V) as of :func:`.matching.match_views`.
    """
    length = np.diff(tracks.start)
    rest = np.ones(len(tracks.view), bool)
    rest[tracks.start[:-1]] = False
    rest &= np.repeat(good, length)
    matched = np.zeros(possible.shape)
    np.add.at(matched, (np.repeat(tracks.anchor_view, length)[rest], tracks.view[rest]), 1)
    possible = possible + possible.T
    return np.where(possible > _LEAST_POSSIBLE, (matched + matched.T) / np.maximum(possible, 1), np.nan)


def _usual(agree: np.ndarray) -> float:
    """Median over the views of the agreement with the view that each agrees with most; 0 where nothing is known."""
    known = np.isfinite(agree).any(1)
    return float(np.median(np.nanmax(agree[known], 1))) if known.any() else 0.0


def strangers(agree: np.ndarray) -> list[int]:
    """Views that show somebody else than the largest group of views that agree with one another.

    A view that has nothing in common with any other is none.
    """
    known = np.isfinite(agree).any(1)
    least = max(_LEAST_AGREEMENT, _LEAST_RELATIVE * _usual(agree)) if known.any() else 0.0
    alike = np.nan_to_num(agree) >= least
    _, group = connected_components(alike, directed=False)
    worth = [
        (np.nan_to_num(agree)[np.ix_(group == g, group == g)].sum(), -int(np.flatnonzero(group == g)[0]))
        for g in range(group.max() + 1)
    ]
    company = max(range(len(worth)), key=worth.__getitem__)
    return [i for i in range(len(agree)) if known[i] and group[i] != company]

"""Tells which photos show one and the same head, by what their pixels have in common."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components

from .matching import Tracks
from .weights import WEIGHTS, SamePersonWeights

__all__ = ["agreement", "strangers"]


def agreement(
    tracks: Tracks, good: np.ndarray, possible: np.ndarray, weights: SamePersonWeights = WEIGHTS.same_person
) -> np.ndarray:
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
    return np.where(possible > weights.least_possible, (matched + matched.T) / np.maximum(possible, 1), np.nan)


def _usual(agree: np.ndarray) -> float:
    """Median over the views of the agreement with the view that each agrees with most; 0 where nothing is known."""
    known = np.isfinite(agree).any(1)
    return float(np.median(np.nanmax(agree[known], 1))) if known.any() else 0.0


def strangers(agree: np.ndarray, weights: SamePersonWeights = WEIGHTS.same_person) -> list[int]:
    """Views that show somebody else than the largest group of views that agree with one another.

    A view that has nothing in common with any other is none.
    """
    known = np.isfinite(agree).any(1)
    least = max(weights.least_agreement, weights.least_relative * _usual(agree)) if known.any() else 0.0
    alike = np.nan_to_num(agree) >= least
    _, group = connected_components(alike, directed=False)
    worth = [
        (np.nan_to_num(agree)[np.ix_(group == g, group == g)].sum(), -int(np.flatnonzero(group == g)[0]))
        for g in range(group.max() + 1)
    ]
    largest = max(range(len(worth)), key=worth.__getitem__)
    return [i for i in range(len(agree)) if known[i] and group[i] != largest]

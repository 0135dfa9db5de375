"""Babies, children, the elderly, heavy and thin people: how much of each the network sees in a face.

The network learnt from heads of adults, and its guess of the shape is held towards the average adult by the statistics of
scanned adults. So its features also answer how much a face has of five groups (linear, learnt by
:mod:`engine.synthetic.group_train`); the average, towards which the guess is held, moves as far.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...head.model import HeadModel
from .population import anchored_identity
from .weights import WEIGHTS, CoarseWeights

__all__ = ["GROUPS_FILE", "Groups", "load_groups"]

GROUPS_FILE = Path(__file__).parent / "data" / "groups.npz"
"""The shipped file."""


class Groups(NamedTuple):
    """What is known of G groups of people."""

    weight: np.ndarray
    """(F, G) of the network's features."""
    bias: np.ndarray
    """(G,)"""
    differ: np.ndarray
    """(G, K) identities by which the average person of a group differs from the average adult."""
    answered: np.ndarray
    """(G, K) how much of that the network's guess shows."""

    def seen(self, features: np.ndarray) -> np.ndarray:
        """(..., F) features -> (..., G) shares, 0 for an average adult and 1 for the whole of a group."""
        return features @ self.weight + self.bias

    def believed(self, shares: np.ndarray, weights: CoarseWeights = WEIGHTS) -> np.ndarray:
        """(G,) Shares without those that an adult's face often shows, too (a non-negative garrote)."""
        floor = weights.group_floor
        return np.where(shares > floor, shares - floor**2 / np.maximum(shares, floor), 0.0)


def load_groups(model: HeadModel, file: Path = GROUPS_FILE) -> Groups:
    """Read what was learnt.

    Raises:
        HrnError: MODEL_MISSING when the data file belongs to another head model.
    """
    with np.load(file, allow_pickle=False) as data:
        differ, answered = (anchored_identity(model, data["vertices"], data[name]) for name in ("differ", "answered"))
        return Groups(data["weight"].astype(float), data["bias"].astype(float), differ, answered)

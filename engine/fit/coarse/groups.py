"""Babies, children, the elderly, heavy and thin people: how much of each the network sees in a face.

The network learnt from heads of adults, and its guess of the shape is held towards the average adult by the statistics of
scanned adults. So its features also answer how much a face has of five groups (linear, learnt by
:mod:`engine.synthetic.group_train`); the average, towards which the guess is held, moves as far.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...photo.parts import photo_parts
from ...types import FaceObservation, Photo
from .population import anchored_identity
from .weights import WEIGHTS, CoarseWeights

__all__ = ["GROUPS_FILE", "Groups", "LowerFace", "load_groups", "lower_face"]

_LOWER_FACE = (
    135,
    169,
    192,
    194,
    200,
    201,
    202,
    204,
    208,
    210,
    211,
    212,
    214,
    364,
    394,
    416,
    418,
    421,
    422,
    424,
    428,
    430,
    431,
)
"""Landmarks of the cheeks below the mouth's corners and of the chin."""
_WEIGHT = ("heavy", "thin")
"""Groups that show in the lower face."""
_WINDOW = 96
"""Side of the window in which the lower face is looked at, pixels."""

GROUPS_FILE = Path(__file__).parent / "data" / "groups.npz"
"""The shipped file."""


class LowerFace(NamedTuple):
    """What the lower face shows, as shares of it."""

    bare: float = 1.0
    """Bare skin."""
    beard: float = 0.0


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
    of_weight: np.ndarray
    """(G,) bool: heavy and thin."""

    def seen(self, features: np.ndarray) -> np.ndarray:
        """(..., F) features -> (..., G) shares, 0 for an average adult and 1 for the whole of a group."""
        return features @ self.weight + self.bias

    def believed(self, shares: np.ndarray, lower: LowerFace = LowerFace(), weights: CoarseWeights = WEIGHTS) -> np.ndarray:
        """(G,) Shares without those that an adult's face often shows, too (a non-negative garrote).

        Args:
            lower: the lower face: beards pass for fat and for age, and masks hide it.
        """
        floor = weights.group_floor
        kept = np.where(shares > floor, shares - floor**2 / np.maximum(shares, floor), 0.0)
        kept = kept * (1 - smoothstep(*weights.bearded_face, lower.beard))
        return kept * np.where(self.of_weight, smoothstep(*weights.bare_face, lower.bare), 1.0)


def lower_face(photo: Photo, observation: FaceObservation) -> LowerFace:
    """What the lower face shows; bare where the part network is not installed."""
    parts = photo_parts(photo, observation)
    if parts is None:
        return LowerFace()
    points = observation.landmarks[list(_LOWER_FACE), :2].astype(float)
    low, high = points.min(0), points.max(0)
    scale = (_WINDOW - 2) / max(float((high - low).max()), 1.0)
    chance = parts.window(tuple(low), scale, (_WINDOW, _WINDOW))
    column, row = np.clip((points - low) * scale, 0, _WINDOW - 1).astype(int).T
    return LowerFace(*(float(chance[name][row, column].mean()) for name in ("skin", "beard")))


def load_groups(model: HeadModel, file: Path = GROUPS_FILE) -> Groups:
    """Read what was learnt.

    Raises:
        HrnError: MODEL_MISSING when the data file belongs to another head model.
    """
    with np.load(file, allow_pickle=False) as data:
        differ, answered = (anchored_identity(model, data["vertices"], data[name]) for name in ("differ", "answered"))
        of_weight = np.isin(data["names"], _WEIGHT)
        return Groups(data["weight"].astype(float), data["bias"].astype(float), differ, answered, of_weight)

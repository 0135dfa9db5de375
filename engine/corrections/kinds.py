"""Sliders that lead from a person to another kind of person: older or younger, heavier or thinner, more male or more female.

The directions are those between average heads of the head's own data (:mod:`engine.synthetic.kinds` makes the file): 100 % is
the whole way from the average adult to the average person of 90 or 10 years, to a very heavy or thin one, and half the way from
the average woman to the average man.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..fit.coarse.population import anchored_identity
from ..head.model import HeadModel

__all__ = ["KINDS", "KINDS_FILE", "kinds_move"]

KINDS_FILE = Path(__file__).parent / "data" / "kinds.npz"
"""The shipped directions."""
_PERCENT = 100.0
"""Value of a slider at which it has gone the whole way."""

KINDS: dict[str, tuple[tuple[str, float], tuple[str, float]]] = {
    "age": (("old", 1.0), ("child", 1.0)),
    "weight": (("heavy", 1.0), ("thin", 1.0)),
    "sex": (("male", 1.0), ("male", -1.0)),
}
"""By slider: the direction of its positive values and that of its negative ones, with their signs."""


def kinds_move(model: HeadModel, sliders: Mapping[str, float]) -> np.ndarray:
    """(K,) change of identity by the sliders of :data:`KINDS`; others are passed over.

    Raises:
        HrnError: MODEL_MISSING where the directions belong to another head model.
    """
    found = np.zeros(len(model.identity_basis))
    wanted = {name: value for name, value in sliders.items() if value and name in KINDS}
    if not wanted:
        return found
    with np.load(KINDS_FILE, allow_pickle=False) as data:
        directions = dict(zip(data["names"].tolist(), anchored_identity(model, data["vertices"], data["moved"])))
    for name, value in wanted.items():
        kind, sign = KINDS[name][value < 0]
        found += sign * abs(value) / _PERCENT * directions[kind]
    return found

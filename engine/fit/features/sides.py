"""Smiles on one side, and mouths that are drawn to one.

The network of the coarse stage has learnt from faces whose sides do nearly the same. The network of the expression scores
has seen people, who do not: how much more one corner of the mouth smiles than the other, and whether the mouth goes to a
side or is puckered, is its to say.
"""

from __future__ import annotations

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from .weights import WEIGHTS, SideWeights

__all__ = ["with_seen_sides"]

_SMILES = ("mouthSmile", "cheekSquint")
"""Actions of a smile that is seen by its corners, without the ending of the side."""
_DRAWN = ("mouthLeft", "mouthRight")
"""Actions that draw the mouth to a side."""


def with_seen_sides(
    model: HeadModel, expression: np.ndarray, scores: np.ndarray, weights: SideWeights = WEIGHTS.sides
) -> np.ndarray:
    """`expression` with a smile as one-sided as it was seen, and a mouth as far to the side, or puckered.

    Args:
        expression: (52,) expected values of the actions. scores: (52,) expression scores of the photo.
        weights: what is believed of the scores.
    """
    w, number = weights, model.expression_names.index
    out = np.array(expression, float)
    seen = scores[[number(f"mouthSmile{side}") for side in ("Left", "Right")]].astype(float)
    share = float(smoothstep(*w.differ, abs(seen[0] - seen[1])))
    for name in _SMILES:
        both = [number(name + side) for side in ("Left", "Right")]
        out[both] += share * (out[both].mean() * seen / max(seen.mean(), 1e-6) - out[both])
    for name in _DRAWN:
        out[number(name)] = max(out[number(name)], w.drawn_gain * max(float(scores[number(name)]) - w.drawn, 0))
    pucker = number("mouthPucker")
    out[pucker] = max(out[pucker], w.pucker_gain * max(float(scores[pucker]) - w.pucker, 0))
    return np.clip(out, 0, 1)

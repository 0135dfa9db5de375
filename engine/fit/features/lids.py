"""Each eye's lids as the photo shows them.

The network of the coarse stage has learnt from faces whose eyes close together. Of a wink it makes two half-open eyes; how
far each is closed is known from the eyes themselves (:mod:`engine.photo.each_eye`).
"""

from __future__ import annotations

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from .weights import WEIGHTS, LidWeights

__all__ = ["with_seen_lids"]


def with_seen_lids(
    model: HeadModel, expression: np.ndarray, scores: np.ndarray, weights: LidWeights = WEIGHTS.lids
) -> np.ndarray:
    """`expression` with each eye closed as far as it was seen, where both differ.

    Args:
        expression: (52,) expected values of the actions. scores: (52,) expression scores of the photo.
        weights: when they differ.
    """
    blinks = [model.expression_names.index(f"eyeBlink{side}") for side in ("Left", "Right")]
    seen = scores[blinks].astype(float)
    share = float(smoothstep(*weights.differ, abs(seen[0] - seen[1])))
    out = np.array(expression, float)
    out[blinks] += share * (weights.closed * seen - out[blinks])
    return out

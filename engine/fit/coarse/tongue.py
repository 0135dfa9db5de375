"""A tongue that is put out: landmarks have no place for it, and the scores of people's faces do not know it, so layers of their own
look for it (:mod:`engine.synthetic.tongue_train`)."""

from __future__ import annotations

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from .weights import WEIGHTS, TongueWeights

__all__ = ["with_seen_tongue"]


def with_seen_tongue(
    model: HeadModel, expression: np.ndarray, answer: float, weights: TongueWeights = WEIGHTS.tongue
) -> np.ndarray:
    """`expression` with the tongue as far out as it was seen, and the jaw open enough for it.

    Args:
        expression: (52,) expected values of the actions. answer: of the network.
        weights: when it is believed.
    """
    tongue, jaw, close = (model.expression_names.index(name) for name in ("tongueOut", "jawOpen", "mouthClose"))
    out, w = np.array(expression, float), weights
    share = float(smoothstep(*w.seen, answer))
    out[tongue] = share * np.clip(w.gain * answer, 0, 1)
    out[jaw] = max(out[jaw], share * w.least_jaw)
    out[close] *= 1 - share
    return out

"""A tongue that is put out: landmarks have no place for it, and the scores of people's faces do not know it, so layers of their own
look for it (:mod:`engine.synthetic.tongue_train`)."""

from __future__ import annotations

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...photo.teeth import Bite
from .weights import WEIGHTS, TongueWeights

__all__ = ["with_seen_tongue"]


def with_seen_tongue(
    model: HeadModel,
    expression: np.ndarray,
    answer: float,
    bite: Bite | None = None,
    weights: TongueWeights = WEIGHTS.tongue,
) -> np.ndarray:
    """`expression` with the tongue as far out as it was seen, and the jaw open enough for it.

    Args:
        expression: (52,) expected values of the actions. answer: of the network.
        bite: the teeth that the photo shows: where they fill the mouth's opening, no tongue comes out of it.
        weights: when it is believed.
    """
    tongue, jaw, close = (model.expression_names.index(name) for name in ("tongueOut", "jawOpen", "mouthClose"))
    out, w = np.array(expression, float), weights
    share = float(smoothstep(*w.seen, answer))
    if bite is not None and not bite.upper_hidden:
        share *= 0.0 if bite.lower is not None else 1 - float(smoothstep(*w.teeth, bite.upper))
    out[tongue] = share * np.clip(w.gain * answer, 0, 1)
    out[jaw] = max(out[jaw], share * w.least_jaw)
    out[close] *= 1 - share
    return out

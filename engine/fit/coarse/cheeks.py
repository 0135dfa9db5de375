"""Blown cheeks: from the front they go towards the camera, which no landmark shows, and the scores of people's faces do not know
them, so layers of their own look at the cheeks (:mod:`engine.synthetic.cheek_train`)."""

from __future__ import annotations

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from .weights import WEIGHTS, CheekWeights

__all__ = ["with_seen_cheeks"]


def with_seen_cheeks(
    model: HeadModel,
    expression: np.ndarray,
    scores: np.ndarray,
    answer: float,
    yaw: float = 0.0,
    bare: float = 1.0,
    weights: CheekWeights = WEIGHTS.cheeks,
) -> tuple[np.ndarray, np.ndarray]:
    """`expression` with cheeks as far blown as they were seen, and how sure that is.

    Nobody blows his cheeks with open lips, and a smile's cheeks are full, too: both have to be ruled out by the scores.

    Args:
        expression: (52,) expected values of the actions. scores: (52,) expression scores of the photo.
        answer: of the network. yaw: turn of the head, degrees. bare: share of bare skin in the lower face: beards hide cheeks.
        weights: when it is believed.

    Returns:
        (52,) values, and (52,) greatest standard deviations around them, infinite where nothing was seen.
    """
    w, number = weights, model.expression_names.index
    out, limits = np.array(expression, float), np.full(len(expression), np.inf)
    smile = max(float(scores[number(f"mouthSmile{side}")]) for side in ("Left", "Right"))
    share = float(smoothstep(*w.seen, answer)) * float(smoothstep(*WEIGHTS.bare_face, bare))
    share *= 1 - float(smoothstep(*w.turned, abs(yaw)))
    share *= 1 - float(smoothstep(*w.open, float(scores[number("jawOpen")])))
    share *= 1 - float(smoothstep(*w.smile, smile))
    if share > 0:
        puff = number("cheekPuff")
        out[puff] = max(out[puff], share * np.clip(w.gain * answer, 0, 1))
        limits[puff] = w.sigma
    return out, limits

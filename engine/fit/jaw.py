"""Which of jaw and lips opens the mouth.

Landmarks of the lips alone cannot tell a grin, lips apart over closed teeth, from an open jaw with the lips around it,
and a fit that guesses wrong turns every smile with teeth into a dark hole. The network of the expression scores sees
the teeth themselves, so its word on the jaw counts.
"""

from __future__ import annotations

import numpy as np

from ..head.model import HeadModel

__all__ = ["action_limits", "with_seen_jaw"]

_JAW = "jawOpen"
_CLOSED_SIGMA = 0.015
_OPEN_SIGMA = 0.4
"""Further spread per unit of opening: how far open is better known from the landmarks."""


def with_seen_jaw(model: HeadModel, expression: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """`expression` with the jaw no further open than the scores leave room for.

    Args:
        expression: (52,) expected values of the actions. scores: (52,) expression scores of the photo.
    """
    jaw = list(model.expression_names).index(_JAW)
    out = np.array(expression, float)
    score = float(scores[jaw])
    out[jaw] = min(out[jaw], score + _CLOSED_SIGMA + _OPEN_SIGMA * score)
    return out


def action_limits(model: HeadModel, expression: np.ndarray) -> np.ndarray:
    """(52,) greatest standard deviations of the actions around `expression`: a jaw that was seen closed stays closed,
    other actions are free (infinity)."""
    jaw = list(model.expression_names).index(_JAW)
    limits = np.full(len(expression), np.inf)
    limits[jaw] = _CLOSED_SIGMA + _OPEN_SIGMA * float(expression[jaw])
    return limits

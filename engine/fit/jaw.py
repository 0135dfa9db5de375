"""Which of jaw and lips opens the mouth.

Landmarks of the lips alone cannot tell a grin, lips apart over closed teeth, from an open jaw with the lips around it,
and a fit that guesses wrong turns every smile with teeth into a dark hole. The network of the expression scores sees
the teeth themselves, so its word on the jaw counts.
"""

from __future__ import annotations

import numpy as np

from ..head.model import MATERIALS, HeadModel

__all__ = ["action_limits", "bite_shift", "with_seen_jaw"]

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
    out[jaw] = min(out[jaw], score + _room(score))
    return out


def action_limits(model: HeadModel, expression: np.ndarray) -> np.ndarray:
    """(52,) greatest standard deviations of the actions around `expression`: a jaw that was seen closed stays closed,
    other actions are free (infinity)."""
    jaw = list(model.expression_names).index(_JAW)
    limits = np.full(len(expression), np.inf)
    limits[jaw] = _room(float(expression[jaw]))
    return limits


def _room(opening: float) -> float:
    return _CLOSED_SIGMA + _OPEN_SIGMA * opening


_INNER_LIPS = (13, 14)
"""Landmarks in the middle of the upper and the lower lip's inner edge."""
_BITE = 0.2
"""In a grin the edge of the upper teeth lies this share of the opening above the lower lip."""
_GRIN_MM = 2.0
_CLOSED_JAW = 0.25
_MOST_MM = 6.0


def bite_shift(model: HeadModel, posed: np.ndarray, expression: np.ndarray) -> np.ndarray:
    """(N, 3) mm: how both rows of teeth move up or down so that a grin over closed teeth shows them.

    The lips come from the photo, the teeth from the model; nothing else tells where teeth lie behind lips.

    Args:
        posed: (N, 3) mm, the head as in the photo. expression: (52,).
    """
    shift = np.zeros_like(posed)
    upper, lower = model.landmarks(posed)[list(_INNER_LIPS), 1]
    names = list(model.expression_names)
    closed = np.clip(1 - float(expression[names.index(_JAW)]) / _CLOSED_JAW, 0, 1)
    grin = np.clip((upper - lower) / _GRIN_MM - 1, 0, 1)
    teeth = np.unique(model.faces[model.face_material == MATERIALS.index("teeth")])
    hang = np.abs(model.expression_basis[names.index(_JAW)][teeth]).sum(1) > 1
    row = posed[teeth[~hang]]
    front = row[:, 2] > row[:, 2].max() - 6
    wanted = lower + _BITE * (upper - lower)
    shift[teeth, 1] = closed * grin * np.clip(wanted - row[front, 1].min(), -_MOST_MM, _MOST_MM)
    return shift

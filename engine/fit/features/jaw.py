"""How far the jaw and how far the lips open the mouth.

Landmarks of the lips alone cannot tell a grin, lips apart over closed teeth, from an open jaw with the lips around it,
and a fit that guesses wrong turns every smile with teeth into a dark hole. The network of the expression scores sees
the teeth themselves, so its score of the jaw decides; where both rows show in the photo, the dark between them is how far
the jaw is open.
"""

from __future__ import annotations

import numpy as np

from ...head.model import MATERIALS, HeadModel
from ...photo.regions import LIP_EDGES
from ...photo.teeth import Bite

__all__ = ["action_limits", "bite_shift", "with_seen_jaw"]

_JAW = "jawOpen"
"""The facial action that opens the jaw."""
_CLOSED_SIGMA = 0.015
"""Spread of a closed jaw's opening, as a share of the full action."""
_OPEN_SIGMA = 0.4
"""Further spread per unit of opening: how far open is better known from the landmarks."""


def with_seen_jaw(
    model: HeadModel, expression: np.ndarray, scores: np.ndarray, bite: Bite | None = None, px_per_mm: float = 1.0
) -> np.ndarray:
    """`expression` with the jaw no further open than scores and teeth allow.

    Args:
        expression: (52,) expected values of the actions. scores: (52,) expression scores of the photo.
        bite: the teeth that the photo shows. px_per_mm: at the mouth.
    """
    jaw = list(model.expression_names).index(_JAW)
    out = np.array(expression, float)
    score = float(scores[jaw])
    out[jaw] = min(out[jaw], score + _room(score))
    if bite is not None and bite.lower is not None and not bite.upper_hidden:
        upper, lower = (_front(model.template, row) for row in _rows(model))
        apart = (bite.lower - bite.upper) * bite.opening_px / px_per_mm
        at_rest = model.template[upper, 1].min() - model.template[lower, 1].max()
        drop = -model.expression_basis[jaw][lower, 1].mean()
        out[jaw] = np.clip((apart - at_rest) / drop, 0, out[jaw])
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
"""Share of the mouth's opening by which the edge of the upper teeth lies above the lower lip in a grin."""
_GRIN_MM = 4.0
"""Lips that are less far apart speak; from twice that on they grin."""
_CLOSED_JAW = 0.25
"""Opening of the jaw, as a share of the full action, from which on the rows of teeth do not count as closed."""
_MOST_MM = 6.0
"""Largest move of a row of teeth up or down, mm."""
_FRONT_MM = 6.0
"""Depth behind a row's foremost vertex up to which its vertices count as its front, mm."""

_BESIDE_MM = 7.0
"""Distance to the side of a point of the lips up to which teeth lie behind it, mm."""
_BEHIND_LIPS_MM = 2.0
"""Depth from the lips' inner edges to the teeth behind them, mm: lips lie on teeth."""
_OVERJET_MM = 1.5
"""Depth from the upper row's edge back to the lower row's, mm."""
_MOST_FORWARD_MM = 6.0
"""Largest move of a row of teeth forwards, mm."""


def bite_shift(model: HeadModel, posed: np.ndarray, expression: np.ndarray, bite: Bite | None = None) -> np.ndarray:
    """(N, 3) mm: how the rows of teeth move so that they show as in the photo.

    The lips come from the photo, the teeth from the model. Forward they go until they lie behind the lips, or a turned
    head would show a hole between both. Where the photo shows their edges, they go there; a grin without teeth to be
    seen gets them where they usually are.

    Args:
        posed: (N, 3) mm, the head as in the photo. expression: (52,). bite: the teeth that the photo shows.
    """
    shift = np.zeros_like(posed)
    upper_lip, lower_lip = model.landmarks(posed)[list(_INNER_LIPS), 1]
    opening = upper_lip - lower_lip
    closed = np.clip(1 - float(expression[list(model.expression_names).index(_JAW)]) / _CLOSED_JAW, 0, 1)
    upper, lower = _rows(model)
    if bite is None:
        wanted, strength = lower_lip + _BITE * opening, closed * np.clip(opening / _GRIN_MM - 1, 0, 1)
    else:
        wanted, strength = upper_lip - bite.upper * opening, float(opening > 0)
    move = strength * np.clip(wanted - posed[_front(posed, upper), 1].min(), -_MOST_MM, _MOST_MM)
    hidden = bite is not None and bite.upper_hidden
    shift[upper, 1] = max(move, 0.0) if hidden else move
    if bite is None:
        shift[lower, 1] = move
    elif bite.lower is None:
        shift[lower, 1] = 0 if hidden else closed * move  # rows that are closed stay closed
    else:
        wanted = upper_lip - bite.lower * opening
        shift[lower, 1] = strength * np.clip(wanted - posed[_front(posed, lower), 1].max(), -_MOST_MM, _MOST_MM)
    forward = [_room_before(model, posed, row, lips) for row, lips in zip((upper, lower), LIP_EDGES)]
    shift[upper, 2] = np.clip(forward[0], 0, _MOST_FORWARD_MM)
    shift[lower, 2] = np.clip(min(forward[0] - _OVERJET_MM, forward[1]), 0, _MOST_FORWARD_MM)
    return shift


def _room_before(model: HeadModel, posed: np.ndarray, row: np.ndarray, lips: tuple[int, ...]) -> float:
    """mm by which a row may move forward and stay behind the lips, those of the photo and those at rest."""
    room = np.inf
    for points in (posed, model.template):
        for lip in model.landmarks(points)[list(lips)]:
            beside = row[np.abs(points[row, 0] - lip[0]) < _BESIDE_MM]
            if len(beside):
                room = min(room, float(lip[2] - points[beside, 2].max()))
    return room - _BEHIND_LIPS_MM if np.isfinite(room) else 0.0


def _rows(model: HeadModel) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the upper row of teeth, and of the lower one, which goes with the jaw."""
    teeth = np.unique(model.faces[model.face_material == MATERIALS.index("teeth")])
    jaw = list(model.expression_names).index(_JAW)
    hanging = np.abs(model.expression_basis[jaw][teeth]).sum(1) > 1
    return teeth[~hanging], teeth[hanging]


def _front(posed: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Those of a row that lie in front."""
    return row[posed[row, 2] > posed[row, 2].max() - _FRONT_MM]

"""How far the jaw and how far the lips open the mouth.

Landmarks of the lips alone cannot tell a grin, lips apart over closed teeth, from an open jaw with the lips around it,
and a fit that guesses wrong turns every smile with teeth into a dark hole. The network of the expression scores sees
the teeth themselves, so its score of the jaw decides; where both rows show in the photo, the dark between them is how far
the jaw is open.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ...geometry.mesh import vertex_normals
from ...geometry.smoothstep import smoothstep
from ...head.model import MATERIALS, HeadModel
from ...photo.regions import LIP_EDGES
from ...photo.teeth import Bite
from .weights import WEIGHTS, JawWeights

__all__ = ["action_limits", "bite_shift", "with_seen_jaw"]

_JAW = "jawOpen"
"""The facial action that opens the jaw."""


def with_seen_jaw(
    model: HeadModel,
    expression: np.ndarray,
    scores: np.ndarray,
    bite: Bite | None = None,
    px_per_mm: float = 1.0,
    weights: JawWeights = WEIGHTS.jaw,
) -> np.ndarray:
    """`expression` with the jaw no further open than scores and teeth allow.

    Args:
        expression: (52,) expected values of the actions. scores: (52,) expression scores of the photo.
        bite: the teeth that the photo shows. px_per_mm: at the mouth.
        weights: what is believed of jaws.
    """
    jaw = list(model.expression_names).index(_JAW)
    out = np.array(expression, float)
    score = float(scores[jaw])
    out[jaw] = min(out[jaw], score + _room(score, weights))
    if bite is not None and bite.lower is not None and not bite.upper_hidden:
        upper, lower = (_front(model.template, row, weights) for row in _rows(model, weights))
        apart = (bite.lower - bite.upper) * bite.opening_px / px_per_mm
        at_rest = model.template[upper, 1].min() - model.template[lower, 1].max()
        drop = -model.expression_basis[jaw][lower, 1].mean()
        out[jaw] = np.clip((apart - at_rest) / drop, 0, out[jaw])
    return out


def action_limits(model: HeadModel, expression: np.ndarray, weights: JawWeights = WEIGHTS.jaw) -> np.ndarray:
    """(52,) greatest standard deviations of the actions around `expression`: a jaw that was seen closed stays closed,
    other actions are free (infinity)."""
    jaw = list(model.expression_names).index(_JAW)
    limits = np.full(len(expression), np.inf)
    limits[jaw] = _room(float(expression[jaw]), weights)
    return limits


def _room(opening: float, w: JawWeights) -> float:
    return w.closed_sigma + w.open_sigma * opening


_INNER = ("teeth", "tongue", "mouth")
"""Materials within the mouth."""
_INNER_LIPS = (13, 14)
"""Landmarks in the middle of the upper and the lower lip's inner edge."""


def bite_shift(
    model: HeadModel,
    posed: np.ndarray,
    expression: np.ndarray,
    bite: Bite | None = None,
    weights: JawWeights = WEIGHTS.jaw,
) -> np.ndarray:
    """(N, 3) mm: how the rows of teeth move so that they show as in the photo.

    The lips come from the photo, the teeth from the model. Forward they go until they lie behind the lips, or a turned
    head would show a hole between both. Where the photo shows their edges, they go there; a grin without teeth to be
    seen gets them where they usually are.

    Args:
        posed: (N, 3) mm, the head as in the photo. expression: (52,). bite: the teeth that the photo shows.
        weights: what is believed of teeth.
    """
    w = weights
    shift = np.zeros_like(posed)
    upper_lip, lower_lip = model.landmarks(posed)[list(_INNER_LIPS), 1]
    opening = upper_lip - lower_lip
    closed = np.clip(1 - float(expression[list(model.expression_names).index(_JAW)]) / w.closed_jaw, 0, 1)
    upper, lower = _rows(model, w)
    if bite is None:
        wanted, strength = lower_lip + w.bite * opening, closed * np.clip(opening / w.grin_mm - 1, 0, 1)
    else:
        wanted, strength = upper_lip - bite.upper * opening, float(opening > 0)
    move = strength * np.clip(wanted - posed[_front(posed, upper, w), 1].min(), -w.most_mm, w.most_mm)
    hidden = bite is not None and bite.upper_hidden
    shift[upper, 1] = max(move, 0.0) if hidden else move
    if bite is None:
        shift[lower, 1] = move
    elif bite.lower is None:
        shift[lower, 1] = 0 if hidden else closed * move  # rows that are closed stay closed
    else:
        wanted = upper_lip - bite.lower * opening
        shift[lower, 1] = strength * np.clip(wanted - posed[_front(posed, lower, w), 1].max(), -w.most_mm, w.most_mm)
    share = _share_aside(model, expression, w)
    if share:
        shift += share * _row_aside(model, posed, lower, w)
    forward = [_room_before(model, posed, row, lips, w) for row, lips in zip((upper, lower), LIP_EDGES)]
    shift[upper, 2] = np.clip(forward[0], 0, w.most_forward_mm)
    shift[lower, 2] = np.clip(min(forward[0] - w.overjet_mm, forward[1]), 0, w.most_forward_mm)
    return shift + share * _behind_skin(model, posed + shift, w) if share else shift


def _share_aside(model: HeadModel, expression: np.ndarray, w: JawWeights) -> float:
    """How surely the jaw of (52,) actions goes aside, 0 to 1."""
    number = model.expression_names.index
    aside = abs(float(expression[number("jawLeft")] - expression[number("jawRight")]))
    return float(smoothstep(*w.aside, aside))


def _row_aside(model: HeadModel, posed: np.ndarray, lower: np.ndarray, w: JawWeights) -> np.ndarray:
    """(N, 3) mm by which teeth, tongue and mouth cavity move where the jaw goes aside, so that its row stays in the middle of the
    lower lip: lips lie where the photo has them, and less than the action says may be seen of its move."""
    inner = np.unique(model.faces[np.isin(model.face_material, [MATERIALS.index(name) for name in _INNER])])
    goes = np.abs(model.expression_basis[model.expression_names.index("jawLeft"), inner, 0])
    lag = model.landmarks(posed)[_INNER_LIPS[1], 0] - posed[lower, 0].mean()
    out = np.zeros(posed.shape)
    out[inner, 0] = goes / goes.max() * np.clip(lag, -w.most_mm, w.most_mm)
    return out


def _behind_skin(model: HeadModel, posed: np.ndarray, w: JawWeights) -> np.ndarray:
    """(N, 3) mm by which the mouth's cavity, and the teeth beside the lips, move inwards where they come nearer to the skin's
    outside than they lie on the mean head."""
    skin, cavity, teeth = (
        np.unique(model.faces[model.face_material == MATERIALS.index(name)]) for name in ("skin", "mouth", "teeth")
    )
    bag = np.concatenate([np.setdiff1d(cavity, skin), teeth[np.abs(model.template[teeth, 0]) > w.beside_lips_mm]])
    out = np.zeros(posed.shape)
    distance, nearest = cKDTree(posed[skin]).query(posed[bag])
    # What lies deep may be nearest to skin that looks elsewhere, such as a socket's.
    bag, near = bag[distance < w.near_skin_mm], skin[nearest[distance < w.near_skin_mm]]
    own = skin[cKDTree(model.template[skin]).query(model.template[bag])[1]]
    normals = vertex_normals(posed, model.triangles)[near]
    rest = vertex_normals(model.template.astype(float), model.triangles)[own]
    depth = ((posed[near] - posed[bag]) * normals).sum(1)
    usual = ((model.template[own] - model.template[bag]) * rest).sum(1)
    out[bag] = -np.clip(np.minimum(usual, w.behind_skin_mm) - depth, 0, w.near_skin_mm)[:, None] * normals
    return out


def _room_before(model: HeadModel, posed: np.ndarray, row: np.ndarray, lips: tuple[int, ...], w: JawWeights) -> float:
    """mm by which a row may move forward and stay behind the lips, those of the photo and those at rest."""
    room = np.inf
    for points in (posed, model.template):
        for lip in model.landmarks(points)[list(lips)]:
            beside = row[np.abs(points[row, 0] - lip[0]) < w.beside_mm]
            if len(beside):
                room = min(room, float(lip[2] - points[beside, 2].max()))
    return room - w.behind_lips_mm if np.isfinite(room) else 0.0


def _rows(model: HeadModel, w: JawWeights) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the upper row of teeth, and of the lower one, which goes with the jaw."""
    teeth = np.unique(model.faces[model.face_material == MATERIALS.index("teeth")])
    jaw = list(model.expression_names).index(_JAW)
    hanging = np.abs(model.expression_basis[jaw][teeth]).sum(1) > w.hanging_mm
    return teeth[~hanging], teeth[hanging]


def _front(posed: np.ndarray, row: np.ndarray, w: JawWeights) -> np.ndarray:
    """Those of a row that lie in front."""
    return row[posed[row, 2] > posed[row, 2].max() - w.front_mm]

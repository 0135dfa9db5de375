"""Folds of facial actions: those beside the nose belong to a smile, a furrowed brow to a frown.

What an action explains of a fold becomes a corrective of that action, so that a relaxed face loses it and a stronger action
deepens it; the face in the photo stays as it is.
"""

from __future__ import annotations

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from .places import action_amounts, places_on_template
from .weights import WEIGHTS, ReliefWeights

__all__ = ["correctives_of"]


def correctives_of(
    model: HeadModel, expression: np.ndarray, offset: np.ndarray, weights: ReliefWeights = WEIGHTS
) -> tuple[tuple[int, ...], np.ndarray]:
    """The share of folds that the photo's actions explain.

    Where a place of folds is likelier by an action, that action explains the fold in proportion: all places near a
    vertex have a say, and how near they are. An action's left and right half explain the folds of their side.

    Args:
        expression: (52,) facial actions of the photo. offset: (N, 3) mm, the folds in it.

    Returns:
        Numbers of the actions; (A, N, 3) float32 mm, what each moves at value 1. An action that is weak in the photo keeps a
        part of what it explains at rest, so that it moves no more in full than twice what was seen.
    """
    w = weights.actions
    near, _ = places_on_template(model, weights.places)
    amounts, added = action_amounts(model, expression, weights.places)
    believed = near * amounts
    share = believed / np.maximum(believed.sum(1, keepdims=True), w.least_chance)
    explained = share * near.max(1, keepdims=True) / np.maximum(amounts, w.least_chance)
    left = smoothstep(-w.side_mm, w.side_mm, model.template[:, 0].astype(np.float64))
    shares = {}
    for name, by_place in sorted(added.items()):
        side = left if name.endswith("Left") else 1 - left if name.endswith("Right") else 1.0
        shares[name] = w.explains * (explained @ by_place) * side
    too_much = np.maximum(sum(shares.values()) / w.most, 1)
    numbers, moves = [], []
    for name, own in shares.items():
        number = model.expression_names.index(name)
        own = own / too_much / max(float(expression[number]), w.full)
        if own.max() > w.least_chance:
            numbers.append(number)
            moves.append(own[:, None] * offset)
    return tuple(numbers), np.array(moves, np.float32).reshape(len(moves), *offset.shape)

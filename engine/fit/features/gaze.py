"""Eyes that look straight ahead when the face is relaxed.

The model's irises sit in the middle of the lids' opening, people's lie nearer to the outer corner: of the way from there to
the inner one 0.45. So a gaze into the distance comes out of the fit as two eyes that look outwards, by the same 0.3 of the
action in 17 photos (standard deviation 0.09), and a face whose actions are all set to zero would squint. What both eyes have
of it in common belongs to the head.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from .weights import WEIGHTS, GazeWeights

__all__ = ["level_gaze", "look_alike"]


def level_gaze(
    model: HeadModel,
    expressions: Sequence[np.ndarray],
    blind: Sequence[Sequence[int]] = (),
    weights: GazeWeights = WEIGHTS.gaze,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Move the outward look that both eyes share from the facial actions to the head.

    Args:
        expressions: (52,) values of one head in several photos; the first decides.
        blind: for each photo the numbers of the eyes that are hidden in it, 0 right, 1 left: they look where the other one does.
        weights: how far eyes look outwards at rest.

    Returns:
        The same photos' values, and (N, 3) float32 mm to be added to the head without expression. Together they show what the
        given ones did, but for a fifth of a mm where an eye now looks inwards.
    """
    expressions = [
        look_alike(model, value, eyes, weights).astype(value.dtype) if eyes else value
        for value, eyes in zip(expressions, blind or [()] * len(expressions), strict=True)
    ]
    outwards, inwards = (
        [model.expression_names.index(f"eyeLook{way}{side}") for side in ("Left", "Right")] for way in ("Out", "In")
    )

    def turn(expression: np.ndarray) -> np.ndarray:
        return expression[outwards] - expression[inwards]

    together = float(turn(expressions[0]).mean())
    shared = float(np.clip(together, *weights.rest))
    shared += (weights.usual - shared) * float(smoothstep(*weights.crossed, weights.rest[0] - together))
    levelled = []
    for expression in expressions:
        own = turn(expression) - shared
        value = np.array(expression)
        value[outwards], value[inwards] = np.clip(own, 0, 1), np.clip(-own, 0, 1)
        levelled.append(value)
    return levelled, np.float32(shared) * model.expression_basis[outwards].sum(0)


def look_alike(
    model: HeadModel, expression: np.ndarray, shut: Sequence[int], weights: GazeWeights = WEIGHTS.gaze
) -> np.ndarray:
    """(52,) `expression` with shut eyes that look where the other one does; where both are shut, into the distance.

    Args:
        shut: numbers of the eyes that are, 0 right, 1 left.
    """
    out = np.array(expression, float)
    for eye in shut:
        up, down, inwards, outwards = (_number(model, way, eye) for way in ("Up", "Down", "In", "Out"))
        out[[up, down]] = 0
        turn = weights.usual
        if len(shut) == 1:
            out[[up, down]] = out[[_number(model, "Up", 1 - eye), _number(model, "Down", 1 - eye)]]
            turn = 2 * turn - (out[_number(model, "Out", 1 - eye)] - out[_number(model, "In", 1 - eye)])
        out[[outwards, inwards]] = np.clip([turn, -turn], 0, 1)
    return out


def _number(model: HeadModel, way: str, eye: int) -> int:
    return model.expression_names.index(f"eyeLook{way}{('Right', 'Left')[eye]}")

"""Hair that stands: strands straight out from the skin, as long as the hair is thick there."""

from __future__ import annotations

import numpy as np

from .cut_weights import CutWeights
from .field import Field
from .flow import unit
from .roots import Roots
from .space import Space, trilinear
from .trace import Curves

__all__ = ["standing_strands"]

_PLACES = 20
"""Places of a strand."""
_STEP = 2.5
"""Step with which the hull is looked for, mm."""
_LEAST = 3.0
"""Hair that stands is so long at least, mm."""


def standing_strands(
    roots: Roots, chosen: np.ndarray, share: np.ndarray, thickness: np.ndarray, coiled: float, field: Field, space: Space,
    weights: CutWeights,
) -> Curves:  # fmt: skip
    """Strands from roots to the hull.

    Args:
        chosen: (n,) numbers of the roots.
        share: (n,) how much of the way to the hull each goes.
        thickness: (n,) mm of the hair there: where the hull is a guess, it is not lower than that.
        coiled: how far, 0 to 1: coils stand wherever they grow; straight hair leans the way that the photos show.
    """
    start, normal = roots.point[chosen], roots.normal[chosen]
    lean = weights.lean + coiled * (weights.lean_curly - weights.lean)
    way = unit(normal + lean * _direction(field, start + 2 * normal))
    stretched = weights.stretched + coiled * (1 - weights.stretched)
    length = np.maximum(_to_hull(start, way, space, weights.tallest), thickness) * share * stretched
    step = (np.maximum(length, _LEAST) / (_PLACES - 1))[:, None]
    places = [start]
    for number in range(1, _PLACES):
        bend = lean * number / _PLACES
        places.append(places[-1] + step * unit(way + bend * _direction(field, places[-1])))
    count = np.full(len(chosen), _PLACES)
    return Curves(np.stack(places, 1), count, np.asarray(chosen), np.zeros(len(chosen), bool))


def _direction(field: Field, points: np.ndarray) -> np.ndarray:
    """(n, 3) the field at (n, 3) points."""
    out = np.empty((len(points), 3))
    trilinear(field.direction, field.origin, field.step, np.ascontiguousarray(points), out)
    return out


def _to_hull(start: np.ndarray, way: np.ndarray, space: Space, most: float) -> np.ndarray:
    """(n,) mm from places on the skin along unit directions to where they leave the hull, `most` at most."""
    far = np.arange(1, int(most / _STEP) + 1) * _STEP
    spots = start[:, None] + far[None, :, None] * way[:, None]
    inside = space.at(spots.reshape(-1, 3))[:, 1].reshape(len(start), -1)
    left = inside < 0
    first = np.where(left.any(1), left.argmax(1), len(far) - 1)
    each = np.arange(len(start))
    before = np.where(first > 0, inside[each, np.maximum(first - 1, 0)], _STEP)
    here = inside[each, first]
    part = np.clip(before / np.maximum(before - here, 1e-6), 0, 1)
    return far[first] - _STEP * (1 - np.where(left.any(1), part, 1))

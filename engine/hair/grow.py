"""Strands that no photo shows: grown from the scalp through the field, between head and hull."""

from __future__ import annotations

import numpy as np
from numba import njit

from .field import Field
from .roots import Roots
from .space import Space, trilinear
from .trace import Curves

__all__ = ["continued", "grown_strands"]

_MOST = 130
"""Most places of a strand."""
_FAR = 500.0
"""Length by which long hair goes on at most, mm."""
_LEAST = 4
"""Places that a strand keeps when its tip is cut off."""
_ENDED = 0.9
"""Share of its length below which the hull has ended a strand."""


def grown_strands(
    roots: Roots,
    chosen: np.ndarray,
    share: np.ndarray,
    lengths: np.ndarray,
    field: Field,
    space: Space,
    hanging: float,
    tips: np.ndarray,
) -> Curves:
    """Strands from roots.

    Args:
        chosen: (n,) numbers of the roots.
        share: (n,) where between head (0) and hull (1) each strand runs.
        lengths: (n,) mm.
        hanging: height below which hair only goes down, mm.
        tips: (n,) share that each loses where the hull ends it before its length, so that they do not end as one.
    """
    count = np.zeros(len(chosen), np.int64)
    points = np.zeros((len(chosen), _MOST, 3))
    _grow(
        roots.point[chosen], roots.normal[chosen], np.stack([share, lengths], 1), field.direction, field.step,
        space.distance, space.slope, space.origin, space.step, hanging, points, count,
    )  # fmt: skip
    count = _ragged(points, count, lengths, tips)
    index = np.minimum(np.arange(_MOST)[None], np.maximum(count, 1)[:, None] - 1)
    points = np.take_along_axis(points, index[..., None], 1)
    kept = np.flatnonzero(count >= 3)
    return Curves(points[kept], count[kept], np.asarray(chosen)[kept], np.zeros(len(kept), bool))


def _ragged(points: np.ndarray, count: np.ndarray, lengths: np.ndarray, tips: np.ndarray) -> np.ndarray:
    """(n,) places of strands (n, M, 3) that do not end as one: what the hull ended before its length loses some of its tip.

    Args:
        count: (n,) places of each. lengths, tips: as in :func:`grown_strands`.
    """
    there = np.arange(1, points.shape[1])[None] < count[:, None]
    arc = (np.linalg.norm(np.diff(points, axis=1), axis=2) * there).sum(1)
    share = np.where(arc < _ENDED * lengths, tips, 0.0)
    return np.minimum(count, np.maximum(_LEAST, np.round(count * (1 - share)).astype(np.int64)))


def continued(
    curves: Curves, which: np.ndarray, field: Field, space: Space, hanging: float, rng: np.random.Generator, tips: float = 0.15
) -> Curves:
    """Strands of long hair that go on through the field from where the photo lost sight of them.

    Args:
        curves: as traced.
        which: (n,) numbers of those that go on; each of four places at least.
        hanging: as in :func:`grown_strands`.
        tips: largest share of what is added that is cut off again, so that they do not end as one.
    """
    if not len(which):
        return curves
    end = curves.points[which, curves.count[which] - 1]
    way = end - curves.points[which, curves.count[which] - 4]
    way /= np.linalg.norm(way, axis=1, keepdims=True) + 1e-9
    skin, hull = space.at(end)[:, :2].T
    share = np.clip(skin / np.maximum(skin + np.maximum(hull, 0), 1), 0.1, 0.95)
    made = np.zeros(len(which), np.int64)
    more = np.zeros((len(which), _MOST, 3))
    _grow(
        end, way, np.stack([share, np.full(len(which), _FAR)], 1), field.direction, field.step,
        space.distance, space.slope, space.origin, space.step, hanging, more, made,
    )  # fmt: skip
    made = np.maximum(made - 1, 0)
    made = np.round(made * (1 - tips * rng.random(len(made)))).astype(np.int64)
    wide = curves.points.shape[1] + int(made.max(initial=0))
    points = np.concatenate([curves.points, np.repeat(curves.points[:, -1:], wide - curves.points.shape[1], 1)], 1)
    count = curves.count.copy()
    for row, added, new in zip(which, made, more):
        points[row, count[row] : count[row] + added] = new[1 : added + 1]
        count[row] += added
        points[row, count[row] :] = points[row, count[row] - 1]
    return curves._replace(points=points, count=count)


@njit(cache=True, nogil=True)
def _grow(start, normal, want, direction, wide, distance, slope, origin, step, hanging, points, count):
    """A strand leaves along the normal, turns into the field, is held at its share of the way
    from head to hull, and ends where it leaves the hair or no longer makes way along the field."""
    flow, here, steep = np.zeros((1, 3)), np.zeros((1, 3)), np.zeros((1, 6))
    spot, way = np.zeros((1, 3)), np.zeros(3)
    for n in range(len(start)):
        share, length = want[n, 0], want[n, 1]
        stride = min(5.0, max(0.8, length / 12))
        leave = min(30.0, 0.3 * length)
        for c in range(3):
            spot[0, c], way[c] = start[n, c], normal[n, c]
            points[n, 0, c] = spot[0, c]
        made, gone = 1, 0.0
        while made < points.shape[1] and gone < length:
            trilinear(direction, origin, wide, spot, flow)
            turn = 0.45 * min(1.0, 0.30 + gone / leave)
            size = 0.0
            for c in range(3):
                way[c] = normal[n, c] * 0.4 + flow[0, c] * 0.9 if made == 1 else way[c] * (1 - turn) + flow[0, c] * turn
                size += way[c] ** 2
            size = size**0.5 + 1e-9
            for c in range(3):
                way[c] /= size
                spot[0, c] += stride * way[c]
            trilinear(distance, origin, step, spot, here)
            trilinear(slope, origin, step, spot, steep)
            if here[0, 0] < 30:
                aim = max(share * (here[0, 0] + max(here[0, 1], 0.0)), 1.5)
                pull = 1.0 if here[0, 0] < 1 else 0.35 * min(1.0, gone / min(20.0, 0.5 * length))
                move = min(max((aim - here[0, 0]) * pull, -0.6 * stride), 0.8 * stride)
                size = (steep[0, 0] ** 2 + steep[0, 1] ** 2 + steep[0, 2] ** 2) ** 0.5 + 1e-6
                for c in range(3):
                    spot[0, c] += move * steep[0, c] / size
            if here[0, 1] < 0:
                move = min(-here[0, 1], 0.9 * stride)
                size = (steep[0, 3] ** 2 + steep[0, 4] ** 2 + steep[0, 5] ** 2) ** 0.5 + 1e-6
                for c in range(3):
                    spot[0, c] += move * steep[0, 3 + c] / size
            trilinear(distance, origin, step, spot, here)
            made_way, along = 0.0, 0.0
            for c in range(3):
                went = spot[0, c] - points[n, made - 1, c]
                way[c] = 0.5 * way[c] + 0.5 * went / stride
                made_way += went**2
                along += went * flow[0, c]
            made_way = made_way**0.5
            if (along < 0.35 * stride and gone > 30) or made_way < 0.25 * stride:
                break
            if here[0, 2] < -7 and gone > 12:
                break
            # On the shoulders hair slides down or stays; it does not lie outwards.
            if spot[0, 1] < hanging and points[n, made - 1, 1] - spot[0, 1] < 0.35 * stride:
                break
            for c in range(3):
                points[n, made, c] = spot[0, c]
            gone += made_way
            made += 1
        count[n] = made

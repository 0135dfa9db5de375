"""Strands combed to the photo: where one is seen, each piece of it turns into the direction that the photo shows there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from .field import View
from .seen import bilinear
from .weights import CombWeights

__all__ = ["combed"]


def combed(points: np.ndarray, views: Sequence[View], lead: float, weights: CombWeights) -> np.ndarray:
    """(G, M, 3) mm: strands whose visible pieces run as the photo's do; roots and lengths in the image stay.

    Each strand is combed in the photo that shows most of it, from the root on: what follows a turned piece moves along.

    Args:
        points: (G, M, 3) mm.
        views: the photos, the leading one first.
        lead: what further ones show counts so much beside what that one shows.
    """
    shown = np.stack([_shown(view, points, weights) for view in views])
    amount = shown.sum(2)
    amount[1:] *= lead
    best = amount.argmax(0)
    out = points.copy()
    for number, view in enumerate(views):
        which = np.flatnonzero((best == number) & (amount[number] > 0))
        if len(which):
            out[which] = _combed(points[which], view, shown[number, which], weights)
    return out


def _shown(view: View, points: np.ndarray, weights: CombWeights) -> np.ndarray:
    """(G, M) float64 in [0, 1]: how far a photo shows the places of strands and tells their direction."""
    seen = view.seen
    flat = points.reshape(-1, 3)
    pixels, depth = seen.camera.project(flat)
    rows, columns = seen.at(pixels)
    behind = depth - seen.sample(view.volume.smooth, pixels)
    near, far = weights.front
    front = np.clip((far - behind) / (far - near), 0, 1) * (depth < seen.window.head_near[rows, columns] + 1.0)
    sure = seen.sample(view.flow.confidence, pixels).astype(np.float64)
    return (front * seen.within(pixels) * (sure / (sure + weights.doubt))).reshape(points.shape[:2])


def _combed(points: np.ndarray, view: View, shown: np.ndarray, weights: CombWeights) -> np.ndarray:
    """(n, M, 3): strands combed in one photo."""
    seen = view.seen
    shape = points.shape[:2]
    pixels, depth = (column.reshape(*shape, -1) for column in seen.camera.project(points.reshape(-1, 3)))
    moved = np.array(pixels)
    _comb(moved, shown, np.cos(2 * view.flow.axis), np.sin(2 * view.flow.axis), weights.strength, weights.steady)
    moved += _held(pixels - moved, shown, weights.held)
    flat = moved.reshape(-1, 2)
    # It keeps its depth below the hair's front.
    rise = seen.sample(view.volume.smooth, flat) - seen.sample(view.volume.smooth, pixels.reshape(-1, 2))
    rise = np.clip(rise, -weights.rise, weights.rise)
    return seen.lift(flat, depth.ravel() + rise).reshape(points.shape)


def _held(shift: np.ndarray, shown: np.ndarray, root: float) -> np.ndarray:
    """(n, M, 2) pixels that bring the seen part of each strand back to where it was, the root standing.

    Else combing drives strands apart, and a fringe that was evenly covered shows the skin.

    Args:
        shift: (n, M, 2) from the strand as it is to the one as it was.
        root: share of its length over which a strand leaves its root.
    """
    say = shown + 1e-6
    whole = (shift * say[..., None]).sum(1, keepdims=True) / say.sum(1)[:, None, None]
    along = np.clip(np.linspace(0, 1, shift.shape[1]) / root, 0, 1)
    return whole * (along**2 * (3 - 2 * along))[None, :, None]


@njit(cache=True, nogil=True)
def _comb(paths, shown, cosine, sine, strength, steady):
    """Turns the pieces of (n, M, 2) paths in the image towards an axis given as double angle; in place."""
    spot = np.empty((1, 2))
    for n in range(len(paths)):
        lx, ly = paths[n, 0, 0], paths[n, 0, 1]
        turn = 0.0
        for k in range(1, paths.shape[1]):
            hx, hy = paths[n, k, 0], paths[n, k, 1]
            dx, dy = hx - lx, hy - ly
            lx, ly = hx, hy
            x, y = paths[n, k - 1, 0], paths[n, k - 1, 1]
            say = 0.5 * (shown[n, k - 1] + shown[n, k])
            aim = 0.0
            if say > 0.0 and dx * dx + dy * dy > 1e-8:
                spot[0, 0], spot[0, 1] = x + 0.5 * dx, y + 0.5 * dy
                c, s = bilinear(cosine, spot)[0], bilinear(sine, spot)[0]
                own = 2.0 * np.arctan2(dy, dx)
                # The shorter way to the axis, half of the double angle.
                gap = 0.5 * np.arctan2(s * np.cos(own) - c * np.sin(own), c * np.cos(own) + s * np.sin(own))
                # A strand across the axis tells not which way to turn.
                aim = gap * say * strength * max(0.0, np.cos(gap)) ** 0.5
            turn = steady * turn + (1.0 - steady) * aim
            c, s = np.cos(turn), np.sin(turn)
            paths[n, k, 0], paths[n, k, 1] = x + c * dx - s * dy, y + s * dx + c * dy

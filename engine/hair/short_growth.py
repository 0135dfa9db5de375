"""Short hairs as curves: laid along the skin, as brows are, or standing off it, as beards do."""

from __future__ import annotations

import numpy as np

from .closeup import Closeup, sampled
from .short_flow import tangents

__all__ = ["arc_lengths", "cut", "laid", "standing", "unit"]

_HOLD = 1.0
"""How far the seen skin may lie from where a hair's step leads, in steps, for the hair to follow it."""


def unit(vectors: np.ndarray) -> np.ndarray:
    """(..., 3) vectors of length 1, those of length 0 as they are."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def arc_lengths(points: np.ndarray) -> np.ndarray:
    """(G, P) lengths of curves (G, P, 3) from the root to each point."""
    steps = np.linalg.norm(np.diff(points, axis=1), axis=-1)
    return np.concatenate([np.zeros((len(points), 1)), np.cumsum(steps, 1)], 1)


def cut(points: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Curves (G, P, 3) of which `share` (G,) of the length is left, with as many points as before."""
    arc = arc_lengths(points)
    wanted = arc[:, -1:] * share[:, None] * np.linspace(0, 1, points.shape[1])
    out = np.empty_like(points)
    for number in range(len(points)):
        for axis in range(3):
            out[number, :, axis] = np.interp(wanted[number], arc[number], points[number, :, axis])
    return out


def laid(
    closeup: Closeup, pixels: np.ndarray, flow: np.ndarray, length: np.ndarray, lift: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Hairs that follow the skin and the flow, highest over the skin in the middle.

    Args:
        pixels: (G, 2) roots on the skin. flow: (h, w, 2) directions in the picture.
        length: (G,) mm. lift: (G,) mm, height of the middle.
        count: P, points of each.

    Returns:
        (G, P, 3) mm, model space as it is in this photo, and (G, P, 2) pixels of the skin below.
    """
    place = sampled(closeup.position, pixels).astype(np.float64)
    direction = sampled(flow, pixels)
    points, feet, normals = [place], [pixels], [unit(sampled(closeup.normal, pixels).astype(np.float64))]
    step = length / (count - 1)
    inside = closeup.on_skin.astype(np.float32)
    for _ in range(count - 1):
        depth = closeup.camera.to_camera(place)[:, 2]
        ahead = place + step[:, None] * tangents(closeup, pixels, direction, normals[-1], depth)
        pixels = closeup.camera.project(ahead)[0]
        skin = sampled(closeup.position, pixels).astype(np.float64)
        firm = (sampled(inside, pixels) > 0.999) & (np.linalg.norm(skin - ahead, axis=1) < _HOLD * step)
        place = np.where(firm[:, None], skin, ahead)
        normal = np.where(firm[:, None], unit(sampled(closeup.normal, pixels).astype(np.float64)), normals[-1])
        here = sampled(flow, pixels)
        moving = (np.linalg.norm(here, axis=1) > 0.3) & firm
        direction = np.where(moving[:, None], 0.5 * direction + 0.5 * here, direction)
        direction = direction / np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
        points.append(place)
        feet.append(pixels)
        normals.append(normal)
    share = np.linspace(0, 1, count)
    # Leaves the skin at an angle, bends over and comes near it again.
    height = share * (1 - 0.8 * share) / 0.3125
    raised = np.stack(points, 1) + np.stack(normals, 1) * (lift[:, None] * height)[..., None]
    return raised.astype(np.float32), np.stack(feet, 1)


def standing(
    place: np.ndarray, along: np.ndarray, normal: np.ndarray, length: np.ndarray, lean: np.ndarray, count: int
) -> np.ndarray:
    """Hairs that leave the skin at an angle and bend, the longer the more, into the way they run, and downwards.

    Args:
        place: (G, 3) roots, mm. along: (G, 3) unit directions on the skin. normal: (G, 3) of the skin.
        length: (G,) mm. lean: (G,) angle between the hair and the skin at the root, radians.
        count: P, points of each.

    Returns:
        (G, P, 3) mm.
    """
    points, here = [place], place
    step = length[:, None] / (count - 1)
    for number in range(count - 1):
        grown = (number + 0.5) * step
        stiff = np.exp(-grown / _STIFF_MM)
        angle = lean[:, None] * (0.45 + 0.55 * stiff)
        way = along * np.cos(angle) + normal * np.sin(angle)
        fall = _FALL * (1 - np.exp(-np.maximum(grown - _FREE_MM, 0) / _FALL_MM))
        here = here + step * unit(way * (1 - fall) + np.array([0.0, -1.0, 0.0]) * fall)
        points.append(here)
    return np.stack(points, 1)


_STIFF_MM = 6.0
"""Length over which a hair bends from its root's direction towards the skin's, mm."""
_FREE_MM = 5.0
"""Length up to which hairs stand by themselves, mm."""
_FALL_MM = 14.0
"""Length beyond that over which weight takes over, mm."""
_FALL = 0.85
"""Share of weight in the direction of long hairs."""

"""Strands that keep within the hair of several photos, of which the first leads: hair is not quite the same in all of them.

What the first photo shows stays where that shows it, and moves along its line of sight only, so that neither its outline nor
its direction there is lost to a photo that says otherwise; the others decide what the first does not show.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .field import View
from .finish import drawn_in
from .seen import blur, inside_distance

__all__ = ["agreed"]

_DEEP = 15.0
"""Depth behind the hair's front from which on the first photo does not show a strand before the head, mm."""
_SLIDE = 6.0
"""Most that a point moves along the line of sight at a time, mm."""
_FAR = 18.0
"""Most that it moves altogether, mm."""
_SLOPE = 0.2
"""Way towards the hair of another photo per way along the line of sight below which it does not help to move."""
_ROUNDS = 4
"""Times that it is moved."""


def agreed(
    points: np.ndarray, views: Sequence[View], margin: float, reach: float, outside: float
) -> tuple[np.ndarray, np.ndarray]:
    """Strands drawn into the outlines of all photos.

    Args:
        points: (G, M, 3) mm.
        margin, reach: see :func:`engine.hair.finish.drawn_in`.
        outside: chance of hair from which on a photo shows it.

    Returns:
        (G, M, 3) mm, and (G, M) bool: places that the first photo shows as hair, whatever the others do.
    """
    first = views[0]
    held = np.zeros(points.shape[:2], bool)
    if len(views) > 1:
        held = _shown(first, points, outside)
        for view in views[1:]:
            points = drawn_in(points, view, margin, reach, ~held)
            slid = points.copy()
            slid[held] = _slid(points[held], first, view, margin)
            # The root stays.
            points = np.concatenate([points[:, :1], slid[:, 1:]], 1)
    return drawn_in(points, first, margin, reach), held


def _shown(view: View, points: np.ndarray, outside: float) -> np.ndarray:
    """(G, M) bool: places of strands that a photo shows as hair."""
    seen = view.seen
    flat = points.reshape(-1, 3)
    pixels, depth = seen.camera.project(flat)
    rows, columns = seen.at(pixels)
    shown = seen.within(pixels) & seen.window.shown[rows, columns] & (seen.sample(seen.hair, pixels) >= outside)
    # Beside the head hair of any depth makes the outline.
    deepest = np.where(seen.head, np.minimum(seen.window.head_near + 1.5, view.volume.smooth + _DEEP), view.volume.back)
    shown &= depth < deepest[rows, columns]
    return shown.reshape(points.shape[:2])


def _slid(points: np.ndarray, first: View, view: View, margin: float) -> np.ndarray:
    """(n, 3) mm: points moved along the first photo's lines of sight into the outline of another."""
    seen = view.seen
    inside = blur(inside_distance(seen.mask) - inside_distance(~seen.mask), 1.5) * np.float32(seen.mm)
    ray = points - first.seen.camera.position
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)

    def deep(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pixels, depth = seen.camera.project(places)
        rows, columns = seen.at(pixels)
        asked = seen.within(pixels) & seen.window.shown[rows, columns] & ~seen.unclear[rows, columns]
        return seen.sample(inside, pixels), asked & (depth < seen.window.head_near[rows, columns] + 1.5)

    start, asked = deep(points)
    gone, here = np.zeros(len(points)), start
    for _ in range(_ROUNDS):
        places = points + gone[:, None] * ray
        here, told = deep(places)
        slope = deep(places + ray)[0] - here
        need = np.where(told & (here < margin) & (np.abs(slope) > _SLOPE), margin - here, 0)
        step = need / np.where(np.abs(slope) > _SLOPE, slope, 1)
        gone = np.clip(gone + np.clip(step, -_SLIDE, _SLIDE), -_FAR, _FAR)
    here, _ = deep(points + gone[:, None] * ray)
    # What comes no nearer to the other's hair is a contradiction between the photos, and stays.
    return points + np.where(asked & (here > start), gone, 0)[:, None] * ray

"""The direction of hair in space: what the photos show, what they show on the other side, and how hair falls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .ears import Ears
from .flow import Fall, Flow
from .seen import Seen
from .space import Space
from .volume import Volume

__all__ = ["Field", "View", "hair_field", "lifted"]

_EVERY = 2
"""Voxels of the space in one of the field."""
_SPLAT = 0.012
"""Distance of the pixels that are read, face widths."""
_MIRRORED = 0.6
"""Directions of the other side count where less than this is seen."""
_RIVAL = 0.2
"""Say of a photo where another shows the hair better."""
_FALL = 0.10
"""Say of the fall."""


class View(NamedTuple):
    """One photo with all that was found in it."""

    seen: Seen
    volume: Volume
    flow: Flow


class Field(NamedTuple):
    """Unit directions from root to tip in voxels of side `step` mm, see :class:`engine.hair.space.Space`."""

    origin: np.ndarray
    step: float
    direction: np.ndarray
    """(X, Y, Z, 3) float32."""


def lifted(view: View, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The flow on the hair's front surface.

    Args:
        pixels: (n, 2) in the window.

    Returns:
        (n, 3) points in mm and (n, 3) unit directions, model space.
    """
    seen, smooth = view.seen, view.volume.smooth
    flat = np.stack([seen.sample(view.flow.field[..., axis], pixels) for axis in (0, 1)], -1).astype(np.float64)
    flat /= np.linalg.norm(flat, axis=-1, keepdims=True) + 1e-6
    reach = 1.5
    here = seen.sample(smooth, pixels).astype(np.float64)
    ahead, behind = seen.sample(smooth, pixels + reach * flat), seen.sample(smooth, pixels - reach * flat)
    steepest = 3 * reach * seen.mm
    rise = np.clip(0.5 * (ahead - behind), -steepest, steepest)
    start, end = seen.lift(pixels, here), seen.lift(pixels + reach * flat, here + rise)
    direction = end - start
    return start, direction / (np.linalg.norm(direction, axis=-1, keepdims=True) + 1e-9)


def hair_field(views: Sequence[View], shares: Sequence[np.ndarray], space: Space, fall: Fall, ears: Ears) -> Field:
    """The field of all photos.

    Seen directions spread by blurring; where nothing is seen near, those of the mirrored head take their place.

    Args:
        shares: (H, W) of each photo: 1 where it shows the hair best, 0 where another does.
    """
    centres, shape = space.centres(_EVERY)
    step = space.step * _EVERY
    seen, other = np.zeros((*shape, 3), np.float32), np.zeros((*shape, 3), np.float32)
    hit = []
    for view, share in zip(views, shares):
        mask = view.seen.mask
        every = max(1, int(_SPLAT * view.seen.face))
        rows, columns = np.nonzero(mask[::every, ::every])
        pixels = np.stack([columns, rows], -1) * every + 0.5
        points, directions = lifted(view, pixels)
        say = 0.25 + 0.75 * np.clip(view.flow.confidence[rows * every, columns * every], 0, 1)
        say *= _RIVAL + (1 - _RIVAL) * share[rows * every, columns * every]
        hit.append(_splat(seen, points, directions * say[:, None], space.origin, step))
        turn = np.array([-1.0, 1.0, 1.0])
        _splat(other, points * turn, directions * turn * say[:, None], space.origin, step)
    strong = _soft(seen, 1.0) + _soft(seen, 3.0)
    weak = _soft(other, 2.5)
    places = np.concatenate(hit)
    typical = float(np.median(np.linalg.norm(strong[tuple(places.T)], axis=-1))) + 1e-9 if len(places) else 1.0
    strong, weak = strong / typical, weak / typical
    absent = np.clip(_MIRRORED - np.linalg.norm(strong, axis=-1, keepdims=True), 0, 1)
    whole = strong + weak * absent + _FALL * fall.direction(centres).reshape(*shape, 3).astype(np.float32)
    whole /= np.linalg.norm(whole, axis=-1, keepdims=True) + 1e-9
    whole += ears.swept(centres).reshape(*shape, 3).astype(np.float32)
    length = np.linalg.norm(whole, axis=-1, keepdims=True)
    return Field(space.origin, step, (whole / (length + 1e-9)).astype(np.float32))


def _splat(field: np.ndarray, points: np.ndarray, values: np.ndarray, origin: np.ndarray, step: float) -> np.ndarray:
    """Adds values to the voxels that points lie in; (m, 3) those voxels."""
    voxel = np.floor((points - origin) / step).astype(int)
    inside = ((voxel >= 0) & (voxel < field.shape[:3])).all(1)
    np.add.at(field, tuple(voxel[inside].T), values[inside].astype(np.float32))
    return voxel[inside]


def _soft(field: np.ndarray, sigma: float) -> np.ndarray:
    """Blurred; wide blurs still count far from what they come from."""
    soft = [ndimage.gaussian_filter(field[..., axis], sigma, truncate=2.5) for axis in range(3)]
    return np.stack(soft, -1) * sigma**1.5

"""Colours beyond the islands' borders, so that filtering and mip maps never see the background."""

from __future__ import annotations

import cv2
import numpy as np

from ..head.model import HeadModel
from .atlas import Texels, texel_band
from .weights import WEIGHTS, PadWeights

__all__ = ["fill_outside", "nearest_covered", "pad_map"]

_cache: dict[tuple, np.ndarray] = {}


def nearest_covered(covered: np.ndarray) -> np.ndarray:
    """(H, W) int32 flat position of the nearest covered pixel for every pixel.

    Args:
        covered: (H, W) bool, at least one True.
    """
    _, label = cv2.distanceTransformWithLabels((~covered).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    where = np.flatnonzero(covered)
    table = np.zeros(int(label.max()) + 1, np.int32)
    table[label.ravel()[where]] = where
    return table[label]


def fill_outside(model: HeadModel, image: np.ndarray, texels: Texels) -> np.ndarray:
    """An image with every pixel that `texels` does not cover replaced by the nearest covered one.

    Args:
        model: identifies the layout; the search is remembered.
        image: (S, S) or (S, S, C).
        texels: covered texels of the whole map.
    """
    key = (model.version, len(model.faces), texels.size, len(texels.index))
    if key not in _cache:
        covered = np.zeros(image.shape[0] * image.shape[1], bool)
        covered[texels.index] = True
        while len(_cache) >= WEIGHTS.pad.remembered:
            _cache.pop(next(iter(_cache)))
        _cache[key] = nearest_covered(covered.reshape(image.shape[:2]))
    flat = image.reshape(-1, *image.shape[2:])
    return flat[_cache[key].ravel()].reshape(image.shape)


def pad_map(model: HeadModel, image: np.ndarray, weights: PadWeights = WEIGHTS.pad) -> np.ndarray:
    """Fill everything outside the layout, in place, by bands.

    Near an island the nearest texel is repeated (1/64 of the side, 32 texels at 2048); farther away a small copy of the
    map is good enough and keeps the memory bounded.

    Args:
        model: supplies the layout.
        image: (S, S, C) or (S, S), colours valid on the layout.
        weights: how far a texel is repeated.

    Returns:
        `image`.
    """
    size, whole, far_size = image.shape[0], weights.whole, weights.far
    if size <= whole:
        texels = texel_band(model, size, 0, size)
        image[:] = fill_outside(model, image, texels)
        return image
    halo, step = size // weights.halo, max(1, whole * whole // size)
    small = cv2.resize(image, (far_size, far_size), interpolation=cv2.INTER_NEAREST)
    coarse = texel_band(model, far_size, 0, far_size)
    small = fill_outside(model, small, coarse)
    far = cv2.resize(small, (size, size), interpolation=cv2.INTER_NEAREST) if image.ndim == 2 else None
    for row in range(0, size, step):
        low, high = max(0, row - halo), min(size, row + step + halo)
        texels = texel_band(model, size, low, high)
        covered = np.zeros((high - low) * size, bool)
        covered[texels.index] = True
        covered = covered.reshape(high - low, size)
        rows = slice(row, min(size, row + step))
        inner = slice(row - low, rows.stop - low)
        if covered.any():
            near = nearest_covered(covered)[inner]
            source = image[low:high].reshape(-1, *image.shape[2:])
            filled = source[near.ravel()].reshape(image[rows].shape)
            distance = np.abs(np.arange(size)[None] - near % size) + np.abs(
                np.arange(rows.start - low, rows.stop - low)[:, None] - near // size
            )
            close = distance <= halo
        else:
            filled, close = image[rows].copy(), np.zeros((rows.stop - row, size), bool)
        if not close.all():
            scale = far_size / size
            ys = np.minimum((np.arange(rows.start, rows.stop) * scale).astype(int), far_size - 1)
            xs = np.minimum((np.arange(size) * scale).astype(int), far_size - 1)
            distant = small[ys[:, None], xs[None]] if far is None else far[rows]
            filled = np.where(close[..., None] if image.ndim == 3 else close, filled, distant)
        outside = ~covered[inner]
        target = image[rows]
        target[outside] = filled[outside]
    return image

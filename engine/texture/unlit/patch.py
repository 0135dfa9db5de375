"""A part of a map as a picture, for filters that need neighbours."""

from __future__ import annotations

import cv2
import numpy as np

from ..atlas import Texels
from ..weights import WEIGHTS

__all__ = ["Patch"]


class Patch:
    """Some texels, m of them, as a picture of the part of the map that holds them."""

    def __init__(self, texels: Texels, chosen: np.ndarray):
        self.rows = np.flatnonzero(chosen)
        y, x = np.divmod(texels.index[self.rows], texels.size)
        self._shape = (int(np.ptp(y)) + 1, int(np.ptp(x)) + 1) if len(y) else (0, 0)
        self._index = (y - y.min()) * self._shape[1] + x - x.min() if len(y) else y

    def image(self, values: np.ndarray) -> np.ndarray:
        """(m[, C]) -> (h, w[, C]) float32, 0 elsewhere."""
        out = np.zeros((self._shape[0] * self._shape[1], *values.shape[1:]), np.float32)
        out[self._index] = values
        return out.reshape(*self._shape, *values.shape[1:])

    def at(self, image: np.ndarray) -> np.ndarray:
        """(h, w[, C]) -> (m[, C])."""
        return image.reshape(-1, *image.shape[2:])[self._index]

    def mean(
        self, values: np.ndarray, weights: np.ndarray, sigma: float, least: float = WEIGHTS.even.least_clean
    ) -> np.ndarray:
        """(h, w[, C]) weighted means of (m[, C]) values over a Gaussian of `sigma` texels; a total weight below `least` counts as that."""
        lifted = weights[:, None] if values.ndim == 2 else weights
        total = np.maximum(cv2.GaussianBlur(self.image(weights), (0, 0), sigma), least)
        return cv2.GaussianBlur(self.image(values * lifted), (0, 0), sigma) / (total[..., None] if values.ndim == 2 else total)

"""Hues of light: the logarithms of red over green and of blue over green, and the one that skin usually has."""

from __future__ import annotations

import cv2
import numpy as np

from ...wire.color import LUMINANCE, linear_to_srgb, srgb_to_linear
from ..weights import WEIGHTS, NaturalWeights

__all__ = ["hues", "of_hue", "skin_hue"]


def hues(linear: np.ndarray, dark: float = WEIGHTS.judge.dark) -> np.ndarray:
    """(..., 2) log(R/G) and log(B/G) of (..., 3) linear colors, `dark` added to each channel."""
    logs = np.log(np.maximum(linear, 0) + np.float32(dark))
    return np.stack([logs[..., 0] - logs[..., 1], logs[..., 2] - logs[..., 1]], -1)


def of_hue(hue: np.ndarray) -> np.ndarray:
    """(..., 3) float32 linear colors of luminance 1 of (..., 2) hues."""
    color = np.exp(np.stack([hue[..., 0], np.zeros_like(hue[..., 0]), hue[..., 1]], -1)).astype(np.float32)
    return color / (color @ LUMINANCE)[..., None]


def skin_hue(luminance: float, w: NaturalWeights = WEIGHTS.natural) -> np.ndarray:
    """(2,) hue of human skin of that luminance in a photo, see :class:`NaturalWeights`."""
    share, most = w.lit
    grey = np.full((1, 1, 3), linear_to_srgb(np.clip(share * luminance, 0, most)), np.float32)
    lightness = cv2.cvtColor(grey, cv2.COLOR_RGB2LAB)[0, 0, 0]
    lab = [np.interp(lightness, w.lightness, row) for row in (w.lightness, w.redness, w.yellowness)]
    return hues(srgb_to_linear(cv2.cvtColor(np.float32([[lab]]), cv2.COLOR_LAB2RGB)[0, 0]), 0.0)

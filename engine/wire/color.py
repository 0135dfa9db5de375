"""Photo values and light: the curve of sRGB, and the plain power that stands for it where only ratios count.

Here, and with NumPy, because the add-on needs the curve as well: Blender's nodes take linear colours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["LUMA", "LUMINANCE", "POWER", "linear_to_power", "linear_to_srgb", "power_to_linear", "srgb_to_linear"]

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""(3,) share of linear red, green and blue in what the eye calls brightness (ITU-R BT.709, the primaries of sRGB)."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""(3,) share of red, green and blue as they are in a file in how bright a pixel is (ITU-R BT.601)."""

POWER = 2.2
"""The power closest to the curve of sRGB as a whole. It has no straight piece in the dark, where the two differ most."""


def srgb_to_linear(values: ArrayLike, dtype: type = np.float32) -> np.ndarray:
    """sRGB in [0, 1] -> linear (IEC 61966-2-1), any shape; computed in `dtype` and of that type."""
    values = np.asarray(values, dtype)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(dtype)


def linear_to_srgb(values: ArrayLike) -> np.ndarray:
    """Linear -> sRGB in [0, 1]; values outside [0, 1] are clipped. Any shape, float32."""
    values = np.clip(np.asarray(values, np.float32), 0, 1)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055).astype(np.float32)


def power_to_linear(values: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] -> about linear: ``values ** 2.2``, of the same type and shape.

    For the tests of a photo (skin, covers, teeth, exposure): they compare colours within one photo, add a floor to the
    dark, and their thresholds and densities were set on these values. Light that is fitted, painted or rendered takes
    :func:`srgb_to_linear`.
    """
    return values**POWER


def linear_to_power(values: np.ndarray) -> np.ndarray:
    """The inverse of :func:`power_to_linear`; the values must not be negative."""
    return values ** (1 / POWER)

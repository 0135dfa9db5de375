"""Colours of the weights as light."""

from __future__ import annotations

import numpy as np

from ...wire.color import srgb_to_linear
from ..weights.paint import Color

__all__ = ["linear"]


def linear(color: Color) -> np.ndarray:
    """(3,) float32 linear RGB."""
    return srgb_to_linear(np.array(color) / 255)

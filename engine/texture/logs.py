"""Logarithms of colours."""

from __future__ import annotations

import numpy as np

from .weights import WEIGHTS

__all__ = ["logs_of"]


def logs_of(linear: np.ndarray, floor: float = WEIGHTS.floor) -> np.ndarray:
    """The logarithm of linear colours or luminances of any shape; what is darker than `floor` counts as that bright."""
    return np.log(np.maximum(linear, floor))

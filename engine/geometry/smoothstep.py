"""The step that masks and weights are made of."""

from __future__ import annotations

import numpy as np

__all__ = ["smoothstep"]


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, cubic between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)

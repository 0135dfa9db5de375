"""What a photo's shading tells, before any of it is believed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .light import Lit
from .picture import Picture
from .places import Places

__all__ = ["Solved"]


class Solved(NamedTuple):
    """(H, W) pixels of a photo's picture."""

    picture: Picture
    lit: Lit
    places: Places
    trust: np.ndarray
    """(H, W) float32 in [0, 1]: where skin shows."""
    shading: np.ndarray
    """(H, W) float32 in [0, 1]: where its brightness tells shape."""
    robust: np.ndarray
    """(H, W) float32 mm."""
    plain: np.ndarray
    """(H, W) float32 mm."""

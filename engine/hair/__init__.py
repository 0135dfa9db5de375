"""Hair from the photos: an editable groom of guide curves, for any head with a camera and a photo.

:func:`make_window` and :func:`hair_mask` look at each photo, :func:`groom_hair` makes guide curves of what they found.
"""

from __future__ import annotations

from .groom import groom_hair
from .mask import hair_mask
from .types import HairMask, HairView, Strands, Window, no_strands
from .warm import warm_up
from .window import make_window

__all__ = [
    "HairMask",
    "HairView",
    "Strands",
    "Window",
    "groom_hair",
    "hair_mask",
    "make_window",
    "no_strands",
    "warm_up",
]

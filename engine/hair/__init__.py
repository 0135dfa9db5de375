"""Hair from the photos: an editable groom of guide curves, for any head with a camera and a photo.

window = make_window(model, posed, view)
mask = hair_mask(window)
strands, style, report = groom_hair(model, [HairView(window, mask)], posed, textures)
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

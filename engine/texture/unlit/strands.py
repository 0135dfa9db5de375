"""Hair that lies on the forehead where the skin mask says skin."""

from __future__ import annotations

import cv2
import numpy as np

from ..atlas import Texels
from .patch import Patch

__all__ = ["with_strands"]

_VALLEY_MM = 1.5
"""Standard deviation of the surroundings that a strand is darker than."""
_FAINT = 0.05
"""Log darkness of the faintest part of a strand."""
_REACH_MM = 8.0
"""How far a strand is followed from where it is surely hair."""
_FRINGE_MM = 0.7
"""Distance beside a strand over which its shadow, its blur and the waves of compression reach, mm."""


def with_strands(
    texels: Texels, dark: np.ndarray, light: np.ndarray, weight: np.ndarray, allowed: np.ndarray, mm: float
) -> np.ndarray:
    """How surely n texels are too dark for skin, after following strands of hair to their tips.

    A strand gets finer and paler towards its tip until nothing there is too dark for skin any more. What is merely
    darker than its surroundings is hair if it is joined to what surely is: hysteresis, as for edges in Canny,
    "A computational approach to edge detection" (1986).

    Args:
        dark: (n,) in [0, 1]: how surely too dark for skin by itself.
        light: (n,) luminance.
        weight: (n,) how well each texel is seen.
        allowed: (n,) in [0, 1]: where hair may lie.
        mm: texels per millimetre.

    Returns:
        (n,) float32, nowhere less than `dark`.
    """
    patch = Patch(texels, allowed > 0.02)
    rows, image = patch.rows, patch.image
    if not len(rows) or not (dark[rows] > 0.5).any():
        return dark
    known = image((weight[rows] > 0.05) * (1 - dark[rows]))
    log = image(np.log(np.maximum(light[rows], 2e-3)))
    around = cv2.GaussianBlur(log * known, (0, 0), _VALLEY_MM * mm)
    around /= np.maximum(cv2.GaussianBlur(known, (0, 0), _VALLEY_MM * mm), 1e-2)
    hair = ((image(dark[rows]) > 0.5) & (image(allowed[rows]) > 0.5)).astype(np.uint8)
    faint = ((log < around - _FAINT) & (image(allowed[rows]) > 0)).astype(np.uint8) | hair
    eight = np.ones((3, 3), np.uint8)
    for _ in range(int(np.ceil(_REACH_MM * mm))):
        hair = cv2.dilate(hair, eight) & faint
    side = 2 * int(round(_FRINGE_MM * mm)) + 1
    near = cv2.GaussianBlur(cv2.dilate(hair, np.ones((side, side), np.uint8)).astype(np.float32), (0, 0), 0.5 * _FRINGE_MM * mm)
    out = dark.astype(np.float32)
    out[rows] = np.maximum(out[rows], patch.at(near) * allowed[rows])
    return out

"""Hair that lies on the forehead where the skin mask says skin."""

from __future__ import annotations

import cv2
import numpy as np

from ..atlas import Texels
from ..logs import logs_of
from ..weights import WEIGHTS, StrandWeights
from .patch import Patch

__all__ = ["with_strands"]


def with_strands(
    texels: Texels,
    dark: np.ndarray,
    light: np.ndarray,
    weight: np.ndarray,
    allowed: np.ndarray,
    mm: float,
    weights: StrandWeights = WEIGHTS.strands,
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
    patch = Patch(texels, allowed > weights.allowed)
    rows, image = patch.rows, patch.image
    if not len(rows) or not (dark[rows] > weights.sure).any():
        return dark
    known = image((weight[rows] > weights.seen) * (1 - dark[rows]))
    log = image(logs_of(light[rows]))
    around = cv2.GaussianBlur(log * known, (0, 0), weights.valley_mm * mm)
    around /= np.maximum(cv2.GaussianBlur(known, (0, 0), weights.valley_mm * mm), weights.least_known)
    hair = ((image(dark[rows]) > weights.sure) & (image(allowed[rows]) > weights.sure)).astype(np.uint8)
    faint = ((log < around - weights.faint) & (image(allowed[rows]) > 0)).astype(np.uint8) | hair
    eight = np.ones((3, 3), np.uint8)
    for _ in range(int(np.ceil(weights.reach_mm * mm))):
        hair = cv2.dilate(hair, eight) & faint
    side = 2 * int(round(weights.fringe_mm * mm)) + 1
    near = cv2.GaussianBlur(
        cv2.dilate(hair, np.ones((side, side), np.uint8)).astype(np.float32),
        (0, 0),
        weights.fringe_soft * weights.fringe_mm * mm,
    )
    out = dark.astype(np.float32)
    out[rows] = np.maximum(out[rows], patch.at(near) * allowed[rows])
    return out

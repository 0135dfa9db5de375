"""How much shading the skin of a face shows: drawings, prints of signs and flat things have next to none."""

from __future__ import annotations

import cv2
import numpy as np

from .landmarks import width_of
from .regions import OVAL, SURE_SKIN, fill
from .weights import WEIGHTS, ShadingWeights

__all__ = ["skin_shading"]


def skin_shading(pixels: np.ndarray, points: np.ndarray, bare: np.ndarray, w: ShadingWeights = WEIGHTS.shading) -> float | None:
    """By how much the brightness of the skin differs from an even wash, over that brightness.

    A wash is a quadratic function of the place, so that a lamp beside a sheet of paper is none; lines, spots and highlights,
    which are few pixels, have little say. Of a face that is burnt out it is told whether anything lies between white and
    lines, and whether anything has a hue: its skin says nothing any more.

    Args:
        pixels: (h, w, 3) uint8 sRGB around a face. points: (478, 2) landmarks in them.
        bare: (h, w) bool, where nothing lies over it.

    Returns:
        The median deviation over the median level, 0.03 to 0.07 in photos; None where too little of the skin shows.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    skin = fill(grey.shape, points, *SURE_SKIN) > 0
    seen = skin & bare
    if seen.sum() < max(w.least_px, w.least_bare * skin.sum()):
        return None
    if (grey[seen] >= w.white).mean() > w.burnt:
        face = (fill(grey.shape, points, OVAL) > 0) & bare
        between = (grey[face] > w.ink) & (grey[face] < w.white)
        colored = np.ptp(pixels[face].astype(int), axis=-1) > w.colored
        return 0.0 if between.mean() < w.least_between and colored.mean() < w.least_colored else None
    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), max(1.0, w.soft * width_of(points)))  # noise does not count
    levels = soft[seen].astype(np.float64)
    y, x = np.nonzero(seen)
    x, y = ((axis - axis.mean()) / (axis.std() + 1.0) for axis in (x, y))
    wash = np.stack([np.ones(len(x)), x, y, x * x, x * y, y * y], 1)
    weight = np.ones(len(x))
    for _ in range(w.rounds):  # iteratively reweighted least squares with Cauchy's weights
        solution = np.linalg.lstsq(wash * weight[:, None], levels * weight, rcond=None)[0]
        away = np.abs(levels - wash @ solution)
        deviation = float(np.median(away))
        weight = 1 / np.sqrt(1 + (away / max(2 * deviation, w.least_deviation)) ** 2)
    return deviation / max(float(np.median(levels)), 1.0)

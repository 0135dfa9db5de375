"""Numba rasterizer: no compiler, no CUDA; the compiled code is cached on disk after the first call."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .raster import Raster

__all__ = ["rasterize"]


def rasterize(points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, width: int, height: int) -> Raster:
    """See :func:`engine.render.rasterize`."""
    index = np.full((height, width), -1, np.int32)
    weights = np.zeros((height, width, 3), np.float32)
    best = np.full((height, width), np.inf)
    _fill(points, depth, triangles, width, height, index, weights, best)
    return Raster(index, weights, best.astype(np.float32))


@njit(cache=True, nogil=True)
def _fill(points, depth, triangles, width, height, index, weights, best):
    for number in range(triangles.shape[0]):
        a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
        za, zb, zc = depth[a], depth[b], depth[c]
        if za <= 0 or zb <= 0 or zc <= 0:
            continue
        ax, ay, bx, by, cx, cy = points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        left, right = min(ax, bx, cx), max(ax, bx, cx)
        top, bottom = min(ay, by, cy), max(ay, by, cy)
        if not (right >= 0 and bottom >= 0 and left <= width and top <= height):
            continue
        x0, x1 = max(0, math.ceil(left - 0.5)), min(width - 1, math.floor(right - 0.5))
        y0, y1 = max(0, math.ceil(top - 0.5)), min(height - 1, math.floor(bottom - 0.5))
        for row in range(y0, y1 + 1):
            y = row + 0.5
            for column in range(x0, x1 + 1):
                x = column + 0.5
                wb = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area
                wc = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area
                wa = 1 - wb - wc
                if wa < 0 or wb < 0 or wc < 0:
                    continue
                pa, pb, pc = wa / za, wb / zb, wc / zc
                total = pa + pb + pc
                pixel_depth = 1 / total
                if pixel_depth < best[row, column]:
                    best[row, column] = pixel_depth
                    index[row, column] = number
                    weights[row, column, 0] = pa / total
                    weights[row, column, 1] = pb / total
                    weights[row, column, 2] = pc / total

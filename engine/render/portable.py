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


@njit(inline="always")
def _edge(px, py, qx, qy, x, y):
    """Twice the signed area of (p, q, x); exactly antisymmetric in p and q, so that no pixel falls between two triangles that
    share the edge."""
    if px < qx or (px == qx and py < qy):
        return (qx - px) * (y - py) - (qy - py) * (x - px)
    return -((px - qx) * (y - qy) - (py - qy) * (x - qx))


@njit(cache=True, nogil=True)
def _fill(points, depth, triangles, width, height, index, weights, best):
    for number in range(triangles.shape[0]):
        a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
        za, zb, zc = depth[a], depth[b], depth[c]
        if not (za > 0 and zb > 0 and zc > 0):
            continue
        ax, ay, bx, by, cx, cy = points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        sign = 1.0 if area > 0 else -1.0
        left, right = min(ax, bx, cx), max(ax, bx, cx)
        top, bottom = min(ay, by, cy), max(ay, by, cy)
        if not (right >= 0 and bottom >= 0 and left <= width and top <= height):
            continue
        x0, x1 = math.ceil(max(left, 0.0) - 0.5), math.floor(min(right, float(width)) - 0.5)
        y0, y1 = math.ceil(max(top, 0.0) - 0.5), math.floor(min(bottom, float(height)) - 0.5)
        x0, y0 = max(x0, 0), max(y0, 0)
        for row in range(y0, y1 + 1):
            y = row + 0.5
            for column in range(x0, x1 + 1):
                x = column + 0.5
                wa = sign * _edge(bx, by, cx, cy, x, y)
                wb = sign * _edge(cx, cy, ax, ay, x, y)
                wc = sign * _edge(ax, ay, bx, by, x, y)
                if wa < 0 or wb < 0 or wc < 0:
                    continue
                pa, pb, pc = wa / za, wb / zb, wc / zc
                total = pa + pb + pc
                if total <= 0:
                    continue
                pixel_depth = (wa + wb + wc) / total
                if pixel_depth < best[row, column]:
                    best[row, column] = pixel_depth
                    index[row, column] = number
                    weights[row, column, 0] = pa / total
                    weights[row, column, 1] = pb / total
                    weights[row, column, 2] = pc / total

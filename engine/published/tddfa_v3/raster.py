"""The pixel rule of 3DDFA-V3's CPU renderer, on which its visibility, segmentation and extracted texture rest.

It differs from :mod:`engine.render`: pixel centres are at whole numbers, attributes are interpolated without
perspective, a triangle owns the pixels with ``u >= 0, v >= 0, u + v < 1``, and in the two outermost rows and columns
every pixel of a triangle's box. The nearest triangle wins, of equal ones the first.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ...render import Raster

__all__ = ["covered", "rasterize"]


def rasterize(points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, size: int) -> Raster:
    """As :func:`engine.render.rasterize`, with the rule above, for a square picture.

    Args:
        points: (V, 2) pixels, y down, pixel centres at whole numbers.
        depth: (V,) distance from the camera.
        triangles: (T, 3).
        size: side of the picture.
    """
    index = np.full((size, size), -1, np.int32)
    weights = np.zeros((size, size, 3), np.float32)
    nearness = np.full((size, size), -np.inf, np.float32)
    _fill(
        np.ascontiguousarray(points, np.float32),
        np.ascontiguousarray(-np.asarray(depth), np.float32),
        np.ascontiguousarray(triangles, np.int64),
        size,
        index,
        weights,
        nearness,
    )
    return Raster(index, weights, -nearness)


def covered(raster: Raster) -> np.ndarray:
    """(H, W) bool: pixels of triangles other than the first, which the released renderer cannot tell from nothing."""
    return raster.triangle > 0


@njit(cache=True, nogil=True)
def _fill(points, height, triangles, size, index, weights, nearness):
    one = np.float32(1)
    for number in range(len(triangles)):
        i0, i1, i2 = triangles[number]
        ax, ay = points[i0]
        bx, by = points[i1]
        cx, cy = points[i2]
        x_min, x_max = max(int(np.ceil(min(ax, bx, cx))), 0), min(int(np.floor(max(ax, bx, cx))), size - 1)
        y_min, y_max = max(int(np.ceil(min(ay, by, cy))), 0), min(int(np.floor(max(ay, by, cy))), size - 1)
        if x_max < x_min or y_max < y_min:
            continue
        e0x, e0y, e1x, e1y = cx - ax, cy - ay, bx - ax, by - ay
        d00, d01, d11 = e0x * e0x + e0y * e0y, e0x * e1x + e0y * e1y, e1x * e1x + e1y * e1y
        determinant = d00 * d11 - d01 * d01
        inverse = np.float32(0) if determinant == 0 else one / determinant
        for y in range(y_min, y_max + 1):
            for x in range(x_min, x_max + 1):
                px, py = np.float32(x) - ax, np.float32(y) - ay
                d02, d12 = e0x * px + e0y * py, e1x * px + e1y * py
                u, v = (d11 * d02 - d01 * d12) * inverse, (d00 * d12 - d01 * d02) * inverse
                border = x < 2 or x > size - 3 or y < 2 or y > size - 3
                if not border and not (u >= 0 and v >= 0 and u + v < one):
                    continue
                w = one - u - v
                near = w * height[i0] + v * height[i1] + u * height[i2]
                if near > nearness[y, x]:
                    nearness[y, x] = near
                    index[y, x] = number
                    weights[y, x, 0], weights[y, x, 1], weights[y, x, 2] = w, v, u

"""Slow, plain rasterizer: the definition that the other backends are tested against."""

from __future__ import annotations

import numpy as np

from .raster import Raster

__all__ = ["rasterize"]


def rasterize(points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, width: int, height: int) -> Raster:
    """See :func:`engine.render.rasterize`."""
    best = np.full((height, width), np.inf)
    index = np.full((height, width), -1, np.int32)
    weights = np.zeros((height, width, 3))
    for number, triangle in enumerate(triangles):
        z = depth[triangle]
        if (z <= 0).any():
            continue
        (ax, ay), (bx, by), (cx, cy) = points[triangle]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        x0, x1 = max(0, int(np.ceil(min(ax, bx, cx) - 0.5))), min(width - 1, int(np.floor(max(ax, bx, cx) - 0.5)))
        y0, y1 = max(0, int(np.ceil(min(ay, by, cy) - 0.5))), min(height - 1, int(np.floor(max(ay, by, cy) - 0.5)))
        if x0 > x1 or y0 > y1:
            continue
        x, y = np.meshgrid(np.arange(x0, x1 + 1) + 0.5, np.arange(y0, y1 + 1) + 0.5)
        wb = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area
        wc = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area
        wa = 1 - wb - wc
        over_z = np.stack([wa / z[0], wb / z[1], wc / z[2]], -1)
        total = over_z.sum(-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            pixel_depth = 1 / total
        window = (slice(y0, y1 + 1), slice(x0, x1 + 1))
        hit = (wa >= 0) & (wb >= 0) & (wc >= 0) & (pixel_depth < best[window])
        best[window][hit] = pixel_depth[hit]
        index[window][hit] = number
        weights[window][hit] = over_z[hit] / total[hit][:, None]
    return Raster(index, weights.astype(np.float32), best.astype(np.float32))

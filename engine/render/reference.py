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
        if not (z > 0).all():
            continue
        a, b, c = points[triangle]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if area == 0 or not np.isfinite(area):
            continue
        low, high = np.min([a, b, c], 0), np.max([a, b, c], 0)
        if not ((high >= 0).all() and (low <= [width, height]).all()):
            continue
        x0, y0 = np.maximum(np.ceil(np.maximum(low, 0) - 0.5), 0).astype(int)
        x1, y1 = np.floor(np.minimum(high, [width, height]) - 0.5).astype(int)
        if x0 > x1 or y0 > y1:
            continue
        x, y = np.meshgrid(np.arange(x0, x1 + 1) + 0.5, np.arange(y0, y1 + 1) + 0.5)
        sign = np.sign(area)
        w = np.stack([sign * _edge(b, c, x, y), sign * _edge(c, a, x, y), sign * _edge(a, b, x, y)], -1)
        over_z = w / z
        total = over_z[..., 0] + over_z[..., 1] + over_z[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            pixel_depth = (w[..., 0] + w[..., 1] + w[..., 2]) / total
        window = (slice(y0, y1 + 1), slice(x0, x1 + 1))
        hit = (w >= 0).all(-1) & (total > 0) & (pixel_depth < best[window])
        best[window][hit] = pixel_depth[hit]
        index[window][hit] = number
        weights[window][hit] = over_z[hit] / total[hit][:, None]
    return Raster(index, weights.astype(np.float32), best.astype(np.float32))


def _edge(p: np.ndarray, q: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Twice the signed area of (p, q, pixel); exactly antisymmetric in p and q, so that no pixel falls between two
    triangles that share the edge."""
    if tuple(p) < tuple(q):
        return (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])
    return -((p[0] - q[0]) * (y - q[1]) - (p[1] - q[1]) * (x - q[0]))

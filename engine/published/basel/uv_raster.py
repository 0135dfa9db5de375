"""Vertex attributes -> maps in UV space, with the coverage and weights of the renderer that HRN was trained with.

The rule (PyTorch3D's rasterizer without blur and perspective, float32): texel (r, c) of a map of size S has its centre
at u = (c + 0.5)/S, v = 1 - (r + 0.5)/S; a triangle covers it if all three weights ``E_i / (A + 1e-8)`` are strictly
positive. The 1e-8 makes weights sum to a little less than one and a centre exactly on an edge is a hole; both are part
of the numbers that the networks saw. :mod:`engine.render` draws cleanly and is used for everything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numba import njit

__all__ = ["MAP_SIZE", "UvRaster", "rasterize_uv"]

MAP_SIZE = 256
"""Side of the UV maps that the networks see, texels, as published."""


@dataclass(frozen=True)
class UvRaster:
    """The vertices that make each texel; the same for every face of one topology."""

    corners: torch.Tensor
    """(S, S, 3) int64 vertex numbers, 0 where nothing covers the texel."""
    weights: torch.Tensor
    """(S, S, 3) float32, 0 where nothing covers the texel."""
    covered: torch.Tensor
    """(S, S) bool."""

    def to(self, device) -> UvRaster:
        return UvRaster(self.corners.to(device), self.weights.to(device), self.covered.to(device))

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """(B, N, C) vertex values -> (B, C, S, S) maps, 0 where uncovered; differentiable in `values`."""
        out = sum(self.weights[..., k, None].to(values) * values[:, self.corners[..., k]] for k in range(3))
        return out.permute(0, 3, 1, 2)


def rasterize_uv(uv: np.ndarray, triangles: np.ndarray, size: int = MAP_SIZE) -> UvRaster:
    """The raster of a UV chart.

    Args:
        uv: (N, 2), v upwards; in the float type of the file, because ``2 uv - 1`` is computed in it.
        triangles: (F, 3) faces that share the numbering of `uv`.
        size: side of the map in texels.
    """
    chart = np.ascontiguousarray((2 * uv - 1).astype(np.float32))
    face = np.full((size, size), -1, np.int64)
    weights = np.zeros((size, size, 3), np.float32)
    _fill(chart, np.ascontiguousarray(triangles, np.int64), size, face, weights)
    covered = face >= 0
    corners = np.where(covered[..., None], triangles[np.maximum(face, 0)], 0)
    return UvRaster(torch.from_numpy(corners.astype(np.int64)), torch.from_numpy(weights), torch.from_numpy(covered))


@njit(inline="always")
def _edge(px, py, ax, ay, bx, by):
    return (py - ay) * (bx - ax) - (px - ax) * (by - ay)


@njit(cache=True, nogil=True)
def _fill(chart, triangles, size, face, weights):
    tiny = np.float32(1e-8)
    best = np.full((size, size), np.inf, np.float32)
    for number in range(len(triangles)):
        ax, ay = chart[triangles[number, 0]]
        bx, by = chart[triangles[number, 1]]
        cx, cy = chart[triangles[number, 2]]
        area = _edge(cx, cy, ax, ay, bx, by)
        if not abs(area) > tiny:
            continue
        half = size / 2
        c0 = max(int(np.floor((min(ax, bx, cx) + 1) * half - 0.5)) - 1, 0)
        c1 = min(int(np.ceil((max(ax, bx, cx) + 1) * half - 0.5)) + 1, size - 1)
        r0 = max(int(np.floor((1 - max(ay, by, cy)) * half - 0.5)) - 1, 0)
        r1 = min(int(np.ceil((1 - min(ay, by, cy)) * half - 0.5)) + 1, size - 1)
        scale = area + tiny
        for r in range(r0, r1 + 1):
            y = np.float32(1 - (2 * r + 1) / size)
            for c in range(c0, c1 + 1):
                x = np.float32((2 * c + 1) / size - 1)
                w0 = _edge(x, y, bx, by, cx, cy) / scale
                w1 = _edge(x, y, cx, cy, ax, ay) / scale
                w2 = _edge(x, y, ax, ay, bx, by) / scale
                # Depth is one everywhere, so the sum of the weights decides where charts overlap.
                if w0 > 0 and w1 > 0 and w2 > 0 and w0 + w1 + w2 < best[r, c]:
                    best[r, c] = w0 + w1 + w2
                    face[r, c] = number
                    weights[r, c, 0], weights[r, c, 1], weights[r, c, 2] = w0, w1, w2

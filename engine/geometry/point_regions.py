"""The part re-projection distance loss (PRDL): fits the projected vertices of a face part to the part's region.

Wang et al., *3D Face Reconstruction with the Geometric Guidance of Facial Part Segmentation* (CVPR 2024). Both point
sets are described by statistics of their distances to all anchors (the picture's pixels): nearest, farthest and mean.
The squared difference of these fields has useful gradients where a rendered mask has none, and needs no
correspondences. Points and anchors are in pixels of one frame; which way y points does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.checkpoint import checkpoint

__all__ = ["WEIGHT", "anchors", "below_brows", "describe", "farthest_points", "part_distance_loss", "region_points"]

WEIGHT = 0.8e-3
"""Of the loss in the published training objective."""
_TINY = 1e-12
_CHUNK = 4_000_000
"""Distances held at once."""


def anchors(height: int, width: int, stride: int = 1, *, device=None, dtype=torch.float32) -> torch.Tensor:
    """(A, 2) x and y of every `stride`-th pixel; the published loss uses all."""
    y, x = torch.meshgrid(torch.arange(0, height, stride, device=device, dtype=dtype),
                          torch.arange(0, width, stride, device=device, dtype=dtype), indexing="ij")
    return torch.stack([x.reshape(-1), y.reshape(-1)], 1)


def describe(points: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """(P, 2) points, (A, 2) anchors -> (A, 3) nearest, farthest and mean distance; differentiable in `points`."""
    rows = max(1, _CHUNK // max(len(points), 1))
    return torch.cat([checkpoint(_statistics, points, part, use_reentrant=False) for part in grid.split(rows)])


def part_distance_loss(predicted: Sequence[torch.Tensor], target: Sequence[torch.Tensor], height: int, width: int, *,
                       weights: Sequence[float] | None = None, stride: int = 1) -> torch.Tensor:
    """Sum over the parts of the squared difference of both descriptions, divided by the picture's pixels.

    Args:
        predicted: for each part, (P, 2) projected vertices; gradients flow to them.
        target: for each part, (Q, 2) points of its region; a part with none is left out.
        height, width: of the picture in pixels.
        weights: of the parts; the published ones are not known, one each by default.
        stride: takes every n-th anchor in both directions (the value stays comparable).

    Returns:
        scalar.
    """
    reference = predicted[0]
    grid = anchors(height, width, stride, device=reference.device, dtype=reference.dtype)
    out = reference.new_zeros(())
    for number, (points, region) in enumerate(zip(predicted, target, strict=True)):
        if not len(points) or not len(region):
            continue
        with torch.no_grad():
            wanted = describe(region.to(reference), grid)
        weight = 1.0 if weights is None else weights[number]
        out = out + weight * ((describe(points, grid) - wanted) ** 2).sum()
    return out / len(grid)


def region_points(mask: np.ndarray, limit: int = 3000) -> np.ndarray:
    """(H, W) mask -> (n, 2) float32 x and y of its pixels, at most `limit` of them, evenly spread."""
    y, x = np.nonzero(mask)
    points = np.stack([x, y], 1).astype(np.float32)
    return points[farthest_points(points, limit)] if len(points) > limit else points


def farthest_points(points: np.ndarray, count: int) -> np.ndarray:
    """(count,) indices by farthest point sampling, from the point nearest to the middle on."""
    chosen = np.empty(min(count, len(points)), np.int64)
    distance = np.full(len(points), np.inf)
    current = int(((points - points.mean(0)) ** 2).sum(1).argmin())
    for k in range(len(chosen)):
        chosen[k] = current
        distance = np.minimum(distance, ((points - points[current]) ** 2).sum(1))
        current = int(distance.argmax())
    return chosen


def below_brows(points: np.ndarray, right_brow: np.ndarray, left_brow: np.ndarray) -> np.ndarray:
    """(n,) bool: which skin points are not forehead, that is, not above the line through the middles of the brows.

    The published rule is known only in words ("the forehead above the brows is removed"). y points down.
    """
    a, b = right_brow.mean(0), left_brow.mean(0)
    slope = (b[1] - a[1]) / (b[0] - a[0]) if abs(b[0] - a[0]) > 1e-6 else 0.0
    return points[:, 1] >= a[1] + slope * (points[:, 0] - a[0])


def _statistics(points: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    distance = torch.sqrt(((grid[:, None] - points[None]) ** 2).sum(-1) + _TINY)
    return torch.stack([distance.amin(1), distance.amax(1), distance.mean(1)], 1)

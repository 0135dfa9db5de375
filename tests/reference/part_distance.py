"""The part re-projection distance loss (PRDL): fits the projected vertices of a face part to the part's region.

Wang et al., *3D Face Reconstruction with the Geometric Guidance of Facial Part Segmentation* (CVPR 2024). Both point
sets are described by statistics of their distances to all anchors (the picture's pixels): nearest, farthest and mean.
The squared difference of these fields has useful gradients where a rendered mask has none, and needs no
correspondences. Points and anchors are in pixels of one frame; which way y points does not matter. Regions become
points by :mod:`engine.fit.mid.part_regions`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.utils.checkpoint import checkpoint

__all__ = ["anchors", "describe", "part_distance_loss"]

_TINY = 1e-12
_CHUNK = 4_000_000
"""Distances held at once."""


def anchors(height: int, width: int, stride: int = 1, *, device=None, dtype=torch.float32) -> torch.Tensor:
    """(A, 2) x and y of every `stride`-th pixel; the published loss uses all."""
    y, x = torch.meshgrid(
        torch.arange(0, height, stride, device=device, dtype=dtype),
        torch.arange(0, width, stride, device=device, dtype=dtype),
        indexing="ij",
    )
    return torch.stack([x.reshape(-1), y.reshape(-1)], 1)


def describe(points: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """(P, 2) points, (A, 2) anchors -> (A, 3) nearest, farthest and mean distance; differentiable in `points`."""
    rows = max(1, _CHUNK // max(len(points), 1))
    return torch.cat([checkpoint(_statistics, points, part, use_reentrant=False) for part in grid.split(rows)])


def part_distance_loss(
    predicted: Sequence[torch.Tensor],
    target: Sequence[torch.Tensor],
    height: int,
    width: int,
    *,
    weights: Sequence[float] | None = None,
    stride: int = 1,
) -> torch.Tensor:
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


def _statistics(points: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    distance = torch.sqrt(((grid[:, None] - points[None]) ** 2).sum(-1) + _TINY)
    return torch.stack([distance.amin(1), distance.amax(1), distance.mean(1)], 1)

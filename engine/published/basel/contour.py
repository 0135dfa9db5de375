"""The face's outline in the picture's mask and the loss that keeps the projected face inside; the soft coverage by
which a head's outline follows a matte."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["contour_loss", "edge_columns", "soft_occupancy"]


def edge_columns(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First column plus one and last column of the mask (> 0.5) in every row.

    Args:
        mask: (B, H, W).

    Returns:
        two (B, H) int64; 0 and W - 1 in rows without mask.
    """
    inside = mask > 0.5
    width = mask.shape[2]
    empty = ~inside.any(2)
    left = np.where(empty, 0, inside.argmax(2) + 1)
    right = np.where(empty, width - 1, width - 1 - inside[:, :, ::-1].argmax(2))
    return left, right


def contour_loss(
    projection: torch.Tensor, left: torch.Tensor, right: torch.Tensor, size: int = 224
) -> tuple[torch.Tensor, torch.Tensor]:
    """How far vertices leave the mask sideways; all vertices take part.

    Args:
        projection: (B, N, 2) crop pixels, y up.
        left, right: (B, H) from :func:`edge_columns`.
        size: side of the crop.

    Returns:
        scalar loss, and (B, N) bool: which vertices are outside.
    """
    row = size - 1 - torch.ceil(projection[..., 1]).clamp(0, size - 1).long()
    a = (torch.gather(left, 1, row) - projection[..., 0]) / size
    b = (torch.gather(right, 1, row) - projection[..., 0]) / size
    # The product over the larger part is the smaller part, negative between the two edges.
    distance = a * b / torch.maximum(a.abs(), b.abs())
    return (torch.relu(distance + 0.01) - 0.01).abs().mean(), distance > 0


def soft_occupancy(projection: torch.Tensor, coverage: torch.Tensor) -> torch.Tensor:
    """How much of the four pixels around each vertex is covered, with gradients to the vertex's place.

    Interpolated over the raster it is one inside and falls off at the outline, where it moves vertices (ModelScope's
    head).

    Args:
        projection: (B, N, 2) crop pixels, y up.
        coverage: (B, 1, S, S) of the rendered head, 0 or 1.

    Returns:
        (B, N).
    """
    size = coverage.shape[-1]
    x, y_up = projection[..., 0], projection[..., 1]
    column = torch.ceil(x.detach()).clamp(1, size - 1)
    row = size - torch.ceil(y_up.detach()).clamp(2, size)
    right, top = column - x, size - y_up - row
    left, bottom = 1 - right, 1 - top
    batch = torch.arange(len(coverage), device=coverage.device)[:, None]
    r, c = row.long(), column.long()

    def covered(dr, dc):
        return coverage[batch, 0, r + dr, c + dc]

    return (
        covered(0, -1) * (left + top)
        + covered(1, -1) * (left + bottom)
        + covered(0, 0) * (right + top)
        + covered(1, 0) * (right + bottom)
    ) / 4

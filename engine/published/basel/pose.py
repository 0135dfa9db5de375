"""Rotation from three angles, and rigid motion of rows of points."""

from __future__ import annotations

import torch

__all__ = ["rotate", "rotation_matrix", "transform"]


def rotation_matrix(angles: torch.Tensor) -> torch.Tensor:
    """``Rz @ Ry @ Rx`` of right-handed elementary rotations.

    Args:
        angles: (B, 3) radians about x, y and z.

    Returns:
        (B, 3, 3) matrices that act on column vectors.
    """
    one, zero = torch.ones_like(angles[:, 0]), torch.zeros_like(angles[:, 0])
    (cx, cy, cz), (sx, sy, sz) = torch.cos(angles).unbind(1), torch.sin(angles).unbind(1)

    def matrix(*entries):
        return torch.stack(entries, 1).reshape(-1, 3, 3)

    about_x = matrix(one, zero, zero, zero, cx, -sx, zero, sx, cx)
    about_y = matrix(cy, zero, sy, zero, one, zero, -sy, zero, cy)
    about_z = matrix(cz, -sz, zero, sz, cz, zero, zero, zero, one)
    return about_z @ about_y @ about_x


def rotate(rows: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
    """(B, N, 3) row vectors turned by (B, 3, 3) matrices."""
    return rows @ rotation.transpose(1, 2)


def transform(points: torch.Tensor, rotation: torch.Tensor, translation: torch.Tensor) -> torch.Tensor:
    """Points of the model -> world: rotate, then add (B, 3) decimetres."""
    return rotate(points, rotation) + translation[:, None]

"""HRN's two levels of detail (Lei et al., *A Hierarchical Representation Network for Accurate and Detailed Face
Reconstruction from In-The-Wild Images*, CVPR 2023): a deformation map moves vertices, a displacement map moves texels
along the normal."""

from __future__ import annotations

import torch
from torch.nn.functional import normalize

from ..basel.uv_maps import resize

__all__ = [
    "DEFORMATION_SIZE",
    "deformation_input",
    "deformation_map",
    "detail_normals",
    "displacement_input",
    "displacement_map",
    "sheet_normals",
]

DEFORMATION_SIZE = 64
"""Side of the deformation map, texels, as published."""
_NETWORK_SCALE = 0.1
"""Factor of both networks' answers besides the trained one, as published."""


def deformation_input(position: torch.Tensor, texture: torch.Tensor) -> torch.Tensor:
    """(B, 3, 256, 256) unposed positions and texture in 0..1 -> (B, 6, 64, 64)."""
    return torch.cat([resize(position, DEFORMATION_SIZE), resize(texture * 2 - 1, DEFORMATION_SIZE)], 1)


def deformation_map(output: torch.Tensor, alpha: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Network output (B, 3, 64, 64), trained factor (1,), validity (B, 1, 256, 256) -> offsets, decimetres."""
    return output * _NETWORK_SCALE * alpha * resize(mask, output.shape[-1])


def displacement_input(position: torch.Tensor, texture: torch.Tensor, deformation: torch.Tensor) -> torch.Tensor:
    """Positions of the undeformed face, texture read with the deformed face, deformation -> (B, 9, 256, 256)."""
    return torch.cat([position, texture * 2 - 1, resize(deformation, position.shape[-1])], 1)


def displacement_map(output: torch.Tensor, beta: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Network output (B, 1, 256, 256), trained factor (1,), validity (B, 1, 256, 256) -> decimetres along normals."""
    return output * _NETWORK_SCALE * beta * resize(mask, output.shape[-1])


def sheet_normals(points: torch.Tensor) -> torch.Tensor:
    """Area-weighted normals of the regular grid of triangles that joins the texels of rows 5..250 and columns 2..253.

    Args:
        points: (B, 3, S, S) world positions.

    Returns:
        (B, 3, S, S) unit normals, 0 outside the grid.
    """
    p = points[:, :, 5:-5, 2:-2]
    a, b, c, d = p[:, :, :-1, :-1], p[:, :, :-1, 1:], p[:, :, 1:, :-1], p[:, :, 1:, 1:]
    first, second = _cross(c - a, b - a), _cross(c - b, d - b)
    normals = torch.zeros_like(points)
    inner = normals[:, :, 5:-5, 2:-2]
    inner[:, :, :-1, :-1] += first
    inner[:, :, 1:, :-1] += first + second
    inner[:, :, :-1, 1:] += first + second
    inner[:, :, 1:, 1:] += second
    return normalize(normals, dim=1, eps=1e-6)


def _cross(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Cross product of (B, 3, ...) that is exactly zero for equal vectors, as they appear where uncovered texels (all
    zero) meet covered ones; a fused multiply-add leaves noise there, which normalizing would blow up."""
    (ax, ay, az), (bx, by, bz) = a.unbind(1), b.unbind(1)
    return torch.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], 1)


def detail_normals(
    position: torch.Tensor, normals: torch.Tensor, displacement: torch.Tensor, *, corrected: bool = False
) -> torch.Tensor:
    """Normals of the coarse map plus what the displacement changes in them; not made unit again.

    The released method negates x and y of the grid's normals, so the change points the wrong way in x and y; its
    networks were trained with that. `corrected` leaves the signs alone.

    Args:
        position: (B, 3, S, S) posed world positions.
        normals: (B, 3, S, S) rotated normals.
        displacement: (B, 1, S, S) along the normal, decimetres.
        corrected: see above.
    """
    change = sheet_normals(position + displacement * normals) - sheet_normals(position)
    if not corrected:
        change = change * change.new_tensor([-1, -1, 1])[:, None, None]
    return normals + change

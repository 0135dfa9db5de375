"""Pictures of posed faces in the aligned crop, differentiable in colours, textures and vertices.

Which triangle owns a pixel comes from :mod:`engine.render`; the perspective-correct weights at its centre are then
computed again in torch, so that gradients reach the vertices (not across silhouettes: coverage has none, as with
nvdiffrast without antialiasing, which the references use).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ...render import published_backend, rasterize
from .alignment import CROP_SIZE
from .camera import ALIGNED_CAMERA, CropCamera

__all__ = ["Fragments", "overlay", "rasterize_crop", "render_texture", "render_vertices"]


class Fragments(NamedTuple):
    """What covers the pixels of a batch of pictures."""

    corners: torch.Tensor
    """(B, S, S, 3) int64 vertices, 0 where nothing is covered."""
    weights: torch.Tensor
    """(B, S, S, 3), 0 where nothing is covered; differentiable in the vertices."""
    mask: torch.Tensor
    """(B, 1, S, S) 0 or 1."""

    def interpolate(self, values: torch.Tensor) -> torch.Tensor:
        """(B, N, C) vertex values -> (B, C, S, S), 0 outside."""
        batch = torch.arange(len(values), device=values.device)[:, None, None]
        out = sum(self.weights[..., k, None] * values[batch, self.corners[..., k]] for k in range(3))
        return out.permute(0, 3, 1, 2)


def rasterize_crop(
    camera_points: torch.Tensor,
    triangles: torch.Tensor,
    size: int = CROP_SIZE,
    *,
    camera: CropCamera = ALIGNED_CAMERA,
    backend: str | None = None,
) -> Fragments:
    """Visibility of (B, N, 3) camera coordinates (y up, z depth) in the crop.

    Args:
        triangles: (F, 3).
        size: side of the picture; the camera's 224 pixels are scaled to it.
        backend: see :func:`engine.render.rasterize`; None takes :func:`engine.render.published_backend`.
    """
    device, dtype = camera_points.device, camera_points.dtype
    scale = size / CROP_SIZE
    faces, backend = triangles.cpu().numpy(), backend or published_backend()
    found = []
    for points in camera_points.detach():
        up = camera.project(points).cpu().numpy()
        pixels = np.stack([up[:, 0], CROP_SIZE - up[:, 1]], 1) * scale
        found.append(rasterize(pixels, points[:, 2].cpu().numpy(), faces, size, size, backend=backend).triangle)
    number = torch.from_numpy(np.stack(found)).long().to(device)
    covered = number >= 0
    corners = torch.where(covered[..., None], triangles.to(device)[number.clamp(min=0)], 0)

    place = (torch.arange(size, device=device, dtype=dtype) + 0.5) / scale
    x, y = (place - camera.centre) / camera.focal, (CROP_SIZE - place - camera.centre) / camera.focal
    ray = torch.stack(torch.broadcast_tensors(x[None], y[:, None], torch.ones_like(x)), -1)
    batch = torch.arange(len(camera_points), device=device)[:, None]
    where = covered.reshape(len(found), -1)
    weights = torch.zeros(len(found), size * size, 3, device=device, dtype=dtype)
    rows, columns = where.nonzero(as_tuple=True)
    chosen = corners.reshape(len(found), -1, 3)[rows, columns]
    a, b, c = (camera_points[batch[rows, 0], chosen[:, k]] for k in range(3))
    d = ray.reshape(-1, 3)[columns]
    # The ray meets the plane of a, b, c at the sum of w_k times the corners; by Cramer's rule.
    volumes = torch.stack([(d * torch.linalg.cross(p, q)).sum(-1) for p, q in ((b, c), (c, a), (a, b))], -1)
    weights = weights.index_put((rows, columns), volumes / volumes.sum(-1, keepdim=True))
    return Fragments(corners, weights.reshape(len(found), size, size, 3), covered[:, None].to(dtype))


def render_vertices(fragments: Fragments, colors: torch.Tensor) -> torch.Tensor:
    """(B, N, 3) vertex colours -> (B, 3, S, S), black outside."""
    return fragments.interpolate(colors)


def render_texture(fragments: Fragments, uv: torch.Tensor, texture: torch.Tensor) -> torch.Tensor:
    """Draws (B, C, T, T) textures: bilinear, texel centres at half numbers, wrapping at the borders.

    Args:
        uv: (N, 2), v upwards.

    Returns:
        (B, C, S, S), 0 outside.
    """
    place = fragments.interpolate(uv.to(texture)[None].expand(len(texture), -1, -1))
    height, width = texture.shape[2:]
    x, y = place[:, 0] * width - 0.5, (1 - place[:, 1]) * height - 0.5
    left, top = torch.floor(x), torch.floor(y)
    fx, fy = (x - left)[:, None], (y - top)[:, None]
    batch = torch.arange(len(texture), device=texture.device)[:, None, None]
    rows = texture.permute(0, 2, 3, 1)

    def at(dr, dc):
        return rows[batch, (top.long() + dr) % height, (left.long() + dc) % width].permute(0, 3, 1, 2)

    drawn = (1 - fy) * ((1 - fx) * at(0, 0) + fx * at(0, 1)) + fy * ((1 - fx) * at(1, 0) + fx * at(1, 1))
    return drawn * fragments.mask


def overlay(rendered: torch.Tensor, picture: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """A rendering over the crop; (B, 3, S, S) in 0..1 and (B, 1, S, S)."""
    return rendered * mask + picture * (1 - mask)

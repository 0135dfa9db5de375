"""Nine spherical harmonics of diffuse light (Ramamoorthi and Hanrahan 2001), in the published order and signs, and
the plain lights in which 3DDFA-V3 shows a shape."""

from __future__ import annotations

import math

import torch

__all__ = ["AMBIENT", "basis", "plain_shading", "shade"]

AMBIENT = 0.8
"""Constant that is added to band 0 of every colour before use."""
_A0 = math.pi / math.sqrt(4 * math.pi)
"""Factor of band 0, as published."""
_A1 = 2 * math.pi / math.sqrt(3) * math.sqrt(3) / math.sqrt(4 * math.pi)
"""Factor of band 1, as published."""
_A2 = 2 * math.pi / math.sqrt(8) * 3 * math.sqrt(5) / math.sqrt(12 * math.pi)
"""Factor of band 2, as published."""
_A20 = 0.5 / math.sqrt(3) * _A2
"""Factor of band 2's harmonic of order 0, as published."""


def basis(normals: torch.Tensor) -> torch.Tensor:
    """(..., 3) normals, taken as they are (not made unit) -> (..., 9)."""
    x, y, z = normals.unbind(-1)
    return torch.stack(
        [
            torch.full_like(x, _A0),
            -_A1 * y,
            _A1 * z,
            -_A1 * x,
            _A2 * x * y,
            -_A2 * y * z,
            _A20 * (3 * z * z - 1),
            -_A2 * x * z,
            _A2 / 2 * (x * x - y * y),
        ],
        -1,
    )


def shade(albedo: torch.Tensor, normals: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
    """Colour = albedo times light, not clipped.

    Args:
        albedo: (B, N, 3) RGB.
        normals: (B, N, 3) in world axes.
        gamma: (B, 27), see :class:`engine.published.basel.coefficients.Coefficients`.

    Returns:
        (B, N, 3).
    """
    light = gamma.reshape(-1, 3, 9)
    light = light + AMBIENT * torch.nn.functional.one_hot(torch.tensor(0, device=light.device), 9).to(light)
    return albedo * (basis(normals) @ light.transpose(1, 2))


def plain_shading(normals: torch.Tensor) -> torch.Tensor:
    """3DDFA-V3's picture of a shape: base 0.78, five directional lights of intensity 1.7, mean of clamped cosines.

    Args:
        normals: (B, N, 3) unit, world axes.

    Returns:
        (B, N, 3) grey.
    """
    lights = torch.tensor(
        [[-1, 1, 1], [1, 1, 1], [-1, -1, 1], [1, -1, 1], [0, 0, 1]], dtype=normals.dtype, device=normals.device
    )
    lights = torch.nn.functional.normalize(lights, dim=1)
    cosines = (normals @ lights.T).clamp(0, 1)
    return (0.78 * 1.7 * cosines.mean(-1, keepdim=True)).expand(*normals.shape[:-1], 3)

"""The vector of 257 numbers that the coarse networks predict."""

from __future__ import annotations

from typing import NamedTuple

import torch

__all__ = ["COEFFICIENT_COUNT", "Coefficients", "join", "split"]

_SIZES = {"identity": 80, "expression": 64, "texture": 80, "angles": 3, "gamma": 27, "translation": 3}
"""Number of coefficients of each kind, in the published order."""
COEFFICIENT_COUNT = sum(_SIZES.values())
"""Length of the coarse network's answer."""


class Coefficients(NamedTuple):
    """Named parts of a batch of coefficient vectors; B faces."""

    identity: torch.Tensor
    """(B, 80) in standard deviations."""
    expression: torch.Tensor
    """(B, 64)."""
    texture: torch.Tensor
    """(B, 80)."""
    angles: torch.Tensor
    """(B, 3) radians about x (pitch), y (yaw), z (roll)."""
    gamma: torch.Tensor
    """(B, 27) spherical harmonics, red's nine first, without the constant 0.8 of band 0."""
    translation: torch.Tensor
    """(B, 3) decimetres."""


def split(vector: torch.Tensor) -> Coefficients:
    """(B, 257) -> named parts (views, no copies)."""
    if vector.shape[-1] != COEFFICIENT_COUNT:
        raise ValueError(f"expected {COEFFICIENT_COUNT} coefficients, got {vector.shape[-1]}")
    return Coefficients(*torch.split(vector, list(_SIZES.values()), dim=-1))


def join(parts: Coefficients) -> torch.Tensor:
    """Inverse of :func:`split`."""
    return torch.cat(tuple(parts), -1)

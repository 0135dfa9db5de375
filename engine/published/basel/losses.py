"""Loss terms of the published methods. Each returns one scalar tensor, unweighted unless said.

Pictures are (B, 3, H, W) in 0..1; landmarks are crop pixels with y up.
"""

from __future__ import annotations

import torch

from .coefficients import Coefficients

__all__ = [
    "LANDMARK_WEIGHTS",
    "coefficient_prior",
    "dice_loss",
    "front_triangles",
    "gamma_loss",
    "landmark_loss",
    "landmark_weights",
    "perceptual_loss",
    "photo_loss",
    "reflectance_loss",
    "total_variation",
    "variation_spread",
]


def landmark_weights(heavy: tuple[range, ...]) -> torch.Tensor:
    """(68,) float64: 20 for the listed landmarks, 1 for the others."""
    weights = torch.ones(68, dtype=torch.float64)
    for part in heavy:
        weights[list(part)] = 20
    return weights


LANDMARK_WEIGHTS = landmark_weights((range(28, 31), range(60, 68)))
"""Nose tip and inner mouth count twenty times."""


def photo_loss(rendered: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean colour distance within (B, 1, H, W) `mask`; 0 for an empty mask."""
    distance = torch.sqrt(1e-6 + ((rendered - target) ** 2).sum(1, keepdim=True)) * mask
    return distance.sum() / mask.sum().clamp(min=1)


def landmark_loss(predicted: torch.Tensor, target: torch.Tensor, weights: torch.Tensor = LANDMARK_WEIGHTS) -> torch.Tensor:
    """Weighted mean of squared pixel distances; (B, 68, 2) each. In the precision of the weights (float64)."""
    squared = ((predicted - target) ** 2).sum(-1) * weights.to(predicted.device)
    return squared.sum() / squared.numel()


def coefficient_prior(coefficients: Coefficients) -> torch.Tensor:
    """Squared coefficients, weighted 1, 0.8 and 0.017, per face."""
    parts = ((1.0, coefficients.identity), (0.8, coefficients.expression), (0.017, coefficients.texture))
    return sum(weight * (part**2).sum() for weight, part in parts) / len(coefficients.identity)


def gamma_loss(gamma: torch.Tensor) -> torch.Tensor:
    """(B, 27): how far the light is from grey."""
    light = gamma.reshape(-1, 3, 9)
    return ((light - light.mean(1, keepdim=True)) ** 2).mean()


def reflectance_loss(texture: torch.Tensor, skin: torch.Tensor) -> torch.Tensor:
    """Variance of (B, N, 3) colours over the skin vertices, (N,) mask."""
    skin = skin.reshape(1, -1, 1)
    mean = (texture * skin).sum(1, keepdim=True) / skin.sum()
    return (((texture - mean) * skin) ** 2).sum() / (len(texture) * skin.sum())


def perceptual_loss(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """One minus the cosine of (B, D) unit features of a face-recognition network."""
    return (1 - (predicted * target).sum(-1)).mean()


def total_variation(maps: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W): twice the mean squared differences to the neighbours below and to the right."""
    down, right = _steps(maps)
    return 2 * (down.sum() / down[0].numel() + right.sum() / right[0].numel()) / len(maps)


def variation_spread(maps: torch.Tensor) -> torch.Tensor:
    """How unevenly the squared differences are spread: their summed squared deviation from their mean."""
    down, right = _steps(maps)
    return 2 * (((down - down.mean()) ** 2).sum() + ((right - right.mean()) ** 2).sum()) / len(maps)


def dice_loss(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """One minus the (smoothed) overlap of two masks."""
    return 1 - (2 * (a * b).sum() + 1) / ((a + b).sum() + 1)


def front_triangles(triangles: torch.Tensor, front_vertices: torch.Tensor, *, corrected: bool = False) -> torch.Tensor:
    """Triangles of the front of the face for the photo loss' mask.

    The official file numbers them among the front vertices, but the released training applies the numbers to the whole
    face, where most are not triangles of the mesh. `corrected` maps them.

    Args:
        triangles: (f, 3) int64 as stored.
        front_vertices: (K,) int64.
    """
    return front_vertices[triangles] if corrected else triangles


def _steps(maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return (maps[:, :, 1:] - maps[:, :, :-1]) ** 2, (maps[:, :, :, 1:] - maps[:, :, :, :-1]) ** 2

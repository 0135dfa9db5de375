"""Eyeballs: rigid at first, then with as much of their own shape as the points tell."""

from __future__ import annotations

import numpy as np

from ...head.model import HeadModel
from .surface import Cloud, fit_offset, nearest_places
from .weights import WEIGHTS, Bending, EyeWeights

__all__ = ["fit_eyeballs"]


def fit_eyeballs(
    model: HeadModel,
    vertices: np.ndarray,
    triangles: np.ndarray,
    points: np.ndarray,
    triangle: np.ndarray,
    weights: EyeWeights = WEIGHTS.eyes,
) -> np.ndarray:
    """Moves of the eyeballs' vertices.

    Args:
        vertices: (N, 3) mm, the posed head with its eyes where the lids put them.
        triangles: (T, 3) that `triangle` counts.
        points: (P, 3) mm matched points. triangle: (P,) triangle on which they were looked for.

    Returns:
        (N, 3) mm, 0 off the eyeballs and where too few points were found.
    """
    moves, prior = np.zeros(vertices.shape), np.array(weights.prior_mm)
    for ball in model.eyeballs:
        local = np.full(len(vertices), -1)
        local[ball] = np.arange(len(ball))
        own = (local[triangles] >= 0).all(1)
        cloud = points[own[triangle]]
        if len(cloud) < weights.least_points:
            continue
        faces = local[triangles[own]]
        shift = np.zeros(3)
        for _ in range(weights.steps):
            found = nearest_places(vertices[ball] + shift, faces, cloud)
            height = np.einsum("pd,pd->p", found.normal, cloud - found.point)
            # Reflections and the lids' shadow match as well as the eye does.
            weight = (
                1 / (1 + ((height - np.median(height)) / weights.robust_mm) ** 2) ** 2 * (np.abs(height) < weights.reach_mm)
            )
            strength = weights.least_points / max(weight.sum(), weights.least_points)
            system = (found.normal * weight[:, None] * strength).T @ found.normal + np.diag(prior**-2)
            move = np.linalg.solve(system, found.normal.T @ (strength * weight * height) - shift / prior**2)
            shift += move
            if np.abs(move).max() < weights.settled_mm:
                break
        own_shape = fit_offset(
            faces,
            vertices[ball] + shift,
            Cloud(cloud, (np.abs(height) < weights.reach_mm).astype(float), np.zeros(len(cloud), bool)),
            np.zeros((len(ball), 3)),
            None,
            Bending(weights.stiffness, weights.damping, 2 * weights.robust_mm),
        )
        moves[ball] = shift + own_shape
    return moves

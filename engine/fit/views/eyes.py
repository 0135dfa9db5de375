"""Eyeballs: rigid at first, then with as much of their own shape as the points tell."""

from __future__ import annotations

import numpy as np

from ...head.model import HeadModel
from .surface import fit_offset, nearest_places

__all__ = ["fit_eyeballs"]

_LEAST_POINTS = 25
_ROBUST_MM = 1.5
_REACH_MM = 8.0
_PRIOR_MM = np.array([0.7, 0.7, 4.0])
"""How far an eyeball may lie from where its lids put it (x, y, z), against points that err by 1 mm together: the part of
a sphere that shows between the lids tells how deep it lies, hardly where."""
_STIFFNESS, _DAMPING = 5.0, 0.2
"""Of the offset that gives each eye its own cornea, against the weight of one point."""


def fit_eyeballs(
    model: HeadModel, vertices: np.ndarray, triangles: np.ndarray, points: np.ndarray, triangle: np.ndarray
) -> np.ndarray:
    """Moves of the eyeballs' vertices.

    Args:
        vertices: (N, 3) mm, the posed head with its eyes where the lids put them.
        triangles: (T, 3) that `triangle` counts.
        points: (P, 3) mm matched points. triangle: (P,) triangle on which they were looked for.

    Returns:
        (N, 3) mm, 0 off the eyeballs and where too few points were found.
    """
    moves = np.zeros(vertices.shape)
    for ball in model.eyeballs:
        local = np.full(len(vertices), -1)
        local[ball] = np.arange(len(ball))
        own = (local[triangles] >= 0).all(1)
        cloud = points[own[triangle]]
        if len(cloud) < _LEAST_POINTS:
            continue
        faces = local[triangles[own]]
        shift = np.zeros(3)
        for _ in range(10):
            found = nearest_places(vertices[ball] + shift, faces, cloud)
            height = np.einsum("pd,pd->p", found.normal, cloud - found.point)
            # Reflections and the lids' shadow match as well as the eye does.
            weight = 1 / (1 + ((height - np.median(height)) / _ROBUST_MM) ** 2) ** 2 * (np.abs(height) < _REACH_MM)
            strength = _LEAST_POINTS / max(weight.sum(), _LEAST_POINTS)
            system = (found.normal * weight[:, None] * strength).T @ found.normal + np.diag(_PRIOR_MM**-2)
            move = np.linalg.solve(system, found.normal.T @ (strength * weight * height) - shift / _PRIOR_MM**2)
            shift += move
            if np.abs(move).max() < 0.01:
                break
        own_shape = fit_offset(
            faces,
            vertices[ball] + shift,
            cloud,
            (np.abs(height) < _REACH_MM).astype(float),
            np.zeros((len(ball), 3)),
            None,
            stiffness=_STIFFNESS,
            damping=np.full(len(ball), _DAMPING),
            robust_mm=2 * _ROBUST_MM,
        )
        moves[ball] = shift + own_shape
    return moves

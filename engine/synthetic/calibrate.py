"""How wrong the trained network is on heads it has not seen: covariances for the maximum a posteriori fit."""

from __future__ import annotations

import numpy as np

from ..head.model import HeadModel
from .dataset import Dataset, face_vertices
from .metric import NormalSpace

__all__ = ["best_identity", "calibration"]

_MODES = 28
"""Number of principal components of the landmarks' error that are kept; the rest counts as independent."""


def best_identity(model: HeadModel, data: Dataset, ridge: float = 1.0) -> np.ndarray:
    """(n, K) coefficients that come closest to each relaxed head (which the model cannot express exactly)."""
    face = face_vertices(model)
    space = NormalSpace(model, face)
    basis = space.project(model.identity_basis[:, face].astype(float)) * np.sqrt(space.weight)
    gram = basis @ basis.T + ridge * len(face) / 300 * np.eye(len(basis))
    solve = np.linalg.solve(gram, basis)
    parts = [
        space.project(data.neutral[i : i + 256].astype(float)) * np.sqrt(space.weight) @ solve.T
        for i in range(0, len(data.neutral), 256)
    ]
    return np.concatenate(parts)


def calibration(model: HeadModel, data: Dataset, guess: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    """Arrays for the data file, from pictures that were not trained on.

    Args:
        guess: points (n, P, 2), identity (n, K), expression (n, 52), view (n, 2).
    """
    points, identity, expression, _ = guess
    px_per_mm = data.pose[:, 10] / data.pose[:, 9]
    error = (points - data.points.astype(float)) / px_per_mm[:, None, None]
    flat = error.reshape(len(error), -1)
    # Robust: a few pictures are hopeless (hidden in the dark); they must not set the rule.
    size = np.sqrt((flat**2).mean(1))
    flat = flat * np.minimum(1, 2 * np.median(size) / size)[:, None]
    mean = flat.mean(0)
    _, values, axes = np.linalg.svd((flat - mean) / np.sqrt(len(flat)), full_matrices=False)
    modes = axes[:_MODES] * values[:_MODES, None]
    rest = np.maximum((flat - mean).var(0) - (modes**2).sum(0), 0.15**2)
    away = best_identity(model, data) - identity
    covariance = np.cov(away.T)
    shrink = 0.1
    covariance = (1 - shrink) * covariance + shrink * np.diag(np.diag(covariance))
    wrong = data.expression.astype(float) - np.clip(expression, 0, 1)
    return {
        "noise_mean": mean.astype(np.float32),
        "noise_variance": rest.astype(np.float32),
        "noise_modes": modes.astype(np.float16),
        "identity_covariance": covariance.astype(np.float32),
        "expression_sigma": np.sqrt((wrong**2).mean(0)).astype(np.float32),
    }

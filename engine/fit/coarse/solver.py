"""Gauss-Newton maximum a posteriori fit of pose, identity and expression to landmarks under a perspective camera."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from ...camera import Camera
from ...system.progress import SILENT, Progress
from ..weights import WEIGHTS as FIT
from ..weights import StepWeights
from .projection import projection
from .weights import WEIGHTS, CoarseWeights

__all__ = ["LandmarkBasis", "LandmarkNoise", "Pose", "Prior", "boxed_step", "solve"]


@dataclass(frozen=True)
class LandmarkBasis:
    """The head model restricted to L landmark points, mm."""

    mean: np.ndarray
    """(L, 3)"""
    identity: np.ndarray
    """(K, L, 3)"""
    expression: np.ndarray
    """(E, L, 3)"""

    def points(self, identity: np.ndarray, expression: np.ndarray) -> np.ndarray:
        """(L, 3) for (K,) and (E,) coefficients."""
        return self.mean + np.tensordot(identity, self.identity, 1) + np.tensordot(expression, self.expression, 1)


@dataclass(frozen=True)
class LandmarkNoise:
    """Error of observed landmarks, in mm at the face's depth: ``N(mean, diag(variance) + modes.T modes)``."""

    mean: np.ndarray
    """(L, 2)"""
    variance: np.ndarray
    """(2L,) independent part, x and y of each landmark in turn."""
    modes: np.ndarray
    """(M, 2L) shared part."""

    def precision_times(self, matrix: np.ndarray) -> np.ndarray:
        """Inverse covariance times (2L, n), by the Woodbury identity."""
        scaled = matrix / self.variance[:, None]
        if not len(self.modes):
            return scaled
        inner = np.eye(len(self.modes)) + (self.modes / self.variance) @ self.modes.T
        return scaled - (self.modes / self.variance).T @ np.linalg.solve(inner, self.modes @ scaled)


@dataclass(frozen=True)
class Prior:
    """Independent of the landmarks: Gaussian on identity, Gaussian in a box on expression."""

    identity_mean: np.ndarray
    """(K,)"""
    identity_precision: np.ndarray
    """(K, K)"""
    expression_mean: np.ndarray
    """(E,)"""
    expression_sigma: np.ndarray
    """(E,)"""
    identity_limit: float | np.ndarray = WEIGHTS.identity_limit
    """Identity keeps within plus and minus that, one or (K,)."""


class Pose(NamedTuple):
    """A posed head before a camera."""

    camera: Camera
    identity: np.ndarray
    """(K,)"""
    expression: np.ndarray
    """(E,)"""


def solve(
    basis: LandmarkBasis,
    observed: np.ndarray,
    noise: LandmarkNoise,
    prior: Prior,
    start: Pose,
    weights: CoarseWeights = WEIGHTS,
    progress: Progress = SILENT,
) -> Pose:
    """Most probable camera pose, identity and expression.

    Args:
        observed: (L, 2) pixels.
        start: where to begin; the focal length is kept.
        weights: when to stop.
        progress: may raise to cancel.

    Returns:
        Camera, (K,) identity within ``+-identity_limit``, (E,) expression within [0, 1].
    """
    camera = start.camera
    identity, expression = start.identity.astype(float).copy(), start.expression.astype(float).copy()
    count = len(identity)
    prior_matrix = np.zeros((6 + count + len(expression),) * 2)
    prior_matrix[:6, :6] = weights.pose_prior * np.eye(6)
    prior_matrix[6 : 6 + count, 6 : 6 + count] = prior.identity_precision
    prior_matrix[6 + count :, 6 + count :] = np.diag(prior.expression_sigma**-2.0)
    for step in range(weights.steps):
        progress(step / weights.steps)
        residual, jacobian = _linearise(basis, observed, noise, camera, identity, expression)
        weighted = noise.precision_times(jacobian)
        hessian = jacobian.T @ weighted + prior_matrix
        away = np.concatenate([np.zeros(6), identity - prior.identity_mean, expression - prior.expression_mean])
        gradient = weighted.T @ residual + prior_matrix @ away
        lower = np.concatenate([np.full(6, -np.inf), -prior.identity_limit - identity, -expression])
        upper = np.concatenate([np.full(6, np.inf), prior.identity_limit - identity, 1 - expression])
        move = boxed_step(hessian, gradient, lower, upper)
        camera = _moved(camera, move[:6])
        identity += move[6 : 6 + count]
        expression += move[6 + count :]
        if np.abs(jacobian @ move).max() < weights.settled_mm:
            break
    return Pose(camera, identity, np.clip(expression, 0, 1))


def _linearise(basis, observed, noise, camera, identity, expression):
    """(2L,) residual in mm at the face's depth and its (2L, 6 + K + E) derivative."""
    points = basis.points(identity, expression)
    mm_per_px = np.median(camera.to_camera(points)[:, 2]) / camera.fx
    pixels, project, turn = projection(camera, points, mm_per_px)
    residual = (pixels - observed) * mm_per_px - noise.mean
    shape = np.concatenate([basis.identity, basis.expression])
    by_shape = np.einsum("lij,jk,plk->lip", project, camera.R, shape, optimize=True)
    jacobian = np.concatenate([project @ turn, project, by_shape], -1)
    return residual.ravel(), jacobian.reshape(2 * len(points), -1)


def boxed_step(hessian, gradient, lower, upper, weights: StepWeights = FIT.step):
    """Newton step within bounds, by fixing the unknowns that would leave them."""
    free = np.ones(len(gradient), bool)
    move = np.zeros(len(gradient))
    damped = hessian + weights.damping * np.diag(np.diag(hessian))
    for _ in range(weights.rounds):
        rest = gradient[free] + damped[np.ix_(free, ~free)] @ move[~free]
        move[free] = -np.linalg.solve(damped[np.ix_(free, free)], rest)
        outside = free & ((move < lower) | (move > upper))
        if not outside.any():
            break
        move[outside] = np.clip(move[outside], lower[outside], upper[outside])
        free &= ~outside
    return np.clip(move, lower, upper)


def _moved(camera: Camera, move: np.ndarray) -> Camera:
    """The pose turned by the rotation vector and shifted, mm."""
    return replace(camera, R=cv2.Rodrigues(move[:3])[0] @ camera.R, t=camera.t + move[3:6])

"""Coarse stage: camera, identity and expression of one photo from its landmarks and expression scores."""

from __future__ import annotations

import numpy as np

from ..camera import Camera
from ..head.model import HeadModel
from ..types import CoarseFit, FaceObservation, Photo
from ..wire.protocol import Settings
from .coarse_camera import IRIS_DIAMETER_MM, choose_focal, first_camera, iris_diameter_px
from .coarse_solver import LandmarkBasis, LandmarkNoise, Prior, solve

__all__ = ["fit_coarse"]

_FACE_POINTS = 468
"""Landmarks on the skin; the rest are the irises."""

_IDENTITIES = 80
_NOISE_MM = 5.0
"""Landmarks err together, so that 468 of them say about as much as a few dozen independent ones would."""

_EXPRESSION_SIGMA = 0.25


def fit_coarse(model: HeadModel, photo: Photo, observation: FaceObservation, settings: Settings,
               progress=None) -> CoarseFit:
    """Fit the parametric head to one face.

    Args:
        model: the head model.
        photo: upright photo.
        observation: landmarks and expression scores of the face.
        settings: ``focal_px`` is used when given.
        progress: ``progress(stage, fraction, message)``; may raise to cancel.
    """
    basis = _landmark_basis(model)
    px_per_mm = iris_diameter_px(observation) / IRIS_DIAMETER_MM
    focal, source = choose_focal(photo, settings, px_per_mm)
    observed = observation.landmarks[:_FACE_POINTS].astype(float)
    expected = np.clip(observation.blendshapes, 0, 1).astype(float)
    camera = first_camera(basis.points(np.zeros(len(basis.identity)), expected), observed, photo.size, focal)
    noise = LandmarkNoise(np.zeros((_FACE_POINTS, 2)), np.full(2 * _FACE_POINTS, _NOISE_MM ** 2),
                          np.zeros((0, 2 * _FACE_POINTS)))
    count = len(basis.identity)
    prior = Prior(np.zeros(count), np.eye(count), expected, np.full(len(expected), _EXPRESSION_SIGMA))

    def on_step(step: int) -> None:
        if progress is not None:
            progress("coarse", step / 10, "Fitting the head")

    camera, identity, expression = solve(basis, observed, noise, prior, camera, np.zeros(count), expected,
                                         on_step=on_step)
    return finished(model, camera, identity, expression, observation, source)


def finished(model: HeadModel, camera: Camera, identity: np.ndarray, expression: np.ndarray,
             observation: FaceObservation, source: str) -> CoarseFit:
    """The result with its landmark residuals."""
    full = np.zeros(len(model.identity_basis), np.float32)
    full[:len(identity)] = identity
    points = model.landmarks(model.shape(full, expression))
    residual = np.linalg.norm(camera.project(points)[0] - observation.landmarks, axis=1)
    return CoarseFit(camera, full, expression.astype(np.float32), residual.astype(np.float32), source)


def _landmark_basis(model: HeadModel) -> LandmarkBasis:
    vertices, weights = model.landmark_vertices[:_FACE_POINTS], model.landmark_weights[:_FACE_POINTS]

    def at(field: np.ndarray) -> np.ndarray:
        return np.einsum("...lkd,lk->...ld", field[..., vertices, :], weights, optimize=True).astype(float)

    return LandmarkBasis(at(model.template), at(model.identity_basis[:_IDENTITIES]), at(model.expression_basis))

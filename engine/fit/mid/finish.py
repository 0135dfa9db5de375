"""What follows the fit: landmarks laid exactly, ears, lids, gaze, bite and sockets; then light and residuals of the result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...geometry.harmonics import fit_lighting, light_normals
from ...geometry.mesh import vertex_normals
from ...photo.teeth import find_bite
from ...system.progress import Progress
from ...types import CoarseFit, Covers, FaceObservation, MidFit
from ..features.ears import ear_shift
from ..features.gaze import level_gaze
from ..features.jaw import bite_shift
from ..features.sockets import socket_shift
from ..veiled import blind_eyes
from ..weights import WEIGHTS as FIT
from .deformation import propagate, without_folds
from .lids import close_lids, shut_lids
from .problem import Problem
from .registration import fit_actions, slide

__all__ = ["finished"]


def finished(
    problem: Problem, observation: FaceObservation, skin_mask: np.ndarray, covers: Covers, progress: Progress
) -> tuple[CoarseFit, MidFit]:
    """The fit's result.

    Args:
        observation: the face in the photo. skin_mask: (H, W) float32 bare skin. covers: what covers the face.
        progress: may raise to cancel.
    """
    model, state, w = problem.model, problem.state, problem.weights
    surface, bases, camera, observed = state.surface, state.bases, state.camera, observation.landmarks
    progress(0.0)
    identity = problem.coarse.identity.astype(np.float64).copy()
    identity[: bases.identities] += state.shape[: bases.identities] * problem.weights.identity
    offset = (bases.shape[:, bases.identities :] @ state.shape[bases.identities :]).reshape(-1, 3)
    identity = identity.astype(np.float32)
    relaxed = model.shape(identity) + propagate(model, surface, offset, w.follow)
    expression = fit_actions(model, camera, relaxed, problem.coarse.expression, observed, w.registration)
    expression = shut_lids(
        model, camera, relaxed + np.tensordot(np.float32(expression), model.expression_basis, 1), expression, observed, w.lids
    ).astype(np.float32)
    bare = model.shape(identity, expression)
    progress(0.3)
    offset = offset + slide(
        model, surface, camera, bare + propagate(model, surface, offset, w.follow), observed, w.registration
    )
    progress(0.7)
    offset = offset + ear_shift(
        model, surface, bare + propagate(model, surface, offset, w.follow), [(problem.photo, camera, skin_mask)]
    )
    offset = without_folds(bare[surface.vertices].astype(np.float64), surface.triangles, offset, w.folds)
    deformation = propagate(model, surface, offset, w.follow)
    expression = close_lids(model, camera, bare + deformation, expression, observed, w.lids).astype(np.float32)
    (expression,), straight = level_gaze(model, [expression], [blind_eyes(observation.veil)])
    deformation += straight
    bare = model.shape(identity, expression)
    deformation += bite_shift(model, bare + deformation, expression, find_bite(problem.photo, observation))
    deformation += socket_shift(model, model.shape(identity) + deformation)
    vertices = bare + deformation
    points = camera.project(model.landmarks(vertices).astype(np.float64))[0]
    coarse = replace(
        problem.coarse,
        camera=camera,
        identity=identity,
        expression=expression,
        residual_px=np.linalg.norm(points - observed, axis=1).astype(np.float32),
    )
    lighting, photometric = _light(problem, vertices[surface.vertices])
    return coarse, MidFit(deformation, lighting, skin_mask, photometric, covers)


def _light(problem: Problem, skin: np.ndarray) -> tuple[np.ndarray, float]:
    """(9, 3) light on the final skin, and the mean of what it leaves unexplained of log brightness."""
    state, photo = problem.state, problem.photo_term
    normals = light_normals(state.camera, vertex_normals(skin, state.surface.triangles))
    relative = np.exp(state.bases.albedo @ state.albedo)[:, None]
    lighting = fit_lighting(normals, photo.colors.color, relative, photo.area)
    if photo.residual is None:
        return lighting.astype(np.float32), 0.0
    left = np.average(np.minimum(np.abs(photo.residual), FIT.most_left), weights=photo.residual_weight)
    return lighting.astype(np.float32), float(left)

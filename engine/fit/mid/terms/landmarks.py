"""The detector's landmarks, which err together."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular

from ....head.model import HeadModel
from ....photo.regions import FACE_POINTS
from ...coarse.projection import projection
from ..state import State
from ..weights import MidWeights

__all__ = ["LandmarkTerm"]


class LandmarkTerm:
    """L landmarks on the skin.

    Args:
        local: (N,) number of each vertex among those of the skin, -1 for vertices that are not skin.
        marks: (FACE_POINTS, 2) pixels of the photo.
    """

    def __init__(self, model: HeadModel, local: np.ndarray, state: State, marks: np.ndarray, weights: MidWeights):
        self._weights = weights
        carriers = local[model.landmark_vertices[:FACE_POINTS]]
        on_skin = (carriers >= 0).all(1)
        numbers = np.flatnonzero(on_skin)
        self._marks = marks[numbers]
        self._carriers = carriers[on_skin]
        self._shares = model.landmark_weights[numbers].astype(np.float64)
        self._basis = np.einsum("lk,lkdn->ldn", self._shares, state.bases.per_vertex[self._carriers], optimize=True)
        points = model.landmarks(model.template)[numbers].astype(np.float64)
        # Errors of neighbouring landmarks go together: an independent part and a shared one.
        distance2 = ((points[:, None] - points[None]) ** 2).sum(-1)
        self._common = weights.landmark_common**2 * np.exp(-distance2 / (2 * weights.landmark_reach**2))

    def add(self, hessian: np.ndarray, gradient: np.ndarray, state: State) -> None:
        """Add the normal equations of pose and shape."""
        skin = state.skin()
        points = np.einsum("lk,lkd->ld", self._shares, skin[self._carriers])
        pixels, project, turn = projection(state.camera, points, state.mm_per_px)
        residual = (pixels - self._marks) * state.mm_per_px
        poses = np.concatenate([project @ turn, project], -1)
        shapes = np.matmul(project @ state.camera.R, self._basis)
        far = (np.linalg.norm(residual, axis=1) / self._weights.landmark_far) ** 2
        own = self._weights.landmark * (1 + far)
        root = np.linalg.cholesky(self._common + np.diag(own**2))
        place = slice(0, state.bases.shape_part.stop)
        for axis in range(2):
            jacobian = np.concatenate([poses[:, axis], shapes[:, axis], residual[:, axis, None]], 1)
            white = solve_triangular(root, jacobian, lower=True, check_finite=False)
            jacobian, left = white[:, :-1], white[:, -1]
            hessian[place, place] += jacobian.T @ jacobian
            gradient[place] += jacobian.T @ left

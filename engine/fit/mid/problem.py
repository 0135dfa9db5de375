"""The mid-frequency stage as a maximum a posteriori problem: a prior, and the terms that look at the photo."""

from __future__ import annotations

import numpy as np

from ...geometry.mesh import vertex_normals
from ...head.model import MATERIALS, HeadModel
from ...photo.regions import FACE_POINTS
from ...system.progress import Progress
from ...types import CoarseFit, FaceObservation, Photo
from ..skin_surface import skin_surface
from .photo_cells import PhotoCells
from .state import first_state
from .terms.landmarks import LandmarkTerm
from .terms.outline import OutlineTerm
from .terms.parts import PartTerm
from .terms.photo import PhotoTerm
from .weights import MidWeights

__all__ = ["Problem"]


class Problem:
    """One head in one photo.

    Args:
        mask: (H, W) in [0, 1] bare skin whose colour is used for the light.
        surface_mask: (H, W) in [0, 1] the uncovered face, eyes and lips included.
    """

    def __init__(
        self,
        model: HeadModel,
        photo: Photo,
        observation: FaceObservation,
        coarse: CoarseFit,
        mask: np.ndarray,
        surface_mask: np.ndarray,
        weights: MidWeights,
        progress: Progress,
    ):
        self.model, self.photo, self.coarse, self.weights = model, photo, coarse, weights
        surface = skin_surface(model)
        self.state = state = first_state(model, surface, coarse, weights)
        self._pose_precision = _pose_precision(coarse.camera.t, weights)
        local = np.full(len(model.template), -1, np.int32)
        local[surface.vertices] = np.arange(len(surface.vertices))
        self._corner = local[model.triangles]
        self._corner[np.repeat(model.face_material != MATERIALS.index("skin"), 2)] = -1
        self._cells = PhotoCells(photo, state.camera, state.base, mask, surface_mask, weights.cells)
        progress(0.3)
        marks = observation.landmarks[:FACE_POINTS].astype(np.float64)
        self.photo_term = PhotoTerm(weights)
        self._landmarks = LandmarkTerm(model, local, state, marks, weights)
        self._outline = OutlineTerm(weights)
        self._parts = PartTerm(model, surface, marks, state.mm_per_px, weights) if weights.part else None
        progress(0.5)
        self._read(progress)
        state.light = self.photo_term.first_light(state)

    def _read(self, progress: Progress) -> None:
        """Look at the photo where the head is now."""
        state, surface = self.state, self.state.surface
        skin = state.skin()
        head = state.base.copy()
        head[surface.vertices] = skin
        raster = self._cells.raster(state.camera, head, self.model.triangles)
        normals = vertex_normals(skin, surface.triangles)
        self.photo_term.read(state, skin, normals, self._cells.colors(raster, self._corner, len(skin)))
        self._outline.read(state, skin, normals, self._cells, raster)
        progress(0.7)
        self.photo_term.read_sky(state, skin, normals)

    def step(self, progress: Progress) -> float:
        """One Gauss-Newton step; returns the largest move of a skin vertex, mm."""
        state, bases = self.state, self.state.bases
        progress(0.0)
        hessian = np.zeros((bases.size, bases.size))
        gradient = np.zeros(bases.size)
        self.photo_term.add(hessian, gradient, state)
        progress(0.4)
        self._landmarks.add(hessian, gradient, state)
        progress(0.8)
        self._outline.add(hessian, gradient, state)
        if self._parts is not None:
            self._parts.add(hessian, gradient, state.camera, state.skin(), bases.shape)
        prior = np.ones(bases.size)
        prior[:6] = 0
        prior[bases.light_part] = self.weights.light
        away = np.zeros(bases.size)
        away[:6] = state.pose
        away[bases.shape_part], away[bases.albedo_part] = state.shape, state.albedo
        hessian[np.diag_indices(bases.size)] += prior
        gradient += prior * away
        hessian[:6, :6] += self._pose_precision
        gradient[:6] += self._pose_precision @ state.pose
        move = -np.linalg.solve(hessian, gradient)
        moved = (bases.shape @ move[bases.shape_part]).reshape(-1, 3)
        largest = np.linalg.norm(moved, axis=1).max()
        state.move(move * min(1.0, self.weights.most_move / max(largest, 1e-9)))
        return float(largest)


def _pose_precision(place: np.ndarray, w: MidWeights) -> np.ndarray:
    """(6, 6) precision of the coarse pose: turn, and shift of a head at `place` (3,) mm in camera axes.

    The distance is the unsure part, and it lies along the ray to the head: a face beside the picture's middle would leave its
    place if it came nearer along the optical axis.
    """
    distance = float(np.linalg.norm(place))
    ray = place / distance
    along = np.outer(ray, ray)
    precision = np.zeros((6, 6))
    precision[:3, :3] = np.eye(3) / w.turn**2
    precision[3:, 3:] = (np.eye(3) - along) / w.shift**2 + along / (w.depth * distance) ** 2
    return precision

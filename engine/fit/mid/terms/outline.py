"""Points on the face's outline move across it to where the photo's skin ended when it was last read."""

from __future__ import annotations

import numpy as np

from ....render import Raster
from ...coarse.projection import projection
from ..contour import Picture, find_outline
from ..photo_cells import PhotoCells
from ..state import State
from ..weights import MidWeights

__all__ = ["OutlineTerm"]


class OutlineTerm:
    """
    Args:
        weights: error of the photo's border of the face, and how far it is looked for.
    """

    def __init__(self, weights: MidWeights):
        self._weights = weights

    def read(self, state: State, skin: np.ndarray, normals: np.ndarray, cells: PhotoCells, raster: Raster) -> None:
        """Find the outline of the present skin (V, 3) in the photo."""
        surface = state.surface
        picture = Picture(cells.project, raster, cells.surface)
        w = self._weights
        self._found = found = find_outline(
            state.camera, picture, skin, normals, surface.edges, surface.outline, w.search, w.outline
        )
        if not len(found.target):
            return
        # Where the photo's border is, along each point's direction, in mm of the picture plane.
        t = found.share[:, None]
        points = skin[found.edges[:, 0]] * (1 - t) + skin[found.edges[:, 1]] * t
        pixels = state.camera.project(points)[0]
        self._goal = np.einsum("ci,ci->c", found.direction, pixels) * state.mm_per_px + found.target

    def add(self, hessian: np.ndarray, gradient: np.ndarray, state: State) -> None:
        """Add the normal equations of pose and shape."""
        found = self._found
        if not len(found.target):
            return
        first, second = found.edges.T
        t = found.share[:, None]
        shapes = state.bases.per_vertex
        skin = state.skin()
        pixels, project, turn = projection(state.camera, skin[first] * (1 - t) + skin[second] * t, state.mm_per_px)
        across = np.einsum("ci,cij->cj", found.direction, project)
        moves = shapes[first] * (1 - t[..., None]) + shapes[second] * t[..., None]
        jacobian = np.concatenate(
            [np.einsum("cj,cjk->ck", across, turn), across, np.einsum("cj,cjk->ck", across @ state.camera.R, moves)], 1
        )
        residual = np.einsum("ci,ci->c", found.direction, pixels) * state.mm_per_px - self._goal
        scaled = jacobian * (found.weight / self._weights.contour**2)[:, None]
        place = slice(0, state.bases.shape_part.stop)
        hessian[place, place] += scaled.T @ jacobian
        gradient[place] += scaled.T @ residual

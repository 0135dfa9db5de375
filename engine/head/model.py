"""The head model's data: what every stage knows about the mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..geometry.mesh import QUAD_TRIANGLES
from ..wire.bundle import MATERIALS, PARTS

if TYPE_CHECKING:
    from ..types import View

__all__ = ["PARTS", "MATERIALS", "HeadModel", "surface_points"]


@dataclass(frozen=True)
class HeadModel:
    """A complete parametric head of N vertices and Q quads in model space (mm, x left, y up, z out of the face).

    ``shape = template + sum_k identity[k] * identity_basis[k] + sum_e expression[e] * expression_basis[e]``
    with identity coefficients distributed as N(0, 1) under the prior and expression values in [0, 1].
    """

    template: np.ndarray
    """(N, 3) float32: the mean head, neutral; origin midway between the eyeball centres."""
    identity_basis: np.ndarray
    """(K, N, 3) float32 mm per standard deviation, by falling variance."""
    expression_basis: np.ndarray
    """(52, N, 3) float32 mm at value 1."""
    expression_names: tuple[str, ...]
    """The 52 ARKit names in the order of MediaPipe's blendshapes (without ``_neutral``)."""
    faces: np.ndarray
    """(Q, 4) int32, counter-clockwise seen from outside."""
    uv: np.ndarray
    """(Q, 4, 2) float32 in [0, 1], origin bottom-left as in OBJ and Blender."""
    face_material: np.ndarray
    """(Q,) int32 index into :data:`MATERIALS`."""
    parts: np.ndarray
    """(P, N) float32 in [0, 1], rows as in :data:`PARTS`."""
    mirror: np.ndarray
    """(N,) int32: the vertex on the other side (its own number on the midline)."""
    eyeballs: np.ndarray
    """(2, M) int32 vertices of the right and left eyeball."""
    neck_loop: np.ndarray
    """(B,) int32: the open edge loop at the bottom, in order."""
    landmark_vertices: np.ndarray
    """(478, 3) int32: the triangle that carries each MediaPipe landmark."""
    landmark_weights: np.ndarray
    """(478, 3) float32 barycentric weights."""
    version: str
    """Changes whenever the data do."""

    @property
    def triangles(self) -> np.ndarray:
        """(2Q, 3) int32: quad q gives triangles 2q = (0, 1, 2) and 2q + 1 = (0, 2, 3)."""
        return self.faces[:, QUAD_TRIANGLES].reshape(-1, 3)

    def shape(self, identity: np.ndarray, expression: np.ndarray | None = None) -> np.ndarray:
        """(N, 3) vertices in mm for (k,) identity (k <= K; the rest is 0) and (52,) expression values."""
        vertices = self.template + np.tensordot(np.float32(identity), self.identity_basis[: len(identity)], 1)
        if expression is not None:
            vertices += np.tensordot(np.float32(expression), self.expression_basis, 1)
        return vertices

    def posed(self, view: View) -> np.ndarray:
        """(N, 3) float32 mm: the head as it is in a photo, expression, its correctives and deformation included."""
        posed = self.shape(view.coarse.identity, view.coarse.expression) + view.mid.deformation
        relief = view.mid.relief
        return posed if relief is None else posed + relief.by_actions(view.coarse.expression)

    def part(self, *names: str) -> np.ndarray:
        """(N,) float32: the union (maximum) of the named parts."""
        return self.parts[[PARTS.index(name) for name in names]].max(0)

    def landmarks(self, vertices: np.ndarray) -> np.ndarray:
        """(..., 478, 3) landmark points on the given (..., N, 3) vertices, or their moves under a basis of such."""
        return surface_points(self.landmark_vertices, self.landmark_weights, vertices)


def surface_points(corners: np.ndarray, weights: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """(..., L, 3) points on the triangles of (L, 3) vertex numbers, by (L, 3) barycentric weights, of (..., N, 3) vertices;
    or the points' moves under a basis of such."""
    return np.einsum("lk,...lkd->...ld", weights, vertices[..., corners, :])

"""Shape error as the benchmark sees it, linearised: distances along the normal after the best similarity."""

from __future__ import annotations

import numpy as np

from ..geometry.mesh import vertex_normals
from ..head.model import HeadModel

__all__ = ["NormalSpace"]


class NormalSpace:
    """Displacements of F face vertices -> distances along the mean head's normals that no similarity transform
    explains, weighted so that the mean over vertices is the mean over area."""

    def __init__(self, model: HeadModel, vertices: np.ndarray):
        template = model.template.astype(float)
        self.vertices = vertices
        self.normals = vertex_normals(template, model.triangles)[vertices]
        corner = template[model.triangles]
        area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
        weight = np.bincount(model.triangles.ravel(), np.repeat(area, 3), len(template))[vertices]
        self.weight = weight / weight.mean()
        place = template[vertices] - template[vertices].mean(0)
        moves = [
            *self.normals.T,
            *((np.cross(axis, place) * self.normals).sum(1) for axis in np.eye(3)),
            (place * self.normals).sum(1),
        ]
        root = np.sqrt(self.weight)
        basis = np.linalg.qr((np.array(moves) * root).T)[0]
        self._remove = basis / root[:, None], basis * root[:, None]

    def project(self, displacement: np.ndarray) -> np.ndarray:
        """(n, F, 3) mm -> (n, F) mm."""
        along = np.einsum("nfk,fk->nf", displacement, self.normals)
        left, right = self._remove
        return along - (along @ right) @ left.T

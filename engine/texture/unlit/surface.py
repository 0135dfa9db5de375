"""Smooth fields on the head's surface.

All low-frequency colour work happens on the vertices, where the head has no UV seams: a field that is smooth here is
smooth across every island border of the atlas. The Laplacian is that of :func:`engine.geometry.mesh.stiffness_and_mass`,
in millimetres, so lengths in this file are lengths on the skin.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from ...geometry.mesh import stiffness_and_mass

__all__ = ["Surface"]


class Surface:
    """Mass and stiffness of a triangle mesh of V vertices."""

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray):
        """
        Args:
            vertices: (V, 3) mm.
            triangles: (T, 3) int.
        """
        self.stiffness, self.area = stiffness_and_mass(vertices, triangles)
        self._blurs = {}

    def smooth(
        self,
        values: np.ndarray,
        weights: np.ndarray,
        length: float,
        *,
        prior: np.ndarray | float = 0.0,
        prior_weight: float = 1e-5,
    ) -> np.ndarray:
        """The field that follows weighted samples and is smooth over `length` millimetres.

        Minimises ``sum_v area_v (w_v |f_v - x_v|^2 + p |f_v - prior|^2) + length^2 integral |grad f|^2``; where all
        weights are 0 it is the membrane that spans the hole.

        Args:
            values: (V,) or (V, C).
            weights: (V,) >= 0.
            length: mm.
            prior: value or (C,) that the field relaxes to far from any sample.
            prior_weight: pull towards `prior`.

        Returns:
            float32 of the shape of `values`.
        """
        values = np.asarray(values, np.float64)
        weights = np.asarray(weights, np.float64)
        flat = values.reshape(len(values), -1)
        right = self.area[:, None] * (weights[:, None] * flat + prior_weight * np.asarray(prior, np.float64))
        solution = self._factor(weights + prior_weight, length).solve(right)
        return solution.reshape(values.shape).astype(np.float32)

    def blur(self, values: np.ndarray, length: float) -> np.ndarray:
        """:meth:`smooth` with weights 1; much faster from the second time on.

        Args:
            values: (V,) or (V, C).
            length: mm.
        """
        values = np.asarray(values, np.float64)
        if length not in self._blurs:
            self._blurs[length] = self._factor(np.ones(len(self.area)), length)
        solution = self._blurs[length].solve(self.area[:, None] * values.reshape(len(values), -1))
        return solution.reshape(values.shape).astype(np.float32)

    def _factor(self, weights: np.ndarray, length: float):
        system = sparse.diags(self.area * weights) + length**2 * self.stiffness
        return splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})

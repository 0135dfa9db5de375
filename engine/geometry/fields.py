"""Smooth random fields on a mesh, as bases with a unit normal prior.

Matern fields through the stochastic partial differential equation ``(kappa^2 - Laplace) f = noise`` (Lindgren, Rue and
Lindstrom, "An explicit link between Gaussian fields and Gaussian Markov random fields", JRSS B 2011), discretised with
linear finite elements. The field is reduced to the span of its covariance columns at well spread control vertices
(the Nystrom approximation), which keeps the prior exact at the controls.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from .mesh import stiffness_and_mass

__all__ = ["matern_basis"]


def matern_basis(
    vertices: np.ndarray, triangles: np.ndarray, controls: np.ndarray, *, reach: float, deviation: np.ndarray
) -> np.ndarray:
    """Basis of a smooth field with the given standard deviation.

    Args:
        vertices: (V, 3) mm.
        triangles: (T, 3).
        controls: (C,) control vertices.
        reach: distance in mm at which the correlation has fallen to about 0.1.
        deviation: (V,) wanted standard deviation of the field; 0 freezes it.

    Returns:
        (V, C) float64 such that ``field = basis @ c`` with ``c ~ N(0, I)``.
    """
    stiffness, mass = stiffness_and_mass(vertices, triangles)
    kappa2 = 8.0 / reach**2
    operator = stiffness + sp.diags(kappa2 * mass)
    precision = (operator @ sp.diags(1 / mass) @ operator).tocsc() / (4 * np.pi * kappa2)
    right = np.zeros((len(vertices), len(controls)))
    right[controls, np.arange(len(controls))] = 1
    columns = splu(precision, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0).solve(right)
    covariance = columns[controls]
    # Free borders raise the variance there; the wanted deviation is set through a diagonal scaling instead.
    inner = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    covariance = (covariance + covariance.T) / 2 + np.diag(1e-6 * inner**2)
    factor = np.linalg.cholesky(covariance)
    basis = np.linalg.solve(factor, columns.T).T
    level = np.sqrt((basis**2).sum(1))
    typical = np.median(level[controls])
    return basis * (np.asarray(deviation, np.float64) / np.maximum(level, typical))[:, None]

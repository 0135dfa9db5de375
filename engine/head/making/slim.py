"""Locally injective flattening by Scalable Locally Injective Mappings.

Rabinovich, Poranne, Panozzo, Sorkine-Hornung, "Scalable Locally Injective Mappings", ACM TOG 2017, with the symmetric
Dirichlet energy ``sum_t area_t (s1^2 + s2^2 + s1^-2 + s2^-2)`` of the singular values of each triangle's Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve

__all__ = ["flatten", "rest_frames", "tutte"]


def rest_frames(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T, 3, 3) triangles in space -> (T, 2, 2) inverse edge matrices in their own planes and (T,) areas."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    length = np.linalg.norm(first, axis=1)
    along = (first * second).sum(1) / length
    height = np.linalg.norm(np.cross(first, second), axis=1) / length
    matrix = np.zeros((len(corners), 2, 2))
    matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 1] = length, along, height
    return np.linalg.inv(matrix), length * height / 2


def tutte(count: int, triangles: np.ndarray, boundary: np.ndarray, circle: np.ndarray) -> np.ndarray:
    """(V, 2) bijective embedding with the boundary vertices fixed on a convex curve (Tutte 1963, uniform weights)."""
    i, j = triangles.ravel(), triangles[:, [1, 2, 0]].ravel()
    graph = coo_matrix((np.ones(len(i)), (i, j)), (count, count)).tocsr()
    graph = ((graph + graph.T) > 0).astype(float)
    laplacian = (diags(np.asarray(graph.sum(1)).ravel()) - graph).tocsr()
    inner = np.setdiff1d(np.arange(count), boundary)
    result = np.zeros((count, 2))
    result[boundary] = circle
    system = laplacian[inner][:, inner].tocsc()
    for axis in range(2):
        result[inner, axis] = spsolve(system, -laplacian[inner][:, boundary] @ circle[:, axis])
    return result


def flatten(
    start: np.ndarray,
    triangles: np.ndarray,
    frames: np.ndarray,
    weights: np.ndarray,
    rounds: int,
    symmetrize: Callable[[np.ndarray], np.ndarray],
    tell: Callable[[int, float], None],
) -> np.ndarray:
    """Minimise the energy from a flip-free start; the result is flip-free as well.

    Args:
        start: (V, 2) positions, every triangle counter-clockwise.
        triangles: (T, 3).
        frames: (T, 2, 2) from :func:`rest_frames`.
        weights: (T,) of the triangles, usually their rest areas.
        rounds: of linear solves.
        symmetrize: applied to every search direction.
        tell: called with the round and the energy.

    Returns:
        (V, 2).
    """
    # Rows of the gradient operator: J = sum_k position_k * gradient_k.
    gradient = np.stack([-frames.sum(1), frames[:, 0], frames[:, 1]], 1)
    position = start.copy()
    value = _energy(_jacobians(position, triangles, gradient), weights)
    for number in range(rounds):
        u, sigma, vt = np.linalg.svd(_jacobians(position, triangles, gradient))
        flip = np.sign(np.linalg.det(u @ vt))
        vt[:, 1] *= flip[:, None]
        sigma[:, 1] *= flip
        slope = sigma - sigma**-3.0
        ratio = np.where(np.abs(sigma - 1) > 1e-6, slope / np.where(sigma == 1, 1, sigma - 1), 4.0)
        proxy = (u * np.sqrt(ratio)[:, None]) @ np.swapaxes(u, 1, 2)
        target = proxy @ (u @ vt)
        goal = _solve(position, triangles, gradient, proxy, target, weights)
        direction = symmetrize(goal - position)
        step = min(1.0, 0.8 * _largest_step(position, direction, triangles))
        for _ in range(30):
            trial = position + step * direction
            energy = _energy(_jacobians(trial, triangles, gradient), weights)
            if energy < value:
                break
            step /= 2
        else:
            break
        gain, position, value = value - energy, trial, energy
        tell(number, value)
        if gain < 1e-6 * value:
            break
    return position


def _jacobians(position: np.ndarray, triangles: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    return np.einsum("tka,tkb->tab", position[triangles], gradient)


def _energy(jacobian: np.ndarray, weights: np.ndarray) -> float:
    determinant = jacobian[:, 0, 0] * jacobian[:, 1, 1] - jacobian[:, 0, 1] * jacobian[:, 1, 0]
    if (determinant <= 0).any():
        return np.inf
    square = (jacobian**2).sum((1, 2))
    return float((weights * (square + square / determinant**2)).sum())


def _solve(position, triangles, gradient, proxy, target, weights):
    """The global step: least squares of ``proxy J = target``."""
    total, count = len(triangles), len(position)
    root = np.sqrt(weights)
    rows, columns, values = [], [], []
    right = np.zeros(total * 4)
    for a in range(2):
        for b in range(2):
            row = np.arange(total) * 4 + a * 2 + b
            right[row] = root * target[:, a, b]
            for k in range(3):
                for axis in range(2):
                    rows.append(row)
                    columns.append(triangles[:, k] * 2 + axis)
                    values.append(root * proxy[:, a, axis] * gradient[:, k, b])
    matrix = coo_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (total * 4, count * 2)
    ).tocsc()
    # A weak pull to the present place removes the freedom to move as a whole.
    pull = 1e-6 * float(matrix.multiply(matrix).sum()) / (count * 2)
    system = (matrix.T @ matrix + pull * diags(np.ones(count * 2))).tocsc()
    return spsolve(system, matrix.T @ right + pull * position.ravel()).reshape(-1, 2)


def _largest_step(position, direction, triangles) -> float:
    """How far to go until the first triangle collapses."""
    p, d = position[triangles], direction[triangles]
    p1, p2, d1, d2 = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0], d[:, 1] - d[:, 0], d[:, 2] - d[:, 0]
    a, b, c = _cross(d1, d2), _cross(p1, d2) + _cross(d1, p2), _cross(p1, p2)
    # Smallest positive root of a t^2 + b t + c, in the form that stays exact for small a.
    root = np.sqrt(np.maximum(b * b - 4 * a * c, 0))
    real = b * b - 4 * a * c >= 0
    q = -(b + np.where(b >= 0, root, -root)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        candidates = np.stack([q / a, c / q])
    candidates = np.where(real & np.isfinite(candidates) & (candidates > 0), candidates, np.inf)
    return float(candidates.min())


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]

"""Normals, Laplacians and their derivatives on a triangle mesh."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

__all__ = [
    "QUAD_TRIANGLES",
    "face_cross",
    "facing_of",
    "neighbour_mean",
    "neighbours",
    "normal_row_jacobian",
    "stiffness_and_mass",
    "uv_density",
    "vertex_normals",
]


QUAD_TRIANGLES = (0, 1, 2, 0, 2, 3)
"""Corners of a quad that make its two triangles, everywhere the same."""
_COTANGENTS = (0.02, 20.0)
"""Least and largest cotangent of a corner: those of angles of 89 and 3 degrees."""


def face_cross(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(T, 3) cross products of two edges: outward normals of twice the triangles' areas."""
    a, b, c = vertices[triangles[:, 0]], vertices[triangles[:, 1]], vertices[triangles[:, 2]]
    return np.cross(b - a, c - a)


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray, dtype: type = np.float64) -> np.ndarray:
    """(V, 3) area-weighted unit normals, computed in float64; (0, 0, 1) for vertices without triangles."""
    cross = face_cross(np.asarray(vertices, np.float64), triangles)
    total = np.zeros((len(vertices), 3))
    for axis in range(3):
        total[:, axis] = np.bincount(triangles.ravel(), np.repeat(cross[:, axis], 3), len(vertices))
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(length > 1e-12, total / np.maximum(length, 1e-12), [0.0, 0.0, 1.0]).astype(dtype, copy=False)


def facing_of(position: np.ndarray, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(V,) cosine between the surface's normals and the lines of sight to a camera at `position`; below 0 turned away."""
    view = position - points
    return np.einsum("ij,ij->i", normals, view) / np.linalg.norm(view, axis=1)


def neighbours(triangles: np.ndarray, count: int) -> sp.csr_matrix:
    """(V, V) 0/1 adjacency along the triangles' edges."""
    i = triangles[:, [0, 1, 2]].ravel()
    j = triangles[:, [1, 2, 0]].ravel()
    matrix = sp.coo_matrix((np.ones(2 * len(i)), (np.r_[i, j], np.r_[j, i])), (count, count)).tocsr()
    matrix.data[:] = 1
    return matrix


def neighbour_mean(triangles: np.ndarray, count: int) -> sp.csr_matrix:
    """(V, V): its product with vertex values gives the mean over each vertex's neighbours, 0 where there are none."""
    adjacency = neighbours(triangles, count)
    return sp.diags(1 / np.maximum(np.asarray(adjacency.sum(1)).ravel(), 1)) @ adjacency


def stiffness_and_mass(vertices: np.ndarray, triangles: np.ndarray) -> tuple[sp.csc_matrix, np.ndarray]:
    """Linear finite elements: cotangent stiffness (V, V) and lumped mass (V,) in mm^2 (Pinkall and Polthier 1993).

    Cotangents are clipped to :data:`_COTANGENTS`: very thin triangles would otherwise lock the field, and the weights of obtuse
    triangles, which are negative, break the maximum principle: a membrane would overshoot what it spans.
    """
    vertices = np.asarray(vertices, np.float64)
    count = len(vertices)
    p = vertices[triangles]
    area = np.linalg.norm(face_cross(vertices, triangles), axis=1) / 2
    mass = np.bincount(triangles.ravel(), np.repeat(area / 3, 3), count)
    rows, columns, values = [], [], []
    for k in range(3):
        i, j = triangles[:, (k + 1) % 3], triangles[:, (k + 2) % 3]
        u, v = p[:, (k + 1) % 3] - p[:, k], p[:, (k + 2) % 3] - p[:, k]
        cotangent = np.einsum("ij,ij->i", u, v) / np.maximum(2 * area, 1e-9)
        half = np.clip(cotangent, *_COTANGENTS) / 2
        rows += [i, j, i, j]
        columns += [j, i, i, j]
        values += [-half, -half, half, half]
    stiffness = sp.coo_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (count, count))
    return stiffness.tocsc(), np.maximum(mass, 1e-6)


def uv_density(corners: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(F,) float64 lengths on a map of side 1 per length on the surface: the root of UV area over surface area.

    Args:
        corners: (F, C, 3) of triangles or quads.
        uv: (F, C, 2).
    """
    corners, uv = np.asarray(corners, np.float64), np.asarray(uv, np.float64)
    first, second = ((0, 1), (0, 2)) if corners.shape[1] == 3 else ((0, 2), (1, 3))  # two edges, or the diagonals
    d1, d2 = uv[:, first[1]] - uv[:, first[0]], uv[:, second[1]] - uv[:, second[0]]
    uv_area = np.abs(d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0])
    area = np.linalg.norm(
        np.cross(corners[:, first[1]] - corners[:, first[0]], corners[:, second[1]] - corners[:, second[0]]), axis=1
    )
    return np.sqrt(uv_area / np.maximum(area, 1e-9))


def normal_row_jacobian(
    vertices: np.ndarray, triangles: np.ndarray, normals: np.ndarray, gradient: np.ndarray
) -> sp.csr_matrix:
    """Derivative of ``gradient[v] . n_v`` by all vertex positions.

    Args:
        vertices: (V, 3) mm.
        triangles: (T, 3).
        normals: (V, 3) unit normals as of :func:`vertex_normals`.
        gradient: (V, 3); rows that are zero give empty rows.

    Returns:
        (V, 3V) sparse, column 3 v + axis.
    """
    count = len(vertices)
    cross = face_cross(vertices, triangles)
    total = np.zeros((count, 3))
    for axis in range(3):
        total[:, axis] = np.bincount(triangles.ravel(), np.repeat(cross[:, axis], 3), count)
    length = np.maximum(np.linalg.norm(total, axis=1), 1e-9)
    tangential = (gradient - normals * np.einsum("ij,ij->i", gradient, normals)[:, None]) / length[:, None]
    used = np.abs(tangential).sum(1) > 0
    rows, columns, values = [], [], []
    p = vertices[triangles]
    # d(cross) for a moving corner k is d x (opposite edge), so h . d(cross) = d . (edge x h).
    for k in range(3):
        edge = p[:, (k + 2) % 3] - p[:, (k + 1) % 3]
        for corner in range(3):
            row = triangles[:, corner]
            keep = used[row]
            value = np.cross(tangential[row[keep]], edge[keep])
            rows.append(np.repeat(row[keep], 3))
            columns.append((3 * triangles[keep, k][:, None] + np.arange(3)).ravel())
            values.append(value.ravel())
    return sp.coo_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (count, 3 * count)).tocsr()

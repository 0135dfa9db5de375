"""The head through the triangulated points: first the model's coefficients, then an offset of every vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from ...geometry.closest import closest_of
from ...geometry.mesh import face_cross, neighbour_mean, neighbours, vertex_normals
from ...head.model import HeadModel
from ..coarse.solver import boxed_step
from ..skin_surface import SkinSurface

__all__ = ["Places", "Rims", "fit_coefficients", "fit_offset", "nearest_places"]

_COEFFICIENT_MM = 5.0
"""What the model cannot follow, as an error of a point; points within a patch share it."""
_PATCH_POINTS = 20.0
_LANDMARK_MM = 1.5
"""Error of a landmark on the surface; they alone say where lips and lids are, points only where the surface is."""
_MOST_POINTS = 3000
_HIDDEN_STIFFNESS, _HIDDEN_MEMBRANE, _HIDDEN_DAMPING, _SEEN_DENSITY = 10.0, 1.5, 0.01, 0.003
"""Where fewer points lie than the last (per mm^2), a vertex follows its neighbours' offset rather than their slope, and
far from all points it has none."""
_TANGENTIAL = 0.05
"""How strongly a point holds the surface along itself, relative to across."""


@dataclass
class Places:
    """Where P points lie nearest on a triangle mesh."""

    triangle: np.ndarray
    """(P,)"""
    weights: np.ndarray
    """(P, 3) barycentric"""
    point: np.ndarray
    """(P, 3)"""
    normal: np.ndarray
    """(P, 3) unit, interpolated from the vertices."""


@dataclass
class Rims:
    """C places on the head's outline in the photos, and where the photos have it."""

    edges: np.ndarray
    """(C, 2) local skin vertices."""
    share: np.ndarray
    """(C,) position along the edge."""
    target: np.ndarray
    """(C, 3) mm: the place moved along its normal to the photo's outline."""
    normal: np.ndarray
    """(C, 3)"""
    weight: np.ndarray
    """(C,) worth in points."""


def nearest_places(vertices: np.ndarray, triangles: np.ndarray, points: np.ndarray, candidates: int = 6) -> Places:
    """Nearest places of a mesh among the triangles whose centres are nearest."""
    tree = cKDTree(vertices[triangles].mean(1))
    _, near = tree.query(points, k=candidates, workers=-1)
    triangle, weights, place = closest_of(
        np.ascontiguousarray(vertices, float), triangles.astype(np.int64), near, np.ascontiguousarray(points, float)
    )
    normals = vertex_normals(vertices, triangles)
    normal = np.einsum("pk,pkd->pd", weights, normals[triangles[triangle]])
    return Places(triangle, weights, place, normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9))


def fit_coefficients(
    model: HeadModel,
    surface: SkinSurface,
    points: np.ndarray,
    weight: np.ndarray,
    landmarks: np.ndarray,
    known: np.ndarray,
    identity: np.ndarray,
    expression: np.ndarray,
    believed: np.ndarray,
    believed_expression: np.ndarray,
    expression_sigma: float,
    limits: np.ndarray,
    steps: int = 4,
) -> tuple[np.ndarray, np.ndarray]:
    """Identity and expression whose surface passes through the points.

    Args:
        points: (P, 3) mm. weight: (P,) in [0, 1].
        landmarks: (478, 3) where the photos have the landmarks on the surface, mm. known: (478,) their weight in [0, 1].
        identity: (K,) start. expression: (52,) start.
        believed, believed_expression: (K,) and (52,), what was believed before the points were seen.
        expression_sigma: how far a facial action may be from that. limits: (52,) and no further than this.

    Returns:
        (K,) and (52,).
    """
    step = max(1, len(points) // _MOST_POINTS)
    points, weight = points[::step], weight[::step] / _PATCH_POINTS * step
    actions = len(model.expression_basis)
    whole = np.concatenate([model.identity_basis, model.expression_basis])
    bases = whole[:, surface.vertices].astype(np.float32)
    identity, expression = identity.astype(float).copy(), expression.astype(float).copy()
    sigma, most = np.minimum(expression_sigma, limits), np.minimum(1, believed_expression + limits)
    count = len(identity)
    basis_at = model.landmarks(whole).astype(float)
    named = known > 0
    named_rows = basis_at[:, named].transpose(1, 2, 0).reshape(3 * named.sum(), -1)
    for _ in range(steps):
        skin = model.shape(identity, expression)[surface.vertices]
        found = nearest_places(skin, surface.triangles, points)
        residual = np.einsum("pd,pd->p", found.normal, points - found.point)
        robust = weight / (1 + (residual / 3.0) ** 2) ** 2 / _COEFFICIENT_MM**2
        corner = bases[:, surface.triangles[found.triangle]]
        rows = np.einsum(
            "npkd,pk,pd->pn", corner, found.weights.astype(np.float32), found.normal.astype(np.float32), optimize=True
        ).astype(float)
        # Where the head is and how large is fitted along, and thrown away: it is the cameras' business.
        rigid = np.concatenate(
            [
                found.normal,
                np.cross(found.point, found.normal),
                np.einsum("pd,pd->p", found.normal, found.point)[:, None] / 100,
            ],
            1,
        )
        rows = np.hstack([rows, rigid])
        scaled = rows * robust[:, None]
        hessian = scaled.T @ rows
        gradient = -scaled.T @ residual
        on_head = model.landmarks(model.shape(identity, expression)).astype(float)
        left = (landmarks - on_head)[named]
        strength = known[named] / (1 + (np.linalg.norm(left, axis=1) / 6.0) ** 2) / _LANDMARK_MM**2 / _PATCH_POINTS
        scaled = named_rows * np.repeat(strength, 3)[:, None]
        hessian[: len(basis_at), : len(basis_at)] += scaled.T @ named_rows
        gradient[: len(basis_at)] -= scaled.T @ left.ravel()
        prior = np.concatenate([np.ones(count), sigma**-2.0, np.full(7, 1e-4)])
        hessian[np.diag_indices(len(prior))] += prior
        gradient[:count] += identity - believed
        gradient[count : count + actions] += prior[count : count + actions] * (expression - believed_expression)
        lower = np.concatenate([-3.5 - identity, -expression, np.full(7, -np.inf)])
        upper = np.concatenate([3.5 - identity, most - expression, np.full(7, np.inf)])
        move = boxed_step(hessian, gradient, lower, upper)
        identity += move[:count]
        expression += move[count : count + actions]
    return identity, np.clip(expression, 0, 1)


def fit_offset(
    triangles: np.ndarray,
    bare: np.ndarray,
    points: np.ndarray,
    weight: np.ndarray,
    offset: np.ndarray,
    rims: Rims | None,
    *,
    stiffness: float | np.ndarray,
    damping: np.ndarray,
    robust_mm: float,
    membrane: float | np.ndarray = 0.0,
    steps: int = 3,
) -> np.ndarray:
    """Offset of every vertex so that the surface passes through the points, bending as little as possible.

    Args:
        triangles: (T, 3). bare: (V, 3) mm, the surface without offset. points: (P, 3). weight: (P,).
        offset: (V, 3) start. rims: outlines, or None.
        stiffness: weight of the squared bi-Laplacian bending of the offset, one or (V,); more where no points lie.
        damping: (V,) weight of the offset itself. membrane: weight of its squared gradient, one or (V,).
        robust_mm: distance at which a point has lost three quarters of its say.

    Returns:
        (V, 3) mm.
    """
    count = len(bare)
    around = neighbour_mean(triangles, count)
    laplacian = sp.eye(count) - around
    found = nearest_places(bare + offset, triangles, points)
    mass = np.bincount(triangles[found.triangle].ravel(), (weight[:, None] * found.weights).ravel(), count)
    area = np.bincount(triangles.ravel(), np.repeat(np.linalg.norm(face_cross(bare, triangles), axis=1) / 6, 3), count)
    for _ in range(2):
        mass, area = (mass + around @ mass) / 2, (area + around @ area) / 2
    hidden = 1 / (1 + (mass / np.maximum(area, 1e-9) / _SEEN_DENSITY) ** 2)
    bending = np.maximum(stiffness, _HIDDEN_STIFFNESS * hidden)
    smooth = laplacian.T @ sp.diags(bending) @ laplacian + sp.diags(np.maximum(damping, _HIDDEN_DAMPING * hidden))
    near = neighbours(triangles, count).tocoo()
    membrane = np.broadcast_to(membrane, count)
    tension = np.maximum(
        np.maximum(membrane[near.row], membrane[near.col]), _HIDDEN_MEMBRANE * np.minimum(hidden[near.row], hidden[near.col])
    )
    near = sp.csr_matrix((tension, (near.row, near.col)), (count, count))
    smooth = smooth + sp.diags(np.asarray(near.sum(1)).ravel()) - near
    for _ in range(steps):
        skin = bare + offset
        found = nearest_places(skin, triangles, points)
        away = points - found.point
        height = np.einsum("pd,pd->p", found.normal, away)
        w = weight / (1 + (np.linalg.norm(away, axis=1) / robust_mm) ** 2) ** 2
        along = away - height[:, None] * found.normal
        place = _rows(triangles[found.triangle], found.weights, count)
        goal = place @ offset + height[:, None] * found.normal + _TANGENTIAL * along
        system = place.T @ sp.diags(w) @ place + smooth
        right = place.T @ (w[:, None] * goal)
        if rims is not None and len(rims.weight):
            rim = _rows(rims.edges, np.stack([1 - rims.share, rims.share], 1), count)
            place_now = rim @ skin
            height = np.einsum("cd,cd->c", rims.normal, rims.target - place_now)
            system = system + rim.T @ sp.diags(rims.weight) @ rim
            right += rim.T @ (rims.weight[:, None] * (rim @ offset + height[:, None] * rims.normal))
        offset = splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}).solve(
            right
        )
    return offset


def _rows(corners: np.ndarray, weights: np.ndarray, count: int) -> sp.csr_matrix:
    """(P, count) that reads a field at P places given by vertices and weights."""
    rows = np.repeat(np.arange(len(corners)), corners.shape[1])
    return sp.csr_matrix((weights.ravel(), (rows, corners.ravel())), (len(corners), count))

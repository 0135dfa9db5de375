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
from .weights import WEIGHTS, Bending, CoefficientWeights, SurfaceWeights

__all__ = ["Belief", "Cloud", "Evidence", "Places", "Rims", "fit_coefficients", "fit_offset", "nearest_places", "resolution"]


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


@dataclass(frozen=True)
class Cloud:
    """P points that the photos show."""

    points: np.ndarray
    """(P, 3) mm."""
    weight: np.ndarray
    """(P,)"""
    hair: np.ndarray
    """(P,) bool: points of a beard or of hair over the face, behind which the surface lies; the others lie on it."""


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


def nearest_places(
    vertices: np.ndarray, triangles: np.ndarray, points: np.ndarray, candidates: int = WEIGHTS.surface.candidates
) -> Places:
    """Nearest places of a mesh among the triangles whose centres are nearest."""
    tree = cKDTree(vertices[triangles].mean(1))
    _, near = tree.query(points, k=candidates, workers=-1)
    triangle, weights, place = closest_of(
        np.ascontiguousarray(vertices, float), triangles.astype(np.int64), near, np.ascontiguousarray(points, float)
    )
    normals = vertex_normals(vertices, triangles)
    normal = np.einsum("pk,pkd->pd", weights, normals[triangles[triangle]])
    return Places(triangle, weights, place, normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9))


@dataclass(frozen=True)
class Evidence:
    """What the photos say about the surface."""

    cloud: Cloud
    landmarks: np.ndarray
    """(478, 3) where the photos have the landmarks on the surface, mm."""
    known: np.ndarray
    """(478,) the landmarks' weight in [0, 1]."""


@dataclass(frozen=True)
class Belief:
    """What was believed before the points were seen."""

    identity: np.ndarray
    """(K,)"""
    identity_precision: np.ndarray
    """(K, K) how firmly."""
    skull: np.ndarray
    """(K, K) ``x @ it @ x`` is the mean squared distance in mm that identity x moves the skull by."""
    expression: np.ndarray
    """(52,)"""
    expression_sigma: float
    """How far a facial action may be from that."""
    limits: np.ndarray
    """(52,) and no further than this."""


def fit_coefficients(
    model: HeadModel,
    surface: SkinSurface,
    evidence: Evidence,
    identity: np.ndarray,
    expression: np.ndarray,
    belief: Belief,
    weights: CoefficientWeights = WEIGHTS.coefficients,
) -> tuple[np.ndarray, np.ndarray]:
    """Identity and expression whose surface passes through the points.

    Args:
        identity: (K,) start. expression: (52,) start.

    Returns:
        (K,) and (52,).
    """
    cloud = evidence.cloud
    step = max(1, len(cloud.points) // weights.most_points)
    points, weight, hair = cloud.points[::step], cloud.weight[::step] / weights.patch_points * step, cloud.hair[::step]
    actions = len(model.expression_basis)
    whole = np.concatenate([model.identity_basis, model.expression_basis])
    bases = whole[:, surface.vertices].astype(np.float32)
    identity, expression = identity.astype(float).copy(), expression.astype(float).copy()
    sigma, most = np.minimum(belief.expression_sigma, belief.limits), np.minimum(1, belief.expression + belief.limits)
    count = len(identity)
    named = _NamedRows(model, whole, evidence, weights)
    prior = np.concatenate([np.zeros(count), sigma**-2.0, np.full(7, weights.rigid_precision)])
    for _ in range(weights.steps):
        skin = model.shape(identity, expression)[surface.vertices]
        found = nearest_places(skin, surface.triangles, points)
        residual = np.einsum("pd,pd->p", found.normal, points - found.point)
        robust = weight / (1 + (residual / weights.point_far_mm) ** 2) ** 2 / weights.model_mm**2
        robust = np.where(hair & (residual > 0), 0, robust)
        rows = _point_rows(bases[:, surface.triangles[found.triangle]], found, weights.rigid_mm)
        scaled = rows * robust[:, None]
        hessian = scaled.T @ rows
        gradient = -scaled.T @ residual
        named.add(hessian, gradient, model.landmarks(model.shape(identity, expression)).astype(float))
        hessian[np.diag_indices(len(prior))] += prior
        hessian[:count, :count] += belief.identity_precision
        gradient[:count] += belief.identity_precision @ (identity - belief.identity)
        gradient[count : count + actions] += prior[count : count + actions] * (expression - belief.expression)
        lower = np.concatenate([-weights.identity_limit - identity, -expression, np.full(7, -np.inf)])
        upper = np.concatenate([weights.identity_limit - identity, most - expression, np.full(7, np.inf)])
        move = boxed_step(hessian, gradient, lower, upper)
        identity += move[:count]
        expression += move[count : count + actions]
    return identity, np.clip(expression, 0, 1)


def _point_rows(corner: np.ndarray, found: Places, rigid_mm: float) -> np.ndarray:
    """(P, N + 7) how the coefficients and the head's pose and size move each place along its normal.

    Where the head is and how large is fitted along, and thrown away: it is the cameras' business.
    """
    rows = np.einsum(
        "npkd,pk,pd->pn", corner, found.weights.astype(np.float32), found.normal.astype(np.float32), optimize=True
    ).astype(float)
    size = np.einsum("pd,pd->p", found.normal, found.point)[:, None] / rigid_mm
    rigid = np.concatenate([found.normal, np.cross(found.point, found.normal), size], 1)
    return np.hstack([rows, rigid])


class _NamedRows:
    """The landmarks' part of the normal equations."""

    def __init__(self, model: HeadModel, whole: np.ndarray, evidence: Evidence, weights: CoefficientWeights):
        self._weights, self._evidence, self._named = weights, evidence, evidence.known > 0
        basis_at = model.landmarks(whole).astype(float)
        self._count = len(basis_at)
        self._rows = basis_at[:, self._named].transpose(1, 2, 0).reshape(3 * self._named.sum(), -1)

    def add(self, hessian: np.ndarray, gradient: np.ndarray, on_head: np.ndarray) -> None:
        """Add them for a head whose landmarks are at (478, 3) mm."""
        w, count = self._weights, self._count
        left = (self._evidence.landmarks - on_head)[self._named]
        far = (np.linalg.norm(left, axis=1) / w.landmark_far_mm) ** 2
        strength = self._evidence.known[self._named] / (1 + far) / w.landmark_mm**2 / w.patch_points
        scaled = self._rows * np.repeat(strength, 3)[:, None]
        hessian[:count, :count] += scaled.T @ self._rows
        gradient[:count] -= scaled.T @ left.ravel()


def fit_offset(
    triangles: np.ndarray,
    bare: np.ndarray,
    cloud: Cloud,
    offset: np.ndarray,
    rims: Rims | None,
    bending: Bending,
    weights: SurfaceWeights = WEIGHTS.surface,
) -> np.ndarray:
    """Offset of every vertex so that the surface passes through the points, bending as little as possible.

    Args:
        triangles: (T, 3). bare: (V, 3) mm, the surface without offset. cloud: what it passes through, or stays behind.
        offset: (V, 3) start. rims: outlines, or None.
        bending: how freely the offset moves.
        weights: what is believed where points are few.

    Returns:
        (V, 3) mm.
    """
    count, points, weight = len(bare), cloud.points, cloud.weight
    told = nearest_places(bare + offset, triangles, points)
    smooth = _smoothness(triangles, bare, told, np.where(cloud.hair, 0, weight), bending, weights)
    far_mm = np.where(cloud.hair, weights.hair_far_mm, bending.robust_mm)
    for _ in range(bending.steps):
        skin = bare + offset
        found = nearest_places(skin, triangles, points)
        away = points - found.point
        height = np.einsum("pd,pd->p", found.normal, away)
        w = weight / (1 + (np.linalg.norm(away, axis=1) / far_mm) ** 2) ** 2
        w = np.where(cloud.hair & (height > 0), 0, w)
        along = away - height[:, None] * found.normal
        place = _rows(triangles[found.triangle], found.weights, count)
        goal = place @ offset + height[:, None] * found.normal + weights.tangential * along
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


def resolution(
    triangles: np.ndarray, bare: np.ndarray, cloud: Cloud, bending: Bending, weights: SurfaceWeights = WEIGHTS.surface
) -> np.ndarray:
    """(V,) mm: the wavelength of which :func:`fit_offset` takes half from the points; longer waves it has measured.

    With the mean of the neighbours at distance h a wave of length l costs ``stiffness * (pi h / l)^4`` per squared height, and
    the points around a vertex their weight.

    Args:
        bare: (V, 3) mm, the surface that passes through the points.
    """
    found = nearest_places(bare, triangles, cloud.points)
    mass, stiff, _ = _firmness(triangles, bare, found, np.where(cloud.hair, 0, cloud.weight), bending, weights)
    near = neighbours(triangles, len(bare)).tocoo()
    apart = np.linalg.norm(bare[near.row] - bare[near.col], axis=1)
    edge = np.bincount(near.row, apart, len(bare)) / np.maximum(np.bincount(near.row, minlength=len(bare)), 1)
    return np.pi * edge * np.sqrt(np.sqrt(stiff / np.maximum(mass, 1e-6)))


def _firmness(
    triangles: np.ndarray, bare: np.ndarray, found: Places, weight: np.ndarray, bending: Bending, weights: SurfaceWeights
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(V,) weight of the points around each vertex, of bending there, and how far it is hidden."""
    count = len(bare)
    around = neighbour_mean(triangles, count)
    mass = np.bincount(triangles[found.triangle].ravel(), (weight[:, None] * found.weights).ravel(), count)
    area = np.bincount(triangles.ravel(), np.repeat(np.linalg.norm(face_cross(bare, triangles), axis=1) / 6, 3), count)
    for _ in range(weights.density_rounds):
        mass, area = (mass + around @ mass) / 2, (area + around @ area) / 2
    hidden = 1 / (1 + (mass / np.maximum(area, 1e-9) / weights.seen_density) ** 2)
    return mass, np.maximum(bending.stiffness, weights.hidden_stiffness * hidden), hidden


def _smoothness(
    triangles: np.ndarray, bare: np.ndarray, found: Places, weight: np.ndarray, bending: Bending, weights: SurfaceWeights
) -> sp.spmatrix:
    """(V, V) what bending, gradient and offset cost, more where few points were found."""
    count = len(bare)
    laplacian = sp.eye(count) - neighbour_mean(triangles, count)
    _, stiff, hidden = _firmness(triangles, bare, found, weight, bending, weights)
    damped = np.maximum(bending.damping, weights.hidden_damping * hidden)
    smooth = laplacian.T @ sp.diags(stiff) @ laplacian + sp.diags(damped)
    near = neighbours(triangles, count).tocoo()
    membrane = np.broadcast_to(bending.membrane, count)
    tension = np.maximum(
        np.maximum(membrane[near.row], membrane[near.col]),
        weights.hidden_membrane * np.minimum(hidden[near.row], hidden[near.col]),
    )
    near = sp.csr_matrix((tension, (near.row, near.col)), (count, count))
    return smooth + sp.diags(np.asarray(near.sum(1)).ravel()) - near


def _rows(corners: np.ndarray, weights: np.ndarray, count: int) -> sp.csr_matrix:
    """(P, count) that reads a field at P places given by vertices and weights."""
    rows = np.repeat(np.arange(len(corners)), corners.shape[1])
    return sp.csr_matrix((weights.ravel(), (rows, corners.ravel())), (len(corners), count))

"""A face mesh of any topology carried over to the head model: non-rigid registration.

The head is first brought near by its own identity (68 landmarks, then nearest points), then bent by a smooth offset
that is made softer and softer, in the manner of optimal step non-rigid ICP (Amberg, Romdhani and Vetter, CVPR 2007). The
offset's roughness is that of a Matern field, ``(Laplace - 1/reach^2)`` squared, so that what a face-only mesh does not
cover completes smoothly and rests at the head's own shape some centimetres further on. Distances count in both
directions, across the surface only, and never at the rim of an open mesh.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, cg, splu

from ..fit.coarse.solver import boxed_step
from ..fit.features.sockets import socket_shift
from ..fit.mid.deformation import propagate, without_folds
from ..fit.skin_surface import SkinSurface, skin_surface
from ..geometry.closest import Closest, SurfaceIndex, border_vertices
from ..geometry.mesh import neighbour_mean, stiffness_and_mass, vertex_normals
from ..head.landmarks68 import LANDMARKS_68, STEADY_68
from ..head.model import HeadModel
from ..system.progress import SILENT, Progress

__all__ = ["Conformed", "FaceMesh", "TransferError", "conform", "pose_conformed"]

_REACH_MM = 30.0
"""How far beyond the mesh's rim the offset fades."""
_LEVELS = (
    (40.0, 12.0, 0.3),
    (22.0, 8.0, 0.3),
    (12.0, 6.0, 0.4),
    (7.0, 4.0, 0.5),
    (4.0, 3.0, 0.5),
    (2.5, 2.0, 0.6),
    (2.5, 2.0, 0.6),
)
"""Rounds of bending, each with the length in mm over which the offset may bend, the farthest counterpart in mm, and the least
cosine between the normals."""
_LANDMARK_MM = 1.5
"""Deviation of the landmarks' places on the two meshes."""
_LANDMARK_AREA = 40.0
"""Area of skin that weighs as much as a landmark at the stiffest level, mm^2; the landmark fades with the square of the
length."""
_ALONG = 0.02
"""Weight of distances along the surface."""
_IDENTITY_MM = 4.0
"""Deviation of a landmark that the head's identity leaves, mm."""
_SAMPLES = 6000
"""About so many of the face's vertices stand for all of them, spread evenly over their numbers."""
_EXPRESSION_PRIOR = 0.3
"""How much an action must explain to be used, mm, times the skin's vertices."""
_RIM_MM = 6.0
"""Distance from the face's rim from which on its surface is trusted in full, mm."""


class FaceMesh(NamedTuple):
    """A face to be carried over, in mm, axes as in the engine's model space, any origin near the eyes."""

    vertices: np.ndarray
    """(M, 3)."""
    triangles: np.ndarray
    """(F, 3), counter-clockwise seen from outside."""
    landmarks: np.ndarray
    """(68,) vertex numbers; -1 where the mesh has no such point."""
    face: np.ndarray | None = None
    """(M,) bool: which vertices are of the face where the mesh is more than a face; None: all."""


class TransferError(NamedTuple):
    """Distances between the mesh and the head, mm, without eyes, mouth and the mesh's rim."""

    mean: float
    median: float
    p95: float
    largest: float
    covered: float
    """Share of the mesh's vertices that were compared."""

    def to_json(self) -> dict:
        return {name: round(float(value), 4) for name, value in self._asdict().items()}


@dataclass(frozen=True)
class Conformed:
    """The head in the shape of a face mesh."""

    rotation: np.ndarray
    """(3, 3): a point x of the mesh lies at ``rotation @ x + shift`` in the head's model space."""
    shift: np.ndarray
    """(3,) mm."""
    identity: np.ndarray
    """(K,) float32."""
    offset: np.ndarray
    """(V, 3) mm that the skin is moved by on top of the identity."""
    counterpart: Closest
    """The place on the mesh that corresponds to each skin vertex."""
    trust: np.ndarray
    """(V,) 0 to 1: how far a skin vertex has a counterpart."""
    error: TransferError
    """Distances of the whole mesh."""
    face_error: TransferError
    """Distances of the vertices of its face."""

    def to_head(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) points of the mesh -> model space of the head, mm."""
        return points @ self.rotation.T + self.shift


def conform(model: HeadModel, mesh: FaceMesh, progress: Progress = SILENT) -> Conformed:
    """Bring the head into the shape of a relaxed face.

    Args:
        progress: may raise to cancel.

    Raises:
        ValueError: fewer than six landmarks.
    """
    surface = skin_surface(model)
    target = np.asarray(mesh.vertices, np.float64)
    used = STEADY_68[mesh.landmarks[STEADY_68] >= 0]
    if len(used) < 6:
        raise ValueError("a face mesh needs at least six landmarks")
    identity, rotation, shift = _fit_identity(model, used, target[mesh.landmarks[used]])
    target = target @ rotation.T + shift
    there = _Target(target, mesh.triangles)
    progress(0.1)
    identity = _refine_identity(model, surface, there, identity, used, target[mesh.landmarks[used]])
    progress(0.2)
    rest = model.shape(identity)[surface.vertices].astype(np.float64)
    points = _LandmarkRows(model, surface, used, target[mesh.landmarks[used]])
    offset = np.zeros_like(rest)
    for number, (length, farthest, cosine) in enumerate(_LEVELS):
        progress(0.2 + 0.7 * number / len(_LEVELS))
        offset = _bend(surface, there, points, rest, offset, length, farthest, cosine)
    offset = without_folds(rest, surface.triangles, offset)
    progress(0.9)
    near, trust = _trust(surface, there, rest + offset)
    whole = np.ones(len(target), bool)
    error, face_error = _measure(model, surface, there, rest + offset, (whole, whole if mesh.face is None else mesh.face))
    return Conformed(rotation, shift, identity.astype(np.float32), offset, near, trust, error, face_error)


def pose_conformed(model: HeadModel, found: Conformed, relaxed: FaceMesh, posed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The head's facial actions and deformation when the mesh's vertices move, in the same topology.

    Args:
        found: of the relaxed mesh. posed: (M, 3) mm, the mesh with its expression, in the frame of `relaxed`.

    Returns:
        (52,) float32 in [0, 1], and (N, 3) float32 mm such that ``model.shape(identity, expression) + deformation`` is
        the posed face.
    """
    surface = skin_surface(model)
    move = (np.asarray(posed, np.float64) - relaxed.vertices) @ found.rotation.T
    move = found.counterpart.of(move, relaxed.triangles)
    rest = model.shape(found.identity)[surface.vertices].astype(np.float64)
    move = _completed(surface, rest, move, found.trust)
    skin = np.sqrt(found.trust)[None, :, None] * model.expression_basis[:, surface.vertices].astype(np.float64)
    skin = skin.reshape(len(skin), -1)
    prior = _EXPRESSION_PRIOR**2 * len(surface.vertices)
    hessian = skin @ skin.T + prior * np.eye(len(skin))
    gradient = -skin @ (np.sqrt(found.trust)[:, None] * move).ravel()
    expression = boxed_step(hessian, gradient, np.zeros(len(skin)), np.ones(len(skin)))
    bare = model.shape(found.identity, expression)
    offset = rest + found.offset + move - bare[surface.vertices]
    deformation = propagate(model, surface, offset)
    deformation += socket_shift(model, model.shape(found.identity) + deformation)
    return expression.astype(np.float32), deformation


# -- the head's own identity ---------------------------------------------------------------------------------------


def _fit_identity(model: HeadModel, used: np.ndarray, places: np.ndarray):
    """Identity and the rigid motion (points of the mesh to the head) that bring the landmarks together."""
    mean, basis = _landmark_basis(model, used)
    identity = np.zeros(len(basis))
    flat = basis.reshape(len(basis), -1)
    solve = np.linalg.inv(flat @ flat.T / _IDENTITY_MM**2 + np.eye(len(basis)))
    rotation, shift = np.eye(3), np.zeros(3)
    for _ in range(6):
        rotation, shift = _rigid(places, mean + np.einsum("k,klc->lc", identity, basis))
        identity = solve @ (flat @ (places @ rotation.T + shift - mean).ravel()) / _IDENTITY_MM**2
    return identity, rotation, shift


def _landmark_basis(model: HeadModel, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    chosen = LANDMARKS_68[used]
    on, weights = model.landmark_vertices[chosen], model.landmark_weights[chosen].astype(np.float64)
    mean = np.einsum("lc,lcd->ld", weights, model.template[on].astype(np.float64))
    return mean, np.einsum("lc,klcd->kld", weights, model.identity_basis[:, on].astype(np.float64))


def _rigid(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation and shift (Kabsch, Acta Crystallographica 1976)."""
    a, b = source.mean(0), target.mean(0)
    U, _, V = np.linalg.svd((target - b).T @ (source - a))
    rotation = U @ np.diag([1, 1, np.sign(np.linalg.det(U @ V))]) @ V
    return rotation, b - rotation @ a


def _refine_identity(
    model: HeadModel, surface: SkinSurface, there: _Target, identity: np.ndarray, used: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """Identity that also brings the skin onto the mesh."""
    skin_basis = model.identity_basis[:, surface.vertices].astype(np.float64)
    mean, basis = _landmark_basis(model, used)
    flat = basis.reshape(len(basis), -1) / _IDENTITY_MM
    for _ in range(4):
        skin = model.shape(identity)[surface.vertices].astype(np.float64)
        near, normal, weight = there.match(skin, vertex_normals(skin, surface.triangles), 20.0, 0.3)
        weight = weight / 30.0  # Neighbouring vertices carry the same information.
        across = np.einsum("kvc,vc->kv", skin_basis, normal)
        gap = np.einsum("vc,vc->v", near.of(there.vertices, there.triangles) - skin, normal)
        hessian = (across * weight) @ across.T + flat @ flat.T + np.eye(len(identity))
        now = mean + np.einsum("k,klc->lc", identity, basis)
        gradient = across @ (weight * gap) + flat @ ((places - now) / _IDENTITY_MM).ravel() - identity
        identity = np.clip(identity + np.linalg.solve(hessian, gradient), -4, 4)
    return identity


# -- the offset ----------------------------------------------------------------------------------------------------


class _Target:
    """The mesh, in the head's model space."""

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray):
        self.vertices, self.triangles = vertices, np.asarray(triangles)
        self.index = SurfaceIndex(vertices, self.triangles)
        self.normals = vertex_normals(vertices, self.triangles)
        self.area = stiffness_and_mass(vertices, self.triangles)[1]
        border = border_vertices(self.triangles)
        self.from_rim = np.full(len(vertices), np.inf)
        if len(border):
            from scipy.spatial import cKDTree

            self.from_rim = cKDTree(vertices[border]).query(vertices)[0]
        step = max(1, len(vertices) // _SAMPLES)
        self.samples = np.arange(0, len(vertices), step)
        self.sample_area = self.area[self.samples] * step

    def match(self, points: np.ndarray, normals: np.ndarray, farthest: float, cosine: float):
        """Counterparts of the points on the mesh, their normals there, and 1 where they may be believed."""
        near = self.index.query(points)
        normal = near.of(self.normals, self.triangles)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        good = (np.einsum("ni,ni->n", normal, normals) > cosine) & ~near.on_border & (near.distance < farthest)
        return near, normal, good.astype(float)


class _LandmarkRows(NamedTuple):
    """Landmarks as combinations of skin vertices."""

    model: HeadModel
    surface: SkinSurface
    used: np.ndarray
    places: np.ndarray

    def matrix(self) -> tuple[sp.csr_matrix, np.ndarray]:
        """(l, V) weights of those that lie on the skin, and their (l, 3) places."""
        local = np.full(len(self.model.template), -1)
        local[self.surface.vertices] = np.arange(len(self.surface.vertices))
        chosen = LANDMARKS_68[self.used]
        on = local[self.model.landmark_vertices[chosen]]
        weights = self.model.landmark_weights[chosen].astype(np.float64)
        kept = ((on >= 0) | (weights < 1e-6)).all(1)
        on, weights = np.maximum(on[kept], 0), weights[kept]
        rows = np.repeat(np.arange(len(on)), 3)
        return (sp.csr_matrix((weights.ravel(), (rows, on.ravel())), (len(on), len(self.surface.vertices))), self.places[kept])


def _stiffness(surface: SkinSurface, rest: np.ndarray) -> tuple[sp.csc_matrix, np.ndarray]:
    stiffness, mass = stiffness_and_mass(rest, surface.triangles)
    operator = stiffness + sp.diags(mass / _REACH_MM**2)
    return (operator @ sp.diags(1 / mass) @ operator).tocsc(), mass


def _bend(
    surface: SkinSurface,
    there: _Target,
    landmarks: _LandmarkRows,
    rest: np.ndarray,
    offset: np.ndarray,
    length: float,
    farthest: float,
    cosine: float,
) -> np.ndarray:
    """(V, 3) the smooth offset nearest to the counterparts that the present one has."""
    skin = rest + offset
    normals = vertex_normals(skin, surface.triangles)
    rough, mass = _stiffness(surface, rest)
    count = len(skin)
    # From the head to the mesh.
    near, normal, good = there.match(skin, normals, farthest, cosine)
    spot = near.of(there.vertices, there.triangles)
    blocks = (1 - _ALONG) * normal[:, :, None] * normal[:, None] + _ALONG * np.eye(3)
    blocks *= (good * mass)[:, None, None]
    right = np.einsum("vij,vj->vi", blocks, spot - rest)
    # From the mesh to the head.
    samples = there.samples
    back = SurfaceIndex(skin, surface.triangles).query(there.vertices[samples])
    direction = there.normals[samples]
    facing = np.einsum("ni,ni->n", back.of(normals, surface.triangles), direction)
    weight = there.sample_area * ((facing > cosine) & ~back.on_border & (back.distance < farthest))
    corner = surface.triangles[back.triangle]
    rows = np.repeat(np.arange(len(samples)), 9)
    columns = (3 * corner[:, :, None] + np.arange(3)).reshape(-1)
    values = (back.weights[:, :, None] * direction[:, None]).reshape(-1)
    matrix = sp.csr_matrix((values, (rows, columns)), (len(samples), 3 * count))
    gap = np.einsum("ni,ni->n", direction, there.vertices[samples] - back.of(rest, surface.triangles))
    # Landmarks.
    at, places = landmarks.matrix()
    strength = _LANDMARK_AREA / _LANDMARK_MM**2 * min(1.0, (length / _LEVELS[0][0]) ** 2)
    right += strength * (at.T @ (places - at @ rest))
    each = sp.kron((length**4 * rough + strength * (at.T @ at)).tocsc(), sp.eye(3), format="csc")
    diagonal = sp.bsr_matrix((blocks, np.arange(count), np.arange(count + 1)), (3 * count, 3 * count))
    system = each + diagonal.tocsc() + (matrix.T @ sp.diags(weight) @ matrix).tocsc()
    return _solve(system, right.ravel() + matrix.T @ (weight * gap), offset)


def _solve(system: sp.csc_matrix, right: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(V, 3) solution of the (3V, 3V) positive definite system to some micrometres, by conjugate gradients.

    Preconditioned by the same system with one stiffness for all directions, whose three axes come apart: its factor has
    a seventh of the entries.
    """
    blocks = system.tobsr((3, 3))
    count = len(start)
    even = sp.csr_matrix((np.trace(blocks.data, axis1=1, axis2=2) / 3, blocks.indices, blocks.indptr), (count, count))
    factor = _factor(even.tocsc())
    nearly = LinearOperator(system.shape, lambda x: factor.solve(x.reshape(-1, 3)).ravel(), dtype=float)
    solution, left = cg(system.tocsr(), right, start.ravel(), rtol=1e-5, maxiter=400, M=nearly)
    return (_factor(system).solve(right) if left else solution).reshape(-1, 3)


def _factor(system: sp.csc_matrix):
    return splu(system, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0)


def _trust(surface: SkinSurface, there: _Target, skin: np.ndarray) -> tuple[Closest, np.ndarray]:
    """Counterparts of the finished skin, and how far they hold: fading towards the mesh's rim."""
    near, _, good = there.match(skin, vertex_normals(skin, surface.triangles), 2.0, 0.3)
    from_rim = near.of(np.minimum(there.from_rim, 1e3)[:, None], there.triangles)[:, 0]
    trust = good * np.clip(from_rim / _RIM_MM, 0, 1)
    around = neighbour_mean(surface.triangles, len(skin))
    return near, trust * (0.5 + 0.5 * (around @ trust))


def _completed(surface: SkinSurface, rest: np.ndarray, move: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """(V, 3) `move` where it is trusted, continued smoothly elsewhere."""
    rough, mass = _stiffness(surface, rest)
    smooth = _factor((rough + sp.diags(trust * mass)).tocsc()).solve((trust * mass)[:, None] * move)
    return trust[:, None] * move + (1 - trust[:, None]) * smooth


def _measure(
    model: HeadModel, surface: SkinSurface, there: _Target, skin: np.ndarray, areas: tuple[np.ndarray, ...]
) -> list[TransferError]:
    """Distances from the mesh's vertices to the head where the two show the same: not in the openings of eyes, nose and
    mouth.

    Args:
        areas: (M,) bool each; one error for each of them.
    """
    near = SurfaceIndex(skin, surface.triangles).query(there.vertices)
    normals = near.of(vertex_normals(skin, surface.triangles), surface.triangles)
    facing = np.einsum("ni,ni->n", normals, there.normals)
    inner = near.of(model.part("right_eye", "left_eye")[surface.vertices, None].astype(float), surface.triangles)[:, 0]
    same = ~near.on_border & (there.from_rim > _RIM_MM) & (facing > 0.3) & (inner < 0.5)
    return [_error(near.distance, there.area, same, area) for area in areas]


def _error(distance: np.ndarray, weight: np.ndarray, same: np.ndarray, area: np.ndarray) -> TransferError:
    used = same & area
    if not used.any():
        return TransferError(np.inf, np.inf, np.inf, np.inf, 0.0)
    distance, weight = distance[used], weight[used]
    order = np.argsort(distance)
    share = np.cumsum(weight[order]) / weight.sum()
    return TransferError(
        float(np.average(distance, weights=weight)),
        *(float(distance[order][np.searchsorted(share, level).clip(0, len(order) - 1)]) for level in (0.5, 0.95)),
        float(distance.max()),
        float(used.sum() / area.sum()),
    )

"""How a fitted head may still be wrong, as a Gaussian field over its vertices, and what it says about the rest of the head
when a place of it is known.

The covariance is that of people's identities (:mod:`engine.fit.coarse.population`), of what fits of generated heads were wrong
by (:mod:`engine.synthetic.fit_errors` measures it) and of smooth local fields, each times a function of the distance that ends
at a few centimetres (Gaspari and Cohn, QJRMS 1999, do so for ensembles; the product of two covariances is one, by Schur): a
pin pulls what lies around it as faces vary there, in depth, too, as far as that goes with what the picture shows; and nothing
beyond.
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from ..fit.coarse.population import anchored_identity, load_people
from ..geometry.mesh import neighbour_mean, vertex_normals
from ..head.model import MATERIALS, HeadModel
from .weights import ErrorWeights

__all__ = ["ERRORS_FILE", "MIRROR", "ErrorField", "error_field", "taper"]

ERRORS_FILE = Path(__file__).parent / "data" / "errors.npz"
"""What fits of generated heads were wrong by, as far as identities explain it."""

MIRROR = np.array([-1.0, 1.0, 1.0])
"""A move's mirror image in model space."""


def taper(distance: np.ndarray, reach: float) -> np.ndarray:
    """Wendland's function (Advances in Computational Mathematics, 1995): 1 at distance 0, smooth, 0 from `reach` on."""
    r = np.minimum(distance / reach, 1)
    return (1 - r) ** 4 * (4 * r + 1)


class ErrorField:
    """The field on one head model.

    Args:
        model: head model. weights: of the field.
    """

    def __init__(self, model: HeadModel, weights: ErrorWeights):
        self.model, self.weights = model, weights
        people = load_people(model)
        count = people.modes.shape[1]
        covariance = weights.identity**2 * (people.modes.T @ people.modes + weights.person_variance * np.eye(count))
        roots = np.concatenate([np.linalg.cholesky(covariance).T, weights.measured * _measured(model)])
        moves = np.tensordot(roots, model.identity_basis.astype(np.float64), 1)
        mirrored = moves[:, model.mirror] * MIRROR
        # Even and odd halves: the covariance is the same on both sides.
        moves = np.concatenate([moves + mirrored, moves - mirrored]) / 2
        self.skin = np.zeros(len(model.template), bool)
        self.skin[np.unique(model.faces[model.face_material == MATERIALS.index("skin")])] = True
        moves[:, ~self.skin] = 0
        self._moves = moves.astype(np.float32)
        self._rows = np.ascontiguousarray(self._moves.reshape(len(moves), -1).T)
        template = model.template.astype(np.float64)
        normals = vertex_normals(template, model.triangles)
        self._template, self._outwards = template, normals
        around = neighbour_mean(model.triangles, len(template))
        for _ in range(weights.slope_rounds):
            normals = (normals + around @ normals) / 2
        self._normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)

    def covariance(
        self, corners: np.ndarray, shares: np.ndarray, symmetric: bool = False, normal_mm: float | None = None
    ) -> np.ndarray:
        """(N, 3, P, 3) mm² between all vertices and P places.

        Args:
            corners: (P, 3) vertices. shares: (P, 3) barycentric weights.
            symmetric: of heads whose errors are the same on both sides.
            normal_mm: in place of :attr:`.weights.ErrorWeights.normal_mm`.
        """
        w, count = self.weights, len(corners)
        moves = np.einsum("pk,rpkd->rpd", shares.astype(np.float32), self._moves[:, corners])
        everywhere = np.hstack([self._template, (w.normal_mm if normal_mm is None else normal_mm) * self._outwards])
        places = np.einsum("pk,pkd->pd", shares, everywhere[corners])
        distance = np.sqrt(np.maximum(_squared_distances(everywhere, places), 0))
        found = (self._rows @ moves.reshape(len(moves), -1)).reshape(-1, 3, count, 3).astype(np.float64)
        found *= taper(distance, w.identity_reach_mm)[:, None, :, None]
        normals = np.einsum("pk,pkd->pd", shares, self._normals[corners])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        along = sum(sigma**2 * taper(distance, reach) for sigma, _, reach in w.local) * self.skin[:, None]
        across = sum(sigma**2 * taper(distance, reach) for _, sigma, reach in w.local) * self.skin[:, None]
        found += along[:, None, :, None] * np.einsum("nij,pjk->nipk", _tangent(self._normals), _tangent(normals))
        found += across[:, None, :, None] * np.einsum("ni,pk->nipk", self._normals, normals)
        if symmetric:
            found = found + MIRROR[:, None, None] * found[self.model.mirror]
        return found


def _measured(model: HeadModel) -> np.ndarray:
    """(M, K) identities whose squares' sum is the covariance of measured errors.

    Raises:
        HrnError: MODEL_MISSING where they belong to another head model.
    """
    with np.load(ERRORS_FILE, allow_pickle=False) as data:
        found = anchored_identity(model, data["vertices"], data["modes"])
    return found / np.sqrt(len(found))


def _tangent(normals: np.ndarray) -> np.ndarray:
    """(n, 3, 3) projections onto the planes of (n, 3) normals."""
    return np.eye(3) - normals[:, :, None] * normals[:, None]


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T


_fields: dict[tuple[str, ErrorWeights], ErrorField] = {}
_lock = threading.Lock()


def error_field(model: HeadModel, weights: ErrorWeights) -> ErrorField:
    """The field of `model`; kept in memory after the first call."""
    with _lock:
        key = model.version, weights
        if key not in _fields:
            _fields[key] = ErrorField(model, weights)
        return _fields[key]

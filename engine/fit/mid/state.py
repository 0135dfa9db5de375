"""Unknowns of the mid-frequency stage and where they stand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...camera import Camera
from ...geometry.mesh import vertex_normals
from ...head.model import HeadModel
from ...types import CoarseFit
from ..skin_surface import SkinSurface
from .weights import MidWeights

__all__ = ["Bases", "State", "bases_of", "first_state"]


@dataclass(frozen=True)
class Bases:
    """Linear moves of V skin vertices, in multiples of their deviation; where they stand among the unknowns, in order:
    pose (6), identity, broad, fine, albedo, light (9, grey)."""

    shape: np.ndarray
    """(3V, K) mm: identity, broad and fine offsets."""
    identities: int
    """How many of the first columns are identity."""
    albedo: np.ndarray
    """(V, A) log albedo."""

    @property
    def shape_part(self) -> slice:
        """Place of the shape among the unknowns."""
        return slice(6, 6 + self.shape.shape[1])

    @property
    def albedo_part(self) -> slice:
        """Place of the albedo among the unknowns."""
        return slice(self.shape_part.stop, self.shape_part.stop + self.albedo.shape[1])

    @property
    def light_part(self) -> slice:
        """Place of the light among the unknowns."""
        return slice(self.albedo_part.stop, self.albedo_part.stop + 9)

    @property
    def size(self) -> int:
        """Number of the unknowns."""
        return self.light_part.stop

    @property
    def per_vertex(self) -> np.ndarray:
        """(V, 3, K) view of the moves of the shape."""
        return self.shape.reshape(-1, 3, self.shape.shape[1])


@dataclass
class State:
    """Values of the unknowns."""

    surface: SkinSurface
    bases: Bases
    base: np.ndarray
    """(N, 3) mm: the coarse head."""
    mm_per_px: float
    """Scale of the picture plane at the face. Fixed for the whole fit: errors in mm must not shrink when the head comes
    nearer."""
    camera: Camera
    pose: np.ndarray
    """(6,) difference of turn and shift from the coarse pose."""
    shape: np.ndarray
    """(K,)"""
    albedo: np.ndarray
    """(A,)"""
    light: np.ndarray
    """(9,)"""

    def skin(self) -> np.ndarray:
        """(V, 3) posed skin in model space, mm."""
        return self.base[self.surface.vertices] + (self.bases.shape @ self.shape).reshape(-1, 3)

    def move(self, by: np.ndarray) -> None:
        """Add (size,) to the unknowns."""
        bases = self.bases
        self.camera = replace(self.camera, R=cv2.Rodrigues(by[:3])[0] @ self.camera.R, t=self.camera.t + by[3:6])
        self.pose += by[:6]
        self.shape += by[bases.shape_part]
        self.albedo += by[bases.albedo_part]
        self.light += by[bases.light_part]


def bases_of(model: HeadModel, surface: SkinSurface, base: np.ndarray, weights: MidWeights) -> Bases:
    """The moves around a head of (N, 3) mm."""
    start = base[surface.vertices]
    normals = vertex_normals(start, surface.triangles)
    identity = model.identity_basis[:, surface.vertices].astype(np.float64).transpose(1, 2, 0)
    identity = identity.reshape(3 * len(start), -1) * weights.identity
    fine = (normals[:, :, None] * surface.fine[:, None, :]).reshape(3 * len(start), -1) * weights.fine
    return Bases(np.hstack([identity, surface.broad * weights.broad, fine]), identity.shape[1], surface.albedo * weights.albedo)


def first_state(model: HeadModel, surface: SkinSurface, coarse: CoarseFit, weights: MidWeights) -> State:
    """The coarse fit, without light."""
    base = model.shape(coarse.identity, coarse.expression).astype(np.float64)
    bases = bases_of(model, surface, base, weights)
    return State(
        surface,
        bases,
        base,
        float(coarse.camera.t[2]) / coarse.camera.fx,
        coarse.camera,
        np.zeros(6),
        np.zeros(bases.shape.shape[1]),
        np.zeros(bases.albedo.shape[1]),
        np.zeros(9),
    )

"""The deformation as it leaves the stage: carried to eyes, teeth and lashes, kept free of folds, and as a UV map."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ...geometry.mesh import QUAD_TRIANGLES, face_cross, neighbour_mean
from ...head.model import MATERIALS, HeadModel
from ...render import interpolate, rasterize
from ..skin_surface import SkinSurface
from .weights import WEIGHTS, FoldWeights, FollowWeights

__all__ = ["deformation_map", "propagate", "without_folds"]


def without_folds(
    vertices: np.ndarray, triangles: np.ndarray, offset: np.ndarray, weights: FoldWeights = WEIGHTS.folds
) -> np.ndarray:
    """The offset with as little change as needed so that no triangle turns over or collapses.

    Around offending triangles the offset is averaged with its neighbours', again and again; what is left after that
    is shrunk there.

    Args:
        vertices: (V, 3) before. triangles: (T, 3). offset: (V, 3), same unit.
        weights: how they are taken out.

    Returns:
        (V, 3).
    """
    w, before = weights, face_cross(vertices, triangles)
    squared = np.maximum((before**2).sum(1), 1e-12)
    around = neighbour_mean(triangles, len(vertices))
    offset = offset.copy()
    for round_ in range(w.rounds):
        after = face_cross(vertices + offset, triangles)
        bad = np.einsum("ij,ij->i", after, before) / squared < w.least_area
        if not bad.any():
            break
        near = np.zeros(len(vertices))
        near[triangles[bad].ravel()] = 1
        near = np.maximum(near, (around @ near > 0) * w.beside)
        offset += w.average * near[:, None] * (around @ offset - offset)
        if round_ >= w.rounds // 2:
            offset *= 1 - w.shrink * near[:, None]
    return offset


def propagate(
    model: HeadModel, surface: SkinSurface, offset: np.ndarray, weights: FollowWeights = WEIGHTS.follow
) -> np.ndarray:
    """Offsets of the whole head from those of its skin.

    Eyeballs and teeth are rigid and follow the mean of the lids and lips; lashes, sockets, mouth cavity and tongue
    follow the skin nearest to them.

    Args:
        model: head model.
        surface: its skin of V vertices.
        offset: (V, 3) mm.
        weights: how what is not skin follows.

    Returns:
        (N, 3) float32 mm.
    """
    result = np.zeros((len(model.template), 3))
    result[surface.vertices] = offset
    is_skin = np.zeros(len(result), bool)
    is_skin[surface.vertices] = True
    rest = np.flatnonzero(~is_skin)
    distance, near = cKDTree(model.template[surface.vertices]).query(model.template[rest], k=weights.nearest)
    weight = 1 / (distance + weights.soft_mm) ** 2
    result[rest] = np.einsum("nk,nkd->nd", weight / weight.sum(1, keepdims=True), offset[near])
    used = model.faces[model.face_material == MATERIALS.index("teeth")]
    lips = model.part("upper_lip", "lower_lip")[surface.vertices]
    result[np.unique(used)] = (offset * lips[:, None]).sum(0) / max(lips.sum(), 1e-9)
    for side, name in enumerate(("right_eye", "left_eye")):
        lids = model.part(name)[surface.vertices]
        if lids.sum() > 0:
            result[model.eyeballs[side]] = (offset * lids[:, None]).sum(0) / lids.sum()
    return result.astype(np.float32)


def deformation_map(model: HeadModel, deformation: np.ndarray, size: int) -> np.ndarray:
    """The (N, 3) deformation in mm as a map.

    Args:
        model: head model. deformation: (N, 3) mm. size: side S in pixels.

    Returns:
        (S, S, 3) float32 mm in model axes, row 0 at v = 1; 0 outside the UV layout.
    """
    corners = model.uv[:, QUAD_TRIANGLES].reshape(-1, 2).astype(np.float64)
    points = np.stack([corners[:, 0] * size, (1 - corners[:, 1]) * size], 1)
    triangles = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    values = deformation[model.triangles.ravel()]
    raster = rasterize(points, np.ones(len(points)), triangles, size, size)
    return interpolate(raster, triangles, values.astype(np.float32))

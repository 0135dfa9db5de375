"""A height parted between the mesh, which carries its longer waves, and the displacement map."""

from __future__ import annotations

import numpy as np

from ...geometry.mesh import vertex_normals
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...types import Relief
from ..mid.deformation import without_folds
from ..skin_surface import skin_surface
from .filters import band_deviations, bands, blur, slopes
from .heights import heights, placed
from .light import Lit
from .picture import Picture
from .weights import ReliefWeights

__all__ = ["carried_offset", "longer", "shade_of", "shown", "split"]


def split(
    model: HeadModel,
    vertices: np.ndarray,
    seen: tuple[Picture, Lit, np.ndarray],
    height: np.ndarray,
    weights: ReliefWeights,
) -> Relief:
    """The height of one photo as a relief: waves that the mesh carries, and the rest.

    Args:
        vertices: (N, 3) mm, the posed smooth head.
        seen: the photo's picture, its light, and (H, W) where skin shows.
        height: (H, W) mm.
    """
    picture, lit, trust = seen
    broad = longer(picture, trust, height, weights.split.mesh_mm, weights)
    shade = shade_of(picture, lit, height - broad, weights)
    relief = shown(picture, trust, height, shade, len(vertices), weights)
    carried = heights(relief, broad, placed(model, relief, vertices), weights.split)
    relief.offset[:], relief.carried[:] = carried_offset(model, vertices, carried)
    return relief


def longer(picture: Picture, trust: np.ndarray, height: np.ndarray, wave: float, weights: ReliefWeights) -> np.ndarray:
    """(H, W) mm: waves of a height that are longer than `wave` mm; none where too little skin shows."""
    w, mm = weights.split, picture.pixels_per_mm
    within = (trust > 0).astype(np.float32) + np.float32(1e-3)
    broad = bands(height, within, band_deviations(mm, (wave,), weights.bands))[0]
    broad *= smoothstep(0, w.rim, blur(trust, w.rim_mm * mm)).astype(np.float32)
    return broad


def shade_of(picture: Picture, lit: Lit, rest: np.ndarray, weights: ReliefWeights) -> np.ndarray:
    """(H, W) float32: change of log brightness by the part of the height (H, W) mm that the mesh does not carry."""
    a, b = picture.along(lit.lean)
    right, down = slopes(rest)
    most = weights.split.shade
    return np.clip(-(a * right + b * down), -most, most).astype(np.float32)


def shown(
    picture: Picture, trust: np.ndarray, height: np.ndarray, shade: np.ndarray, count: int, weights: ReliefWeights
) -> Relief:
    """The relief of a picture, of which the mesh of `count` vertices carries nothing."""
    w, mm = weights.gate, picture.pixels_per_mm
    known = smoothstep(0, w.rim, blur(trust, w.rim_mm * mm)).astype(np.float32)
    return Relief(
        picture.camera,
        height,
        known,
        picture.depth,
        shade,
        np.zeros((count, 3), np.float32),
        np.zeros(count, np.float32),
    )


def carried_offset(model: HeadModel, vertices: np.ndarray, carried: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) mm: (N,) heights as moves of the mesh, as far as none of its triangles turns over; (N,) mm, these along the normals.

    Args:
        vertices: (N, 3) mm, the posed smooth head.
    """
    surface = skin_surface(model)
    normals = vertex_normals(vertices, model.triangles)
    moved, along = np.zeros((len(vertices), 3), np.float32), np.zeros(len(vertices), np.float32)
    offset = (carried[:, None] * normals)[surface.vertices]
    offset = without_folds(vertices[surface.vertices].astype(np.float64), surface.triangles, offset)
    moved[surface.vertices] = offset
    along[surface.vertices] = (offset * normals[surface.vertices]).sum(1)
    return moved, along

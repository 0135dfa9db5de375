"""A published method's displacement map, drawn on its own UV layout, on the head's."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..fit.skin_surface import skin_surface
from ..head.model import HeadModel
from ..texture.atlas import bands, gather, texel_band
from ..texture.padding import pad_map
from ..texture.relief.normals import tangent_normals
from ..texture.sources.photo_view import lookup
from ..types import Textures
from .carry import Carried

__all__ = ["Relief", "with_relief"]


class Relief(NamedTuple):
    """A method's displacement map on its own UV layout, of side S."""

    displacement: np.ndarray
    """(S, S) float32 mm along the normal, row 0 at the top."""
    valid: np.ndarray
    """(S, S) float32 in [0, 1]: where the method saw the face."""
    uv: np.ndarray
    """(M, 2) of the mesh's vertices, v upwards."""


def with_relief(
    model: HeadModel, carried: Carried, textures: Textures, relief: Relief, triangles: np.ndarray, gain: float
) -> Textures:
    """The head's maps with the method's relief where the method saw the face; elsewhere they stay.

    Each skin vertex knows its place on the mesh, hence on the mesh's layout; texels between are interpolated.

    Args:
        triangles: (F, 3) of the mesh. gain: strength of the relief.
    """
    surface = skin_surface(model)
    count = len(model.template)
    place = np.zeros((count, 3), np.float32)
    place[surface.vertices, :2] = carried.found.counterpart.of(relief.uv.astype(np.float64), triangles)
    place[surface.vertices, 2] = carried.found.trust
    size, side = textures.displacement.shape[0], relief.displacement.shape[0]
    out = textures.displacement.copy()
    for row0, row1 in bands(size):
        texels = texel_band(model, size, row0, row1)
        u, v, trust = gather(texels, model.triangles, place).T
        at = np.stack([u * side - 0.5, (1 - v) * side - 0.5], 1).astype(np.float32)
        value, share = lookup(relief.displacement, at), trust * lookup(relief.valid, at)
        part = out[row0:row1].reshape(-1)
        part[texels.index] += share * (gain * value - part[texels.index])
    out = pad_map(model, out)
    return replace(textures, displacement=out, normal=tangent_normals(model, model.posed(carried.views[0]), out))

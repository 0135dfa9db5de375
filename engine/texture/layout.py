"""What the texture needs of the head model alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..head.model import MATERIALS, HeadModel
from .atlas import Texels, mirrored_uv, texel_band, texel_density
from .unlit.surface import Surface

__all__ = ["Layout", "layout_of", "skin_texels"]


@dataclass(frozen=True)
class Layout:
    """What follows from the model alone."""

    surface: Surface
    mirrored: np.ndarray
    """(4Q, 2) UV of each corner's mirror image."""
    density: np.ndarray
    """(V,) texels per mm on a map of side 1, mean head."""
    skin: np.ndarray
    """(Q,) bool."""


_layouts: dict[str, Layout] = {}


def layout_of(model: HeadModel) -> Layout:
    """The model's :class:`Layout`, remembered for the last model."""
    key = f"{model.version}/{len(model.faces)}"
    if key not in _layouts:
        _layouts.clear()
        triangles = model.triangles
        per_triangle = texel_density(model, model.template)
        count = np.bincount(triangles.ravel(), minlength=len(model.template))
        density = np.bincount(triangles.ravel(), np.repeat(per_triangle, 3), len(model.template)) / np.maximum(count, 1)
        _layouts[key] = Layout(
            Surface(model.template, triangles),
            mirrored_uv(model).reshape(-1, 2),
            density.astype(np.float32),
            model.face_material == MATERIALS.index("skin"),
        )
    return _layouts[key]


def skin_texels(model: HeadModel, side: int) -> Texels:
    """The texels of the skin on a map of `side`."""
    whole = texel_band(model, side, 0, side)
    rows = np.flatnonzero(layout_of(model).skin[whole.triangle // 2])
    return Texels(whole.size, whole.row0, whole.row1, whole.index[rows], whole.triangle[rows], whole.weights[rows])

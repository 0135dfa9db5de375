"""Folds and wrinkles that the fit has read from the photos' shading, as far as the mesh does not carry them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import scipy.sparse as sp

from ...fit.relief.heights import Part, joint_heights, known_share, placed
from ...geometry.lookup import lookup
from ...head.model import HeadModel
from ...head.subdivision import subdivided
from ...types import Relief
from ..atlas import Texels, gather, texel_band
from ..padding import fill_outside

__all__ = ["Measured"]

_finer: dict[str, tuple[HeadModel, sp.csr_matrix]] = {}


def _subdivided_twice(model: HeadModel) -> tuple[HeadModel, sp.csr_matrix]:
    """The head as Blender draws it, remembered for the last model."""
    key = f"{model.version}/{len(model.faces)}"
    if key not in _finer:
        _finer.clear()
        _finer[key] = subdivided(model, 2)
    return _finer[key]


class Measured:
    """A relief to be read at texels.

    Args:
        seen: the relief as each photo shows it, and (N, 3) mm, the head as it is posed there, the relief's offset included.
        side: of the map on which what the mesh carries is kept: it has no fine waves.
    """

    def __init__(self, model: HeadModel, seen: Sequence[tuple[Relief, np.ndarray]], side: int):
        self._side = side
        self._triangles = model.triangles.astype(np.int32)
        self._seen = []
        for relief, vertices in seen:
            share = np.ones(len(vertices), np.float32) if relief.share is None else relief.share
            place = placed(model, relief, vertices - relief.offset)
            self._seen.append((relief, np.column_stack([place, share, share[model.mirror]])))
        # A coarse mesh is drawn smoothly: its flat triangles would leave their edges in the map.
        finer, matrix = _subdivided_twice(model)
        texels = texel_band(finer, side, 0, side)
        carried = gather(texels, finer.triangles.astype(np.int32), matrix @ seen[0][0].carried)
        self._carried = fill_outside(finer, texels.image(carried), texels)

    def rest(self, texels: Texels) -> np.ndarray:
        """(n,) float32 mm along the normal: the relief at texels without what the mesh carries."""
        return joint_heights(self._parts(texels)) - lookup(self._carried, texels.uv_pixels(self._side), cv2.INTER_CUBIC)

    def known(self, texels: Texels) -> np.ndarray:
        """(n,) float32 in [0, 1]: where it was read."""
        return known_share(self._parts(texels))

    def _parts(self, texels: Texels) -> list[Part]:
        parts = []
        for relief, vertex in self._seen:
            at = gather(texels, self._triangles, vertex)
            parts.append(Part(relief, relief.height, at[:, :6], at[:, 6:]))
        return parts

"""The head's UV layout as texels: which point of the surface every texel shows.

UV origin is bottom-left, maps have row 0 at the top: texel (row, column) of a map of S x S has its centre at
``u = (column + .5) / S, v = 1 - (row + .5) / S``. Everything here works on bands of rows, so that a map of 8192 needs
no more memory than one of 1024.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Lock

import numpy as np
from numba import njit

from ..geometry.mesh import QUAD_TRIANGLES, uv_density
from ..head.model import HeadModel
from ..render import rasterize
from ..system.concurrency import concurrently
from ..system.progress import SILENT, Progress

__all__ = ["Texels", "bands", "corner_triangles", "each_band", "gather", "mirrored_uv", "texel_band", "texel_density"]

_BAND_TEXELS = 2048 * 512
"""Texels of one band."""

_CACHE_LIMIT = 200_000_000
"""Bytes of rasterised bands that are kept for the next head."""

_cache: OrderedDict[tuple, Texels] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class Texels:
    """The covered texels of rows ``row0 <= row < row1`` of a map of `size` x `size`, n of them."""

    size: int
    row0: int
    row1: int
    index: np.ndarray
    """(n,) int32 position ``(row - row0) * size + column``, ascending."""
    triangle: np.ndarray
    """(n,) int32 number in ``HeadModel.triangles``."""
    weights: np.ndarray
    """(n, 3) float32 barycentric weights."""

    @property
    def shape(self) -> tuple[int, int]:
        return self.row1 - self.row0, self.size

    def uv_pixels(self, size: int) -> np.ndarray:
        """(n, 2) float32 positions of the texels in a map of `size`, OpenCV convention (first texel centre at 0)."""
        row, column = np.divmod(self.index, self.size)
        scale = np.float32(size / self.size)
        out = np.empty((len(self.index), 2), np.float32)
        out[:, 0] = (column + np.float32(0.5)) * scale - np.float32(0.5)
        out[:, 1] = (row + self.row0 + np.float32(0.5)) * scale - np.float32(0.5)
        return out

    def image(self, values: np.ndarray, fill=0) -> np.ndarray:
        """(n, ...) values -> (rows, size, ...) image, `fill` outside the layout."""
        out = np.full((self.shape[0] * self.size, *values.shape[1:]), fill, values.dtype)
        out[self.index] = values
        return out.reshape(*self.shape, *values.shape[1:])


def bands(size: int) -> list[tuple[int, int]]:
    """Rows ``(row0, row1)`` of the bands of a map of `size`."""
    step = max(1, min(size, _BAND_TEXELS // size))
    return [(row, min(size, row + step)) for row in range(0, size, step)]


def each_band(work: Callable[[int, int], object], parts: list[tuple[int, int]], progress: Progress = SILENT) -> None:
    """Call ``work(row0, row1)`` for every band; each writes its own rows. See :func:`concurrently`."""
    concurrently([partial(work, row0, row1) for row0, row1 in parts], progress)


def corner_triangles(quads: int) -> np.ndarray:
    """(2Q, 3) int32 numbers of quad corners (4q + corner) in the order of ``HeadModel.triangles``."""
    return (np.arange(quads, dtype=np.int32)[:, None] * 4 + np.array(QUAD_TRIANGLES, np.int32)).reshape(-1, 3)


def texel_band(model: HeadModel, size: int, row0: int, row1: int) -> Texels:
    """Rasterise rows of the UV layout; bands of recently used sizes are remembered.

    Args:
        model: supplies ``uv``; remembered under ``model.version``.
        size: side of the map.
        row0, row1: rows of the band.
    """
    key = (model.version, model.uv.shape[0], size, row0, row1)
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    points = model.uv.reshape(-1, 2).astype(np.float64) * [size, -size] + [0, size - row0]
    raster = rasterize(points, np.ones(len(points)), corner_triangles(len(model.uv)), size, row1 - row0)
    triangle = raster.triangle.reshape(-1)
    index = np.flatnonzero(triangle >= 0).astype(np.int32)
    texels = Texels(size, row0, row1, index, triangle[index], raster.weights.reshape(-1, 3)[index])
    with _lock:
        _cache[key] = texels
        while sum(t.index.nbytes * 5 for t in _cache.values()) > _CACHE_LIMIT and len(_cache) > 1:
            _cache.popitem(last=False)
    return texels


@njit(cache=True, nogil=True)
def _gather(corners, triangle, weights, values, out):
    for i in range(triangle.shape[0]):
        a, b, c = corners[triangle[i], 0], corners[triangle[i], 1], corners[triangle[i], 2]
        wa, wb, wc = weights[i, 0], weights[i, 1], weights[i, 2]
        for k in range(values.shape[1]):
            out[i, k] = wa * values[a, k] + wb * values[b, k] + wc * values[c, k]


def gather(texels: Texels, triangles: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Vertex (or corner) values at the texels.

    Args:
        texels: n texels.
        triangles: (T, 3) int32 rows of `values` for each triangle.
        values: (V, C) or (V,) float.

    Returns:
        (n, C) or (n,) float32.
    """
    flat = np.ascontiguousarray(values.reshape(len(values), -1), np.float32)
    out = np.empty((len(texels.triangle), flat.shape[1]), np.float32)
    _gather(np.ascontiguousarray(triangles, np.int32), texels.triangle, texels.weights, flat, out)
    return out[:, 0] if values.ndim == 1 else out


def mirrored_uv(model: HeadModel) -> np.ndarray:
    """(Q, 4, 2) float32: where each quad corner's mirror image lies in the layout (its own place if it has none)."""
    number = {}
    for q, face in enumerate(model.faces):
        number[tuple(sorted(face.tolist()))] = q
    out = model.uv.astype(np.float32).copy()
    mirrored = model.mirror[model.faces]
    for q, face in enumerate(mirrored):
        other = number.get(tuple(sorted(face.tolist())))
        if other is None:
            continue
        theirs = model.faces[other].tolist()
        for corner, vertex in enumerate(face.tolist()):
            out[q, corner] = model.uv[other, theirs.index(vertex)]
    return out


def texel_density(model: HeadModel, vertices: np.ndarray) -> np.ndarray:
    """(2Q,) float32 texels per millimetre of each triangle on a map of side 1 (multiply by the side).

    The geometric mean over both directions: the root of UV area over surface area.
    """
    uv = model.uv.reshape(-1, 2)[corner_triangles(len(model.uv))]
    return uv_density(vertices[model.triangles], uv).astype(np.float32)

"""Rasterizing behind one interface.

``rasterize`` uses the fastest backend present; `backend` names one: ``"reference"`` (plain NumPy, the truth in
tests), ``"portable"`` (Numba, needs no compiler and no CUDA).
"""

from __future__ import annotations

import numpy as np

from .raster import Raster, interpolate

__all__ = ["BACKENDS", "Raster", "interpolate", "rasterize"]

BACKENDS = ("portable", "reference")


def rasterize(points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, width: int, height: int, *,
              backend: str | None = None) -> Raster:
    """Nearest triangle at every pixel centre.

    Args:
        points: (V, 2) pixels, x right, y down, centre of the top-left pixel at (0.5, 0.5).
        depth: (V,) positive distances along the viewing axis; for UV space any constant.
        triangles: (T, 3) int.
        width, height: size of the result in pixels.
        backend: one of :data:`BACKENDS`; None takes the first.

    Returns:
        Raster: perspective-correct when `depth` varies. Triangles with a vertex at depth <= 0 are skipped; both
        windings are drawn; of equal depths the lower triangle number wins.

    Raises:
        ValueError: unknown backend.
    """
    name = backend or BACKENDS[0]
    if name == "portable":
        from .portable import rasterize as run
    elif name == "reference":
        from .reference import rasterize as run
    else:
        raise ValueError(f"unknown rasterizer backend {name!r}, expected one of {BACKENDS}")
    return run(np.ascontiguousarray(points, np.float64), np.ascontiguousarray(depth, np.float64),
               np.ascontiguousarray(triangles, np.int32), int(width), int(height))

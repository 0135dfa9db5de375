"""Rasterizing behind one interface.

Backends: ``"portable"`` (Numba, needs no compiler and no CUDA) draws everything unless told otherwise; ``"reference"``
(plain NumPy) is the truth in tests; ``"nvdiffrast"`` (CUDA, where a user has installed it) is offered to the published
methods by :func:`published_backend`, because its licence forbids commercial work.
"""

from __future__ import annotations

import os

import numpy as np

from .raster import Raster, interpolate

__all__ = ["BACKENDS", "Raster", "interpolate", "published_backend", "rasterize", "why_not"]

BACKENDS = ("portable", "reference", "nvdiffrast")
"""Names of the rasterizers."""
_CHOICE = "HRN_RASTERIZER"
"""Environment variable that chooses one of them."""


def why_not(backend: str) -> str:
    """Why a backend cannot be used on this computer, empty when it can."""
    if backend == "nvdiffrast":
        from .nvidia import why_not as reason

        return reason()
    return ""


def published_backend() -> str:
    """The backend of the published methods: nvdiffrast where it is installed, draws rightly, and commercial work is not
    switched on; else the portable one. The environment variable HRN_RASTERIZER=portable (or reference) keeps to that."""
    from ..wire.user_settings import read_user_settings

    wish = os.environ.get(_CHOICE, "")
    if wish in BACKENDS[:2]:
        return wish
    return BACKENDS[0] if why_not("nvdiffrast") or read_user_settings().commercial_work else "nvdiffrast"


def rasterize(
    points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, width: int, height: int, *, backend: str | None = None
) -> Raster:
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
    elif name == "nvdiffrast":
        from .nvidia import rasterize as run
    else:
        raise ValueError(f"unknown rasterizer backend {name!r}, expected one of {BACKENDS}")
    return run(
        np.ascontiguousarray(points, np.float64),
        np.ascontiguousarray(depth, np.float64),
        np.ascontiguousarray(triangles, np.int32),
        int(width),
        int(height),
    )

"""nvdiffrast's CUDA rasterizer behind the engine's interface, where a user has installed it (non-commercial licence).

Only which triangle owns a pixel is taken from it; weights and depth are computed as by the other backends. It snaps
corners to a fine grid and gives pixel centres on an outer edge to one side, so a few pixels of an outline may differ.
Releases before 0.3.3 draw at most 2048 pixels a side, in multiples of 8, so pictures are drawn in such tiles.
"""

from __future__ import annotations

import numpy as np

from .raster import Raster

__all__ = ["rasterize", "why_not"]

_TILE = 2048
"""Largest side of what is drawn at once, pixels."""
_STEP = 8
"""Sides of a drawing are rounded up to a multiple of this, pixels."""
_MOST = 1 << 24
"""Number of triangles from which on a mesh is refused: their numbers come as float32."""
_DEVICE = "cuda"
"""Where PyTorch holds what is drawn."""
_context = None
_reason: str | None = None


def why_not() -> str:
    """Why this backend cannot be used here, empty when it can. The first call starts CUDA and draws a known scene."""
    global _reason
    if _reason is None:
        _reason = _missing() or _wrong()
    return _reason


def rasterize(points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, width: int, height: int) -> Raster:
    """See :func:`engine.render.rasterize`.

    Raises:
        ValueError: 2^24 triangles or more.
    """
    number = np.full((height, width), -1, np.int32)
    drawn = _drawable(points, depth, triangles)
    if len(drawn) >= _MOST:
        raise ValueError(f"{len(drawn)} triangles are too many for nvdiffrast")
    if len(drawn):
        for y in range(0, height, _TILE):
            for x in range(0, width, _TILE):
                rows, columns = min(_TILE, height - y), min(_TILE, width - x)
                found = _tile(points - [x, y], depth, triangles[drawn], _whole(columns), _whole(rows))[:rows, :columns]
                number[y : y + rows, x : x + columns] = np.where(found > 0, drawn[np.maximum(found, 1) - 1], -1)
    return _weighted(points, depth, triangles, number)


def _missing() -> str:
    try:
        import torch
    except ImportError:
        return "PyTorch is not installed"
    if not torch.cuda.is_available():
        return "there is no NVIDIA GPU that PyTorch can use"
    try:
        import nvdiffrast.torch  # noqa: F401
    except Exception as error:  # it may be compiled on import, which fails in many ways
        return f"nvdiffrast cannot be imported ({type(error).__name__})"
    return ""


def _wrong() -> str:
    """Draws two overlapping slanted triangles here and with the portable backend."""
    from .portable import rasterize as portable

    scene = (
        np.array([[3.2, 4.1], [90.7, 11.3], [20.4, 70.6], [60.3, 2.2], [80.9, 75.8], [5.6, 40.2]]),
        np.array([2.0, 3.0, 4.0, 3.5, 2.2, 2.9]),
        np.array([[0, 1, 2], [3, 5, 4]], np.int32),
        97,
        83,
    )
    try:
        ours, theirs = portable(*scene), rasterize(*scene)
    except Exception as error:  # of CUDA, of the driver, of another release's interface
        return f"nvdiffrast cannot draw ({type(error).__name__}: {str(error)[:200]})"
    if (ours.triangle != theirs.triangle).mean() > 0.01:
        return "nvdiffrast draws another picture than the other backends"
    return ""


def _drawable(points: np.ndarray, depth: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Numbers of the triangles that lie whole in front of the camera."""
    good = (depth > 0) & np.isfinite(depth) & np.isfinite(points).all(1)
    return np.flatnonzero(good[triangles].all(1))


def _whole(size: int) -> int:
    return -(-size // _STEP) * _STEP


def _tile(points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, width: int, height: int) -> np.ndarray:
    """(height, width) int64: number of the triangle plus 1, 0 where there is none."""
    global _context
    import nvdiffrast.torch as nvdiffrast
    import torch

    if _context is None:
        _context = nvdiffrast.RasterizeCudaContext(device=_DEVICE)
    used, corners = np.unique(triangles, return_inverse=True)
    place, away = points[used], depth[used]
    near, far = away.min() / 2, away.max() * 2
    # Clip space with w the depth. Its rows grow with y, as ours do, so nothing is turned upside down.
    clip = np.stack(
        [
            (2 * place[:, 0] / width - 1) * away,
            (2 * place[:, 1] / height - 1) * away,
            ((far + near) * away - 2 * far * near) / (far - near),
            away,
        ],
        1,
    )
    clip = torch.from_numpy(clip.astype(np.float32)).to(_DEVICE)[None]
    faces = torch.from_numpy(corners.reshape(-1, 3).astype(np.int32)).to(_DEVICE)
    with torch.no_grad():
        found = nvdiffrast.rasterize(
            _context, clip.contiguous(), faces.contiguous(), resolution=[height, width], grad_db=False
        )[0]
    return found[0, ..., 3].cpu().numpy().astype(np.int64)


def _weighted(points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, number: np.ndarray) -> Raster:
    """Weights and depth at the pixel centres for known triangles."""
    row, column = np.nonzero(number >= 0)
    corners = triangles[number[row, column]]
    (a, b, c), z = points[corners].transpose(1, 0, 2), depth[corners]
    pixel = np.stack([column, row], 1) + 0.5

    def area(p, q, r):
        return (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])

    # A centre that belongs to the triangle only after snapping lies a little outside: it is taken to the edge.
    share = np.stack([area(b, c, pixel), area(c, a, pixel), area(a, b, pixel)], 1) * np.sign(area(a, b, c))[:, None]
    share = np.maximum(share, 0)
    over = share / z
    total = over.sum(1)
    weights, away = np.zeros((*number.shape, 3), np.float32), np.full(number.shape, np.inf, np.float32)
    good = total > 0
    weights[row[good], column[good]] = over[good] / total[good, None]
    away[row[good], column[good]] = share[good].sum(1) / total[good]
    number[row[~good], column[~good]] = -1
    return Raster(number, weights, away)

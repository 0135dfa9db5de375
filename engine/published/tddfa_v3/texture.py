"""3DDFA-V3's extracted texture: what the photo shows, and the model's texture where it shows nothing."""

from __future__ import annotations

import cv2
import numpy as np

from ...render import interpolate
from ..basel.alignment import CROP_SIZE
from .raster import rasterize

__all__ = [
    "UV_SIZE",
    "blend_median",
    "blend_poisson",
    "extracted_texture",
    "sample",
    "to_vertices",
    "uv_layers",
    "vertex_colors",
]

UV_SIZE = 1024
"""Side of the texture, texels, as published."""
_UV_SHIFT = np.float32(1e-6)
"""Shift that the released CPU path adds to all coordinates."""


def sample(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Bilinear (H, W, C) values at pixels (row 0 on top, whole numbers at centres); 0 outside and, as released,
    exactly at the last column and row.

    Args:
        x, y: (N,).

    Returns:
        (N, C).
    """
    height, width = picture.shape[:2]
    x, y = x.astype(np.float32), y.astype(np.float32)
    x0, y0 = np.floor(x), np.floor(y)
    x1, y1 = np.clip(x0 + 1, 0, width - 1), np.clip(y0 + 1, 0, height - 1)
    x0, y0 = np.clip(x0, 0, width - 1), np.clip(y0, 0, height - 1)
    out = 0
    for column, row, weight in (
        (x0, y0, (x1 - x) * (y1 - y)),
        (x0, y1, (x1 - x) * (y - y0)),
        (x1, y0, (x - x0) * (y1 - y)),
        (x1, y1, (x - x0) * (y - y0)),
    ):
        out = out + picture[row.astype(int), column.astype(int)] * weight[:, None]
    return out


def vertex_colors(crop: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """(224, 224, 3) picture at (N, 2) crop pixels with y up; occluded vertices get a colour, too."""
    return sample(crop, projection[:, 0], CROP_SIZE - 1 - projection[:, 1])


def uv_layers(uv: np.ndarray, triangles: np.ndarray, *attributes: np.ndarray, size: int = UV_SIZE) -> list[np.ndarray]:
    """(N, C) vertex attributes -> (size, size, C) float32 maps, 0 where nothing is covered.

    Args:
        uv: (N, 2), v upwards.
    """
    x, y = (2 * (uv - 0.5)).astype(np.float32).T + _UV_SHIFT
    points = np.stack([(x + 1) * np.float32(size / 2), (1 - y) * np.float32(size / 2)], -1)
    raster = rasterize(points, np.ones(len(uv)), triangles, size)
    mask = (raster.triangle > 0)[..., None]
    return [interpolate(raster, triangles, values) * mask for values in attributes]


def blend_poisson(seen: np.ndarray, fallback: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Gradient-domain clone of the seen texture into the other, as published since November 2024.

    Args:
        seen, fallback: (S, S, 3) in 0..1.
        hidden: (S, S, 1) 1 where the photo shows nothing; background counts as seen.

    Returns:
        (S, S, 3) float64 in 0..1.
    """
    size = seen.shape[0]
    source, target = ((np.clip(values, 0, 1) * 255).astype(np.uint8) for values in (seen, fallback))
    mask = ((1 - hidden[..., 0]) * 255).astype(np.uint8)
    return cv2.seamlessClone(source, target, mask, (size // 2, size // 2), cv2.NORMAL_CLONE) / 255.0


def blend_median(seen: np.ndarray, fallback: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Cross-fade with a median-filtered mask, as published before; arguments as :func:`blend_poisson`."""
    weight = cv2.medianBlur((hidden[..., 0] * 255).astype(np.uint8), 31)[..., None] / 255.0
    return (1 - weight) * np.clip(seen, 0, 1) + weight * np.clip(fallback, 0, 1)


def extracted_texture(
    uv: np.ndarray,
    triangles: np.ndarray,
    crop: np.ndarray,
    projection: np.ndarray,
    model_colors: np.ndarray,
    visible: np.ndarray,
    *,
    blend: str = "poisson",
    mirrored: bool = False,
) -> np.ndarray:
    """The photo's texture in UV space.

    Args:
        uv: (N, 2), v upwards; `triangles`: (F, 3).
        crop: (224, 224, 3) in 0..1.
        projection: (N, 2) crop pixels, y up.
        model_colors: (N, 3) lit, 0..1.
        visible: (N,) bool.
        blend: "poisson" (published since November 2024) or "median" (before).
        mirrored: fill with the photo's other side instead of the model's colours.

    Returns:
        (1024, 1024, 3) in 0..1.

    Raises:
        ValueError: unknown blend.
    """
    if blend not in _BLENDS:
        raise ValueError(f"unknown blend {blend!r}, expected one of {tuple(_BLENDS)}")
    model_layer, seen, hidden = uv_layers(
        uv, triangles, model_colors, vertex_colors(crop, projection), (~visible)[:, None].astype(float)
    )
    return _BLENDS[blend](seen, seen[:, ::-1] if mirrored else model_layer, hidden)


_BLENDS = {"poisson": blend_poisson, "median": blend_median}
"""How the hidden part of a texture is filled, by name."""


def to_vertices(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(S, S, 3) texture -> (N, 3) colours at (N, 2) coordinates, v upwards."""
    last = texture.shape[0] - 1
    return sample(texture, last * uv[:, 0], last - last * uv[:, 1])

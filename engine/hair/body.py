"""A stand-in for neck and shoulders below the head model, on which long hair comes to lie."""

from __future__ import annotations

import numpy as np

from ..camera import Camera
from ..head.model import HeadModel
from ..render import rasterize

__all__ = ["body_depths", "body_mesh"]

SHOULDERS = (2.35, 1.55)
"""Half width and half depth of the shoulders over those of the neck's lower border."""

DROP = (34.0, 62.0, 110.0, 480.0)
"""How far below the neck's border the rings lie in the middle, mm."""

SPREAD = (0.3, 0.72, 1.0, 1.0)
"""How far each ring has gone from the neck's outline to the shoulders'."""


def body_mesh(model: HeadModel, posed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3) mm and (T, 3): rings from the neck's border over the shoulders to the chest, open below."""
    loop = posed[model.neck_loop].astype(np.float64)
    middle, half = loop.mean(0), (loop.max(0) - loop.min(0)) / 2
    angle = np.arctan2((loop[:, 2] - middle[2]) / half[2], (loop[:, 0] - middle[0]) / half[0])
    wide = np.stack([np.cos(angle) * half[0] * SHOULDERS[0], np.sin(angle) * half[2] * SHOULDERS[1]], 1)
    rings = [loop]
    for drop, share in zip(DROP, SPREAD):
        ring = loop.copy()
        ring[:, [0, 2]] = loop[:, [0, 2]] * (1 - share) + (middle[[0, 2]] + wide) * share
        ring[:, 1] = loop[:, 1] * (1 - share) + loop[:, 1].mean() * share - drop
        rings.append(ring)
    count = len(loop)
    here = np.arange(count)
    beside = (here + 1) % count
    strip = np.concatenate([np.stack([here, beside, here + count], 1), np.stack([beside, beside + count, here + count], 1)])
    return np.concatenate(rings), np.concatenate([strip + count * k for k in range(len(rings) - 1)])


def body_depths(mesh: tuple[np.ndarray, np.ndarray], camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) float32 mm to the nearest and the farthest of the body, infinity and minus infinity beside it."""
    vertices, triangles = mesh
    pixels, depth = camera.project(vertices)
    front = rasterize(pixels, depth, triangles, camera.width, camera.height).depth
    turned = float(depth.min() + depth.max())
    back = rasterize(pixels, turned - depth, triangles, camera.width, camera.height).depth
    return front, (turned - back).astype(np.float32)

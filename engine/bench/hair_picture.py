"""A quick picture of a head with its curves of hair, for figures and contact sheets; Cycles is the renderer of record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from ..camera import Camera
from ..head.model import HeadModel
from ..pipeline.preview import render_head
from ..render import rasterize
from ..wire.color import linear_to_srgb
from ..wire.hair import HairGroup
from .hair_metrics import children, refined

__all__ = ["picture"]

_FINER = 2
"""Pixels drawn for each of the picture, in each direction."""
_KEY = np.array([0.45, -0.55, -0.70]) / np.linalg.norm([0.45, -0.55, -0.70])
"""Towards the main light of :func:`engine.pipeline.preview.render_head`, camera axes."""
_SHADOW_MM = 7.0
"""Depth within the hair at which its light has fallen to 1/e of what shadows take."""


def picture(
    model: HeadModel, vertices: np.ndarray, camera: Camera, albedo: np.ndarray | None, groups: Sequence[HairGroup]
) -> np.ndarray:
    """(H, W, 3) uint8 sRGB of a head with strands.

    Args:
        vertices: (N, 3) mm, the pose that the groups were brought to. groups: points in metres, as in a bundle.
    """
    big = replace(camera.scaled(_FINER), width=camera.width * _FINER, height=camera.height * _FINER)
    image = render_head(model, vertices, big, albedo, background=150).astype(np.float32)
    pixels, far = big.project(vertices.astype(np.float64))
    depth = rasterize(pixels, far, model.triangles, big.width, big.height).depth
    hits = [_hits(group, big, depth) for group in groups if len(group.points)]
    if hits:
        index, far, color, light = (np.concatenate(parts) for parts in zip(*hits))
        near = np.full(depth.size, np.inf)
        np.minimum.at(near, index, far)
        soft = cv2.erode(np.where(np.isfinite(near), near, 1e6).reshape(depth.shape).astype(np.float32), np.ones((9, 9)))
        shade = 0.3 + 0.7 * np.exp(-np.maximum(far - soft.reshape(-1)[index], 0) / _SHADOW_MM)
        front = far <= near[index]
        shown = 255 * linear_to_srgb(np.clip(color[front] * (light * shade)[front, None] * 1.5, 0, 1))
        image.reshape(-1, 3)[index[front]] = shown
    return np.round(cv2.resize(image, (camera.width, camera.height), interpolation=cv2.INTER_AREA)).astype(np.uint8)


def _hits(group: HairGroup, camera: Camera, head: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pixel, depth, colour and light of every place of the strands that the head does not hide."""
    strands = children(group).astype(np.float64)
    pixel, far = camera.project(strands)
    length = np.linalg.norm(np.diff(pixel, axis=1), axis=2).sum(1)
    steps = int(np.clip(1.2 * np.percentile(length, 98), strands.shape[1], 400))
    line = refined(np.concatenate([pixel, far[..., None]], -1), steps)
    ahead = refined(np.gradient(strands, axis=1) @ camera.R.T, steps)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-9)
    light = 0.25 + 0.75 * np.sqrt(np.maximum(1 - (ahead @ _KEY) ** 2, 0))
    each = np.repeat(group.color, max(1, group.style.children), 0)
    color = refined(each, strands.shape[1]) if each.shape[1] != strands.shape[1] else each
    color = refined(color, steps)
    column, row = np.floor(line[..., 0]).astype(int), np.floor(line[..., 1]).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < camera.width) & (row < camera.height) & (line[..., 2] > 0)
    column, row = column[inside], row[inside]
    far, color, light = line[..., 2][inside], color[inside], light[inside]
    seen = far < head[row, column] + 1.0
    return (row * camera.width + column)[seen], far[seen], color[seen], light[seen]

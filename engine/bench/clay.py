"""Heads in untextured clay under three lamps: mesh with its folds, displaced as fine as the picture is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..fit.mid.sky_shadow import directions
from ..head.model import MATERIALS
from ..head.subdivision import subdivided
from ..pipeline.solution import Solution
from ..synthetic.render import visible_from
from ..wire.color import linear_to_srgb
from .cells import cut_square, square_camera, write_title
from .detail_bands import raised, surface
from .detail_measure import displaced
from .detail_shadow import shadows_nearby

__all__ = ["LAMPS", "beside_of", "clay_row"]

LAMPS = {"front": (0.15, -0.35, -1.0), "raking": (-1.0, -0.2, -0.42), "top": (0.1, -1.0, -0.6)}
"""Directions towards the lamps in camera axes: x right, y down, z into the scene."""
_CLAY = 0.5
"""Linear albedo."""
_KEY = 1.15
"""Radiance of a lamp."""
_SKY = 0.16
"""Light from all around."""
_BACKGROUND = 0.03
"""Linear grey behind the head."""
_POINTS = 7
"""Number of points of a lamp."""
_WIDE = 0.13
"""Distance of these points from its middle, radians."""
_FINER = 1.5
"""Side of what is rendered over that of the picture."""
_SHADOW_SIDE = 1000
"""Side of shadow maps, pixels."""


def clay_row(found: Solution, cell: int, name: str, beside: np.ndarray | None = None) -> np.ndarray:
    """(cell, W, 3) uint8: the photo, the head in clay from the photo's camera under :data:`LAMPS`, and another's picture."""
    camera, photo = _window(found, cell)
    shape = _shape(found, camera)
    pictures = {name: photo, **{lamp: _lit(shape, np.array(towards), cell) for lamp, towards in LAMPS.items()}}
    if beside is not None:
        wide = max(1, round(beside.shape[1] * cell / beside.shape[0]))
        pictures["beside"] = cv2.resize(beside, (wide, cell), interpolation=cv2.INTER_CUBIC)
    for title, picture in pictures.items():
        write_title(picture, title, (8, 20), 0.55)
    return np.concatenate(list(pictures.values()), 1)


def beside_of(told: str) -> tuple[str, np.ndarray]:
    """``PHOTO=FILE`` or ``PHOTO=FILE@x,y,width,height``: the photo's name, and the picture or its part, uint8 RGB.

    Raises:
        ValueError: it is not of this form, or no picture.
    """
    photo, _, rest = told.partition("=")
    file, _, part = rest.partition("@")
    image = cv2.imread(file) if Path(file).is_file() else None
    if image is None:
        raise ValueError(told)
    if part:
        x, y, width, height = map(int, part.split(","))
        image = image[y : y + height, x : x + width]
    return photo, np.ascontiguousarray(image[..., ::-1])


def _window(found: Solution, cell: int) -> tuple[Camera, np.ndarray]:
    """The photo's camera and the photo, cut to a square around the face and enlarged to `cell`."""
    camera = found.coarse.camera
    pixels = camera.project(found.model.landmarks(found.posed)[:468].astype(np.float64))[0]
    low, high = pixels.min(0), pixels.max(0)
    side = max(8, int(1.45 * (high - low).max()))
    corner = np.floor((low + high - side) / 2 - [0, 0.06 * side]).astype(int)
    return square_camera(camera, corner, side, cell), cut_square(found.photo.pixels, corner, side, cell, 60)


class _Shape(NamedTuple):
    """What a camera sees of a displaced head; (n,) of the pixels that show it."""

    camera: Camera
    on: np.ndarray
    """(H, W) bool: these pixels."""
    depth: np.ndarray
    """(H, W) mm, far away beside the head."""
    place: np.ndarray
    """(n, 3) mm in camera axes."""
    normal: np.ndarray
    """(n, 3)"""
    ray: np.ndarray
    """(n, 3) from the camera."""
    head: np.ndarray
    """(N, 3) mm in camera axes: the vertices of what casts shadows."""
    triangles: np.ndarray
    """(T, 3) of it."""


def _shape(found: Solution, camera: Camera) -> _Shape:
    fine, finer = subdivided(found.model, 2)
    kept = np.repeat(fine.face_material != MATERIALS.index("lashes"), 2)
    big = camera.scaled(_FINER)
    seen = surface(big, finer @ found.posed.astype(np.float64), np.where(kept[:, None], fine.triangles, 0))
    height = np.where(seen.hit, displaced(fine, found.textures.displacement, seen), 0)
    ray = seen.point / np.maximum(np.linalg.norm(seen.point, axis=-1, keepdims=True), 1e-9)
    point = seen.point - (height / np.maximum(seen.facing, 0.2))[..., None] * ray
    on = seen.hit
    at = found.coarse.camera.to_camera(found.posed.astype(np.float64))
    triangles = found.model.triangles[np.repeat(found.model.face_material != MATERIALS.index("lashes"), 2)]
    depth = np.where(on, point[..., 2], 1e6)
    return _Shape(big, on, depth, point[on], raised(seen, height)[on], ray[on], at, triangles)


def _lit(shape: _Shape, towards: np.ndarray, cell: int) -> np.ndarray:
    """(cell, cell, 3) uint8 sRGB under one lamp and an even sky."""
    towards = towards / np.linalg.norm(towards)
    above = np.concatenate([shape.head, shape.place + 0.5 * shape.normal])
    lit = np.zeros(len(shape.place))
    for direction in towards + _WIDE * directions(_POINTS):
        direction = direction / np.linalg.norm(direction)
        cosine = np.maximum(shape.normal @ direction, 0)
        free = visible_from(above, shape.triangles, direction, _SHADOW_SIDE)[len(shape.head) :]
        shadows = shadows_nearby(shape.camera, shape.depth, shape.place, direction, cosine > 0)
        lit += cosine * free * shadows / _POINTS
    half = towards - shape.ray
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    gloss = 0.05 * np.maximum((shape.normal * half).sum(1), 0) ** 20
    light = np.full(shape.on.shape, _BACKGROUND)
    light[shape.on] = _CLAY * (_KEY * lit + _SKY * (0.7 - 0.3 * shape.normal[:, 1])) + gloss * np.minimum(lit * 2, 1)
    small = cv2.resize(light.astype(np.float32), (cell, cell), interpolation=cv2.INTER_AREA)
    return np.repeat((linear_to_srgb(np.clip(small, 0, 1)) * 255 + 0.5).astype(np.uint8)[..., None], 3, -1)

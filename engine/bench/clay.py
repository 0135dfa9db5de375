"""Heads in untextured clay under three lamps: mesh with its folds, displaced as fine as the picture is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ..camera import Camera
from ..fit.mid.sky_shadow import directions
from ..head.model import MATERIALS
from ..head.subdivision import subdivided
from ..pipeline.solution import Solution
from ..synthetic.render import visible_from
from ..wire.color import linear_to_srgb
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
    pictures = {name: photo, **{lamp: _clay(found, camera, np.array(towards)) for lamp, towards in LAMPS.items()}}
    if beside is not None:
        wide = max(1, round(beside.shape[1] * cell / beside.shape[0]))
        pictures["beside"] = cv2.resize(beside, (wide, cell), interpolation=cv2.INTER_CUBIC)
    for title, picture in pictures.items():
        text = title.encode("ascii", "replace").decode()
        for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(picture, text, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.55, color, width, cv2.LINE_AA)
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
    view = np.array([[1.0, 0, corner[0]], [0, 1, corner[1]]])
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
    cut = cv2.warpAffine(found.photo.pixels, view, (side, side), flags=flags, borderValue=(60, 60, 60))
    photo = cv2.resize(cut, (cell, cell), interpolation=cv2.INTER_AREA if side > cell else cv2.INTER_CUBIC)
    own = camera.cropped(int(corner[0]), int(corner[1]), side, side).scaled(cell / side)
    return replace(own, width=cell, height=cell), photo


def _clay(found: Solution, camera: Camera, towards: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 sRGB under one lamp and an even sky."""
    towards = towards / np.linalg.norm(towards)
    fine, first = subdivided(found.model)
    fine, second = subdivided(fine)
    kept = np.repeat(fine.face_material != MATERIALS.index("lashes"), 2)
    vertices = second @ (first @ found.posed.astype(np.float64))
    big = camera.scaled(_FINER)
    seen = surface(big, vertices, np.where(kept[:, None], fine.triangles, 0))
    height = np.where(seen.hit, displaced(fine, found.textures.displacement, seen), 0)
    normal = raised(seen, height)
    ray = seen.point / np.maximum(np.linalg.norm(seen.point, axis=-1, keepdims=True), 1e-9)
    point = seen.point - (height / np.maximum(seen.facing, 0.2))[..., None] * ray
    on = seen.hit
    place, turned = point[on], normal[on]
    at = found.coarse.camera.to_camera(found.posed.astype(np.float64))
    triangles = found.model.triangles[np.repeat(found.model.face_material != MATERIALS.index("lashes"), 2)]
    depth, above = np.where(on, point[..., 2], 1e6), np.concatenate([at, place + 0.5 * turned])
    lit = np.zeros(len(place))
    for direction in towards + _WIDE * directions(_POINTS):
        direction = direction / np.linalg.norm(direction)
        cosine = np.maximum(turned @ direction, 0)
        free = visible_from(above, triangles, direction, _SHADOW_SIDE)[len(at) :]
        lit += cosine * free * shadows_nearby(big, depth, place, direction, cosine > 0) / _POINTS
    half = towards - ray[on]
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    gloss = 0.05 * np.maximum((turned * half).sum(1), 0) ** 20
    light = np.full(on.shape, _BACKGROUND)
    light[on] = _CLAY * (_KEY * lit + _SKY * (0.7 - 0.3 * turned[:, 1])) + gloss * np.minimum(lit * 2, 1)
    small = cv2.resize(light.astype(np.float32), (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    return np.repeat((linear_to_srgb(np.clip(small, 0, 1)) * 255 + 0.5).astype(np.uint8)[..., None], 3, -1)

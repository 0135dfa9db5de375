"""The part of a photo in which hair is looked for, with the fitted head drawn into it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ..camera import Camera
from ..head.model import PARTS, HeadModel
from ..photo.landmarks import face_width
from ..photo.regions import CHIN, OVAL, TOP
from ..photo.skin import skin_surface_of
from ..render import interpolate, rasterize
from ..types import Photo, View
from .skin import skin_triangles
from .types import Window

__all__ = ["cropped_window", "drawn_head", "make_window", "matte_in_window"]

WORK_FACE = 150.0
"""Width of the face in pixels at which hair is looked at, whatever the photo's size: so each filter, and each count of pixels,
means the same for all of them."""

REACH = (2.2, 1.75, 2.2, 3.2)
"""How far the window reaches from the middle of the face's oval to the left, up, to the right and down, face widths."""

OVERHANG = 0.28
"""Face widths beyond the head, above and beside it, in which the window goes on where the photo has ended."""


def make_window(model: HeadModel, posed: np.ndarray, view: View) -> Window:
    """The window of one photo.

    Args:
        posed: (N, 3) mm, the head as it is in this photo: identity, the view's expression, deformation.
        view: the photo and what was found out about it.
    """
    points = view.observation.landmarks.astype(np.float64)
    face = face_width(view.observation)
    box = _box(model, posed, view, face)
    x0, y0, x1, y1 = box
    scale = WORK_FACE / face
    size = max(8, round((x1 - x0) * scale)), max(8, round((y1 - y0) * scale))
    ratio = np.array(size) / (x1 - x0, y1 - y0)
    local = ((points - (x0, y0)) * ratio).astype(np.float32)
    face = float(face * ratio[0])

    rgb = _part(view.photo.pixels, box, size, cv2.BORDER_REPLICATE)
    skin = _part(view.mid.skin_mask, box, size, cv2.BORDER_CONSTANT)
    shown = _part(np.ones(view.photo.pixels.shape[:2], np.float32), box, size, cv2.BORDER_CONSTANT) > 0.99
    surface, brow = skin_surface_of(skin, local, face)
    camera = _camera(view.coarse.camera, box, size)
    near, far, parts = drawn_head(model, posed, camera)
    up = local[TOP] - local[CHIN]
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32) + 0.5
    level = ((x - local[CHIN, 0]) * up[0] + (y - local[CHIN, 1]) * up[1]) / float(up @ up)
    return Window(
        rgb=rgb,
        camera=camera,
        shown=shown,
        face=face,
        landmarks=local,
        level=level.astype(np.float32),
        head_near=near,
        head_far=far,
        parts=parts,
        skin=skin,
        surface=surface.astype(np.float32),
        brow=brow.astype(np.float32),
        origin=(float(x0), float(y0)),
        scale=float(ratio[0]),
        hues_guessed=view.photo.hues_guessed,
    )


def cropped_window(window: Window, x0: int, y0: int, x1: int, y1: int) -> Window:
    """The window's pixels from corner (x0, y0) to corner (x1, y1)."""

    def part(image: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(image[y0:y1, x0:x1])

    maps = ("rgb", "shown", "level", "head_near", "head_far", "skin", "surface", "brow")
    return replace(
        window,
        **{name: part(getattr(window, name)) for name in maps},
        parts={name: part(weights) for name, weights in window.parts.items()},
        camera=window.camera.cropped(x0, y0, x1 - x0, y1 - y0),
        landmarks=window.landmarks - np.float32([x0, y0]),
        origin=(window.origin[0] + x0 / window.scale, window.origin[1] + y0 / window.scale),
    )


def matte_in_window(window: Window, photo: Photo, name: str) -> np.ndarray | None:
    """(H, W) float32 in [0, 1]: a matte of the photo in the window's pixels, 0 beyond the photo; None where there is none.

    Args:
        name: of :mod:`engine.photo.mattes`.
    """
    matte = photo.mattes.get(name)
    if matte is None:
        return None
    size = tuple(max(1, round(side * window.scale)) for side in photo.size)
    matte = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)
    # From pixel centres of the window to pixel centres of the photo at the window's scale.
    move = np.float32([[1, 0, window.origin[0] * window.scale], [0, 1, window.origin[1] * window.scale]])
    height, width = window.skin.shape
    return cv2.warpAffine(matte, move, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP).astype(np.float32) / 255


def _box(model: HeadModel, posed: np.ndarray, view: View, face: float) -> tuple[int, int, int, int]:
    """The window's corners in whole pixels of the photo; they may lie outside of it where the head does."""
    width, height = view.photo.size
    oval = view.observation.landmarks[list(OVAL)].astype(np.float64)
    centre = (oval.min(0) + oval.max(0)) / 2
    left, up, right, down = (reach * face for reach in REACH)
    head = view.coarse.camera.project(posed[model.part("neck") < 0.5].astype(np.float64))[0]
    margin = OVERHANG * face
    low, high = head.min(0) - margin, head.max(0) + (margin, 0)
    # Inside the photo as far as the reach; beyond it as far as the head.
    x0 = max(centre[0] - left, min(0.0, low[0]))
    y0 = max(centre[1] - up, min(0.0, low[1]))
    x1 = min(centre[0] + right, max(float(width), high[0]))
    y1 = min(centre[1] + down, max(float(height), high[1]))
    return int(np.floor(x0)), int(np.floor(y0)), int(np.ceil(x1)), int(np.ceil(y1))


def _part(image: np.ndarray, box: tuple[int, int, int, int], size: tuple[int, int], border: int) -> np.ndarray:
    """The box of a photo, reduced or enlarged to `size`; beyond the photo its border is repeated, or zero."""
    x0, y0, x1, y1 = box
    height, width = image.shape[:2]
    inside = image[max(0, y0) : min(height, y1), max(0, x0) : min(width, x1)]
    pad = max(0, -y0), max(0, y1 - height), max(0, -x0), max(0, x1 - width)
    if any(pad):
        inside = cv2.copyMakeBorder(inside, *pad, border)
    if size == (x1 - x0, y1 - y0):
        return np.ascontiguousarray(inside)
    smaller = size[0] < x1 - x0
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC if image.dtype == np.uint8 else cv2.INTER_LINEAR
    return cv2.resize(inside, size, interpolation=how)


def _camera(camera: Camera, box: tuple[int, int, int, int], size: tuple[int, int]) -> Camera:
    """The photo's camera for the box, reduced or enlarged to `size`."""
    x0, y0, x1, y1 = box
    crop = camera.cropped(x0, y0, x1 - x0, y1 - y0)
    across, down = size[0] / (x1 - x0), size[1] / (y1 - y0)
    return replace(
        crop, width=size[0], height=size[1], fx=crop.fx * across, cx=crop.cx * across, fy=crop.fy * down, cy=crop.cy * down
    )


def drawn_head(model: HeadModel, posed: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Depths of the nearest and the farthest skin, and the weights of the parts that are seen in front."""
    triangles = skin_triangles(model).vertices
    pixels, depth = camera.project(posed.astype(np.float64))
    front = rasterize(pixels, depth, triangles, camera.width, camera.height)
    # The rasterizer keeps what is nearest: mirrored depths make that the farthest. They bend the skin within a triangle
    # by far less than its own size.
    turned = float(depth.min() + depth.max())
    back = rasterize(pixels, turned - depth, triangles, camera.width, camera.height)
    weights = interpolate(front, triangles, model.parts.T)
    parts = {name: np.ascontiguousarray(weights[..., number]) for number, name in enumerate(PARTS)}
    return front.depth, (turned - back.depth).astype(np.float32), parts

"""The face of one photo as brows and beards need it: sharper than the hair's window, and pixel by pixel on the fitted head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..camera import Camera
from ..geometry.harmonics import light_normals, shade
from ..geometry.mesh import vertex_normals
from ..head.model import MATERIALS, HeadModel
from ..photo.landmarks import face_width
from ..photo.regions import OVAL
from ..render import Raster, interpolate, rasterize
from ..types import View
from ..wire.color import power_to_linear
from .skin import skin_triangles

__all__ = ["Closeup", "make_closeup", "sampled", "spread", "visible_skin"]

_FACE = 320.0
"""Width of the face in pixels of the close-up; smaller photos are not enlarged."""
_REACH = (0.25, 0.3, 0.25, 0.75)
"""How far it reaches beyond the face's oval to the left, up, to the right and down, face widths."""
_DARK = 0.004
"""Added to linear colours, so that the hue of black pixels, mostly noise, lies near grey."""
_LEAST_LIGHT = 0.3
"""Least share of the skin's usual light that is divided out."""
_LIGHT_POWER = 0.85
"""How much of the fitted light is divided out, as a power: its quadratic of the normal knows no shadows."""


@dataclass(frozen=True)
class Closeup:
    """Pictures of (h, w) pixels."""

    rgb: np.ndarray
    """(h, w, 3) uint8 sRGB."""
    camera: Camera
    """The photo's camera for these pixels."""
    face: float
    """Width of the face in pixels."""
    landmarks: np.ndarray
    """(478, 2) float32 pixels."""
    skin: np.ndarray
    """(h, w) float32 in [0, 1]: bare skin of this face."""
    even: np.ndarray
    """(h, w, 3) float32 linear colours without most of the light that the fit found."""
    raster: Raster
    """Triangles of :func:`engine.hair.skin.skin_triangles`; -1 where eyes, teeth or nothing of the head is in front."""
    position: np.ndarray
    """(h, w, 3) float32 mm: the head's surface, model space as it is in this photo."""
    normal: np.ndarray
    """(h, w, 3) float32 of the surface, unit length."""
    posed: np.ndarray
    """(N, 3) float32 mm: the head as it is in this photo."""
    offset: tuple[float, float]
    """Corner of the close-up in pixels of the photo."""
    scale: tuple[float, float]
    """Pixels of the close-up per pixel of the photo, across and down."""
    over: np.ndarray | None = None
    """(h, w) float32 in [0, 1]: what lies over the face; None where that is not known."""
    glasses: bool = False
    """Rims of glasses lie over the skin, nobody knows where."""

    @property
    def on_skin(self) -> np.ndarray:
        """(h, w) bool."""
        return self.raster.triangle >= 0

    @property
    def pixel_mm(self) -> float:
        """Size of a pixel on the face, mm."""
        return float(np.median(self.raster.depth[self.on_skin]) / self.camera.fx) if self.on_skin.any() else 1.0


def make_closeup(model: HeadModel, posed: np.ndarray, view: View) -> Closeup:
    """
    Args:
        posed: (N, 3) mm, the head as it is in this photo.
        view: the photo and what was found out about it.
    """
    face = face_width(view.observation)
    oval = view.observation.landmarks[list(OVAL)]
    low, high = oval.min(0), oval.max(0)
    left, up, right, down = (reach * face for reach in _REACH)
    width, height = view.photo.size
    x0, y0 = int(np.clip(low[0] - left, 0, width - 8)), int(np.clip(low[1] - up, 0, height - 8))
    x1, y1 = int(np.clip(high[0] + right, x0 + 8, width)), int(np.clip(high[1] + down, y0 + 8, height))
    scale = min(1.0, _FACE / face)
    size = max(8, round((x1 - x0) * scale)), max(8, round((y1 - y0) * scale))
    ratio = size[0] / (x1 - x0), size[1] / (y1 - y0)

    def part(image: np.ndarray) -> np.ndarray:
        inside = image[y0:y1, x0:x1]
        return cv2.resize(inside, size, interpolation=cv2.INTER_AREA) if scale < 1 else np.ascontiguousarray(inside)

    crop = view.coarse.camera.cropped(x0, y0, x1 - x0, y1 - y0)
    camera = replace(
        crop,
        width=size[0],
        height=size[1],
        fx=crop.fx * ratio[0],
        cx=crop.cx * ratio[0],
        fy=crop.fy * ratio[1],
        cy=crop.cy * ratio[1],
    )
    posed = np.asarray(posed, np.float32)
    raster, triangles = visible_skin(model, posed, camera)
    normals = vertex_normals(posed, model.triangles, np.float32)
    light = shade(light_normals(camera, normals), view.mid.lighting).astype(np.float32)
    read = interpolate(raster, triangles, np.concatenate([posed, normals, light], 1))
    veil = view.observation.veil
    rgb, skin = part(view.photo.pixels), part(view.mid.skin_mask).astype(np.float32)
    normal = read[..., 3:6] / np.maximum(np.linalg.norm(read[..., 3:6], axis=-1, keepdims=True), 1e-6)
    landmarks = ((view.observation.landmarks - (x0, y0)) * ratio).astype(np.float32)
    even = _evened(rgb, skin, read[..., 6:], raster.triangle >= 0)
    return Closeup(
        rgb,
        camera,
        float(face * ratio[0]),
        landmarks,
        skin,
        even,
        raster,
        np.ascontiguousarray(read[..., :3]),
        normal.astype(np.float32),
        posed,
        (float(x0), float(y0)),
        ratio,
        None if veil is None else part(veil.over).astype(np.float32) / 255,
        view.mid.covers.glasses and veil is None,
    )


def visible_skin(model: HeadModel, posed: np.ndarray, camera: Camera) -> tuple[Raster, np.ndarray]:
    """The skin's triangles as they are seen, eyes and teeth before them cut out; and their vertices."""
    skin = skin_triangles(model).vertices
    solid = np.isin(model.face_material, [MATERIALS.index("skin"), MATERIALS.index("lashes")], invert=True)
    others = model.triangles[np.repeat(solid, 2)].astype(np.int32)
    pixels, depth = camera.project(posed.astype(np.float64))
    triangles = np.concatenate([skin, others])
    found = rasterize(pixels, depth, triangles, camera.width, camera.height)
    hidden = found.triangle >= len(skin)
    found.triangle[hidden] = -1
    found.weights[hidden] = 0
    found.depth[hidden] = np.inf
    return found, skin


def _evened(rgb: np.ndarray, skin: np.ndarray, light: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """(h, w, 3) linear colours over the light that the fit found, relative to the skin's usual light."""
    linear = power_to_linear(rgb.astype(np.float32) / 255) + np.float32(_DARK)
    bare = inside & (skin > 0.5)
    if bare.sum() < 50:
        return linear
    relative = light / np.maximum(np.median(light[bare], 0), 1e-3)
    relative = np.maximum(relative, _LEAST_LIGHT) ** _LIGHT_POWER
    return np.where(inside[..., None], linear / relative, linear).astype(np.float32)


def sampled(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n[, C]) values of an (h, w[, C]) picture at (n, 2) pixels, between four of them; repeated beyond the border."""
    xy = np.asarray(points, np.float32) - np.float32(0.5)
    return cv2.remap(
        image.astype(np.float32, copy=False),
        xy[:, :1].copy(),
        xy[:, 1:].copy(),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )[:, 0]


def spread(values: np.ndarray, weights: np.ndarray, sigmas: list[float]) -> np.ndarray:
    """(h, w) mean of weighted values around each pixel: of the near ones where there are any, else of farther ones."""
    total, amount = np.zeros_like(values), np.full_like(values, 1e-6)
    total += 1e-6 * (float(np.average(values, weights=weights)) if weights.any() else 0.0)
    for share, sigma in zip((1.0, 0.03), sigmas):
        total += share * _blur(values * weights, sigma)
        amount += share * _blur(weights, sigma)
    return total / amount


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur at a size where the deviation is a few pixels."""
    step = max(1, int(sigma / 4))
    if step == 1:
        return cv2.GaussianBlur(image.astype(np.float32), (0, 0), sigma)
    size = max(1, image.shape[1] // step), max(1, image.shape[0] // step)
    small = cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / step)
    return cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)

"""The face in a piece of the photo: colours, the fitted surface at every pixel, and how lengths lie in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...camera import Camera
from ...geometry.harmonics import light_normals
from ...geometry.mesh import vertex_normals
from ...head.model import MATERIALS, HeadModel
from ...render import Raster, interpolate, rasterize
from ...types import View
from ...wire.color import srgb_to_linear
from .weights import PictureWeights

__all__ = ["Picture", "face_picture"]

_PARTS = ("eyes", "brows", "lips", "ears", "scalp", "neck")
"""Parts that are told at every pixel."""


@dataclass(frozen=True)
class Picture:
    """H x W pixels. Vectors lie in the light frame (camera axes with y up and z towards the camera), mm."""

    camera: Camera
    """That of the piece, at its own size."""
    pixels_per_mm: float
    photo_pixels_per_mm: float
    """The same of the photo itself."""
    srgb: np.ndarray
    """(H, W, 3) in [0, 1]."""
    linear: np.ndarray
    """(H, W, 3)"""
    bare: np.ndarray
    """(H, W) in [0, 1] bare skin of the photo, where the head has skin."""
    landmarks: np.ndarray
    """(478, 2) of the photo, in pixels of the piece."""
    raster: Raster
    normals: np.ndarray
    """(H, W, 3) unit."""
    depth: np.ndarray
    """(H, W) along the viewing axis, 0 beside the head."""
    facing: np.ndarray
    """(H, W) cosine between normal and line of sight."""
    part: dict[str, np.ndarray]
    """(H, W) share of each of :data:`_PARTS`."""
    height_on_template: np.ndarray
    """(H, W) y of the template."""
    steps: tuple[np.ndarray, np.ndarray]
    """(H, W, 3) each: the way on the surface by one pixel to the right, and one downwards."""
    metric: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    """(H, W) each: their squared lengths and product xx, xy, yy, and the determinant."""

    @property
    def shape(self) -> tuple[int, int]:
        return self.bare.shape

    def along(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(H, W) each: tangential part of (H, W, 3) `vectors` as steps to the right and downwards."""
        xx, xy, yy, determinant = self.metric
        x, y = ((step * vectors).sum(-1) for step in self.steps)
        return (yy * x - xy * y) / determinant, (xx * y - xy * x) / determinant

    def bent(self, slope_x: np.ndarray, slope_y: np.ndarray) -> np.ndarray:
        """(H, W, 3) unit normals where the surface rises by slopes in mm per pixel."""
        xx, xy, yy, determinant = self.metric
        right = (yy * slope_x - xy * slope_y) / determinant
        down = (xx * slope_y - xy * slope_x) / determinant
        n = self.normals - right[..., None] * self.steps[0] - down[..., None] * self.steps[1]
        return n / np.maximum(np.linalg.norm(n, axis=-1, keepdims=True), 1e-6)


def face_picture(model: HeadModel, view: View, weights: PictureWeights) -> Picture | None:
    """The piece of a photo that shows the face, or None where it is too small to tell relief."""
    vertices = model.posed(view).astype(np.float64)
    camera, window = _window(model, view, vertices, weights)
    if min(camera.width, camera.height) < weights.least_px:
        return None
    size = (camera.width, camera.height)
    scale = np.array([camera.fx / view.coarse.camera.fx, camera.fy / view.coarse.camera.fy])
    low = np.array([window[1].start, window[0].start])

    def resized(image):
        way = cv2.INTER_AREA if scale[0] < 1 else cv2.INTER_LINEAR
        return cv2.resize(np.ascontiguousarray(image), size, interpolation=way).astype(np.float32)

    srgb = resized(view.photo.pixels[window]) / np.float32(255)
    points, depth = camera.project(vertices)
    triangles = model.triangles
    raster = rasterize(points, depth, triangles, *size)
    normals = light_normals(camera, vertex_normals(vertices, triangles))
    parts = [
        model.part("right_eye", "left_eye"),
        model.part("right_brow", "left_brow"),
        model.part("upper_lip", "lower_lip"),
        model.part("right_ear", "left_ear"),
        model.part("scalp"),
        model.part("neck"),
    ]
    found = interpolate(raster, triangles, np.column_stack([normals, depth, model.template[:, 1], *parts]))
    n = found[..., :3] / np.maximum(np.linalg.norm(found[..., :3], axis=-1, keepdims=True), 1e-6)
    hit = raster.triangle >= 0
    of_skin = np.repeat(model.face_material == MATERIALS.index("skin"), 2)
    on_skin = hit & of_skin[np.maximum(raster.triangle, 0)]
    facing, steps = _lengths(camera, n, found[..., 3], weights)
    xx, xy, yy = ((a * b).sum(-1) for a, b in ((steps[0], steps[0]), (steps[0], steps[1]), (steps[1], steps[1])))
    mm = camera.fx / float(np.median(depth[_face(model, weights)]))
    return Picture(
        camera,
        mm,
        mm / float(scale[0]),
        srgb,
        srgb_to_linear(srgb),
        resized(view.mid.skin_mask[window]) * on_skin,
        (view.observation.landmarks - low) * scale,
        raster,
        n,
        found[..., 3],
        np.where(hit, facing, 0).astype(np.float32),
        {name: found[..., 5 + i] for i, name in enumerate(_PARTS)},
        found[..., 4],
        steps,
        (xx, xy, yy, np.maximum(xx * yy - xy * xy, 1e-8)),
    )


def _face(model: HeadModel, w: PictureWeights) -> np.ndarray:
    """(N,) bool: vertices of the face's front."""
    return (model.part("scalp") < w.scalp) & (model.part("neck") < w.neck) & (model.template[:, 2] > w.behind_mm)


def _window(model: HeadModel, view: View, vertices: np.ndarray, w: PictureWeights) -> tuple[Camera, tuple[slice, slice]]:
    """The camera of the piece, and its rows and columns of the photo."""
    camera = view.coarse.camera
    points, depth = camera.project(vertices[_face(model, w)])
    factor = min(1.0, w.pixels_per_mm * float(np.median(depth)) / camera.fx)
    margin, whole = w.margin_px / factor, np.array([camera.width, camera.height])
    low = np.clip(np.floor(points.min(0) - margin), 0, whole - 2).astype(int)
    high = np.clip(np.ceil(points.max(0) + margin), low + 2, whole).astype(int)
    size = np.maximum(np.round((high - low) * factor).astype(int), 2)
    fx, fy = size / (high - low)
    cropped = camera.cropped(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    own = Camera(
        int(size[0]), int(size[1]), cropped.fx * fx, cropped.fy * fy, cropped.cx * fx, cropped.cy * fy, camera.R, camera.t
    )
    return own, (slice(low[1], high[1]), slice(low[0], high[0]))


def _lengths(
    camera: Camera, normals: np.ndarray, depth: np.ndarray, w: PictureWeights
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Cosine to the line of sight, and the way on the surface by a pixel: on the plane through each pixel's point."""
    height, width = depth.shape
    ray = np.empty((height, width, 3), np.float32)
    ray[..., 0] = (np.arange(width, dtype=np.float32) + 0.5 - camera.cx) / camera.fx
    ray[..., 1] = -((np.arange(height, dtype=np.float32)[:, None] + 0.5 - camera.cy) / camera.fy)
    ray[..., 2] = -1
    towards = (normals * ray).sum(-1)
    facing = -towards / np.linalg.norm(ray, axis=-1)
    towards = np.minimum(towards, -w.steepest)
    steps = []
    for axis, step in ((0, 1 / camera.fx), (1, -1 / camera.fy)):
        deeper = -depth * normals[..., axis] * np.float32(step) / towards
        way = deeper[..., None] * ray
        way[..., axis] += depth * np.float32(step)
        steps.append(way)
    return facing, (steps[0], steps[1])

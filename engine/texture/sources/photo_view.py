"""The photograph as a texture source: where the surface lands in it, how well it is seen, what colour it has there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...camera import Camera
from ...geometry.lookup import lookup
from ...geometry.mesh import vertex_normals
from ...head.model import MATERIALS, HeadModel
from ...render import rasterize
from ...types import Photo
from ...wire.color import srgb_to_linear
from ..weights import WEIGHTS, ViewWeights

__all__ = ["NOSE_TIP", "PhotoView", "feature_mask", "lookup"]

NOSE_TIP = (4, 48, 278, 64, 294, 98, 327, 2, 97, 326, 129, 358)
"""Landmarks around tip and wings of the nose; their convex hull counts."""

_LINEAR = np.round(65535 * srgb_to_linear(np.arange(256) / 255)).astype(np.uint16)
"""(256,) uint16: linear light of the levels of 8 bit, 65535 for white."""


@dataclass(frozen=True)
class PhotoView:
    """The part of the photo that shows the head, at the resolution that the maps can use.

    Positions in this class are pixels of the crop in the camera's convention (first pixel centre at 0.5).
    """

    camera: Camera
    """The camera of the crop."""
    pyramid: tuple[np.ndarray, ...]
    """Linear RGB crops, uint16 (65535 is 1), each half the size of the one before."""
    landmarks: np.ndarray
    """(478, 2) in the crop."""
    pixels_per_mm: float
    """Resolution at the depth of the face."""
    positions: np.ndarray
    """(N, 2) float32: where each vertex is looked up (corrections included)."""
    projected: np.ndarray
    """(N, 2) float32: where each vertex lands without corrections."""
    facing: np.ndarray
    """(N,) float32 cosine between normal and direction to the camera."""
    depth: np.ndarray
    """(N,) float32 mm."""
    zbuffer: np.ndarray
    """(h, w) float32 mm of the crop reduced by `zscale`; nearest surface in a small neighbourhood."""
    zscale: float
    weights: ViewWeights = WEIGHTS.view
    """How it is looked up."""

    @staticmethod
    def of(
        model: HeadModel,
        vertices: np.ndarray,
        photo: Photo,
        landmarks: np.ndarray,
        camera: Camera,
        texels_per_mm: float,
        most_pixels: float = np.inf,
        weights: ViewWeights = WEIGHTS.view,
    ) -> PhotoView:
        """
        Args:
            vertices: (N, 3) mm, posed.
            landmarks: (478, 2) pixels of the photo.
            camera: of the whole photo.
            texels_per_mm: density of the map; a much finer photo is reduced.
            most_pixels: a larger crop is reduced.
            weights: how it is kept and looked up.
        """
        points, depth = camera.project(vertices.astype(np.float64))
        front = depth > 1
        margin = weights.margin * np.ptp(points[front], axis=0).max()
        low = np.clip(np.floor(points[front].min(0) - margin), 0, [camera.width - 1, camera.height - 1]).astype(int)
        high = np.clip(np.ceil(points[front].max(0) + margin), low + 1, [camera.width, camera.height]).astype(int)
        density = camera.fx / float(np.median(depth))
        factor = min(1.0, weights.finer * texels_per_mm / density, float(np.sqrt(most_pixels / np.prod(high - low))))
        pixels = photo.pixels[low[1] : high[1], low[0] : high[0]]
        size = np.maximum(1, np.round((high - low) * factor).astype(int))
        exact = size / (high - low)
        if factor < 1:
            pixels = cv2.resize(pixels, tuple(int(s) for s in size), interpolation=cv2.INTER_AREA)
        cropped = camera.cropped(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
        cropped = Camera(
            int(size[0]),
            int(size[1]),
            cropped.fx * exact[0],
            cropped.fy * exact[1],
            cropped.cx * exact[0],
            cropped.cy * exact[1],
            camera.R,
            camera.t,
        )
        levels = [_LINEAR[pixels]]
        while len(levels) < weights.levels and min(levels[-1].shape[:2]) > weights.least_level:
            levels.append(cv2.pyrDown(levels[-1]))
        crop_points, _ = cropped.project(vertices.astype(np.float64))
        triangles = model.triangles.astype(np.int32)
        normals = vertex_normals(vertices, triangles, np.float32)
        to_camera = camera.position - vertices
        to_camera /= np.maximum(np.linalg.norm(to_camera, axis=1, keepdims=True), 1e-9)
        zscale = min(1.0, weights.depth_side / max(cropped.width, cropped.height))
        small = cropped.scaled(zscale)
        solid = np.repeat(model.face_material != MATERIALS.index("lashes"), 2)
        raster = rasterize(small.project(vertices.astype(np.float64))[0], depth, triangles[solid], small.width, small.height)
        mm_per_pixel = 1 / (density * factor * zscale)
        radius = int(np.clip(round(weights.near_mm / mm_per_pixel), *weights.near_px))
        zbuffer = cv2.erode(
            np.where(np.isfinite(raster.depth), raster.depth, 1e9).astype(np.float32),
            np.ones((2 * radius + 1, 2 * radius + 1), np.uint8),
        )
        crop_points = crop_points.astype(np.float32)
        facing = (normals * to_camera).sum(1)
        return PhotoView(
            cropped,
            tuple(levels),
            ((landmarks - low) * exact).astype(np.float32),
            float(density * factor),
            crop_points,
            crop_points,
            facing.astype(np.float32),
            depth.astype(np.float32),
            zbuffer,
            zscale,
            weights,
        )

    def moved(self, offsets: np.ndarray) -> PhotoView:
        """Looked up elsewhere: (N, 2) crop pixels are added to :attr:`positions`."""
        return replace(self, positions=(self.positions + offsets).astype(np.float32))

    def level(self, texels_per_mm: np.ndarray) -> np.ndarray:
        """(n,) float32 pyramid level that suits a map of this density."""
        return np.clip(np.log2(np.maximum(self.pixels_per_mm / texels_per_mm, 1e-3)), 0, 2).astype(np.float32)

    def sample(self, positions: np.ndarray, level: np.ndarray | None = None) -> np.ndarray:
        """Linear colours by bicubic interpolation.

        Args:
            positions: (n, 2) float32 crop pixels.
            level: (n,) float32 pyramid level, 0 is the crop; None is 0.

        Returns:
            (n, 3) float32.
        """
        if level is None:
            return self._at(positions, 0)
        last = len(self.pyramid) - 1
        below = np.minimum(level.astype(np.int32), last)
        groups = np.unique(below)
        out = np.empty((len(positions), 3), np.float32) if len(groups) > 1 else None
        for k in groups:
            rows = np.flatnonzero(below == k) if len(groups) > 1 else slice(None)
            there = positions[rows]
            color = self._at(there, k)
            if k < last:
                color += (level[rows] - np.float32(k))[:, None] * (self._at(there, k + 1) - color)
            if out is None:
                return color
            out[rows] = color
        return np.zeros((0, 3), np.float32) if out is None else out

    def _at(self, positions, level):
        found = lookup(self.pyramid[level], positions * np.float32(0.5**level) - np.float32(0.5), cv2.INTER_CUBIC)
        return found * np.float32(1 / 65535)

    def inside(self, positions: np.ndarray) -> np.ndarray:
        """(n,) bool: at least one pixel inside the photo."""
        limit = np.array([self.camera.width - 1, self.camera.height - 1], np.float32)
        return ((positions >= 1) & (positions <= limit)).all(1)

    def visible(self, positions: np.ndarray, depth: np.ndarray, facing: np.ndarray) -> np.ndarray:
        """(n,) float32 in [0, 1]: not hidden by another part of the head, by the z-buffer.

        Args:
            positions: (n, 2) interpolated from :attr:`projected`.
            depth, facing: (n,) at the same points.
        """
        near = lookup(self.zbuffer, positions * np.float32(self.zscale) - np.float32(0.5), cv2.INTER_NEAREST)
        slope = np.sqrt(np.maximum(1 / np.clip(facing, self.weights.least_facing, 1) ** 2 - 1, 0))
        flat, sloped = self.weights.behind_mm
        return np.clip((flat + sloped * slope - (depth - near)) / self.weights.behind_over_mm, 0, 1).astype(np.float32)


def feature_mask(view: PhotoView, contours, grow_mm: float = 0.0, up_mm: float = 0.0, hull: bool = False) -> np.ndarray:
    """Polygons through landmarks, drawn into the crop.

    Args:
        view: the crop.
        contours: sequences of landmark numbers.
        grow_mm: dilation.
        up_mm: further dilation upwards in the picture.
        hull: take each contour's convex hull.

    Returns:
        (h, w) uint8, 0 or 255.
    """
    mask = np.zeros((view.camera.height, view.camera.width), np.uint8)
    for contour in contours:
        points = view.landmarks[list(contour)]
        if hull:
            points = cv2.convexHull(points.astype(np.float32))[:, 0]
        cv2.fillPoly(mask, [np.round(points * 16 - 8).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    radius = grow_mm * view.pixels_per_mm
    if radius >= 0.5:
        r = int(round(radius))
        mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * r + 1, 2 * r + 1)))
    rise = int(round(up_mm * view.pixels_per_mm))
    if rise >= 1:
        mask = cv2.dilate(mask, np.ones((rise + 1, 1), np.uint8), anchor=(0, 0))
    return mask

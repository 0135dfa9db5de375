"""What the photo shows at each skin vertex."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ...camera import Camera
from ...render import Raster, rasterize
from ...types import Photo
from ...wire.color import srgb_to_linear
from .weights import WEIGHTS, CellWeights

__all__ = ["CellColors", "PhotoCells"]


class CellColors(NamedTuple):
    """Colours of V skin vertices in the photo."""

    color: np.ndarray
    """(V, 3) linear mean colour around each vertex, 0 where nothing is seen."""
    seen: np.ndarray
    """(V,) bare-skin area in mm^2 of the photo's plane that the mean stands on."""
    share: np.ndarray
    """(V,) share of the vertex's visible area that is bare skin."""


class PhotoCells:
    """A reduced crop of the photo around the head, read through the rasterizer.

    Args:
        photo: the photo.
        camera: of the photo.
        vertices: (N, 3) mm of the posed head: the crop covers its front half.
        mask: (H, W) in [0, 1] bare skin whose colour is used for the light.
        surface: (H, W) in [0, 1] the uncovered face, eyes and lips included.
        weights: how finely it is read.
    """

    def __init__(
        self,
        photo: Photo,
        camera: Camera,
        vertices: np.ndarray,
        mask: np.ndarray,
        surface: np.ndarray,
        weights: CellWeights = WEIGHTS.cells,
    ):
        pixels, depth = camera.project(vertices.astype(np.float64))
        near = np.median(depth)
        scale = min(1.0, weights.pixels_per_mm * near / camera.fx)
        low = np.clip(np.floor(pixels.min(0)) - weights.margin_px, 0, [camera.width - 2, camera.height - 2]).astype(int)
        high = np.clip(np.ceil(pixels.max(0)) + weights.margin_px, low + 2, [camera.width, camera.height]).astype(int)
        window = (slice(low[1], high[1]), slice(low[0], high[0]))
        size = np.maximum(np.round((high - low) * scale).astype(int), 2)
        factor = size / (high - low)
        crop = srgb_to_linear(photo.pixels[window].astype(np.float32) / 255)
        self.image = cv2.resize(crop, size.tolist(), interpolation=cv2.INTER_AREA)
        self.mask, self.surface = (
            cv2.resize(np.ascontiguousarray(m[window], np.float32), size.tolist(), interpolation=cv2.INTER_AREA)
            for m in (mask, surface)
        )
        self.size = size
        self._low, self._factor = low, factor
        self._mm2 = 1 / (camera.fx / near * factor).prod()

    def project(self, camera: Camera, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(V, 2) pixels of the crop and (V,) depths."""
        pixels, depth = camera.project(vertices)
        return (pixels - self._low) * self._factor, depth

    def raster(self, camera: Camera, vertices: np.ndarray, triangles: np.ndarray) -> Raster:
        """Visibility of a mesh in the crop."""
        return rasterize(*self.project(camera, vertices), triangles, *self.size)

    def colors(self, raster: Raster, is_skin: np.ndarray, count: int) -> CellColors:
        """Means over the visible surface around each vertex.

        Args:
            raster: of the whole head.
            is_skin: (T, 3) local skin vertex of each corner, -1 for triangles that are not skin.
            count: V, number of skin vertices.
        """
        hit = raster.triangle >= 0
        corner = is_skin[raster.triangle[hit]]
        weights = raster.weights[hit]
        keep = corner[:, 0] >= 0
        corner, weights = corner[keep], weights[keep]
        color, mask = self.image[hit][keep], self.mask[hit][keep]
        masked = weights * mask[:, None]
        area = np.bincount(corner.ravel(), weights.ravel(), count)
        skin = np.bincount(corner.ravel(), masked.ravel(), count)
        mean = np.stack([np.bincount(corner.ravel(), (masked * color[:, c, None]).ravel(), count) for c in range(3)], 1)
        return CellColors(mean / np.maximum(skin, 1e-6)[:, None], skin * self._mm2, skin / np.maximum(area, 1e-6))

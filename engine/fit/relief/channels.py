"""What the relief network sees of a photo: brightness, both solved heights, light, trust and places on one grid."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ...head.model import HeadModel
from ...render import interpolate
from .filters import band_deviations, bands, blur_within
from .solved import Solved
from .weights import ChannelWeights, ReliefWeights

__all__ = ["COARSE", "FINE", "MIRRORED", "Channels", "Grid", "channels_of", "squares"]

COARSE = (
    *("slow", "robust_broad", "robust_middle", "plain_broad", "plain_middle", "lean_x", "lean_y", "trust", "shading"),
    *("chance", "fold_cosine", "fold_sine", "facing", "normal_x", "normal_y", "red_blue", "red_green"),
    *("place_x", "place_y", "place_z", "bare", "residual", "resolution"),
)
"""Channels of one value for each four pixels."""
FINE = ("left", "robust_fine", "plain_fine")
"""Channels of a value for each pixel."""
MIRRORED = ("lean_x", "fold_sine", "normal_x")
"""Channels that change their sign in a mirror."""


class Grid(NamedTuple):
    """Where the network's pixels lie in a picture: a window of it, at the network's own size, with nothing beyond it."""

    rows: slice
    columns: slice
    size: tuple[int, int]
    """(width, height) of the window's pixels of the network."""
    whole: tuple[int, int]
    """(height, width) with what is added at the right and below, so that all layers fit."""

    def seen(self, image: np.ndarray, reduced: int = 1) -> np.ndarray:
        """(H, W) float32 of the whole grid, of an image of the picture; or with pixels `reduced` times as large."""
        size = (self.size[0] // reduced, self.size[1] // reduced)
        window = np.ascontiguousarray(image[self.rows, self.columns], np.float32)
        way = cv2.INTER_AREA if size[0] < window.shape[1] else cv2.INTER_LINEAR
        out = np.zeros((self.whole[0] // reduced, self.whole[1] // reduced), np.float32)
        out[: size[1], : size[0]] = cv2.resize(window, size, interpolation=way)
        return out

    def placed(self, image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """(H, W) float32 of a picture of that shape, of an image of the whole grid; 0 beyond it."""
        out = np.zeros(shape, np.float32)
        window = out[self.rows, self.columns]
        size = (window.shape[1], window.shape[0])
        way = cv2.INTER_AREA if size[0] < self.size[0] else cv2.INTER_LINEAR
        window[:] = cv2.resize(np.ascontiguousarray(image[: self.size[1], : self.size[0]]), size, interpolation=way)
        return out


class Channels(NamedTuple):
    """What is seen on a grid of H x W pixels."""

    grid: Grid
    coarse: np.ndarray
    """(C, H/2, W/2) float32, of :data:`COARSE`."""
    fine: np.ndarray
    """(F, H, W) float32, of :data:`FINE`."""
    heights: np.ndarray
    """(6, H, W) float32 mm: the three bands of the robust height and those of the plain one."""


def squares(fine: np.ndarray) -> np.ndarray:
    """(4 F, H/2, W/2) of (F, H, W): the pixels of each square of four as channels, row by row, all channels of each."""
    count, height, width = fine.shape
    four = fine.reshape(count, height // 2, 2, width // 2, 2).transpose(2, 4, 0, 1, 3)
    return np.ascontiguousarray(four).reshape(4 * count, height // 2, width // 2)


def channels_of(model: HeadModel, solved: Solved, weights: ReliefWeights) -> Channels | None:
    """None where no skin is trusted."""
    w, picture, trust = weights.channels, solved.picture, solved.trust
    grid = _grid(trust, picture.pixels_per_mm, w)
    if grid is None:
        return None
    mm, within = picture.pixels_per_mm, trust + np.float32(1e-4)
    deviations = band_deviations(mm, weights.bands.waves_mm, weights.bands)
    robust, plain = (bands(height, within, deviations)[1:] for height in (solved.robust, solved.plain))
    slow = blur_within(solved.lit.left, within, w.slow_mm * mm)
    a, b = picture.along(solved.lit.lean)
    fold_x, fold_y = solved.places.along
    length = np.maximum(fold_x**2 + fold_y**2, 1e-12)
    place = interpolate(picture.raster, model.triangles, model.template.astype(np.float64)) / np.float32(w.place_mm)
    red_blue, red_green = _hues(solved, weights)
    one = np.ones_like(trust)
    images = (
        *(slow / w.slow, robust[0] / w.height[0], robust[1] / w.height[1], plain[0] / w.height[0], plain[1] / w.height[1]),
        *(a / (w.lean * mm), b / (w.lean * mm), trust, solved.shading),
        *(solved.places.chance, solved.places.directed * (fold_x**2 - fold_y**2) / length),
        *(
            solved.places.directed * 2 * fold_x * fold_y / length,
            picture.facing,
            picture.normals[..., 0],
            picture.normals[..., 1],
        ),
        *(red_blue, red_green, np.abs(place[..., 0]), place[..., 1], place[..., 2], picture.bare),
        *(np.log(solved.lit.residual / w.residual) * one, np.log(picture.photo_pixels_per_mm / w.pixels_per_mm) * one),
    )
    hit = picture.raster.triangle >= 0
    coarse = np.stack([grid.seen(np.where(hit, image, 0), 2) for image in images])
    sharp = ((solved.lit.left - slow) / w.left * (trust > 0), robust[2] / w.height[2], plain[2] / w.height[2])
    fine = np.stack([grid.seen(image) for image in sharp])
    heights = np.stack([grid.seen(image) for image in (*robust, *plain)])
    return Channels(grid, np.clip(coarse, -w.farthest, w.farthest), np.clip(fine, -w.farthest, w.farthest), heights)


def _hues(solved: Solved, weights: ReliefWeights) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) each: log(R/B) and log(R/G) against the skin around."""
    w, picture, mm = weights.trust, solved.picture, solved.picture.pixels_per_mm
    within = solved.trust + np.float32(1e-4)
    soft = max(w.hue_mm * mm, w.hue_px * mm / picture.photo_pixels_per_mm)
    linear = np.maximum(picture.linear, weights.picture.darkest)
    out = []
    for other in (2, 1):
        hue = blur_within(np.clip(np.log(linear[..., 0] / linear[..., other]), *w.hue_clip), within, soft)
        out.append((hue - blur_within(hue, within, w.high_mm * mm)) / np.float32(weights.channels.hue))
    return out[0], out[1]


def _grid(trust: np.ndarray, mm: float, w: ChannelWeights) -> Grid | None:
    rows, columns = (np.flatnonzero((trust > w.least_trust).any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    margin = round(w.margin_mm * mm)
    rows, columns = (
        slice(max(0, int(found[0]) - margin), min(side, int(found[-1]) + 1 + margin))
        for found, side in ((rows, trust.shape[0]), (columns, trust.shape[1]))
    )
    scale = w.pixels_per_mm / mm
    size = [2 * max(4, round((part.stop - part.start) * scale / 2)) for part in (columns, rows)]
    whole = [-(-side // w.multiple) * w.multiple for side in reversed(size)]
    return Grid(rows, columns, (size[0], size[1]), (whole[0], whole[1]))

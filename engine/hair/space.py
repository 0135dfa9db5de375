"""The space between head and hull as voxels in model space: how far every place is from the skin and from the hair's border.

Several photos: each tells a space of its own, of which its outline is certain and its depth is not. So the hull is what
any photo's space holds and no photo's outline forbids, and a place for all hair that the first photo shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numba import njit
from scipy import ndimage

from ..head.model import HeadModel
from ..render import rasterize
from .seen import Seen
from .skin import skin_triangles
from .volume import Volume
from .weights import VolumeWeights

__all__ = ["Space", "hair_space", "trilinear"]

_BORDER = 20.0
"""Empty space around, mm."""
_BELOW = 90.0
"""More of it below hair that leaves the photo, mm."""
_AWAY = 1.0e4
"""Distance of the eye of an almost parallel view, head sizes apart, mm."""


class Space(NamedTuple):
    """Voxels of side `step` mm; the centre of the first is half a side from `origin`."""

    origin: np.ndarray
    """(3,) float64 mm."""
    step: float
    distance: np.ndarray
    """(X, Y, Z, 3) float32 mm: outside of head and body, inside the hull (with the head), inside the hair alone."""
    slope: np.ndarray
    """(X, Y, Z, 6) float32: gradients of the first two."""

    def centres(self, every: int = 1) -> tuple[np.ndarray, tuple[int, int, int]]:
        """(n, 3) centres of the voxels, or of cubes of `every` of them a side, and their numbers along the axes."""
        shape = tuple((count + every - 1) // every for count in self.distance.shape[:3])
        axes = [self.origin[i] + (np.arange(shape[i]) + 0.5) * self.step * every for i in range(3)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3), shape  # type: ignore[return-value]

    def at(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) distances at (n, 3) points."""
        out = np.empty((len(points), 3))
        trilinear(self.distance, self.origin, self.step, np.ascontiguousarray(points, np.float64), out)
        return out


def hair_space(
    model: HeadModel,
    posed: np.ndarray,
    mesh: tuple[np.ndarray, np.ndarray],
    views: Sequence[tuple[Seen, Volume]],
    weights: VolumeWeights,
) -> Space:
    """The space of all photos' hair.

    Args:
        posed: (N, 3) mm.
        mesh: of the body.
        views: each photo with its space.
    """
    triangles = skin_triangles(model).vertices
    step = weights.voxel
    low, high = _extent(posed, views)
    shape = tuple(int(n) for n in np.ceil((high - low) / step))
    axes = [low[i] + (np.arange(shape[i]) + 0.5) * step for i in range(3)]
    head = _solid(posed, triangles, low, step, shape, axes[2])
    # The neck is open below: with the body it is closed.
    whole = np.concatenate([posed, mesh[0]]), np.concatenate([triangles, mesh[1] + len(posed)])
    solid = head | _solid(*whole, low, step, shape, axes[2])
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)

    def signed(region: np.ndarray) -> np.ndarray:
        inside = ndimage.distance_transform_edt(region).astype(np.float32)
        return (inside - ndimage.distance_transform_edt(~region).astype(np.float32)) * step

    away = -signed(solid)
    hair = _hull(points, away.ravel(), views, weights).reshape(shape) & ~solid
    hull = hair | head
    skin = ndimage.gaussian_filter(away, 0.8)
    border = ndimage.gaussian_filter(signed(hull), 0.8)
    slope = np.concatenate([np.stack(np.gradient(field, step), -1) for field in (skin, border)], -1)
    return Space(low, step, np.stack([skin, border, signed(hair)], -1).astype(np.float32), slope.astype(np.float32))


def _extent(posed: np.ndarray, views: Sequence[tuple[Seen, Volume]]) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the box around head and hair, mm."""
    corners = [posed]
    for seen, volume in views:
        rows, columns = np.nonzero(volume.region)
        pixels = np.stack([columns, rows], -1) + 0.5
        for depth in (volume.begin, volume.back):
            corners.append(seen.lift(pixels, depth[rows, columns].astype(np.float64)))
    every = np.concatenate(corners)
    low, high = every.min(0).astype(np.float64) - _BORDER, every.max(0).astype(np.float64) + _BORDER
    if any(seen.mask[-2:].any() for seen, _ in views):
        low[1] -= _BELOW
    return low, high


def _solid(
    vertices: np.ndarray, triangles: np.ndarray, low: np.ndarray, step: float, shape: tuple[int, ...], axis: np.ndarray
) -> np.ndarray:
    """(X, Y, Z) bool: between the first and the last surface along z."""
    pixels = (vertices[:, :2].astype(np.float64) - low[:2]) / step
    depth = vertices[:, 2].astype(np.float64)
    behind = rasterize(pixels, _AWAY + depth, triangles, shape[0], shape[1]).depth.T - _AWAY
    before = _AWAY - rasterize(pixels, _AWAY - depth, triangles, shape[0], shape[1]).depth.T
    return (axis > behind[..., None]) & (axis < before[..., None])


def _hull(points: np.ndarray, away: np.ndarray, views: Sequence[tuple[Seen, Volume]], weights: VolumeWeights) -> np.ndarray:
    """(n,) bool.

    Args:
        away: (n,) mm from head and body.
    """
    first, own, kept = views[0][0], np.zeros(len(points), bool), np.zeros(len(points), bool)
    allowed = np.ones(len(points), bool)
    for number, (seen, volume) in enumerate(views):
        pixels, depth = seen.camera.project(points)
        inside = seen.within(pixels) & (depth > 0)
        rows, columns = seen.at(pixels)
        silhouette = inside & volume.region[rows, columns]
        begin, back = volume.begin[rows, columns], volume.back[rows, columns]
        held = silhouette & (depth > begin) & (depth < back)
        # Behind, hair stands off the skin as it does at the outline, where the photo's depth alone makes it too thin.
        held |= silhouette & (depth > 0.5 * (begin + back)) & (away < _behind(seen, volume, weights)[rows, columns])
        kept |= held
        if number == 0:
            own, at = held, (rows, columns)
        if len(views) > 1:
            # What the head hides in this photo, and what lies beyond its border, is not forbidden by it.
            hidden = depth > seen.window.head_near[rows, columns]
            allowed &= ~inside | ~_forbidding(seen, volume, weights)[rows, columns] | hidden
    kept &= allowed
    if len(views) == 1 or not own.any():
        return kept
    # Hair that the first photo shows has to be somewhere along the line of sight.
    found = np.zeros(first.mask.shape, np.uint8)
    found[at[0][kept & own], at[1][kept & own]] = 1
    side = 2 * int(0.6 * weights.voxel / first.mm) + 3
    disputed = first.mask & first.window.shown & (cv2.dilate(found, np.ones((side, side), np.uint8)) == 0)
    return kept | (own & disputed[at])


def _behind(seen: Seen, volume: Volume, weights: VolumeWeights) -> np.ndarray:
    """(H, W) mm by which hair stands off the skin behind the head: towards the nape it lies close."""
    low, high = weights.behind_level
    return volume.thickness * np.clip((seen.window.level - low) / (high - low), 0, 1)


def _forbidding(seen: Seen, volume: Volume, weights: VolumeWeights) -> np.ndarray:
    """(H, W) bool: a photo shows for sure that no hair is in the way."""
    reach = int(weights.carve / seen.mm) + 1
    return seen.window.shown & ~seen.unclear & ~ndimage.binary_dilation(volume.region, iterations=reach)


@njit(cache=True, nogil=True)
def trilinear(field, origin, step, points, out):
    """Writes into (n, C) `out` the values of a (X, Y, Z, C) field of voxels at (n, 3) points; beyond it those of its border."""
    nx, ny, nz, channels = field.shape
    for p in range(len(points)):
        x = min(max((points[p, 0] - origin[0]) / step - 0.5, 0.0), nx - 1.001)
        y = min(max((points[p, 1] - origin[1]) / step - 0.5, 0.0), ny - 1.001)
        z = min(max((points[p, 2] - origin[2]) / step - 0.5, 0.0), nz - 1.001)
        i, j, k = int(x), int(y), int(z)
        u, v, w = x - i, y - j, z - k
        for c in range(channels):
            out[p, c] = 0.0
        for a in range(2):
            for b in range(2):
                for d in range(2):
                    share = (u if a else 1 - u) * (v if b else 1 - v) * (w if d else 1 - w)
                    for c in range(channels):
                        out[p, c] += share * field[i + a, j + b, k + d, c]

"""The face's outline: where the skin ends in the photo, the head should turn away from the camera.

Points where the mesh turns away (Cashman and Fitzgibbon's contour generator, "What shape are dolphins?", TPAMI 2013)
are compared with the border of the bare-skin mask on the line across the outline. Only borders count at which skin
inside ends in something else outside; a border inside the head's outline is doubtful, since hair hangs over cheeks,
whereas skin outside it can only be this face.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from ...camera import Camera
from ...geometry.mesh import facing_of
from ...render import Raster
from .weights import WEIGHTS, OutlineWeights, Search

__all__ = ["Outline", "Picture", "find_outline"]


class Outline(NamedTuple):
    """C points of the outline, each on a mesh edge."""

    edges: np.ndarray
    """(C, 2) local skin vertices."""
    share: np.ndarray
    """(C,) position along the edge."""
    direction: np.ndarray
    """(C, 2) unit image direction out of the face."""
    target: np.ndarray
    """(C,) mm by which the photo's border lies farther out."""
    weight: np.ndarray
    """(C,) how many measurements each point counts for."""


class Picture(NamedTuple):
    """A picture in which the skin's border is looked for."""

    project: Callable[[Camera, np.ndarray], tuple[np.ndarray, np.ndarray]]
    """(camera, (n, 3)) -> (n, 2) pixels of the mask and (n,) depths in mm."""
    raster: Raster
    """Visibility of the whole head in these pixels."""
    mask: np.ndarray
    """(h, w) bare skin (or the whole head) in [0, 1]."""


class _Points(NamedTuple):
    """C points where the mesh turns away, in the pixels of a :class:`Picture`."""

    edges: np.ndarray
    share: np.ndarray
    place: np.ndarray
    """(C, 3) mm"""
    pixels: np.ndarray
    depth: np.ndarray
    direction: np.ndarray
    px_per_mm: np.ndarray


_NOTHING = Outline(np.zeros((0, 2), int), np.zeros(0), np.zeros((0, 2)), np.zeros(0), np.zeros(0))
"""The answer where no outline is found."""


def find_outline(
    camera: Camera,
    picture: Picture,
    vertices: np.ndarray,
    normals: np.ndarray,
    edges: np.ndarray,
    trust: np.ndarray,
    search: Search = WEIGHTS.search,
    weights: OutlineWeights = WEIGHTS.outline,
) -> Outline:
    """Compare the outline with the skin mask.

    Args:
        camera: of the photo.
        picture: the mask.
        vertices, normals: (V, 3) skin in model space, mm.
        edges: (E, 2) mesh edges.
        trust: (V,) where the outline is the face's own, not hair's or the neck's.
        search: how far the border is looked for and believed.
        weights: how it is found.
    """
    facing = facing_of(camera.position, vertices, normals)
    a, b = edges[:, 0], edges[:, 1]
    edges = edges[(facing[a] * facing[b] < 0) & (np.minimum(trust[a], trust[b]) > weights.trust)]
    if not len(edges):
        return _NOTHING
    points = _turning(camera, picture, vertices, normals, edges, facing)
    target, good = _border(points, picture, search.reach, weights)
    scale = np.where(target > 0, search.outer, search.inner)
    weight = np.where(good, 1 / (1 + (target / scale) ** 2) ** 2, 0.0)
    # Mesh edges cross the outline at unequal distances: each point stands for its share of the outline's length.
    gap = np.linalg.norm(points.place[:, None] - points.place[None], axis=-1)
    crowd = (gap < weights.crowd_mm / 2).sum(1)
    weight = weight * np.minimum(trust[edges[:, 0]], trust[edges[:, 1]]) * (weights.crowd_mm / weights.patch_mm) / crowd
    keep = weight > weights.least
    return Outline(edges[keep], points.share[keep], points.direction[keep], target[keep], weight[keep])


def _turning(
    camera: Camera, picture: Picture, vertices: np.ndarray, normals: np.ndarray, edges: np.ndarray, facing: np.ndarray
) -> _Points:
    """The points of the edges at which the surface is seen edge-on."""
    a, b = edges[:, 0], edges[:, 1]
    share = facing[a] / (facing[a] - facing[b])
    points = vertices[a] * (1 - share)[:, None] + vertices[b] * share[:, None]
    normal = normals[a] * (1 - share)[:, None] + normals[b] * share[:, None]
    pixels, depth = picture.project(camera, points)
    shifted, _ = picture.project(camera, points + normal)
    direction = shifted - pixels
    px_per_mm = np.linalg.norm(direction, axis=1)
    return _Points(edges, share, points, pixels, depth, direction / np.maximum(px_per_mm, 1e-9)[:, None], px_per_mm)


def _border(points: _Points, picture: Picture, reach: float, w: OutlineWeights) -> tuple[np.ndarray, np.ndarray]:
    """(C,) mm by which the mask's nearest border lies farther out, and (C,) whether to believe it."""
    offsets = np.arange(-reach, reach + w.step_mm / 2, w.step_mm)
    at = points.pixels[:, None] + points.direction[:, None] * (offsets * points.px_per_mm[:, None])[..., None]
    height, width = picture.mask.shape
    inside = ((at > 1) & (at < [width - 1, height - 1])).all((1, 2))
    profile = cv2.remap(
        picture.mask.astype(np.float32),
        (at[..., 0] - 0.5).astype(np.float32),
        (at[..., 1] - 0.5).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )

    def depth_at(distance: float) -> np.ndarray:
        x, y = (points.pixels + points.direction * (distance * points.px_per_mm)[:, None]).T
        return picture.raster.depth[np.clip(y, 0, height - 1).astype(int), np.clip(x, 0, width - 1).astype(int)]

    # The point itself must be seen, and behind the outline there must be nothing near.
    seen = depth_at(w.seen_mm[0]) > points.depth - w.seen_mm[1]
    free = depth_at(w.free_mm[0]) > points.depth + w.free_mm[1]
    border = (profile[:, :-1] >= 0.5) & (profile[:, 1:] < 0.5)
    step = np.diff(profile, axis=1)
    cross = offsets[:-1] + w.step_mm * (0.5 - profile[:, :-1]) / np.where(border, step, -1.0)
    cross = np.where(border, cross, np.inf)
    target = cross[np.arange(len(cross)), np.abs(cross).argmin(1)]
    found = np.isfinite(target)
    target = np.where(found, target, 0.0)
    place = target[:, None]
    near, far = w.beside_mm
    within = (offsets > place - far) & (offsets < place - near)
    beyond = (offsets < place + far) & (offsets > place + near)
    skin_in = (profile * within).sum(1) / np.maximum(within.sum(1), 1)
    skin_out = (profile * beyond).sum(1) / np.maximum(beyond.sum(1), 1)
    return target, inside & seen & free & found & (skin_in > w.skin[0]) & (skin_out < w.skin[1])

"""The face's outline: where the skin ends in the photo, the head should turn away from the camera.

Points where the mesh turns away (Cashman and Fitzgibbon's contour generator, "What shape are dolphins?", TPAMI 2013)
are compared with the border of the bare-skin mask on the line across the outline. Only borders count at which skin
inside ends in something else outside; a border inside the head's outline is doubtful, since hair hangs over cheeks,
whereas skin outside it can only be this face.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ...camera import Camera
from ...geometry.mesh import facing_of
from ...render import Raster

__all__ = ["Outline", "find_outline"]

_REACH = 8.0
_STEP = 0.5
_OUTER, _INNER = 3.5, 2.0
_PATCH = 12.0
"""mm of outline that count as one measurement."""


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


def find_outline(
    camera: Camera,
    project,
    raster: Raster,
    mask: np.ndarray,
    vertices: np.ndarray,
    normals: np.ndarray,
    edges: np.ndarray,
    trust: np.ndarray,
    reach: float = _REACH,
    scales: tuple[float, float] = (_OUTER, _INNER),
) -> Outline:
    """Compare the outline with the skin mask.

    Args:
        camera: of the photo.
        project: callable (camera, (n, 3)) -> (n, 2) pixels of `mask` and depths in mm.
        raster: visibility of the whole head in the pixels of `mask`.
        mask: (h, w) bare skin (or the whole head) in [0, 1].
        vertices, normals: (V, 3) skin in model space, mm.
        edges: (E, 2) mesh edges.
        trust: (V,) where the outline is the face's own, not hair's or the neck's.
        reach: how far from the predicted outline its picture is searched, mm.
        scales: distance beyond and within the prediction at which a border has lost three quarters of its weight, mm.
    """
    facing = facing_of(camera.position, vertices, normals)
    a, b = edges[:, 0], edges[:, 1]
    edges = edges[(facing[a] * facing[b] < 0) & (np.minimum(trust[a], trust[b]) > 0.5)]
    empty = Outline(np.zeros((0, 2), int), np.zeros(0), np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    if not len(edges):
        return empty
    a, b = edges[:, 0], edges[:, 1]
    share = facing[a] / (facing[a] - facing[b])
    points = vertices[a] * (1 - share)[:, None] + vertices[b] * share[:, None]
    normal = normals[a] * (1 - share)[:, None] + normals[b] * share[:, None]
    pixels, depth = project(camera, points)
    shifted, _ = project(camera, points + normal)
    direction = shifted - pixels
    px_per_mm = np.linalg.norm(direction, axis=1)
    direction = direction / np.maximum(px_per_mm, 1e-9)[:, None]

    offsets = np.arange(-reach, reach + _STEP / 2, _STEP)
    at = pixels[:, None] + direction[:, None] * (offsets * px_per_mm[:, None])[..., None]
    height, width = mask.shape
    inside = ((at > 1) & (at < [width - 1, height - 1])).all((1, 2))
    profile = cv2.remap(
        mask.astype(np.float32),
        (at[..., 0] - 0.5).astype(np.float32),
        (at[..., 1] - 0.5).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )

    def depth_at(distance: float) -> np.ndarray:
        x, y = (pixels + direction * (distance * px_per_mm)[:, None]).T
        return raster.depth[np.clip(y, 0, height - 1).astype(int), np.clip(x, 0, width - 1).astype(int)]

    # The point itself must be seen (a cheek of 60 mm radius is 11 mm nearer 1 mm inside), and behind the outline there is nothing near (nostril wings and ears have cheek).
    seen = depth_at(-1.0) > depth - 20
    free = depth_at(2.0) > depth + 25
    border = (profile[:, :-1] >= 0.5) & (profile[:, 1:] < 0.5)
    step = np.diff(profile, axis=1)
    cross = offsets[:-1] + _STEP * (0.5 - profile[:, :-1]) / np.where(border, step, -1.0)
    cross = np.where(border, cross, np.inf)
    best = np.abs(cross).argmin(1)
    target = cross[np.arange(len(cross)), best]
    found = np.isfinite(target)
    target = np.where(found, target, 0.0)
    place = target[:, None]
    within = (offsets > place - 4) & (offsets < place - 1)
    beyond = (offsets < place + 4) & (offsets > place + 1)
    skin_in = (profile * within).sum(1) / np.maximum(within.sum(1), 1)
    skin_out = (profile * beyond).sum(1) / np.maximum(beyond.sum(1), 1)
    good = inside & seen & free & found & (skin_in > 0.8) & (skin_out < 0.2)
    scale = np.where(target > 0, *scales)
    weight = np.where(good, 1 / (1 + (target / scale) ** 2) ** 2, 0.0)
    # Mesh edges cross the outline at unequal distances: each point stands for its share of the outline's length.
    gap = np.linalg.norm(points[:, None] - points[None], axis=-1)
    crowd = (gap < 6.0).sum(1)
    weight = weight * np.minimum(trust[a], trust[b]) * (12.0 / _PATCH) / crowd
    keep = weight > 1e-3
    return Outline(edges[keep], share[keep], direction[keep], target[keep], weight[keep])

"""Parts of the face (eyes, brows, lips, the face below the brows) held to their regions in the photo, without
correspondences: the part re-projection distance of Wang et al. (CVPR 2024) as a term of the mid-frequency stage.

A region is the polygon of the photo's landmarks around the part; the part is points of the head model's skin that lie in the
same polygon on the average head. Both are described by their nearest, farthest and mean distance from a grid of anchors.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ....camera import Camera
from ....geometry.mesh import vertex_normals
from ....geometry.sampling import farthest_points
from ....head.model import HeadModel
from ....photo.regions import BROWS, EYES, OVAL
from ...coarse.projection import projection
from ...skin_surface import SkinSurface
from ..part_regions import anchors, below_brows, describe, region_points
from ..weights import MidWeights, PartWeights

__all__ = ["PARTS", "PartTerm", "squared_distance"]

# fmt: off
PARTS = {
    "right_eye": (130, 25, 110, 24, 23, 22, 26, 112, 243, 190, 56, 28, 27, 29, 30, 247),
    "left_eye": (359, 255, 339, 254, 253, 252, 256, 341, 463, 414, 286, 258, 257, 259, 260, 467),
    "right_brow": BROWS[0],
    "left_brow": BROWS[1],
    "upper_lip": (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78),
    "lower_lip": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95, 78),
    "face": OVAL,
}
# fmt: on
"""Landmarks around each part; of the face what lies above the brows is left out, since hair may cover it."""
_HOLES = {"right_eye": EYES[0], "left_eye": EYES[1]}
"""The eyeballs are not skin: of the eyes only the lids count."""


_WITHIN = np.array([(i + 1 / 3, j + 1 / 3, 5 - i - j + 1 / 3) for i in range(6) for j in range(6 - i)]) / 6
"""(21, 3) barycentric: the places of a triangle that are tried as points."""


class _Points(NamedTuple):
    """P points on the skin."""

    corners: np.ndarray
    """(P, 3) local skin vertices."""
    weights: np.ndarray
    """(P, 3) barycentric."""


class _Part(NamedTuple):
    points: _Points
    wanted: np.ndarray
    """(A, 3) description of the region, mm."""


class PartTerm:
    """Made once for a photo; :meth:`add` is called in every step."""

    def __init__(self, model: HeadModel, surface: SkinSurface, landmarks: np.ndarray, mm_per_px: float, weights: MidWeights):
        """
        Args:
            landmarks: (468 or more, 2) pixels of the photo. mm_per_px: scale of the picture plane at the face.
            weights: error of a part's place, and how it is measured.
        """
        self._mm_per_px, w = mm_per_px, weights.parts
        places = landmarks.astype(np.float64) * mm_per_px
        low, high = places[list(PARTS["face"])].min(0), places[list(PARTS["face"])].max(0)
        self._origin, size = low - w.margin * (high - low), (1 + 2 * w.margin) * (high - low)
        step = float(size.max()) / w.anchors
        self._grid = anchors(int(size[1] / step) + 1, int(size[0] / step) + 1) * step
        self._weight = w.measurements / (3 * len(self._grid)) / weights.part**2
        self.parts = {}
        regions = _in_photo(places - self._origin, size, w)
        for name, points in _on_head(model, surface, w).items():
            if min(len(points.corners), len(regions[name])) > w.least_points:
                wanted = describe(regions[name].astype(np.float64), self._grid)
                self.parts[name] = _Part(points, wanted)

    def add(self, hessian: np.ndarray, gradient: np.ndarray, camera: Camera, skin: np.ndarray, basis: np.ndarray) -> None:
        """Adds the term's normal equations for pose and shape, the first unknowns.

        Args:
            skin: (V, 3) model space, mm. basis: (3V, K) moves of it.
        """
        shapes = basis.reshape(len(skin), 3, basis.shape[1])
        place = slice(0, 6 + basis.shape[1])
        for (corners, weights), wanted in self.parts.values():
            points = np.einsum("pk,pkd->pd", weights, skin[corners])
            pixels, project, turn = projection(camera, points, self._mm_per_px)
            square, slope = squared_distance(pixels * self._mm_per_px - self._origin, self._grid, wanted)[1:]
            carried = np.einsum("pk,pkdn->pdn", weights, shapes[corners], optimize=True)
            moves = np.concatenate([project @ turn, project, np.matmul(project @ camera.R, carried)], -1)
            moves = moves.reshape(2 * len(points), -1)
            hessian[place, place] += self._weight * moves.T @ (square @ moves)
            gradient[place] += self._weight * moves.T @ slope


def squared_distance(points: np.ndarray, grid: np.ndarray, wanted: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Half the squared difference of descriptions, its Gauss-Newton matrix (2P, 2P) and its gradient (2P,).

    Args:
        points: (P, 2). grid: (A, 2) anchors. wanted: (A, 3), see :func:`..part_regions.describe`.
    """
    count = len(points)
    away = points[None] - grid[:, None]
    distance = np.sqrt((away**2).sum(-1) + 1e-12)
    unit = away / distance[..., None]
    mean = unit.reshape(len(grid), -1) / count
    left = distance.mean(1) - wanted[:, 2]
    square, slope, value = mean.T @ mean, mean.T @ left, (left**2).sum()
    blocks, each = np.zeros((count, 2, 2)), slope.reshape(count, 2)
    row = np.arange(len(grid))
    for chosen, goal in ((distance.argmin(1), wanted[:, 0]), (distance.argmax(1), wanted[:, 1])):
        toward, left = unit[row, chosen], distance[row, chosen] - goal
        np.add.at(blocks, chosen, toward[:, :, None] * toward[:, None])
        np.add.at(each, chosen, toward * left[:, None])
        value += (left**2).sum()
    index = np.arange(count)
    square.reshape(count, 2, count, 2)[index, :, index] += blocks
    return value / 2, square, each.reshape(-1)


def _count(name: str, w: PartWeights) -> int:
    """Points that stand for a part."""
    return w.face_points if name == "face" else w.points


def _in_photo(places: np.ndarray, size: np.ndarray, w: PartWeights) -> dict[str, np.ndarray]:
    """(n, 2) points of each region, mm."""
    found = {}
    for name, around in PARTS.items():
        mask = np.zeros(np.ceil(size[::-1] / w.cell_mm).astype(int) + 1, np.uint8)
        cv2.fillPoly(mask, [np.round(places[list(around)] / w.cell_mm).astype(np.int32)], 1)
        if name in _HOLES:
            cv2.fillPoly(mask, [np.round(places[list(_HOLES[name])] / w.cell_mm).astype(np.int32)], 0)
        if name == "face":
            row, column = np.nonzero(mask)
            kept = below_brows(
                np.stack([column, row], 1) * w.cell_mm, *(places[list(PARTS[f"{side}_brow"])] for side in ("right", "left"))
            )
            mask[row[~kept], column[~kept]] = 0
        found[name] = region_points(mask, _count(name, w)) * w.cell_mm
    return found


def _on_head(model: HeadModel, surface: SkinSurface, w: PartWeights) -> dict[str, _Points]:
    """Points of each part, evenly spread on the average head as it is seen from the front."""
    skin = model.template[surface.vertices].astype(np.float64)
    front = (vertex_normals(skin, surface.triangles)[:, 2] > w.front)[surface.triangles].all(1)
    corners = np.repeat(surface.triangles[front], len(_WITHIN), 0)
    weights = np.tile(_WITHIN, (int(front.sum()), 1))
    # y down, as in a picture.
    flat = np.einsum("pk,pkd->pd", weights, skin[corners])[:, :2] * [1, -1]
    marks = model.landmarks(model.template)[:, :2].astype(np.float64) * [1, -1]
    found = {}
    for name, around in PARTS.items():
        inside = _inside(flat, marks[list(around)])
        if name in _HOLES:
            inside &= ~_inside(flat, marks[list(_HOLES[name])])
        chosen = np.flatnonzero(inside)
        if name == "face":
            chosen = chosen[below_brows(flat[chosen], *(marks[list(PARTS[f"{side}_brow"])] for side in ("right", "left")))]
        if len(chosen):
            chosen = chosen[farthest_points(flat[chosen], _count(name, w))]
        found[name] = _Points(corners[chosen], weights[chosen])
    return found


def _inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """(n,) bool by counting the edges that a ray to the right crosses."""
    a, b = polygon, np.roll(polygon, -1, 0)
    y = points[:, 1, None]
    crossed = (a[:, 1] > y) != (b[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return (crossed & (points[:, 0, None] < at)).sum(1) % 2 == 1

"""Where on the head strands may stand: the model's scalp, corrected by what the photos show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from ..geometry.mesh import face_cross, vertex_normals
from ..head.model import HeadModel
from .seen import Seen, blur, hanging_area
from .skin import skin_triangles
from .weights import RootWeights

__all__ = ["Roots", "hair_roots", "sampled_roots"]


@dataclass(frozen=True)
class Roots:
    """n places on the skin, in random order."""

    point: np.ndarray
    """(n, 3) float64 mm."""
    normal: np.ndarray
    """(n, 3) float64 unit."""
    face: np.ndarray
    """(n,) int32 triangle of :func:`engine.hair.skin.skin_triangles`."""
    weights: np.ndarray
    """(n, 3) float64 barycentric."""
    scalp: np.ndarray
    """(n,) float64 weight of the model's scalp."""
    shown: np.ndarray
    """(n,) bool: a photo shows the place."""

    def take(self, index: np.ndarray) -> Roots:
        """Some of them."""
        return Roots(*(column[index] for column in (self.point, self.normal, self.face, self.weights, self.scalp, self.shown)))

    def __len__(self) -> int:
        return len(self.point)


def sampled_roots(model: HeadModel, posed: np.ndarray, wanted: np.ndarray, count: int, rng: np.random.Generator) -> Roots:
    """Places spread evenly by area over the triangles of the skin that are wanted.

    Args:
        posed: (N, 3) mm.
        wanted: (T,) bool.
        count: how many.
    """
    triangles = skin_triangles(model).vertices
    normals = vertex_normals(posed, triangles)
    area = np.linalg.norm(face_cross(posed.astype(np.float64), triangles), axis=1) * wanted
    count = count if area.sum() > 0 else 0
    face = rng.choice(len(triangles), count, p=area / area.sum()) if count else np.zeros(0, int)
    pair = rng.random((count, 2))
    pair = np.where(pair.sum(1, keepdims=True) > 1, 1 - pair, pair)
    weights = np.concatenate([1 - pair.sum(1, keepdims=True), pair], 1)
    corners = triangles[face]
    normal = np.einsum("nk,nkc->nc", weights, normals[corners])
    return Roots(
        np.einsum("nk,nkc->nc", weights, posed[corners].astype(np.float64)),
        normal / (np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9),
        face.astype(np.int32),
        weights,
        np.einsum("nk,nk->n", weights, model.part("scalp")[corners].astype(np.float64)),
        np.zeros(count, bool),
    )


def hair_roots(
    model: HeadModel, posed: np.ndarray, views: Sequence[Seen], weights: RootWeights, rng: np.random.Generator
) -> Roots:
    """Places that carry hair.

    The model's scalp and a margin around it are asked. Where a photo sees such a place, it tells; where none does, the
    mirrored place is asked, and then the model's scalp.
    """
    scalp = model.part("scalp")
    gap = cKDTree(posed[scalp > 0.5]).query(posed)[0]
    other = model.part("right_ear", "left_ear", "right_brow", "left_brow", "right_eye", "left_eye")
    may = (scalp > 0.3) | ((gap < weights.beyond) & (model.part("neck") < 0.5) & (other < 0.1))
    roots = sampled_roots(model, posed, may[skin_triangles(model).vertices].all(1), weights.candidates, rng)
    turn = np.array([-1.0, 1.0, 1.0])
    facing, here = _told(views, roots.point, roots.normal, weights)
    across, there = _told(views, roots.point * turn, roots.normal * turn, weights)
    seen, opposite = facing > 0, across > 0
    keep = np.where(seen, here > weights.hair, np.where(opposite, there > weights.hair, roots.scalp > 0.5))
    keep &= (roots.scalp > 0.02) | seen | opposite
    keep &= seen | opposite | ~_beside_bare(roots.point, seen | opposite, np.where(seen, here, there), weights)
    mean = np.einsum("nk,nkc->nc", roots.weights, model.template[skin_triangles(model).vertices[roots.face]].astype(np.float64))
    keep &= ~_before_hairline(roots, mean[:, 1], np.where(seen, facing, across), np.where(seen, here, there), weights)
    keep &= seen | ~_bald_above(mean, roots, seen, here, views, weights)
    if _hangs_over(views[0], weights):
        keep &= (roots.scalp > weights.scalp) | ~seen
    return replace(roots, shown=seen).take(np.flatnonzero(keep))


def _hangs_over(first: Seen, weights: RootWeights) -> bool:
    """Whether hair falls over bare skin: over the forehead as a fringe, or past the temples as long hair does."""
    forehead = first.oval & (first.window.level > 0.60)
    fringe = (first.mask & forehead).sum() > weights.fringe * max(1, forehead.sum())
    return bool(fringe or hanging_area(first) > weights.long_area)


def _beside_bare(points: np.ndarray, told: np.ndarray, hair: np.ndarray, weights: RootWeights) -> np.ndarray:
    """(n,) bool: places whose nearest one that a photo tells of is near, and bare: a bald forehead goes on behind the horizon."""
    if not told.any():
        return np.zeros(len(points), bool)
    gap, near = cKDTree(points[told]).query(points, distance_upper_bound=weights.goes_on)
    return np.isfinite(gap) & (np.append(hair[told], 1.0)[near] < weights.bald)


def _before_hairline(
    roots: Roots, height: np.ndarray, facing: np.ndarray, hair: np.ndarray, weights: RootWeights
) -> np.ndarray:
    """(n,) bool: places of the skin so near to bare scalp that a small error of the fitted outline puts them on hair.

    A photo shows skin that turns away from it foreshortened: an error across the line of sight is a long way on it. A hairline
    that lies within the model's scalp has receded; before one where the model has it nothing is asked.

    Args:
        height: (n,) of the places on the mean head, mm.
        facing: (n,) cosine to the line of sight of the photo that tells of each place, 0 where none does.
        hair: (n,) chance of hair that it tells.
    """
    bare = (facing > 0) & (hair < weights.bald) & (roots.scalp > weights.receded[0]) & (height > weights.receded[1])
    if not bare.any():
        return np.zeros(len(facing), bool)
    sine = np.sqrt(np.clip(1 - facing**2, 0, 1))
    reach = np.minimum(weights.outline * sine / np.maximum(facing, 1e-3), weights.goes_on) * (facing > 0)
    return cKDTree(roots.point[bare]).query(roots.point)[0] < reach


def _bald_above(
    mean: np.ndarray, roots: Roots, seen: np.ndarray, hair: np.ndarray, views: Sequence[Seen], weights: RootWeights
) -> np.ndarray:
    """(n,) bool: places of the scalp on a bald top that goes on where no photo looks.

    What is seen of the scalp tells the height above which it is bare; that the bare part reaches the horizon of what is
    seen tells that it goes on.

    Args:
        mean: (n, 3) the places on the mean head, mm.
    """
    scalp, bare = roots.scalp > 0.8, hair < weights.bald
    middle = scalp & (mean[:, 1] > weights.middle[1]) & (np.abs(mean[:, 0]) < weights.middle[0])
    high = middle & seen
    nothing = np.zeros(len(roots), bool)
    if high.sum() < 50:
        return nothing
    far = high & (mean[:, 2] < np.quantile(mean[high, 2], weights.horizon))
    if bare[far].mean() < weights.bald_share or _looks_out(views, roots, middle & ~seen, weights):
        return nothing
    # The height that best parts bare from haired places.
    asked = scalp & seen
    heights = np.linspace(*weights.top, 24)
    wrong = [(bare[asked] != (mean[asked, 1] > one)).sum() for one in heights]
    return mean[:, 1] > heights[int(np.argmin(wrong))]


def _looks_out(views: Sequence[Seen], roots: Roots, behind: np.ndarray, weights: RootWeights) -> bool:
    """Whether a photo shows hair of the places `behind` the horizon, above the head's outline."""
    over = roots.point[behind] + weights.over * roots.normal[behind]
    for seen in views:
        pixels, _ = seen.camera.project(over)
        rows, columns = seen.at(pixels)
        outside = seen.within(pixels) & ~seen.head[rows, columns]
        if outside.sum() > 20 and seen.hair[rows, columns][outside].mean() > weights.bald:
            return True
    return False


def _told(
    views: Sequence[Seen], points: np.ndarray, normals: np.ndarray, weights: RootWeights
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) cosine to the line of sight of the photo that tells best of a place of the skin, 0 where none sees it, and (n,) its
    hair there."""
    best, cosine, hair = np.zeros((3, len(points)))
    for number, seen in enumerate(views):
        pixels, depth = seen.camera.project(points)
        rows, columns = seen.at(pixels)
        sight = seen.camera.position - points
        facing = (normals * sight).sum(1) / np.linalg.norm(sight, axis=1)
        told = seen.within(pixels) & (depth < seen.window.head_near[rows, columns] + 6) & (facing > weights.facing)
        # Another photo tells rather what lies beneath a band.
        say = facing * (weights.further if number else 1.0) * np.where(seen.unclear[rows, columns], weights.unclear, 1.0)
        better = told & (say > best)
        soft = blur(seen.hair, weights.soft * seen.face)
        best, cosine = np.where(better, say, best), np.where(better, facing, cosine)
        hair = np.where(better, soft[rows, columns], hair)
    return cosine, hair

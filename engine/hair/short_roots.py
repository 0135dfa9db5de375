"""Where short hair is rooted: evenly over the seen density, and mirrored where no photo looks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from ..geometry.closest import SurfaceIndex
from ..head.model import HeadModel
from .closeup import Closeup, sampled
from .skin import SkinTriangles, triangle_frames
from .types import Strands

__all__ = ["Roots", "even_choice", "joined", "mirrored", "rooted", "roots_in_picture", "visible"]

_SPARE = 5
"""Candidates for each wanted root."""
_HALVINGS = 9
"""Number of steps in which the distance between roots is found."""
_DEPTH_MM = 2.0
"""How far behind the seen surface a point may lie and still be seen, mm."""
_STEEP = 0.25
"""Least cosine of the angle under which skin is looked at for anything on it to be believed."""


class Roots(NamedTuple):
    """n places on the skin."""

    face: np.ndarray
    """(n,) int32 triangle of :class:`engine.hair.skin.SkinTriangles`."""
    weights: np.ndarray
    """(n, 3) float32 barycentric weights in it."""

    def on(self, skin: SkinTriangles, values: np.ndarray) -> np.ndarray:
        """(n, C) vertex values (N, C), such as places, at the roots."""
        return np.einsum("nc,nci->ni", self.weights, values[skin.vertices[self.face]])

    def some(self, rows: np.ndarray) -> Roots:
        return Roots(self.face[rows], self.weights[rows])


def rooted(skin: SkinTriangles, posed: np.ndarray, points: np.ndarray) -> Roots:
    """The places of the skin that are nearest to (n, 3) points, mm."""
    if not len(points):
        return Roots(np.zeros(0, np.int32), np.zeros((0, 3), np.float32))
    found = SurfaceIndex(posed, skin.vertices).query(points)
    return Roots(found.triangle.astype(np.int32), found.weights.astype(np.float32))


def even_choice(points: np.ndarray, density: np.ndarray, count: int) -> np.ndarray:
    """Indices of about `count` of (n, D) points, each away from the others by a distance that shrinks with its density.

    Of points drawn in proportion to `density`, this takes out clumps (dart throwing, in the order given).

    Args:
        density: (n,) in [0, 1].
    """
    if len(points) <= count:
        return np.arange(len(points))
    points = np.ascontiguousarray(points, np.float64)
    # A radius with which about `count` of the points find room; found by halving.
    relative = 1 / np.sqrt(np.maximum(density, 0.05)).astype(np.float64)
    low, high = 0.0, 2.0 * float(np.linalg.norm(np.ptp(points, axis=0))) / np.sqrt(count)
    best = np.arange(count)
    for _ in range(_HALVINGS):
        radius = (low + high) / 2
        chosen = _thrown(points, radius * relative, count)
        if len(chosen) >= count:
            low, best = radius, chosen
        else:
            high = radius
    return best


@njit(cache=True, nogil=True)
def _thrown(points, radius, most):
    """Numbers of up to `most` of the points, in their order, that no earlier one keeps away."""
    chosen = np.empty(most, np.int64)
    count = 0
    for number in range(len(points)):
        free = True
        for k in range(count):
            other = chosen[k]
            distance = 0.0
            for axis in range(points.shape[1]):
                distance += (points[number, axis] - points[other, axis]) ** 2
            if distance < radius[number] * radius[other]:
                free = False
                break
        if free:
            chosen[count] = number
            count += 1
            if count == most:
                break
    return chosen[:count]


def roots_in_picture(closeup: Closeup, density: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """(n, 2) pixels of about `count` roots, spread as `density` tells.

    Args:
        density: (h, w) float32 in [0, 1], of hair on the skin's area.
    """
    towards = closeup.camera.position.astype(np.float32) - closeup.position
    towards /= np.maximum(np.linalg.norm(towards, axis=-1, keepdims=True), 1e-6)
    facing = np.einsum("hwi,hwi->hw", towards, closeup.normal)
    share = np.where(closeup.on_skin & (facing > _STEEP), density / np.maximum(facing, _STEEP), 0).ravel()
    total = share.sum(dtype=np.float64)
    if total <= 0 or count < 1:
        return np.zeros((0, 2))
    drawn = random.choice(len(share), _SPARE * count, p=share / total)
    y, x = np.divmod(drawn, density.shape[1])
    pixels = np.stack([x, y], 1) + random.random((len(drawn), 2))
    places = sampled(closeup.position, np.stack([x, y], 1) + 0.5) + 0.0
    places += (pixels - np.stack([x, y], 1) - 0.5)[:, :1] * closeup.pixel_mm * closeup.camera.R[0]
    places += (pixels - np.stack([x, y], 1) - 0.5)[:, 1:] * closeup.pixel_mm * closeup.camera.R[1]
    return pixels[even_choice(places, density.ravel()[drawn], count)]


def visible(closeup: Closeup, places: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) pixels of (n, 3) places of the skin, mm, and (n,) bool whether they are seen there."""
    pixels, depth = closeup.camera.project(np.asarray(places, np.float64))
    height, width = closeup.skin.shape
    inside = (pixels > 0.5).all(1) & (pixels[:, 0] < width - 0.5) & (pixels[:, 1] < height - 0.5)
    x, y = (pixels[:, k].clip(0, limit - 1).astype(int) for k, limit in enumerate((width, height)))
    towards = closeup.camera.position - places
    facing = np.einsum("ni,ni->n", towards, normals) / np.maximum(np.linalg.norm(towards, axis=1), 1e-6)
    return pixels, inside & (depth < closeup.raster.depth[y, x] + _DEPTH_MM) & (facing > _STEEP)


def mirrored(model: HeadModel, skin: SkinTriangles, posed: np.ndarray, strands: Strands) -> Strands:
    """The strands on the other side of the head: each keeps its place in the mirrored frame of its root's triangle."""
    corners = skin.vertices[strands.root_face]
    here = triangle_frames(posed[corners])
    there = triangle_frames(posed[model.mirror[corners]])
    # A mirrored triangle runs the other way round: its normal points inwards, and (along, across, normal) is left-handed.
    there = there * np.array([1, 1, -1])
    root = np.einsum("gc,gci->gi", strands.root_weights, posed[corners])
    other = np.einsum("gc,gci->gi", strands.root_weights, posed[model.mirror[corners]])
    local = np.einsum("gpi,gij->gpj", strands.points - root[:, None], here)
    points = np.einsum("gpj,gij->gpi", local, there) + other[:, None]
    roots = rooted(skin, posed, other)
    return Strands(
        points.astype(np.float32),
        roots.face,
        roots.weights,
        strands.radius,
        strands.color,
        np.ones_like(strands.source),
        strands.layer,
    )


def joined(parts: list[Strands]) -> Strands:
    """Several groups as one."""
    return Strands(*(np.concatenate([getattr(one, name) for one in parts]) for name in Strands.__dataclass_fields__))

"""Brows as curves: where the photos show them, in their direction; mirrored, or guessed, where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..camera import orbit_camera
from ..geometry.mesh import vertex_normals
from ..geometry.smoothstep import smoothstep
from ..head.model import HeadModel
from ..render import interpolate
from .closeup import Closeup, sampled, visible_skin
from .short_color import HairPaint
from .short_flow import brow_flow, brow_line
from .short_growth import arc_lengths, cut, laid
from .short_roots import joined, mirrored, rooted, roots_in_picture
from .short_weights import BROW, BrowWeights
from .skin import SkinTriangles, at_rest
from .types import Strands, no_strands

__all__ = ["SeenBrows", "brow_strands"]

_POINTS = 8
"""Points of each hair."""
_SHOWN = 0.35
"""A brow is mirrored where less than this share of the other's area is seen."""
_LEAST_MM2 = 25.0
"""Area below which a brow counts as not seen, mm^2."""
_GUESSED_FACE = 1200
"""Side of the picture on which brows that no photo shows are laid out, pixels."""


class SeenBrows(NamedTuple):
    """One photo's brows."""

    closeup: Closeup
    density: np.ndarray
    """(h, w) float32."""
    paint: HairPaint


def brow_strands(
    model: HeadModel, skin: SkinTriangles, posed: np.ndarray, seen: Sequence[SeenBrows], weights: BrowWeights = BROW
) -> Strands:
    """Both brows on the head as it is in the first photo.

    Args:
        posed: (N, 3) mm.
        seen: of each photo.
    """
    areas = np.array([[_area(one, side) for side in (0, 1)] for one in seen]).reshape(-1, 2)
    best = [int(areas[:, side].argmax()) if len(seen) else 0 for side in (0, 1)]
    most = [float(areas[best[side], side]) if len(seen) else 0.0 for side in (0, 1)]
    sides: list[Strands | None] = []
    for side in (0, 1):
        if most[side] < max(_LEAST_MM2, _SHOWN * most[1 - side]):
            sides.append(None)
            continue
        one = seen[best[side]]
        grown = _grown(skin, one, side, _half(one, side), weights)
        sides.append(_moved(skin, grown, one.closeup.posed, posed))
    if sides[0] is None and sides[1] is None:
        guess = _guessed(model, posed, seen, weights)
        parts = [_grown(skin, guess, side, _half(guess, side), weights) for side in (0, 1)]
        out = joined(parts)
        out.source[:] = 0
        return out
    for side in (0, 1):
        if sides[side] is None:
            sides[side] = mirrored(model, skin, posed, sides[1 - side])
    return joined([one for one in sides if one is not None])


def _half(one: SeenBrows, side: int) -> np.ndarray:
    """The density of one brow: of the pixels that lie nearer to it than to the other."""
    points = one.closeup.landmarks
    right, left = points[[107, 55, 70, 46]].mean(0), points[[336, 285, 300, 276]].mean(0)
    y, x = np.mgrid[: one.density.shape[0], : one.density.shape[1]].astype(np.float32) + 0.5
    nearer = ((x - left[0]) ** 2 + (y - left[1]) ** 2) < ((x - right[0]) ** 2 + (y - right[1]) ** 2)
    return one.density * (nearer if side else ~nearer)


def _area(one: SeenBrows, side: int) -> float:
    """Seen area, mm^2, of a brow that is looked at from its front; less where it turns away."""
    facing = np.einsum(
        "hwi,i->hw", one.closeup.normal, one.closeup.camera.position / np.linalg.norm(one.closeup.camera.position)
    )
    return float((_half(one, side) * np.clip(facing, 0, 1)).sum() * one.closeup.pixel_mm**2)


def _grown(skin: SkinTriangles, one: SeenBrows, side: int, density: np.ndarray, w: BrowWeights) -> Strands:
    """The hairs of one brow on the head as it is in its photo."""
    random = np.random.default_rng(31 + side)
    closeup = one.closeup
    size = float(density.sum() * closeup.pixel_mm**2) / w.usual_mm2
    count = int(np.clip(w.guides * np.sqrt(max(size, 0.0)), 40, w.most))
    pixels = roots_in_picture(closeup, density, count, random)
    if not len(pixels):
        return no_strands(_POINTS)
    along = brow_line(closeup.landmarks, side, pixels).along
    length = np.interp(along, *w.length_mm) * np.exp(random.normal(0, w.vary, len(pixels)))
    lift = random.uniform(*w.lift_mm, len(pixels))
    points, feet = laid(closeup, pixels, brow_flow(closeup, side, density, w), length, lift, _POINTS)
    points = _within(points, sampled(density, feet.reshape(-1, 2)).reshape(feet.shape[:2]), w)
    roots = rooted(skin, closeup.posed, points[:, 0])
    points[:, 0] = roots.on(skin, closeup.posed)
    count = len(points)
    return Strands(
        points,
        roots.face,
        roots.weights,
        np.tile(w.radius_mm * np.linspace(1, 0.25, _POINTS), (count, 1)).astype(np.float32),
        one.paint.at(pixels, _POINTS, random),
        np.full(count, 2, np.uint8),
        np.zeros(count, np.uint8),
    )


def _within(points: np.ndarray, density: np.ndarray, w: BrowWeights) -> np.ndarray:
    """Hairs that end where the seen brow does, or a little beyond."""
    arc = arc_lengths(points)
    out = density < 0.1
    out[:, :2] = False
    first = np.where(out.any(1), out.argmax(1), points.shape[1] - 1)
    limit = arc[np.arange(len(arc)), first] + np.where(out.any(1), w.beyond_mm, 0)
    return cut(points, np.clip(limit / np.maximum(arc[:, -1], 1e-6), 0.3, 1)).astype(np.float32)


def _moved(skin: SkinTriangles, strands: Strands, here: np.ndarray, there: np.ndarray) -> Strands:
    """The strands on another pose of the head."""
    return replace(strands, points=at_rest(skin, strands, here, there))


def _guessed(model: HeadModel, posed: np.ndarray, seen: Sequence[SeenBrows], weights: BrowWeights) -> SeenBrows:
    """Brows in the model's usual place, on a picture of the head from its front."""
    camera = orbit_camera(posed, 0.0, width=_GUESSED_FACE, height=_GUESSED_FACE)
    raster, triangles = visible_skin(model, posed, camera)
    normals = vertex_normals(posed, model.triangles, np.float32)
    brow = model.part("right_brow", "left_brow")
    read = interpolate(raster, triangles, np.concatenate([posed, normals, brow[:, None]], 1).astype(np.float32))
    landmarks = camera.project(model.landmarks(posed).astype(np.float64))[0].astype(np.float32)
    face = float(np.ptp(landmarks[:468, 0]))
    plain = np.full((*raster.depth.shape, 3), 0.5, np.float32)
    closeup = Closeup(
        np.full(plain.shape, 128, np.uint8),
        camera,
        face,
        landmarks,
        np.ones(raster.depth.shape, np.float32),
        plain,
        raster,
        np.ascontiguousarray(read[..., :3]),
        np.ascontiguousarray(read[..., 3:6]),
        np.asarray(posed, np.float32),
        (0.0, 0.0),
        (1.0, 1.0),
    )
    color = seen[0].paint.color if seen else np.float32([0.03, 0.02, 0.014])
    density = smoothstep(*weights.usual, read[..., 6]).astype(np.float32)
    return SeenBrows(closeup, density, HairPaint(color, np.ones(raster.depth.shape, np.float32)))

"""Beard, moustache and stubble as curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from ..geometry.closest import SurfaceIndex
from ..geometry.mesh import face_cross, neighbour_mean, vertex_normals
from ..geometry.smoothstep import smoothstep
from ..head.model import HeadModel
from ..render import interpolate
from .closeup import Closeup, sampled
from .finish import Skin
from .short_color import HairPaint
from .short_flow import beard_flow, tangents
from .short_growth import cut, standing, unit
from .short_masks import beard_place
from .short_roots import Roots, even_choice, joined, rooted, roots_in_picture, visible
from .short_weights import BEARD, BeardWeights
from .skin import SkinTriangles, at_rest
from .types import Strands, no_strands

__all__ = ["BeardArea", "SeenBeard", "beard_area", "beard_strands"]

_POINTS = 8
"""Points of each hair."""
_CHIN = -108.0
"""Height of the chin on the mean head, mm."""
_SPREAD_ROUNDS = 30
"""Number of steps by which the beard spreads over skin that no photo shows."""


class SeenBeard(NamedTuple):
    """One photo's beard."""

    closeup: Closeup
    density: np.ndarray
    """(h, w) float32."""
    paint: HairPaint
    hang_mm: float
    """How far the beard hangs below the chin."""
    hanging: np.ndarray
    """(h, w) bool: where it does."""


class BeardArea(NamedTuple):
    """The beard on the head."""

    density: np.ndarray
    """(N,) float32 at the vertices, seen, mirrored or spread."""
    best: np.ndarray
    """(N,) int: the photo that shows each vertex best, -1 where none does."""
    mm2: float
    """Bearded area."""


class _Head(NamedTuple):
    """What the hairs of one beard have in common."""

    model: HeadModel
    skin: SkinTriangles
    area: BeardArea
    hang: float
    """How far the beard's outline hangs below the chin, mm."""
    weights: BeardWeights


class _Start(NamedTuple):
    """Where n hairs begin."""

    roots: Roots
    place: np.ndarray
    """(n, 3) mm."""
    along: np.ndarray
    """(n, 3) unit directions on the skin."""
    normal: np.ndarray
    """(n, 3) of the skin."""
    length: np.ndarray
    """(n,) mm."""


def beard_area(model: HeadModel, skin: SkinTriangles, seen: Sequence[SeenBeard], weights: BeardWeights = BEARD) -> BeardArea:
    """Where the beard grows on the head."""
    count = len(model.template)
    place = beard_place(model, weights)
    value, best, facing = np.zeros(count), np.full(count, -1), np.zeros(count)
    for number, one in enumerate(seen):
        normals = vertex_normals(one.closeup.posed, model.triangles)
        pixels, shown = visible(one.closeup, one.closeup.posed, normals)
        look = unit(one.closeup.camera.position - one.closeup.posed)
        # A small face tells less than a large one.
        worth = np.einsum("ni,ni->n", look, normals) / one.closeup.pixel_mm**0.5
        better = shown & (worth > facing)
        value[better] = sampled(one.density, pixels[better])
        best[better], facing[better] = number, worth[better]
    known = best >= 0
    other = known[model.mirror] & ~known
    value[other] = value[model.mirror][other]
    mean = neighbour_mean(skin.vertices, count)
    free = ~(known | other)
    for _ in range(_SPREAD_ROUNDS):
        value[free] = (mean @ value)[free]
    value = value * (place > 0.02)
    corners = skin.vertices
    area = np.linalg.norm(face_cross(model.template, corners), axis=1) / 2
    rooted_share = smoothstep(*weights.rooted, value[corners].mean(1)) * (place[corners].mean(1) > 0.02)
    return BeardArea(value.astype(np.float32), best, float((area * rooted_share).sum()))


def beard_strands(
    model: HeadModel,
    skin: SkinTriangles,
    posed: np.ndarray,
    seen: Sequence[SeenBeard],
    area: BeardArea,
    weights: BeardWeights = BEARD,
) -> Strands:
    """The beard on the head as it is in the first photo.

    Args:
        posed: (N, 3) mm.
        area: from :func:`beard_area`.
    """
    if area.mm2 < weights.least_mm2:
        return no_strands(_POINTS)
    count = int(np.clip(weights.guides_mm2 * area.mm2, 40, weights.most))
    head = _Head(model, skin, area, max(one.hang_mm for one in seen), weights)
    parts = []
    share = _shares(model, skin, area, len(seen), weights)
    for number, one in enumerate(seen):
        grown = _seen_part(head, one, number, round(count * share[number]))
        if len(grown.points):
            parts.append(replace(grown, points=at_rest(skin, grown, one.closeup.posed, posed)))
    parts.append(_unseen_part(head, posed, seen, count - round(count * share.sum())))
    out = joined(parts)
    if head.hang > 0:
        longest = max(seen, key=lambda one: one.hang_mm)
        if longest is seen[0]:  # the curves are on the head as it is in the first photo
            out = replace(out, points=_within(longest, out.points, weights))
    return _off_the_skin(model, skin, posed, out, weights)


def _shares(model: HeadModel, skin: SkinTriangles, area: BeardArea, photos: int, w: BeardWeights) -> np.ndarray:
    """(photos,) share of the bearded skin that each photo shows best."""
    corners = skin.vertices
    size = np.linalg.norm(face_cross(model.template, corners), axis=1) * smoothstep(*w.rooted, area.density[corners].mean(1))
    owner = area.best[corners].max(1)
    return np.array([size[owner == number].sum() for number in range(photos)]) / max(float(size.sum()), 1e-9)


def _ways(model: HeadModel, posed: np.ndarray) -> np.ndarray:
    """(N, 3) unit directions on the skin in which beards usually grow."""
    x, y = model.template[:, 0], model.template[:, 1]
    side = np.clip(x / 6, -1, 1)
    lip = smoothstep(-68, -62, y) * smoothstep(34, 24, np.abs(x))
    way = np.stack([side * (0.12 + 0.75 * lip), -1 + 0.35 * lip, 0.15 - 0.1 * lip], 1)
    normals = vertex_normals(posed, model.triangles)
    return unit(way - normals * np.einsum("ni,ni->n", way, normals)[:, None]).astype(np.float32)


def _seen_part(head: _Head, one: SeenBeard, number: int, count: int) -> Strands:
    """The hairs where photo `number` shows the beard best, on the head as it is in that photo."""
    model, skin, w = head.model, head.skin, head.weights
    random = np.random.default_rng(53 + number)
    closeup = one.closeup
    mine = (head.area.best == number).astype(np.float32)
    read = np.concatenate([_ways(model, closeup.posed), mine[:, None], model.template], 1).astype(np.float32)
    read = interpolate(closeup.raster, skin.vertices, read)
    dense = smoothstep(*w.rooted, one.density).astype(np.float32)
    pixels = roots_in_picture(closeup, dense * (read[..., 3] > 0.5), count, random)
    if not len(pixels):
        return no_strands(_POINTS)
    flow = beard_flow(closeup, read[..., :3], one.density, w.measured)
    roots = rooted(skin, closeup.posed, sampled(closeup.position, pixels))
    place = roots.on(skin, closeup.posed)
    normal = unit(sampled(closeup.normal, pixels))
    depth = closeup.camera.to_camera(place)[:, 2]
    along = tangents(closeup, pixels, sampled(flow, pixels), normal, depth)
    length = _lengths(sampled(one.density, pixels), roots.on(skin, model.template), head.hang, random, w)
    start = _Start(roots, place, along, normal, length)
    return _hairs(start, one.paint.at(pixels, _POINTS, random), 2, random, w)


def _unseen_part(head: _Head, posed: np.ndarray, seen: Sequence[SeenBeard], count: int) -> Strands:
    """The hairs where no photo looks."""
    model, skin, area, w = head.model, head.skin, head.area, head.weights
    normals = vertex_normals(posed, model.triangles)
    random = np.random.default_rng(71)
    corners = skin.vertices
    density = smoothstep(*w.rooted, area.density * beard_place(model, w)) * (area.best < 0)
    size = np.linalg.norm(face_cross(posed, corners), axis=1) * density[corners].mean(1)
    if count < 1 or size.sum() <= 0:
        return no_strands(_POINTS)
    face = random.choice(len(corners), 5 * count, p=size / size.sum()).astype(np.int32)
    weights = random.dirichlet((1, 1, 1), len(face)).astype(np.float32)
    roots = Roots(face, weights)
    value = roots.on(skin, np.stack([area.density, density], 1))
    roots = roots.some(even_choice(roots.on(skin, posed), np.clip(value[:, 1], 0, 1), count))
    value = roots.on(skin, area.density[:, None])[:, 0]
    place, normal = roots.on(skin, posed), unit(roots.on(skin, normals))
    along = unit(roots.on(skin, _ways(model, posed)))
    length = _lengths(value, roots.on(skin, model.template), head.hang, random, w)
    best = max(seen, key=lambda one: float(one.density.sum()))
    color = best.paint.color * np.exp(random.normal(0, 0.16, (len(place), 1, 1))) * np.ones((1, _POINTS, 1))
    return _hairs(_Start(roots, place, along, normal, length), color, 1, random, w)


def _lengths(
    density: np.ndarray, template: np.ndarray, hang: float, random: np.random.Generator, w: BeardWeights
) -> np.ndarray:
    """(n,) mm: by how dense the beard looks, and at the chin by how far it hangs."""
    length = np.interp(density, *w.length_mm)
    if hang > 0:
        x, y = np.abs(template[:, 0]), template[:, 1]
        chin = smoothstep(-74, -96, y) * smoothstep(58, 22, x)
        # Down to the chin, and as far below it.
        long = np.minimum(w.hang * hang + np.maximum(y - _CHIN, 0), w.longest_mm) * (w.shorter[0] + (1 - w.shorter[0]) * chin)
        lip = (y > -68) & (x < 30)
        long = np.where(lip, np.minimum(long, w.shorter[1]), long)
        length = np.maximum(length, long * smoothstep(0.2, 0.7, density))
    return length * np.exp(random.normal(0, w.vary, len(length)))


def _hairs(start: _Start, color: np.ndarray, source: int, random: np.random.Generator, w: BeardWeights) -> Strands:
    roots, place, along, normal, length = start
    count = len(place)
    lean = np.radians(random.uniform(*w.lean, count))
    turn = random.normal(0, 0.18, count)[:, None]
    along = unit(along * np.cos(turn) + np.cross(normal, along) * np.sin(turn))
    return Strands(
        standing(place, along, normal, length, lean, _POINTS).astype(np.float32),
        roots.face,
        roots.weights,
        (np.interp(length, *w.radius_mm) * np.linspace(np.ones(count), np.interp(length, *w.tip), _POINTS)).T.astype(
            np.float32
        ),
        color.astype(np.float32),
        np.full(count, source, np.uint8),
        np.zeros(count, np.uint8),
    )


def _within(one: SeenBeard, points: np.ndarray, w: BeardWeights) -> np.ndarray:
    """Hairs that end at the beard's outline in the photo."""
    shape = one.density.shape
    side = 2 * max(1, round(w.outline * one.closeup.face)) + 1
    inside = cv2.dilate(
        (one.hanging | one.closeup.on_skin & (one.density > 0)).astype(np.uint8), np.ones((side, side), np.uint8)
    )
    pixels = one.closeup.camera.project(points.reshape(-1, 3).astype(np.float64))[0]
    x, y = (pixels[:, k].clip(0, limit - 1).astype(int) for k, limit in enumerate(shape[::-1]))
    out = (inside[y, x] == 0).reshape(points.shape[:2])
    out[:, :2] = False
    first = np.where(out.any(1), out.argmax(1) - 0.5, points.shape[1] - 1)
    return cut(points, first / (points.shape[1] - 1)).astype(np.float32)


def _off_the_skin(model: HeadModel, skin: SkinTriangles, posed: np.ndarray, strands: Strands, w: BeardWeights) -> Strands:
    """The same hairs, none in the skin, and none over the lips."""
    if not len(strands.points):
        return strands
    lips = model.part("upper_lip", "lower_lip")[:, None]
    points = strands.points.reshape(-1, 3).astype(np.float64)
    index = SurfaceIndex(posed, skin.vertices)
    over = index.query(points).of(lips, skin.vertices).reshape(len(strands.points), _POINTS) > w.lips
    over[:, :2] = False
    first = np.where(over.any(1), over.argmax(1), _POINTS - 1)
    points = cut(strands.points, np.maximum(first / (_POINTS - 1), 0.2))[:, 1:].reshape(-1, 3).astype(np.float64)
    height, normal = Skin(model, posed).distance(points)
    # Near the root a hair has not left the skin yet.
    least = np.tile(np.minimum(np.arange(1, _POINTS) / 2, 1) * w.clearance_mm, len(strands.points))
    points += normal * np.maximum(least - height, 0)[:, None]
    out = strands.points.copy()
    out[:, 1:] = points.reshape(len(out), -1, 3)
    return replace(strands, points=out)

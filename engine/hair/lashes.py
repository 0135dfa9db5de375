"""Lashes: hairs from the lids along the model's strips."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ..head.model import MATERIALS, HeadModel
from ..head.subdivision import subdivided
from ..head.topology import boundary_loops, uv_islands
from ..wire.color import LUMINANCE
from .finish import Skin
from .lids import LidLines
from .short_roots import joined, rooted
from .short_weights import LASH, LashWeights
from .skin import SkinTriangles
from .types import Strands, no_strands

__all__ = ["lash_strands"]

_POINTS = 7
"""Points of each lash."""


def lash_strands(
    model: HeadModel,
    skin: SkinTriangles,
    posed: np.ndarray,
    brow: np.ndarray,
    lines: LidLines,
    weights: LashWeights = LASH,
) -> Strands:
    """Lashes of all four lids; none for a model without strips.

    Args:
        posed: (N, 3) mm.
        brow: (3,) linear colour of the brows.
        lines: how strongly the photos show the lids lined.
    """
    random = np.random.default_rng(17)
    parts = [_strip(model, skin, posed, sides, lines, random, weights) for sides in _strips(model)]
    if not parts:
        return no_strands(_POINTS)
    out = joined(parts)
    # Those of the lower lid, and long ones of the upper, must not dip into the eye, nor into the lid as it is drawn: smoothed,
    # its rim lies elsewhere than the model's.
    free = out.points[:, 1:].reshape(-1, 3).astype(np.float64)
    fine, finer = subdivided(model)
    head = Skin(fine, (finer @ posed).astype(np.float32))
    for _ in range(2):
        height, way = head.distance(free)
        free += way * np.maximum(weights.clearance_mm - height, 0)[:, None]
    out.points[:, 1:] = free.reshape(len(out.points), -1, 3)
    color = np.maximum(weights.dark * brow, weights.darkest)
    color = color * min(1.0, weights.brightest / float(color @ LUMINANCE))
    out.color[:] = color * np.exp(random.normal(0, 0.12, (len(out.points), 1, 1)))
    return out


def _strips(model: HeadModel) -> list[tuple[np.ndarray, np.ndarray]]:
    """The vertices at the lid, and those at the tips, of each strip, in the same order along the lid."""
    lashes = model.faces[model.face_material == MATERIALS.index("lashes")]
    skin = np.unique(model.faces[model.face_material == MATERIALS.index("skin")])
    near = cKDTree(model.template[skin])
    found = []
    for island in np.unique(uv_islands(lashes)):
        quads = lashes[uv_islands(lashes) == island]
        loop = boundary_loops(quads)[0]
        owners = np.bincount(quads.ravel(), minlength=len(model.template))
        corners = [place for place, vertex in enumerate(loop) if owners[vertex] == 1]
        if len(corners) != 4:
            continue
        loop = loop[corners[0] :] + loop[: corners[0]]
        ends = [place - corners[0] for place in corners] + [len(loop)]
        sides = [np.array((loop + loop[:1])[a : b + 1]) for a, b in zip(ends, ends[1:])]
        long = sides[0::2] if len(sides[0]) > len(sides[1]) else sides[1::2]
        if len(long[0]) != len(long[1]):
            continue
        one, two = long[0], long[1][::-1]
        if near.query(model.template[two])[0].mean() < near.query(model.template[one])[0].mean():
            one, two = two, one
        found.append((one, two))
    return found


def _strip(
    model: HeadModel,
    skin: SkinTriangles,
    posed: np.ndarray,
    sides: tuple[np.ndarray, np.ndarray],
    lines: LidLines,
    random: np.random.Generator,
    w: LashWeights,
) -> Strands:
    lid, tips = sides
    upper = model.template[tips, 1].mean() > model.template[lid, 1].mean()
    line = lines.upper if upper else lines.lower
    count = round(float(np.interp(line, (0, 1), w.upper if upper else w.lower)))
    columns = np.arange(len(lid))
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(posed[lid], axis=0), axis=1))])
    place = (np.arange(count) + random.uniform(0.1, 0.9, count)) / count
    # The strips begin at the inner corner of the eye.
    inner = abs(model.template[lid[0], 0]) < abs(model.template[lid[-1], 0])
    first, last = w.along if inner else (1 - w.along[1], 1 - w.along[0])
    place = first + place * (last - first)
    column = np.interp(place * arc[-1], arc, columns)
    tip_column = np.clip(column + random.normal(0, w.fan, count), 0, columns[-1])

    def along(row: np.ndarray, at: np.ndarray) -> np.ndarray:
        return np.stack([np.interp(at, columns, posed[row, axis]) for axis in range(3)], 1)

    # Lashes stand at the very edge, a little nearer to the eye than the strips.
    edge = np.array([0.0, -w.edge_mm if upper else w.edge_mm, 0.0])
    roots = rooted(skin, posed, along(lid, column) + edge)
    start = roots.on(skin, posed)
    share = w.share[0 if upper else 1] * np.exp(random.normal(0, w.vary, count))
    share *= np.where(random.random(count) < w.young, random.uniform(*w.young_share, count), 1)
    chord = (along(tips, tip_column) - start) * share[:, None]
    down = np.array([0.0, -1.0, 0.0])
    size = np.linalg.norm(chord, axis=1, keepdims=True)
    sag = down - chord * (chord @ down)[:, None] / np.maximum(size, 1e-6) ** 2
    # Both leave the lid forwards and bend up: upper ones to their tips, lower ones out of their fall.
    middle = start + 0.5 * chord + w.sag * size * sag
    t = np.linspace(0, 1, _POINTS)[:, None, None]
    points = ((1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * (start + chord)).transpose(1, 0, 2)
    thick = np.interp(line, (0, 1), w.radius_mm[0 if upper else 1])
    radius = thick * np.linspace(1, 0.2, _POINTS)
    return Strands(
        points.astype(np.float32),
        roots.face,
        roots.weights,
        np.tile(radius, (count, 1)).astype(np.float32),
        np.zeros((count, _POINTS, 3), np.float32),
        np.zeros(count, np.uint8),
        np.zeros(count, np.uint8),
    )

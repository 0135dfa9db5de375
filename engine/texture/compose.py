"""Texels from the photo and the analysis' fields, band by band."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..head.model import MATERIALS, HeadModel
from ..wire.color import LUMINANCE
from .analysis import Analysis
from .atlas import Texels, corner_triangles, gather, texel_band
from .layout import layout_of
from .logs import logs_of
from .paint.baked import baked_colors
from .paint.grain import octave_noise
from .paint.scalp import brow_hair, stubble
from .sources.merge import source_share
from .sources.photo_view import lookup
from .unlit.completion import GAMMA

__all__ = ["Band", "compose_band"]


@dataclass(frozen=True)
class Band:
    """Rows of the maps."""

    texels: Texels
    albedo: np.ndarray
    """(n, 3) float32 linear."""
    seen: np.ndarray
    """(n,) float32 share of the photo in the colour."""
    confidence: np.ndarray
    """(n,) uint8: 0 prior, 1 completed, 2 seen."""
    luminance: np.ndarray
    """(n,) float32 log luminance of the skin without hair, for the relief."""
    pigment: np.ndarray
    """(n,) float32 log(R/B) of the same."""


def compose_band(model: HeadModel, fields: Analysis, size: int, row0: int, row1: int) -> Band:
    """Colours of the rows ``row0 <= row < row1`` of a map of `size`."""
    layout = layout_of(model)
    texels = texel_band(model, size, row0, row1)
    triangles = model.triangles.astype(np.int32)
    density = gather(texels, triangles, layout.density)
    place = gather(texels, triangles, model.template)
    is_skin = layout.skin[texels.triangle // 2]
    count = len(is_skin)
    albedo = np.zeros((count, 3), np.float32)
    seen, confidence = np.zeros(count, np.float32), np.zeros(count, np.uint8)
    luminance, pigment = np.zeros(count, np.float32), np.zeros(count, np.float32)

    rows = np.flatnonzero(~is_skin)
    if len(rows):
        albedo[rows] = baked_colors(model, texels, rows, place[rows], density[rows], fields.inner, fields.weights)
        confidence[rows] = np.where(model.face_material[texels.triangle[rows] // 2] == MATERIALS.index("eyes"), 1, 0)
    rows = np.flatnonzero(is_skin)
    if len(rows):
        skin = Texels(size, row0, row1, texels.index[rows], texels.triangle[rows], texels.weights[rows])
        color, share, sure, fold = _skin(model, fields, skin, place[rows], density[rows])
        weights = fields.weights
        luminance[rows] = logs_of(color @ LUMINANCE, weights.floor) - fold
        pigment[rows] = np.log(np.maximum(color[:, 0], weights.floor) / np.maximum(color[:, 2], weights.floor))
        bare = lookup(fields.bare, skin.uv_pixels(fields.size)) * np.clip(share * weights.paint.bare, 0, 1)
        scalp = gather(skin, triangles, fields.hairline)
        if fields.brows is not None:
            brows = gather(skin, triangles, fields.brows)
            color = brow_hair(color, fields.hair, brows, place[rows], density[rows], size, weights.scalp)
        albedo[rows] = stubble(color, fields.hair, scalp, bare, place[rows], density[rows], size, weights.scalp)
        seen[rows], confidence[rows] = share, sure
    return Band(texels, albedo, seen, confidence, luminance, pigment)


def _skin(model: HeadModel, fields: Analysis, skin: Texels, place: np.ndarray, density: np.ndarray):
    """Linear colour, share of the photo and confidence class of skin texels, and the log gain of their folds."""
    layout, w = layout_of(model), fields.weights.paint
    triangles = model.triangles.astype(np.int32)
    small = skin.uv_pixels(fields.size)
    weight = np.clip(lookup(fields.weight, small), 0, 1)
    base = gather(skin, triangles, fields.base)
    color = base.copy()
    confidence = (gather(skin, triangles, fields.near) > w.near).astype(np.uint8)

    fold = weight * lookup(fields.fold, small)
    rows = np.flatnonzero(weight > w.photo_floor)
    if len(rows):
        detail = _detail(model, fields, _subset(skin, rows), small[rows], density[rows], base[rows], None)
        extra = octave_noise(place[rows], density[rows], fields.extra, skin.size, seed=2)
        color[rows] += weight[rows, None] * (detail + base[rows] * extra[:, None])
    rows = np.flatnonzero(weight < 1 - w.photo_floor)
    if len(rows):
        part = _subset(skin, rows)
        mirrored = gather(part, corner_triangles(len(model.faces)), layout.mirrored)
        there = np.stack([mirrored[:, 0] * fields.size - 0.5, (1 - mirrored[:, 1]) * fields.size - 0.5], 1)
        borrow = np.clip(lookup(fields.weight, there.astype(np.float32)), 0, 1)
        borrow *= gather(part, triangles, fields.allow_mirror)
        part_place = place[rows]
        noise = octave_noise(part_place, density[rows], fields.spectrum, skin.size, seed=1)
        grain = base[rows] * noise[:, None] * np.array(fields.weights.grain.tint, np.float32)
        detail = grain * (1 - borrow)[:, None]
        use = np.flatnonzero(borrow > w.photo_floor)
        if len(use):
            other = _subset(part, use)
            detail[use] += borrow[use, None] * _detail(
                model, fields, other, there[use].astype(np.float32), density[rows][use], None, model.mirror
            )
            detail[use] += (borrow[use] * octave_noise(part_place[use], density[rows][use], fields.extra, skin.size, seed=2))[
                :, None
            ] * base[rows][use]
        color[rows] += (1 - weight[rows, None]) * detail
        fold[rows] += (1 - weight[rows]) * borrow * lookup(fields.fold, there.astype(np.float32))
        confidence[rows] = np.maximum(confidence[rows], (borrow > w.borrowed).astype(np.uint8))
    confidence[weight > w.seen] = 2
    return cv2.pow(np.clip(color, w.darkest, 1), 1 / GAMMA), weight, confidence, fold


def _subset(texels: Texels, rows: np.ndarray) -> Texels:
    return Texels(texels.size, texels.row0, texels.row1, texels.index[rows], texels.triangle[rows], texels.weights[rows])


def _detail(model, fields, texels, small, density, base, mirror) -> np.ndarray:
    """(n, 3) what the photos (at the mirrored point if `mirror` is given) differ from the base there."""
    triangles = model.triangles.astype(np.int32)
    if base is None:
        base = gather(texels, triangles, fields.base[mirror])
    color = np.zeros((len(small), 3), np.float32)
    total = np.zeros(len(small), np.float32)
    for source in fields.sources:
        share = source_share(source, small)
        rows = slice(None) if share is None else np.flatnonzero(share > fields.weights.paint.share_floor)
        part = texels if share is None else _subset(texels, rows)
        if not len(part.index):
            continue
        vertex = np.concatenate([source.view.positions, source.gain], 1)
        found = gather(part, triangles, vertex if mirror is None else vertex[mirror])
        level = source.view.level(density[rows] * texels.size)
        light = source.view.sample(np.ascontiguousarray(found[:, :2]), level) * found[:, 2:]
        if share is None:
            color, total = light, None
            break
        color[rows] += share[rows, None] * light
        total[rows] += share[rows]
    if total is not None:
        color /= np.maximum(total, 1e-3)[:, None]
    color *= lookup(fields.gain, small)
    return cv2.pow(np.clip(color, 0, 1), GAMMA) - base

"""The albedo without the hair that is built as curves: brows, beard and lashes off the skin, the scalp in the hair's colour.

What goes is spanned from the bare skin around it, as a membrane on the surface (:mod:`.unlit.completion`), with the grain of
this head's skin on it. Colours in this file are sRGB from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from ..geometry.smoothstep import smoothstep
from ..head.model import HeadModel
from ..wire.color import LUMA, POWER, linear_to_srgb
from .atlas import Texels, bands, each_band, gather, texel_band
from .layout import Layout, layout_of, skin_texels
from .padding import pad_map
from .paint.grain import band_spread, octave_noise
from .unlit.completion import splat
from .weights.bare import BARE, BareWeights

__all__ = ["bare_albedo"]

_GROUPS = ("brows", "beard", "lashes")
"""Groups of hair that are taken off the skin."""


@dataclass(frozen=True)
class _Skin:
    """What is known of the head's bare skin, at the vertices."""

    layout: Layout
    triangles: np.ndarray
    """(T, 3) int32."""
    base: np.ndarray
    """(N, 3) colour of the skin, spanned under the hair."""
    present: np.ndarray
    """(N, 3) colour as it is, hair included."""
    spectrum: np.ndarray
    """(6,) deviations of the grain relative to the base."""
    cover: np.ndarray
    """(N, 4) float32: brows, beard, lashes, scalp hair."""
    stubble: np.ndarray
    """(N,) float32 share of the beard's shade that lies in the skin."""
    lips: np.ndarray
    """(N,) float32 weight of the lips."""
    lids: np.ndarray
    """(N,) float32 log of how much darker lids are than the skin around."""


def bare_albedo(
    model: HeadModel,
    albedo: np.ndarray,
    covered: Mapping[str, np.ndarray],
    scalp_color: np.ndarray | None = None,
    weights: BareWeights = BARE,
) -> np.ndarray:
    """A copy of the albedo for a head whose hair is curves.

    Args:
        albedo: (S, S, 3) uint8 sRGB, padded beyond the islands.
        covered: (N,) in [0, 1] at the vertices, how far ``brows``, ``beard``, ``lashes`` and ``hair`` cover the skin; absent
            groups keep what is painted. ``stubble`` is the share of the beard's shade that lies in the skin and stays; ``lids``
            is the log of how much darker than the skin around the lids' edges are, between the lashes.
        scalp_color: (3,) linear colour of the skin between the hairs' roots; None leaves the scalp as it is.

    Returns:
        (S, S, 3) uint8 sRGB, the same as `albedo` where nothing covers the skin.
    """
    none = np.zeros(len(model.template), np.float32)
    cover = np.stack([np.asarray(covered.get(name, none), np.float32) for name in (*_GROUPS, "hair")], 1)
    if scalp_color is None:
        cover[:, 3] = 0
    if not cover.any() and "lids" not in covered:
        return albedo.copy()
    skin = _read(model, albedo, cover, covered, weights)
    tint = None if scalp_color is None else linear_to_srgb(np.asarray(scalp_color, np.float32))
    out = albedo.copy()
    size = albedo.shape[0]

    def paint(row0: int, row1: int) -> None:
        texels = texel_band(model, size, row0, row1)
        on_skin = skin.layout.skin[texels.triangle // 2]
        touched = ((skin.cover.max(1) > 0) | (skin.lids > 0))[skin.triangles].any(1)
        rows = np.flatnonzero(on_skin & touched[texels.triangle])
        if len(rows):
            part = Texels(size, row0, row1, texels.index[rows], texels.triangle[rows], texels.weights[rows])
            flat = out[row0:row1].reshape(-1, 3)
            flat[part.index] = _painted(model, skin, part, flat[part.index], tint, weights)

    each_band(paint, bands(size))
    return pad_map(model, out)


def _read(model: HeadModel, albedo: np.ndarray, cover: np.ndarray, covered: Mapping[str, np.ndarray], w: BareWeights) -> _Skin:
    layout = layout_of(model)
    triangles = model.triangles.astype(np.int32)
    side = min(w.side, albedo.shape[0])
    small = albedo if side == albedo.shape[0] else cv2.resize(albedo, (side, side), interpolation=cv2.INTER_AREA)
    texels = skin_texels(model, side)
    color = small.reshape(-1, 3)[texels.index].astype(np.float32) / 255
    other = np.clip(2 * model.part("upper_lip", "lower_lip", "scalp"), 0, 1)
    hidden = np.maximum(np.clip(3 * cover.max(1), 0, 1), other)
    bare = np.clip(1 - gather(texels, triangles, hidden), 0, 1)
    count = len(model.template)
    mean, amount = splat(texels, triangles, count, color, bare)
    present, _ = splat(texels, triangles, count, color, np.ones_like(bare))
    usual = np.median(color[bare > w.bare], 0) if (bare > w.bare).any() else np.median(color, 0)
    base = layout.surface.smooth(mean, w.hold * amount**2, w.length_mm, prior=usual, prior_weight=w.prior)
    lips = model.part("upper_lip", "lower_lip")
    stubble, lids = (np.asarray(covered.get(name, 0 * lips), np.float32) for name in ("stubble", "lids"))
    return _Skin(layout, triangles, base, present, _grain(model, albedo, layout, w), cover, stubble, lips, lids)


def _grain(model: HeadModel, albedo: np.ndarray, layout: Layout, w: BareWeights) -> np.ndarray:
    """(6,) deviations of one cheek's skin, relative to its colour, at :data:`.paint.grain.WAVES_MM`."""
    x, y, z = model.template.T
    best = np.zeros(6, np.float32)
    size = albedo.shape[0]
    near, far, low, high = w.patch
    for sign in (-1, 1):
        chosen = (sign * x > near) & (sign * x < far) & (y > low) & (y < high) & (z > 0)
        quads = np.flatnonzero(chosen[model.faces].all(1) & layout.skin)
        if not len(quads):
            continue
        uv = model.uv[quads].reshape(-1, 2)
        c0, r0 = np.floor(np.array([uv[:, 0].min(), 1 - uv[:, 1].max()]) * size).astype(int)
        c1, r1 = np.ceil(np.array([uv[:, 0].max(), 1 - uv[:, 1].min()]) * size).astype(int)
        light = albedo[r0:r1, c0:c1].astype(np.float32) @ LUMA / 255
        if min(light.shape) < 12:
            continue
        density = float(np.median(layout.density[np.unique(model.faces[quads])])) * size
        spread = band_spread(light, np.ones_like(light), density) / max(float(np.median(light)), w.grain_floor)
        # The rougher cheek is the one that a photo shows.
        best = np.maximum(best, spread)
    return best * np.float32(w.grain_bands) * w.grain


def _painted(
    model: HeadModel, skin: _Skin, part: Texels, before: np.ndarray, tint: np.ndarray | None, w: BareWeights
) -> np.ndarray:
    """(n, 3) uint8 colours of texels."""
    known = [skin.base, skin.present, skin.cover, skin.lips[:, None], skin.stubble[:, None], skin.lids[:, None]]
    read = gather(part, skin.triangles, np.concatenate(known, 1))
    place = gather(part, skin.triangles, model.template)
    density = gather(part, skin.triangles, skin.layout.density)
    base, present, cover = read[:, :3], read[:, 3:6], read[:, 6:10]
    color = before.astype(np.float32) / 255
    noise = octave_noise(place, density, skin.spectrum, part.size, seed=w.seeds[0])[:, None]
    filled = base * (1 + noise)
    dark = 1 - (color @ LUMA) / np.maximum(base @ LUMA, w.floor)
    out = color
    for number, name in enumerate(_GROUPS):
        share = cover[:, number]
        if name == "beard":
            share = share * (1 - _lips(color, base, read[:, 10], w))
        whole = smoothstep(*w.whole, share)
        rim = smoothstep(*w.margin, share) * smoothstep(*w.dark[name], dark)
        if name == "lashes":
            # Painted lids stay dark beside their lashes.
            change = w.lash_share * rim
            skin_here = np.minimum(filled, w.lid_most * present)
        else:
            change = np.maximum(whole, rim)
            skin_here = filled
            if name == "beard":
                # Spots that are lighter than the skin stay on it; what is darker cannot be told from hairs.
                # Stubble's shade is as smooth as the skin: its hairs are drawn over it.
                skin_here = filled + w.keep * np.clip(color - base, 0, w.kept) + read[:, 11:12] * np.minimum(present - base, 0)
        out = out + (change[:, None] * (skin_here - out))
    # Never lighter than what is painted there: that is the lids' line, too.
    left = np.exp(read[:, 12:] / -POWER)
    out = np.where(left < 1, np.minimum(out, base * left + np.float32(w.lid_dark) * (1 - left)), out)
    if tint is not None:
        out = _tinted(out, cover[:, 3], tint, place, density, part.size, w)
    return (np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8)


def _lips(color: np.ndarray, base: np.ndarray, part: np.ndarray, w: BareWeights) -> np.ndarray:
    """(n,) how surely texels are lips: by the model's place, and around it by their red."""

    def red(values: np.ndarray) -> np.ndarray:
        return values[:, 0] / np.maximum(values[:, 1], w.floor)

    redder = smoothstep(*w.lip_red, red(color) / np.maximum(red(base), w.hue_floor))
    return np.maximum(smoothstep(*w.lip_inside, part), smoothstep(*w.lip_near, part) * redder)


def _tinted(
    color: np.ndarray,
    cover: np.ndarray,
    tint: np.ndarray,
    place: np.ndarray,
    density: np.ndarray,
    size: int,
    w: BareWeights,
) -> np.ndarray:
    """(n, 3) colours with the scalp in the hair's."""
    rows = np.flatnonzero(cover > 0)
    if not len(rows):
        return color
    ragged = octave_noise(place[rows], density[rows], w.scalp_ragged, size, seed=w.seeds[1])
    fine = octave_noise(place[rows], density[rows], w.scalp_fine, size, seed=w.seeds[2])
    near = cover[rows]
    share = w.scalp_most * smoothstep(*w.scalp, near + ragged * np.minimum(1, 4 * near))
    out = color.copy()
    out[rows] += share[:, None] * (tint * (1 + fine)[:, None] - out[rows])
    return out

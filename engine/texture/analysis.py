"""Everything about a head's texture that is smooth, worked out once on a small map.

The maps of any size are then composed from these fields and the photos themselves (:mod:`.compose`), which is why a
head looks the same at every size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..geometry.smoothstep import smoothstep
from ..head.model import MATERIALS, HeadModel
from ..photo.teeth import find_bite
from ..system.concurrency import concurrently
from ..system.progress import SILENT, Progress
from ..types import View
from ..wire.color import LUMINANCE
from .atlas import Texels, gather, mirrored_uv, texel_band, texel_density
from .padding import fill_outside
from .paint.grain import WAVES_MM, band_spread
from .paint.inner_colors import InnerColors, measure_inner_colors
from .paint.scalp import Hair, find_hair
from .seen import place_of
from .sources.align import ALIGNMENT_SIZE, align
from .sources.merge import Source, merge
from .sources.opened import open_views, posed
from .unlit.completion import GAMMA, complete_base, splat
from .unlit.delight import darkness, flatten, highlight_share, skin_balance, weighted_median
from .unlit.evenness import HAIR_ABOVE, even_out
from .unlit.strands import with_strands
from .unlit.surface import Surface

__all__ = ["ANALYSIS_SIZE", "Analysis", "analyse", "layout_of"]

ANALYSIS_SIZE = 1024

_DARK_SKIN = 0.8
"""Perceptual brightness, relative to its surroundings, below which skin above the mouth is taken to lie in shadow."""
_LARGEST_MOLE = 6.0
"""mm"""
_GRAIN_FLOOR = np.array([0.004, 0.006, 0.008, 0.010, 0.012, 0.010], np.float32)
"""Grain that skin has even where the photo is too coarse to show it, relative to the base, at WAVES_MM."""
_GRAIN_CEILING = np.array([0.02, 0.025, 0.03, 0.035, 0.035, 0.03], np.float32)


@dataclass(frozen=True)
class Layout:
    """What follows from the model alone."""

    surface: Surface
    mirrored: np.ndarray
    """(4Q, 2) UV of each corner's mirror image."""
    density: np.ndarray
    """(V,) texels per mm on a map of side 1, mean head."""
    skin: np.ndarray
    """(Q,) bool."""


_layouts: dict[str, Layout] = {}


def layout_of(model: HeadModel) -> Layout:
    """The model's :class:`Layout`, remembered for the last model."""
    key = f"{model.version}/{len(model.faces)}"
    if key not in _layouts:
        _layouts.clear()
        triangles = model.triangles
        per_triangle = texel_density(model, model.template)
        count = np.bincount(triangles.ravel(), minlength=len(model.template))
        density = np.bincount(triangles.ravel(), np.repeat(per_triangle, 3), len(model.template)) / np.maximum(count, 1)
        _layouts[key] = Layout(
            Surface(model.template, triangles),
            mirrored_uv(model).reshape(-1, 2),
            density.astype(np.float32),
            model.face_material == MATERIALS.index("skin"),
        )
    return _layouts[key]


@dataclass(frozen=True)
class Analysis:
    """Fields of one head. Images are ANALYSIS_SIZE squared and filled outside the layout."""

    vertices: np.ndarray
    """(N, 3) mm, posed as in the reference view."""
    sources: tuple[Source, ...]
    """The photos that the texture is made of, the reference first."""
    gain: np.ndarray
    """(A, A, 3) float32: the sources' linear colour times gain is albedo."""
    weight: np.ndarray
    """(A, A) float32: how well each texel is seen."""
    bare: np.ndarray
    """(A, A) float32: seen to be bare skin (scalp included)."""
    features: np.ndarray
    """(A, A) float32: brows and eyes, where dark is not deep."""
    lips: np.ndarray
    """(A, A) float32."""
    fold: np.ndarray
    """(A, A) float32: log gain that took the shade out of folds; the relief keeps them."""
    base: np.ndarray
    """(N, 3) float32 perceptual colour of the skin around each vertex."""
    allow_mirror: np.ndarray
    """(N,) float32."""
    near: np.ndarray
    """(N,) float32: close to something seen, through either side."""
    spectrum: np.ndarray
    """(6,) grain of completed skin relative to the base, at WAVES_MM."""
    extra: np.ndarray
    """(6,) grain that the photos were too coarse to show."""
    hairline: np.ndarray
    """(N,) float32: how much of the scalp's hair grows around each vertex, fading over centimetres."""
    hair: Hair
    inner: InnerColors
    brows: np.ndarray | None
    """(N,) float32: brows to be drawn, where no photo shows either of them."""

    @property
    def pixels_per_mm(self) -> float:
        """Of the photos, where each is used."""
        amount = np.array([float(source.share.sum()) if source.share is not None else 1.0 for source in self.sources])
        fine = np.array([source.view.pixels_per_mm for source in self.sources])
        return float(np.exp(np.average(np.log(fine), weights=np.maximum(amount, 1e-6))))


def analyse(model: HeadModel, views: Sequence[View], size: int, progress: Progress = SILENT) -> Analysis:
    """Work out all fields for maps of `size`.

    Args:
        progress: may raise to cancel.
    """
    layout = layout_of(model)
    surface, mirror, triangles = layout.surface, model.mirror, model.triangles.astype(np.int32)
    count = len(model.template)
    face_density = float(np.median(layout.density[model.landmark_vertices[:, 0]]))
    calls = open_views(model, surface, views, face_density * max(size, ANALYSIS_SIZE))
    opened = concurrently(calls, progress.part(0.0, 0.2))
    sources, masks = [source for source, _ in opened], [mask for _, mask in opened]
    place = place_of(model, _skin_texels(model, layout), layout.density)
    likeness = np.ones((1, count))
    if len(views) > 1:
        small = place_of(model, texel_band(model, ALIGNMENT_SIZE, 0, ALIGNMENT_SIZE), layout.density)
        sources, likeness = align(model, surface, small, sources, masks, progress.part(0.2, 0.3))
    parts = merge(model, surface, place, views, sources, masks, likeness, progress.part(0.3, 0.7))
    texels, density, seen = place.texels, place.density, parts.seen
    weight, central, feature = seen.weight, seen.central, seen.feature
    clean = weight * (1 - feature)
    progress(0.7)

    delit = parts.color
    base = None

    def bare(dark: np.ndarray) -> np.ndarray:
        return 1 - dark * (1 - seen.certain) * (1 - place.part["nose"])

    for _ in range(2):
        color, amount = splat(texels, triangles, count, delit, clean)
        skin = flatten(surface, mirror, color, amount)
        level_gain, base = np.split(gather(texels, triangles, np.concatenate([skin.gain, skin.base], 1)), 2, 1)
        corrected = delit * level_gain
        gloss = highlight_share(corrected, base, seen.color)
        # Dark things at the rim of the mask are hair and its shadow, not skin.
        dark = _without_spots(texels, darkness(corrected, base, central), weight, place.mm)
        clean = weight * (1 - feature) * (1 - 0.95 * gloss) * bare(dark)
        progress(0.75)
    above = smoothstep(*HAIR_ABOVE, place.height) * (1 - np.maximum(seen.certain, seen.brows))
    dark = with_strands(texels, dark, corrected @ LUMINANCE, weight, above, place.mm)
    weight = weight * bare(dark)
    middle = weighted_median(base, clean + 1e-6)
    bite = find_bite(views[0].photo, views[0].observation)
    teeth = bite.color if bite is not None else None
    balance = skin_balance(middle, None if teeth is None else float(teeth @ LUMINANCE))
    gain = level_gain * balance
    gain = gain * _highlight_gain(texels, corrected, base, gloss * (1 - feature), clean, density)
    gain = gain * _lip_gain(texels, corrected, seen.lips, weight, density)
    progress(0.8)
    raised = (corrected @ LUMINANCE) / np.maximum(seen.color @ LUMINANCE, 1e-4)
    even_gain, fold = even_out(place, seen, weight, delit * gain, base * balance, raised, dark)
    gain = gain * even_gain
    progress(0.85)

    albedo = np.maximum(delit * gain, 1e-4)
    perceptual = cv2.pow(albedo, GAMMA)
    allow_mirror = np.clip(1 - model.part("neck"), 0, 1).astype(np.float32)
    # Brows and lashes are detail on the skin, not a colour for the skin beside them.
    color, amount = splat(
        texels, triangles, count, perceptual, weight * (1 - np.clip(np.maximum(seen.brows, seen.eyes) * (1 - seen.lips), 0, 1))
    )
    fallback = (middle * balance) ** GAMMA
    # Towards the rim of what is seen the photo darkens into hair, shadow and silhouette; completed skin grows out of
    # the even level of the skin instead.
    held = splat(texels, triangles, count, np.maximum(central * seen.front, seen.lips)[:, None], np.ones_like(central))[0]
    even = 0.5 * ((skin.base * balance) ** GAMMA + fallback)
    drift = np.clip(color, even * 0.97, even * 1.04) / np.maximum(color, 1e-3)
    drift = 1 + (1 - held) * (drift - 1)
    # Above the mouth no bare skin is this dark by itself: a cap's or a fringe's shadow. Below, it may be a beard.
    dark = (color.mean(1) * drift.mean(1) / np.maximum(even.mean(1), 1e-3)).clip(0.2, None) / _DARK_SKIN
    lift = np.minimum(dark, 1) ** -0.6
    drift *= (1 + (lift - 1) * smoothstep(-30, -22, model.template[:, 1]))[:, None]
    drift = surface.smooth(np.clip(drift, 0.75, 1.8), amount + 1e-4, 4.0, prior=1.0)
    # Beside the hair of the forehead skin keeps its level, and what lies bright amid a shadow is not raised with it.
    level = even.mean(1) / np.maximum(color.mean(1), 0.3 * even.mean(1))
    beside = (1 - smoothstep(0.2, 0.8, held[:, 0])) * smoothstep(4, 14, model.template[:, 1])
    least = np.clip(0.95 * level, 1, 1.8) * beside
    most = np.maximum(1.08 * level, np.minimum(1.08 * level, 1) ** 0.7)
    known = (amount > 0.02)[:, None]
    drift = np.where(known, np.minimum(np.maximum(drift, least[:, None]), most[:, None]), drift)
    drift = surface.smooth(drift, amount + 1e-2, 1.5, prior=1.0)
    # The photo's texels follow, or its rim would be a step to what continues it.
    color = color * drift
    gain = gain * gather(texels, triangles, drift ** np.float32(1 / GAMMA))
    base_vertices = complete_base(surface, mirror, color, amount, fallback, allow_mirror)
    amount = splat(texels, triangles, count, perceptual, weight)[1]
    near = surface.blur(np.maximum(amount, amount[mirror] * allow_mirror), 10.0)
    progress(0.9)

    weight_image = _feathered(texels, weight, density)
    relative = perceptual.mean(1) / np.maximum(gather(texels, triangles, base_vertices).mean(1), 1e-3) - 1
    reference = sources[0]
    hair = find_hair(
        reference,
        masks[0].skin,
        gather(texels, triangles, reference.positions),
        parts.reference_shown,
        place.part["scalp"],
        balance,
    )
    lit = weighted_median(seen.color, clean + 1e-6)
    inner = measure_inner_colors(reference, middle * balance / np.maximum(lit, 1e-3), teeth, middle * balance)
    progress(0.95)

    def image(values, sigma=0.0):
        out = fill_outside(model, texels.image(np.ascontiguousarray(values, np.float32)), texels)
        return cv2.GaussianBlur(out, (0, 0), sigma) if sigma else out

    fields = Analysis(
        posed(model, views[0]),
        parts.sources(lambda share: image(share, 0.6)),
        image(gain, 0.8),
        fill_outside(model, weight_image, texels),
        image(seen.bare, 2.0),
        image(np.maximum(seen.brows, seen.eyes), 1.5),
        image(seen.lips, 1.0),
        image(fold, 0.8),
        base_vertices,
        allow_mirror,
        np.clip(near * 1.6, 0, 1),
        np.zeros(6),
        np.zeros(6),
        surface.blur(model.part("scalp"), 9.0),
        hair,
        inner,
        None if any(mask.brows_shown for mask in masks) else model.part("right_brow", "left_brow"),
    )
    spectrum, extra = _spectra(texels, relative, clean * (place.part["scalp"] < 0.1), density, fields.pixels_per_mm)
    return replace(fields, spectrum=spectrum, extra=extra)


def _skin_texels(model: HeadModel, layout: Layout) -> Texels:
    whole = texel_band(model, ANALYSIS_SIZE, 0, ANALYSIS_SIZE)
    rows = np.flatnonzero(layout.skin[whole.triangle // 2])
    return Texels(whole.size, whole.row0, whole.row1, whole.index[rows], whole.triangle[rows], whole.weights[rows])


def _without_spots(texels: Texels, dark: np.ndarray, weight: np.ndarray, mm: float) -> np.ndarray:
    """(n,) the same, without small spots amid the skin: those are moles."""
    image = (texels.image(dark) > 0.05).astype(np.uint8)
    rim = (texels.image(weight.astype(np.float32)) < 0.5).astype(np.uint8)
    number, label, boxes, _ = cv2.connectedComponentsWithStats(image, connectivity=8)
    reach = 2 * int(round(1.5 * mm)) + 1
    rim = cv2.dilate(rim, np.ones((reach, reach), np.uint8)) > 0
    kept = boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1) > _LARGEST_MOLE * mm
    kept[np.unique(label[rim])] = True
    return dark * kept[label.reshape(-1)[texels.index]]


def _highlight_gain(texels: Texels, color, base, gloss, clean, density) -> np.ndarray:
    """(n, 3) gain that replaces highlights by the diffuse skin around them."""
    mm = float(np.median(density[clean > 0.5])) if (clean > 0.5).any() else 2.0
    share = texels.image(gloss)
    share = np.minimum(cv2.GaussianBlur(cv2.dilate(share, np.ones((3, 3), np.uint8)), (0, 0), 0.8 * mm) * 1.15, 1)
    if share.max() < 0.05:
        return np.ones_like(color)
    mask = texels.image(clean.astype(np.float32))
    cover = texels.image(np.ones(len(color), np.float32))

    def blurred(values, weights, sigma):
        return cv2.GaussianBlur(values * weights[..., None], (0, 0), sigma), cv2.GaussianBlur(weights, (0, 0), sigma)

    picture, smooth = texels.image(color), texels.image(base)
    near, near_weight = blurred(picture, mask, 3.0 * mm)
    diffuse = (near + 0.05 * smooth) / (near_weight + 0.05)[..., None]
    local, local_weight = blurred(picture, cover, 0.7 * mm)
    local /= np.maximum(local_weight, 1e-4)[..., None]
    gain = np.clip(diffuse / np.maximum(local, 1e-3), 0.15, 1.1)
    gain = 1 + share[..., None] * (gain - 1)
    return gain.reshape(-1, 3)[texels.index].astype(np.float32)


def _lip_gain(texels: Texels, color, lips, weight, density) -> np.ndarray:
    """(n, 3) gain that replaces highlights on the lips by the lips' own colour."""
    member = np.flatnonzero((lips > 0.5) & (weight > 0.3))
    gain = np.ones_like(color)
    if len(member) < 50:
        return gain
    own = 1.1 * weighted_median(color[member], np.ones(len(member))).astype(np.float32)
    rows = np.flatnonzero(lips > 0)
    brighter = (color[rows] @ LUMINANCE) / max(float(own @ LUMINANCE), 1e-3)
    whiter = (color[rows, 2] / np.maximum(color[rows, 0], 1e-3)) / max(own[2] / max(own[0], 1e-3), 1e-3)
    share = np.zeros(len(color), np.float32)
    share[rows] = smoothstep(1.05, 1.35, brighter) * smoothstep(0.9, 1.2, whiter) * smoothstep(0.6, 1, lips[rows])
    mm = float(np.median(density[member]))
    soft = cv2.GaussianBlur(texels.image(share), (0, 0), 0.5 * mm).reshape(-1)[texels.index[rows], None]
    gain[rows] = np.clip(own / np.maximum(color[rows], 1e-3), 0.2, 1) ** (0.85 * np.minimum(1.3 * soft, 1))
    return gain


def _feathered(texels: Texels, weight: np.ndarray, density: np.ndarray) -> np.ndarray:
    """(A, A) weights whose rim fades over some millimetres, always inwards."""
    mm = float(np.median(density[weight > 0.5])) if (weight > 0.5).any() else 2.0
    image, cover = texels.image(weight.astype(np.float32)), texels.image(np.ones(len(weight), np.float32))
    # Outside the layout there is no border to fade towards.
    image = np.where(cover > 0, image, 1).astype(np.float32)
    soft = cv2.GaussianBlur(image, (0, 0), 4.5 * mm)
    return np.where(cover > 0, image * smoothstep(0.4, 1.0, soft), 0).astype(np.float32)


def _spectra(texels, relative, weight, density, pixels_per_mm):
    """Grain spectrum for completed skin, and the share of it that the photo was too coarse to show."""
    mm = float(np.median(density[weight > 0.5])) if (weight > 0.5).any() else 2.0
    measured = band_spread(texels.image(relative.astype(np.float32)), texels.image(weight.astype(np.float32)), mm)
    waves = np.array(WAVES_MM)
    # The photo shows waves of more than about 2.5 of its pixels.
    resolved = np.clip(np.log2(waves * pixels_per_mm / 2.0), 0, 1) * (waves * mm / 5.0 > 0.35)
    for k in range(1, len(waves)):
        if measured[k] == 0:
            measured[k] = 0.75 * measured[k - 1]
    spectrum = np.clip(measured, _GRAIN_FLOOR, _GRAIN_CEILING)
    return spectrum.astype(np.float32), ((1 - resolved) * _GRAIN_FLOOR * (waves < 3)).astype(np.float32)

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
from ..head.model import HeadModel
from ..photo.teeth import find_bite
from ..system.concurrency import concurrently
from ..system.progress import SILENT, Progress
from ..types import Relief, View
from ..wire.color import LUMINANCE
from .atlas import Texels, gather, texel_band
from .layout import layout_of, skin_texels
from .padding import fill_outside
from .paint.grain import band_resolved, band_spread
from .paint.inner_colors import InnerColors, measure_inner_colors
from .paint.scalp import Hair, find_hair
from .seen import Masks, Place, place_of
from .sources.align import align
from .sources.merge import Merged, Source, merge
from .sources.opened import open_views
from .unlit.continuation import continued
from .unlit.delight import weighted_median
from .unlit.skin import unlit_skin
from .weights import WAVES_MM, WEIGHTS, TextureWeights

__all__ = ["Analysis", "analyse"]


@dataclass(frozen=True)
class Analysis:
    """Fields of one head. Images are of side A and filled outside the layout."""

    weights: TextureWeights
    """What they were worked out with; A is its ``analysis_size``."""
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
    reliefs: tuple[tuple[Relief, np.ndarray], ...] = ()
    """Folds and wrinkles as each photo of them shows them, the reference first, and (N, 3) mm, the head as it is posed there."""

    @property
    def size(self) -> int:
        """A: side of the images."""
        return self.weights.analysis_size

    @property
    def pixels_per_mm(self) -> float:
        """Pixels of the photos per millimetre of skin, each weighted by how much of it is used."""
        amount = np.array([float(source.share.sum()) if source.share is not None else 1.0 for source in self.sources])
        fine = np.array([source.view.pixels_per_mm for source in self.sources])
        return float(np.exp(np.average(np.log(fine), weights=np.maximum(amount, 1e-6))))


def analyse(
    model: HeadModel,
    views: Sequence[View],
    size: int,
    weights: TextureWeights = WEIGHTS,
    progress: Progress = SILENT,
) -> Analysis:
    """Work out all fields for maps of `size`.

    Args:
        weights: what the texture believes.
        progress: may raise to cancel.
    """
    layout = layout_of(model)
    surface = layout.surface
    place = place_of(model, skin_texels(model, weights.analysis_size), layout.density)
    parts, masks = _read_photos(model, views, place, max(size, weights.analysis_size), weights, progress.part(0.0, 0.7))
    progress(0.7)
    seen, texels = parts.seen, place.texels
    bite = find_bite(views[0].photo, views[0].observation)
    teeth = bite.color if bite is not None else None
    skin = unlit_skin(
        surface,
        model.mirror,
        place,
        seen,
        parts.color,
        None if teeth is None else float(teeth @ LUMINANCE),
        weights,
        progress.part(0.7, 0.85),
    )
    whole = continued(model, surface, place, seen, parts.color, skin, weights)
    progress(0.9)
    reference = parts.views[0]
    hair = find_hair(
        reference,
        masks[0],
        gather(texels, place.triangles, reference.positions),
        parts.reference_shown,
        place.part["scalp"],
        skin.balance,
        weights.scalp,
    )
    lit = weighted_median(seen.color, skin.clean + 1e-6)
    level = skin.middle / np.maximum(lit, 1e-3)
    inner = measure_inner_colors(reference, level, teeth, skin.middle, weights.inner, masks[0].over)
    progress(0.95)

    soft = weights.fields

    def image(values, sigma):
        out = fill_outside(model, texels.image(np.ascontiguousarray(values, np.float32)), texels)
        return cv2.GaussianBlur(out, (0, 0), sigma) if sigma else out

    fields = Analysis(
        weights,
        model.posed(views[0]),
        parts.sources(lambda share: image(share, soft.share)),
        image(whole.gain, soft.gain),
        fill_outside(model, _feathered(texels, skin.weight, place.density, weights), texels),
        image(seen.bare, soft.bare),
        image(np.maximum(seen.brows, seen.eyes), soft.features),
        image(seen.lips, soft.lips),
        image(skin.fold, soft.fold),
        whole.base,
        whole.allow_mirror,
        np.clip(whole.near * weights.completion.near_gain, 0, 1),
        np.zeros(len(WAVES_MM)),
        np.zeros(len(WAVES_MM)),
        surface.blur(model.part("scalp"), weights.completion.hairline_mm),
        hair,
        inner,
        None if any(mask.brows_shown for mask in masks) else model.part("right_brow", "left_brow"),
        tuple((view.mid.relief, model.posed(view)) for view in views if view.mid.relief is not None),
    )
    clean = skin.clean * (place.part["scalp"] < weights.grain.scalp)
    spectrum, extra = _spectra(texels, whole.relative, clean, place.density, fields.pixels_per_mm, weights)
    return replace(fields, spectrum=spectrum, extra=extra)


def _read_photos(
    model: HeadModel, views: Sequence[View], place: Place, size: int, weights: TextureWeights, progress: Progress
) -> tuple[Merged, list[Masks]]:
    """What the photos show of the texels, as one, for maps of `size`."""
    layout = layout_of(model)
    surface = layout.surface
    face_density = float(np.median(layout.density[model.landmark_vertices[:, 0]]))
    opened = concurrently(open_views(model, surface, views, face_density * size, weights), progress.part(0.0, 0.3))
    sources, masks = [source for source, _ in opened], [mask for _, mask in opened]
    likeness = np.ones((1, len(model.template)))
    if len(views) > 1:
        side = weights.align.size
        small = place_of(model, texel_band(model, side, 0, side), layout.density)
        sources, likeness = align(model, surface, small, sources, masks, weights.align, progress.part(0.3, 0.45))
    return merge(model, surface, place, views, list(zip(sources, masks)), likeness, weights, progress.part(0.45, 1.0)), masks


def _feathered(texels: Texels, weight: np.ndarray, density: np.ndarray, weights: TextureWeights) -> np.ndarray:
    """(A, A) weights whose rim fades over some millimetres, always inwards."""
    mm = float(np.median(density[weight > 0.5])) if (weight > 0.5).any() else weights.gloss.plain_mm
    image, cover = texels.image(weight.astype(np.float32)), texels.image(np.ones(len(weight), np.float32))
    # Outside the layout there is no border to fade towards.
    image = np.where(cover > 0, image, 1).astype(np.float32)
    soft = cv2.GaussianBlur(image, (0, 0), weights.completion.feather_mm * mm)
    return np.where(cover > 0, image * smoothstep(*weights.completion.feather, soft), 0).astype(np.float32)


def _spectra(
    texels: Texels,
    relative: np.ndarray,
    weight: np.ndarray,
    density: np.ndarray,
    pixels_per_mm: float,
    weights: TextureWeights,
) -> tuple[np.ndarray, np.ndarray]:
    """Grain spectrum for completed skin, and the share of it that the photo was too coarse to show."""
    w = weights.grain
    floor, ceiling = np.array(w.floor, np.float32), np.array(w.ceiling, np.float32)
    mm = float(np.median(density[weight > 0.5])) if (weight > 0.5).any() else weights.gloss.plain_mm
    measured = band_spread(
        texels.image(relative.astype(np.float32)), texels.image(weight.astype(np.float32)), mm, weights.noise
    )
    waves = np.array(WAVES_MM)
    # What the map cannot hold (see band_spread) was not measured either.
    resolved = np.clip(np.log2(waves * pixels_per_mm / w.resolved_px), 0, 1) * band_resolved(mm, weights.noise)
    for k in range(1, len(waves)):
        if measured[k] == 0:
            measured[k] = w.missing * measured[k - 1]
    spectrum = np.clip(measured, floor, ceiling)
    return spectrum.astype(np.float32), ((1 - resolved) * floor * (waves < w.finest_mm)).astype(np.float32)

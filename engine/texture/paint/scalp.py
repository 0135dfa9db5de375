"""The scalp: close-cropped hair in the person's colour, or the person's own skin where it is bare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ...photo.regions import BROWS, disk
from ...wire.color import LUMINANCE
from ..seen import Masks
from ..sources.photo_view import PhotoView, feature_mask
from ..weights import WEIGHTS, ScalpWeights
from .grain import octave_noise

__all__ = ["Hair", "brow_hair", "find_hair", "stubble"]


@dataclass(frozen=True)
class Hair:
    """What grows on the scalp."""

    color: np.ndarray
    """(3,) float32 linear."""
    amount: float
    """0 bald to 1."""
    brow: np.ndarray
    """(3,) float32 linear: brows that are drawn."""
    brow_density: float = 1.0
    """How dense they are, of those that are drawn where nothing of them shows."""


def find_hair(
    view: PhotoView,
    masks: Masks,
    positions: np.ndarray,
    seen: np.ndarray,
    scalp: np.ndarray,
    gain: np.ndarray,
    weights: ScalpWeights = WEIGHTS.scalp,
) -> Hair:
    """Hair colour and whether there is any.

    Args:
        view: the photo.
        masks: what its pixels show.
        positions: (n, 2) crop pixels of surface samples.
        seen: (n,) visibility without the skin mask.
        scalp: (n,) weight of the scalp part.
        gain: (3,) white balance.
    """
    from ..sources.photo_view import lookup

    chosen = (seen > weights.seen) & (scalp > weights.member)
    shown = _shown_brow(view, masks, weights)
    default = np.array(weights.default, np.float32)
    brow = (default if shown.color is None else shown.color) * gain
    like_brow = brow if shown.like_hair else default * gain
    if chosen.sum() < weights.least_texels:
        return _grown(like_brow, 1.0, brow, shown.density)
    bare = lookup(masks.skin, positions[chosen] - np.float32(0.5)) > weights.bare_share
    color = view.sample(positions[chosen])[~bare]
    amount = float(1 - smoothstep(*weights.bald, bare.mean()))
    if len(color) < weights.least_hairy:
        return _grown(like_brow, amount, brow, shown.density)
    luminance = color @ LUMINANCE
    dark = luminance <= np.quantile(luminance, weights.dark)
    hair = np.median(color[dark], 0) * gain
    if not _plausible(hair, weights):
        hair = like_brow
    hair = np.clip(hair, *weights.range)
    return _grown(hair, amount, hair if shown.color is None else brow, shown.density)


def _grown(color: np.ndarray, amount: float, brow: np.ndarray, density: float) -> Hair:
    return Hair(np.float32(color), amount, np.float32(brow), density)


def _plausible(color: np.ndarray, weights: ScalpWeights) -> bool:
    """Whether hair can have this colour."""
    red, green, blue = color
    return bool(blue <= weights.bluest * red and green <= weights.greenest * red and color @ LUMINANCE < weights.brightest)


class _Brow(NamedTuple):
    """What shows of the brows."""

    color: np.ndarray | None = None
    """(3,) linear; None where too little shows."""
    density: float = 1.0
    """How dense they are; 1 as drawn ones."""
    like_hair: bool = False
    """Whether they are dark enough to tell of the hair on the scalp: through thin brows the skin shows."""


def _shown_brow(view: PhotoView, masks: Masks, weights: ScalpWeights) -> _Brow:
    hull = feature_mask(view, BROWS, hull=True)
    near = disk(weights.brow_rim_mm * view.pixels_per_mm)
    clear = cv2.dilate(masks.over, near) < 0.5
    brows, around = (hull > 127) & clear, (cv2.dilate(hull, near) <= 127) & clear & (masks.skin > weights.bare_share)
    around &= cv2.dilate(hull, disk(2 * weights.brow_rim_mm * view.pixels_per_mm)) > 127
    pixels = view.pyramid[0][brows] * np.float32(1 / 65535)
    if len(pixels) < weights.least_brow:
        return _Brow()
    luminance = pixels @ LUMINANCE
    color = np.median(pixels[luminance <= np.quantile(luminance, weights.brow_dark)], 0)
    if not _plausible(color, weights):
        return _Brow()
    if not around.any() or brows.sum() < weights.brow_share * (hull > 127).sum():
        return _Brow(color)
    # How far the brow's mean is from the skin's, of the way to what is drawn.
    skin = np.median(view.pyramid[0][around] * np.float32(1 / 65535), 0)
    dark = np.minimum(color, weights.brow_skin * skin)
    power = weights.power
    bare, full, mean = (value @ LUMINANCE for value in (skin**power, dark**power, (pixels**power).mean(0)))
    cover = float((bare - mean) / max(bare - full, weights.range[0]))
    density = float(np.clip(cover / weights.brow_usual, weights.brow_least, 1.0))
    return _Brow(color, density, bool(color @ LUMINANCE < weights.brow_hair * (skin @ LUMINANCE)))


def stubble(
    color: np.ndarray,
    hair: Hair,
    scalp: np.ndarray,
    bare: np.ndarray,
    place: np.ndarray,
    density: np.ndarray,
    size: int,
    weights: ScalpWeights = WEIGHTS.scalp,
) -> np.ndarray:
    """Lay cropped hair over skin.

    Args:
        color: (n, 3) linear skin.
        scalp: (n,) weight of the scalp part; its soft edge becomes the hairline.
        bare: (n,) how surely the photo shows bare skin here.
        place, density: as for :func:`octave_noise`.
        size: side of the map.

    Returns:
        (n, 3) linear.
    """
    rows = np.flatnonzero((scalp > weights.none) & (bare < weights.surely_bare))
    if hair.amount < weights.none or not len(rows):
        return color
    s, u, d = scalp[rows], place[rows], density[rows]
    ragged = octave_noise(u, d, weights.ragged, size, seed=5)
    middle, everywhere = weights.frayed
    edge = s + ragged * np.minimum(1, middle * s * (1 - s) + everywhere)
    cover = smoothstep(*weights.edge, edge) * hair.amount * (1 - bare[rows])
    fine = octave_noise(u, d, weights.fine, size, seed=7)
    cover = np.clip(cover * (weights.density + weights.density_noise * fine), 0, weights.most)[:, None].astype(np.float32)
    out = color.copy()
    under = out[rows]
    power = weights.power
    out[rows] = cv2.pow(cv2.pow(under, power) * (1 - cover) + hair.color ** np.float32(power) * cover, 1 / power)
    return out


def brow_hair(
    color: np.ndarray,
    hair: Hair,
    brows: np.ndarray,
    place: np.ndarray,
    density: np.ndarray,
    size: int,
    weights: ScalpWeights = WEIGHTS.scalp,
) -> np.ndarray:
    """Draw brows, for a photo that shows none, or a part of them: a cap or a fringe covers them, or a rim of glasses.

    Args:
        color: (n, 3) linear skin.
        brows: (n,) weight of the brows' parts.
        place, density: as for :func:`octave_noise`.
        size: side of the map.

    Returns:
        (n, 3) linear.
    """
    rows = np.flatnonzero(brows > weights.none)
    if not len(rows):
        return color
    # Hairs run along the brow: noise that is stretched outwards and a little upwards.
    along = place[rows] @ np.array(weights.brow_along, np.float32)
    strands = octave_noise(along, density[rows], weights.brow_spectrum, size, seed=13)
    body = weights.brow_body + weights.brow_hairs * strands
    cover = smoothstep(*weights.brow_edge, brows[rows] + weights.brow_frayed * strands) * body
    cover = hair.brow_density * np.clip(cover, 0, weights.brow_most)[:, None].astype(np.float32)
    dark = np.minimum(hair.brow, weights.brow_skin * color[rows])
    out = color.copy()
    power = weights.power
    out[rows] = cv2.pow(cv2.pow(color[rows], power) * (1 - cover) + cv2.pow(dark, power) * cover, 1 / power)
    return out

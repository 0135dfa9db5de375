"""The scalp: close-cropped hair in the person's colour, or the person's own skin where it is bare."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ...photo.regions import BROWS
from ...wire.color import LUMINANCE
from ..sources.photo_view import PhotoView, feature_mask
from .grain import octave_noise

__all__ = ["Hair", "brow_hair", "find_hair", "stubble"]

_DEFAULT = np.array([0.035, 0.026, 0.020], np.float32)
_DENSITY = 0.50


@dataclass(frozen=True)
class Hair:
    """What grows on the scalp."""

    color: np.ndarray
    """(3,) float32 linear."""
    amount: float
    """0 bald to 1."""


def find_hair(
    view: PhotoView, skin_mask: np.ndarray, positions: np.ndarray, seen: np.ndarray, scalp: np.ndarray, gain: np.ndarray
) -> Hair:
    """Hair colour and whether there is any.

    Args:
        view: the photo.
        skin_mask: (h, w) float32 of the crop.
        positions: (n, 2) crop pixels of surface samples.
        seen: (n,) visibility without the skin mask.
        scalp: (n,) weight of the scalp part.
        gain: (3,) white balance.
    """
    from ..sources.photo_view import lookup

    chosen = (seen > 0.2) & (scalp > 0.9)
    brow = _brow_color(view, skin_mask) * gain
    if chosen.sum() < 1500:
        return Hair(brow.astype(np.float32), 1.0)
    bare = lookup(skin_mask, positions[chosen] - np.float32(0.5)) > 0.5
    color = view.sample(positions[chosen])[~bare]
    amount = float(1 - smoothstep(0.7, 0.9, bare.mean()))
    if len(color) < 40:
        return Hair(brow.astype(np.float32), amount)
    luminance = color @ LUMINANCE
    dark = luminance <= np.quantile(luminance, 0.6)
    hair = np.median(color[dark], 0) * gain
    if not _plausible(hair):
        hair = brow
    return Hair(np.clip(hair, 0.006, 0.45).astype(np.float32), amount)


def _plausible(color: np.ndarray) -> bool:
    """Whether hair can have this colour: a cap is bluer or greener than hair ever is, or brighter than skin."""
    return bool(color[2] <= 1.15 * color[0] and color[1] <= 1.2 * color[0] and color @ LUMINANCE < 0.5)


def _brow_color(view: PhotoView, skin_mask: np.ndarray) -> np.ndarray:
    brows = feature_mask(view, BROWS, hull=True) > 127
    pixels = view.pyramid[0][brows] * np.float32(1 / 65535)
    if len(pixels) < 12:
        return _DEFAULT
    luminance = pixels @ LUMINANCE
    color = np.median(pixels[luminance <= np.quantile(luminance, 0.3)], 0)
    return color if _plausible(color) else _DEFAULT


def stubble(
    color: np.ndarray, hair: Hair, scalp: np.ndarray, bare: np.ndarray, place: np.ndarray, density: np.ndarray, size: int
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
    rows = np.flatnonzero((scalp > 0.02) & (bare < 0.98))
    if hair.amount < 0.02 or not len(rows):
        return color
    s, u, d = scalp[rows], place[rows], density[rows]
    ragged = octave_noise(u, d, (0.05, 0.07, 0.07, 0.05, 0.03, 0), size, seed=5)
    cover = smoothstep(0.08, 1.1, s + ragged * np.minimum(1, 4 * s * (1 - s) + 0.2)) * hair.amount * (1 - bare[rows])
    fine = octave_noise(u, d, (0.02, 0.05, 0.14, 0.30, 0.35, 0.30), size, seed=7)
    cover = np.clip(cover * (_DENSITY + 0.30 * fine), 0, 0.9)[:, None].astype(np.float32)
    out = color.copy()
    under = out[rows]
    # Mixing in a power domain keeps fine dark hairs from greying the skin.
    out[rows] = cv2.pow(cv2.pow(under, 0.45) * (1 - cover) + hair.color ** np.float32(0.45) * cover, 1 / 0.45)
    return out


def brow_hair(
    color: np.ndarray, hair: Hair, brows: np.ndarray, place: np.ndarray, density: np.ndarray, size: int
) -> np.ndarray:
    """Draw brows, for a photo that shows none (a cap or a fringe covers them).

    Args:
        color: (n, 3) linear skin.
        brows: (n,) weight of the brows' parts.
        place, density: as for :func:`octave_noise`.
        size: side of the map.

    Returns:
        (n, 3) linear.
    """
    rows = np.flatnonzero(brows > 0.02)
    if not len(rows):
        return color
    # Hairs run along the brow: noise that is stretched outwards and a little upwards.
    along = place[rows] @ np.array([[0.22, 0, 0], [0.10, 1, 0], [0.15, 0, 0.3]], np.float32)
    strands = octave_noise(along, density[rows], (0, 0, 0.05, 0.14, 0.22, 0.18), size, seed=13)
    # Between the hairs lies their shade, so that the brow has a body and its rim is soft.
    cover = smoothstep(0.05, 1.0, brows[rows] + 0.15 * strands) * (0.58 + 0.45 * strands)
    cover = np.clip(cover, 0, 0.75)[:, None].astype(np.float32)
    dark = np.minimum(hair.color, 0.55 * color[rows])
    out = color.copy()
    out[rows] = cv2.pow(cv2.pow(color[rows], 0.45) * (1 - cover) + cv2.pow(dark, 0.45) * cover, 1 / 0.45)
    return out

"""Displacement from the de-lit texture: plausible detail, not measured relief.

Two cues are added, as neither is strong alone: *dark is deep* (creases and pores receive less of the sky) and the
shading gradient (a slope that faces the light is brighter), integrated by a Poisson equation as in Glencross et al.,
"A perceptually validated model for surface depth hallucination" (SIGGRAPH 2008). Both are split into octaves of a
Laplacian pyramid (Burt and Adelson 1983) whose gain depends on the wave's length *on the skin*, so the relief does not
depend on the size of the map.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numba import njit
from scipy import fft

from ...system.progress import SILENT, Progress
from ..atlas import each_band

__all__ = ["poisson", "relief", "shading_slopes"]

_BAND_MM = (0.25, 0.4, 4.0, 7.0)
"""Gain rises between the first two wavelengths and falls between the last two."""
_BAND_PIXELS = (2.2, 3.6)
"""The same rise in pixels of the photo: shorter waves are its sampling lattice and its compression."""
_DEPTH_PER_WAVE = 0.12
"""Depth of a wave of 1 mm that darkens the skin by a factor e, in mm."""
_LIMIT_PER_WAVE = 0.08
"""No octave is deeper than about this share of its wavelength."""
_PIGMENT = 0.05
"""Change of log(R/B) at which a dark spot counts half as pigment."""
_SLOPE_DAMPING = 0.1
"""Added to the squared change of log shading per unit of slope: where the light tells little, slopes stay small."""
_POISSON_SHARE = 0.5
"""Share of the relief that comes from slopes, where there is light to read them from."""
_NOISE = 0.012
"""Log-luminance changes below this are sensor and JPEG noise."""


def _band_limits(pixel_mm: float) -> tuple[float, float, float, float]:
    a, b, c, d = np.log(_BAND_MM)
    if pixel_mm > 0:
        a, b = max(a, np.log(_BAND_PIXELS[0] * pixel_mm)), max(b, np.log(_BAND_PIXELS[1] * pixel_mm))
    return a, b, c, d


@njit(cache=True, nogil=True, fastmath=True)
def _shape(detail, tint, slope, slope_share, wave, mask, limits, out):
    """Height of one octave from its brightness, without what is pigment or noise, and limited."""
    one, noise = np.float32(1), np.float32(_NOISE * 0.5)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            if mask[i, j] <= np.float32(0):
                out[i, j] = 0
                continue
            spot = tint[i, j] / np.float32(_PIGMENT)
            value = detail[i, j] / (one + spot * spot)
            value = max(value - noise, np.float32(0)) + min(value + noise, np.float32(0))
            height = np.float32(_DEPTH_PER_WAVE) * wave[i, j] * value + slope_share * slope[i, j]
            # Smooth limiter: creases may be deep, bumps (bright hair, gloss) only half as high.
            limit = np.float32(_LIMIT_PER_WAVE) * wave[i, j] * (one if height < 0 else np.float32(0.5))
            x = np.float32(math.log(wave[i, j]))
            gain = min(max((x - limits[0]) / (limits[1] - limits[0]), np.float32(0)), one) * min(
                max((limits[3] - x) / (limits[3] - limits[2]), np.float32(0)), one
            )
            out[i, j] = limit * np.float32(math.tanh(height / limit)) * gain * mask[i, j]


def poisson(gx: np.ndarray, gy: np.ndarray) -> np.ndarray:
    """(H, W) surface with the given forward differences, zero mean (least squares, cosine transform)."""
    divergence = gx.copy()
    divergence[:, 1:] -= gx[:, :-1]
    divergence += gy
    divergence[1:] -= gy[:-1]
    spectrum = fft.dctn(divergence.astype(np.float32), type=2, norm="ortho", workers=2, overwrite_x=True)
    h, w = divergence.shape
    cy = (2 * np.cos(np.pi * np.arange(h) / h) - 2).astype(np.float32)
    cx = (2 * np.cos(np.pi * np.arange(w) / w) - 2).astype(np.float32)
    denominator = cy[:, None] + cx[None]
    denominator[0, 0] = 1
    spectrum /= denominator
    spectrum[0, 0] = 0
    return fft.idctn(spectrum, type=2, norm="ortho", workers=2, overwrite_x=True)


def shading_slopes(band: np.ndarray, lean: np.ndarray, mm_per_texel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Forward differences of the relief that shading suggests.

    Args:
        band: (H, W) band-passed log luminance.
        lean: (H, W, 2) change of log shading when the normal leans by 1 to the right and *up* in the map.
        mm_per_texel: (H, W).

    Returns:
        (H, W) differences to the right and downwards, mm.
    """
    strength = band / ((lean**2).sum(-1) + _SLOPE_DAMPING) * mm_per_texel
    return -strength * lean[..., 0], strength * lean[..., 1]


def relief(
    luminance: np.ndarray,
    pigment: np.ndarray,
    mask: np.ndarray,
    density: np.ndarray,
    slopes: tuple[np.ndarray, np.ndarray] | None,
    pixel_mm: float = 0.0,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Displacement of a de-lit texture.

    Args:
        luminance: (S, S) log luminance, filled outside the layout.
        pigment: (S, S) log(R/B), filled.
        mask: (S, S) in [0, 1]: strength; 0 on brows, eyes and outside.
        density: (S, S) texels per mm.
        slopes: see :func:`shading_slopes`; None leaves the second cue out.
        pixel_mm: size of the photo's pixels on the skin.
        progress: called between its two steps.

    Returns:
        (S, S) float32 mm.
    """
    shaded = poisson(*slopes) if slopes is not None else None
    progress(0.5)
    return _octave(luminance, pigment, mask, density, shaded, pixel_mm)


def _octave(luminance, pigment, mask, density, shaded, pixel_mm):
    """The relief of this octave and all coarser ones."""
    wave = (3.0 / density).astype(np.float32)
    covered = mask > 0
    if min(luminance.shape) < 16 or not covered.any() or float(np.median(wave[covered])) > 2 * _BAND_MM[-1]:
        return np.zeros_like(luminance)
    coarse = cv2.pyrDown(luminance)
    size = (luminance.shape[1], luminance.shape[0])
    detail = luminance - cv2.pyrUp(coarse, dstsize=size)
    coarse_pigment = cv2.pyrDown(pigment)
    # A mole or freckle changes colour as well as brightness; a crease hardly does.
    tint = cv2.GaussianBlur(pigment - cv2.pyrUp(coarse_pigment, dstsize=size), (0, 0), 1.0)
    shaded_coarse, slope = None, None
    if shaded is not None:
        shaded_coarse = cv2.pyrDown(shaded)
        slope = shaded - cv2.pyrUp(shaded_coarse, dstsize=size)
    limits = np.array(_band_limits(pixel_mm), np.float32)
    height = np.empty_like(detail)
    rows = detail.shape[0]
    step = max(64, -(-rows // 8))
    each_band(
        lambda low, high: _shape(
            detail[low:high],
            tint[low:high],
            (detail if slope is None else slope)[low:high],
            np.float32(0 if slope is None else _POISSON_SHARE),
            wave[low:high],
            mask[low:high],
            limits,
            height[low:high],
        ),
        [(low, min(rows, low + step)) for low in range(0, rows, step)],
    )
    rest = _octave(coarse, coarse_pigment, cv2.pyrDown(mask), cv2.pyrDown(density) * np.float32(0.5), shaded_coarse, pixel_mm)
    return (height + cv2.pyrUp(rest, dstsize=size)).astype(np.float32)

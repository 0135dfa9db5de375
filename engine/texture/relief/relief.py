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
from ..weights import WEIGHTS, ReliefWeights

__all__ = ["poisson", "relief", "shading_slopes"]


def _band_limits(pixel_mm: float, w: ReliefWeights) -> tuple[float, float, float, float]:
    a, b, c, d = np.log(w.band_mm)
    if pixel_mm > 0:
        a, b = max(a, np.log(w.band_px[0] * pixel_mm)), max(b, np.log(w.band_px[1] * pixel_mm))
    return a, b, c, d


@njit(cache=True, nogil=True, fastmath=True)
def _shape(detail, tint, slope, slope_share, wave, mask, limits, believed, out):
    """Height of one octave from its brightness, without what is pigment or noise, and limited."""
    one, (noise, pigment, depth, deepest, bump) = np.float32(1), believed
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            if mask[i, j] <= np.float32(0):
                out[i, j] = 0
                continue
            spot = tint[i, j] / pigment
            value = detail[i, j] / (one + spot * spot)
            value = max(value - noise, np.float32(0)) + min(value + noise, np.float32(0))
            height = depth * wave[i, j] * value + slope_share * slope[i, j]
            # Smooth limiter: creases may be deep, bumps (bright hair, gloss) only half as high.
            limit = deepest * wave[i, j] * (one if height < 0 else bump)
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


def shading_slopes(
    band: np.ndarray, lean: np.ndarray, mm_per_texel: np.ndarray, weights: ReliefWeights = WEIGHTS.relief
) -> tuple[np.ndarray, np.ndarray]:
    """Forward differences of the relief that shading suggests.

    Args:
        band: (H, W) band-passed log luminance.
        lean: (H, W, 2) change of log shading when the normal leans by 1 to the right and *up* in the map.
        mm_per_texel: (H, W).
        weights: how far the light is believed.

    Returns:
        (H, W) differences to the right and downwards, mm.
    """
    strength = band / ((lean**2).sum(-1) + weights.damping) * mm_per_texel
    return -strength * lean[..., 0], strength * lean[..., 1]


def relief(
    luminance: np.ndarray,
    pigment: np.ndarray,
    mask: np.ndarray,
    density: np.ndarray,
    slopes: tuple[np.ndarray, np.ndarray] | None,
    pixel_mm: float = 0.0,
    progress: Progress = SILENT,
    weights: ReliefWeights = WEIGHTS.relief,
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
        weights: how deep skin is.

    Returns:
        (S, S) float32 mm.
    """
    shaded = poisson(*slopes) if slopes is not None else None
    progress(0.5)
    return _octave(luminance, pigment, mask, density, shaded, pixel_mm, weights)


def _octave(luminance, pigment, mask, density, shaded, pixel_mm, w: ReliefWeights):
    """The relief of this octave and all coarser ones."""
    wave = (w.wave_texels / density).astype(np.float32)
    covered = mask > 0
    if min(luminance.shape) < w.least_side or not covered.any() or float(np.median(wave[covered])) > 2 * w.band_mm[-1]:
        return np.zeros_like(luminance)
    coarse = cv2.pyrDown(luminance)
    size = (luminance.shape[1], luminance.shape[0])
    detail = luminance - cv2.pyrUp(coarse, dstsize=size)
    coarse_pigment = cv2.pyrDown(pigment)
    # A mole or freckle changes colour as well as brightness; a crease hardly does.
    tint = cv2.GaussianBlur(pigment - cv2.pyrUp(coarse_pigment, dstsize=size), (0, 0), w.tint_texels)
    shaded_coarse, slope = None, None
    if shaded is not None:
        shaded_coarse = cv2.pyrDown(shaded)
        slope = shaded - cv2.pyrUp(shaded_coarse, dstsize=size)
    limits = np.array(_band_limits(pixel_mm, w), np.float32)
    believed = tuple(np.float32(x) for x in (w.noise, w.pigment, w.depth, w.limit, w.bump))
    height = np.empty_like(detail)
    rows = detail.shape[0]
    step = max(64, -(-rows // 8))
    each_band(
        lambda low, high: _shape(
            detail[low:high],
            tint[low:high],
            (detail if slope is None else slope)[low:high],
            np.float32(0 if slope is None else w.poisson),
            wave[low:high],
            mask[low:high],
            limits,
            believed,
            height[low:high],
        ),
        [(low, min(rows, low + step)) for low in range(0, rows, step)],
    )
    half = cv2.pyrDown(density) * np.float32(0.5)
    rest = _octave(coarse, coarse_pigment, cv2.pyrDown(mask), half, shaded_coarse, pixel_mm, w)
    return (height + cv2.pyrUp(rest, dstsize=size)).astype(np.float32)

"""Skin grain of any amount, at any map size.

Noise by octaves whose amplitude is given per wavelength *on the skin*: where the layout is coarse (scalp, neck) the
same octave is a longer wave and gets that wave's amplitude, so the grain has one size in millimetres everywhere. Each
octave is a function of UV alone; a larger map adds octaves and changes none.
"""

from __future__ import annotations

import cv2
import numpy as np

from .photo_view import lookup

__all__ = ["WAVES_MM", "band_spread", "octave_noise"]

WAVES_MM = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25)
"""Wavelengths at which spectra are given."""

_TILE = 512
_FIRST_CELLS = 32
_CELLS_PER_WAVE = 2.6
_tiles: dict[int, np.ndarray] = {}


def _tile(seed: int) -> np.ndarray:
    """(512 + 8)^2 float32 unit-variance noise with little power below its own octave; wraps around."""
    if seed not in _tiles:
        white = np.random.default_rng(seed).standard_normal((_TILE, _TILE)).astype(np.float32)
        big = np.pad(white, 16, mode="wrap")
        band = (big - cv2.GaussianBlur(big, (0, 0), 1.6))[16:-16, 16:-16]
        band /= band.std()
        _tiles[seed] = np.pad(band, 4, mode="wrap")
    return _tiles[seed]


def octave_noise(uv: np.ndarray, density: np.ndarray, spectrum, size: int, seed: int = 0) -> np.ndarray:
    """Zero-mean noise at n texels.

    Args:
        uv: (n, 2) float32 in [0, 1].
        density: (n,) texels per mm on a map of side 1.
        spectrum: standard deviations at :data:`WAVES_MM`.
        size: side of the map; octaves that it cannot show are left out.
        seed: another seed, another pattern.

    Returns:
        (n,) float32.
    """
    waves = np.log2(np.array(WAVES_MM[::-1], np.float64))
    spread = np.array(list(spectrum)[::-1], np.float32)
    out = np.zeros(len(uv), np.float32)
    if not len(uv) or not spread.any():
        return out
    log_mm = -np.log2(np.maximum(density, 1e-6))
    cells, number = _FIRST_CELLS, 0
    while cells <= size / 1.4:
        wave = log_mm - np.float32(np.log2(cells / _CELLS_PER_WAVE))
        amount = np.interp(wave, waves, spread).astype(np.float32)
        amount *= np.clip(1.0 - np.maximum(wave - np.float32(waves[-1]), waves[0] - wave) / 0.7, 0, 1).astype(np.float32)
        rows = np.flatnonzero(amount > 1e-5)
        if len(rows):
            xy = np.mod(uv[rows] * np.float32(cells) + np.float32(37.3 * number), _TILE).astype(np.float32) + 4
            out[rows] += amount[rows] * lookup(_tile(seed * 31 + number), xy, cv2.INTER_CUBIC)
        cells *= 2
        number += 1
    return out


def band_spread(values: np.ndarray, weights: np.ndarray, texels_per_mm: float) -> np.ndarray:
    """Robust standard deviation of an image in the octaves of :data:`WAVES_MM`.

    Args:
        values: (H, W) float32 image.
        weights: (H, W) float32 in [0, 1]: where to measure.
        texels_per_mm: resolution; octaves that it cannot hold are 0.

    Returns:
        (6,) float32.
    """
    def blur(sigma):
        return cv2.GaussianBlur(values * weights, (0, 0), sigma) / np.maximum(
            cv2.GaussianBlur(weights, (0, 0), sigma), 1e-3)

    out = np.zeros(len(WAVES_MM), np.float32)
    inside = cv2.erode((weights > 0.7).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if inside.sum() < 200:
        return out
    for k, wave in enumerate(WAVES_MM):
        sigma = wave * texels_per_mm / 5.0
        if sigma < 0.35:
            break
        finer = values if sigma < 0.8 else blur(sigma * 0.7)
        band = (finer - blur(sigma * 1.4))[inside]
        out[k] = 1.4826 * np.median(np.abs(band - np.median(band)))
    return out

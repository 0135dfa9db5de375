"""Skin grain of any amount, at any map size.

Noise by octaves whose amplitude is given per wavelength *on the skin*: where the layout is coarse (scalp, neck) the
same octave is a longer wave and gets that wave's amplitude, so the grain has one size in millimetres everywhere. Each
octave is a function of UV alone; a larger map adds octaves and changes none.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numba import njit

__all__ = ["WAVES_MM", "band_spread", "octave_noise"]

WAVES_MM = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25)
"""Wavelengths at which spectra are given."""

_TILE = 512
_FIRST_CELLS = 32
_CELLS_PER_WAVE = 2.6
_TABLE_STEPS = 16
_SPLINE = np.array([1, 4, 1], np.float32) / 6
_tiles: dict[int, np.ndarray] = {}


def _tile(seed: int) -> np.ndarray:
    """(512 + 4)^2 float32 noise with little power below its own octave; wraps around, unit variance once smoothed."""
    if seed not in _tiles:
        white = np.random.default_rng(seed).standard_normal((_TILE, _TILE)).astype(np.float32)
        big = np.pad(white, 16, mode="wrap")
        band = (big - cv2.GaussianBlur(big, (0, 0), 1.6))[16:-16, 16:-16]
        # Between grid points the B-spline smooths; its mean effect on the variance is taken out here.
        smoothed = cv2.sepFilter2D(np.pad(band, 4, mode="wrap"), -1, _SPLINE, _SPLINE)[4:-4, 4:-4]
        band /= 0.9 * smoothed.std()
        _tiles[seed] = np.ascontiguousarray(np.pad(band, ((0, 4), (0, 4)), mode="wrap"), np.float32)
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
    spread = np.array(list(spectrum)[::-1], np.float64)
    if not len(uv) or not spread.any():
        return np.zeros(len(uv), np.float32)
    # Amplitude against the logarithm of the wavelength, finely tabulated, fading out beyond both ends.
    waves = np.log2(np.array(WAVES_MM[::-1], np.float64))
    steps = np.arange(waves[0] - 1, waves[-1] + 1, 1 / _TABLE_STEPS)
    table = np.interp(steps, waves, spread) * np.clip(
        1 - np.maximum(np.maximum(steps - waves[-1], waves[0] - steps), 0) / 0.7, 0, 1)
    octaves = max(0, int(np.floor(np.log2(size / 1.4 / _FIRST_CELLS))) + 1)
    tiles = np.stack([_tile(seed * 31 + k) for k in range(octaves)]) if octaves else np.zeros((0, 1, 1), np.float32)
    out = np.empty(len(uv), np.float32)
    _sum_octaves(np.ascontiguousarray(uv, np.float32), np.ascontiguousarray(density, np.float32),
                 table.astype(np.float32), float(steps[0]), tiles, out)
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _sum_octaves(uv, density, table, first, tiles, out):
    one = np.float32(1)
    for i in range(out.shape[0]):
        place = np.float32((-math.log2(max(density[i], 1e-6)) - math.log2(_FIRST_CELLS / _CELLS_PER_WAVE) - first)
                           * _TABLE_STEPS)
        total = np.float32(0)
        cells = np.float32(_FIRST_CELLS)
        for k in range(tiles.shape[0]):
            if 0 <= place < table.shape[0] - 1:
                amount = table[int(place)]
                if amount > 1e-4:
                    x = uv[i, 0] * cells + np.float32(37.3 * k)
                    y = uv[i, 1] * cells + np.float32(19.1 * k)
                    column, row = math.floor(x), math.floor(y)
                    fx, fy = np.float32(x - column), np.float32(y - row)
                    column, row = int(column) % _TILE, int(row) % _TILE
                    # Cubic B-spline weights: smooth, and no lattice shows.
                    x0, x3 = (one - fx) * (one - fx) * (one - fx), fx * fx * fx
                    x1 = 4 - 6 * fx * fx + 3 * x3
                    x2 = 6 - x0 - x1 - x3
                    y0, y3 = (one - fy) * (one - fy) * (one - fy), fy * fy * fy
                    y1 = 4 - 6 * fy * fy + 3 * y3
                    y2 = 6 - y0 - y1 - y3
                    value = np.float32(0)
                    for a in range(4):
                        wy = y0 if a == 0 else y1 if a == 1 else y2 if a == 2 else y3
                        value += wy * (x0 * tiles[k, row + a, column] + x1 * tiles[k, row + a, column + 1]
                                       + x2 * tiles[k, row + a, column + 2] + x3 * tiles[k, row + a, column + 3])
                    total += amount * value / np.float32(36)
            cells *= np.float32(2)
            place -= np.float32(_TABLE_STEPS)
        out[i] = total


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

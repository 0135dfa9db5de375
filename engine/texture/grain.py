"""Skin grain of any amount, at any map size.

Noise by octaves, each with an amplitude at its wavelength *on the skin*. It is a function of the place on the head in
millimetres, not of UV: no stretching where the layout is stretched, no seam where it is cut, and a larger map adds
octaves and changes none.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numba import njit

__all__ = ["WAVES_MM", "band_spread", "octave_noise"]

WAVES_MM = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25)
"""Wavelengths at which spectra are given."""

_TILE = 64
_CELLS_PER_WAVE = 2.2
_lattices: dict[int, np.ndarray] = {}


def _lattice() -> np.ndarray:
    """(64, 64, 64) float32 noise that wraps around and has little power below its own octave."""
    if 0 not in _lattices:
        noise = np.random.default_rng(20).standard_normal((_TILE, _TILE, _TILE)).astype(np.float32)
        low = noise
        for axis in range(3):
            low = 0.5 * low + 0.25 * (np.roll(low, 1, axis) + np.roll(low, -1, axis))
        noise = noise - low
        # Interpolation halves the variance of each axis by about a quarter.
        _lattices[0] = np.ascontiguousarray(noise / (noise.std() * 0.55), np.float32)
    return _lattices[0]


def _turn(number: int) -> np.ndarray:
    """(3, 3) a rotation, so that the lattices of two octaves are not parallel."""
    q, r = np.linalg.qr(np.random.default_rng(number).standard_normal((3, 3)))
    return (q * np.sign(np.diag(r))).astype(np.float32)


def octave_noise(place: np.ndarray, density: np.ndarray, spectrum, size: int, seed: int = 0) -> np.ndarray:
    """Zero-mean noise at n texels.

    Args:
        place: (n, 3) mm, on a head that does not depend on the photo.
        density: (n,) texels per mm on a map of side 1.
        spectrum: standard deviations at :data:`WAVES_MM`.
        size: side of the map; octaves that it cannot show fade out.
        seed: another seed, another pattern.

    Returns:
        (n,) float32.
    """
    spread = np.array(list(spectrum), np.float32)
    out = np.zeros(len(place), np.float32)
    if not len(place) or not spread.any():
        return out
    turns = np.stack([_turn(seed * 31 + k) * np.float32(_CELLS_PER_WAVE / wave) for k, wave in enumerate(WAVES_MM)])
    _sum_octaves(np.ascontiguousarray(place, np.float32), np.ascontiguousarray(density, np.float32), float(size),
                 spread, np.array(WAVES_MM, np.float32), turns, _lattice(), out)
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _sum_octaves(place, density, size, spread, waves, turns, lattice, out):
    mask = _TILE - 1
    for i in range(out.shape[0]):
        texels = density[i] * size
        x, y, z = place[i, 0], place[i, 1], place[i, 2]
        total = np.float32(0)
        for k in range(spread.shape[0]):
            shown = waves[k] * texels / np.float32(1.8) - np.float32(1)
            if spread[k] < 1e-5 or shown <= 0:
                continue
            turn = turns[k]
            a = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z
            b = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z
            c = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
            fa, fb, fc = math.floor(a), math.floor(b), math.floor(c)
            ta, tb, tc = np.float32(a - fa), np.float32(b - fb), np.float32(c - fc)
            ta, tb, tc = ta * ta * (3 - 2 * ta), tb * tb * (3 - 2 * tb), tc * tc * (3 - 2 * tc)
            a0, b0, c0 = int(fa) & mask, int(fb) & mask, int(fc) & mask
            a1, b1, c1 = (a0 + 1) & mask, (b0 + 1) & mask, (c0 + 1) & mask
            near = lattice[a0, b0, c0] + tc * (lattice[a0, b0, c1] - lattice[a0, b0, c0])
            far = lattice[a0, b1, c0] + tc * (lattice[a0, b1, c1] - lattice[a0, b1, c0])
            low = near + tb * (far - near)
            near = lattice[a1, b0, c0] + tc * (lattice[a1, b0, c1] - lattice[a1, b0, c0])
            far = lattice[a1, b1, c0] + tc * (lattice[a1, b1, c1] - lattice[a1, b1, c0])
            high = near + tb * (far - near)
            total += spread[k] * min(shown, np.float32(1)) * (low + ta * (high - low))
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

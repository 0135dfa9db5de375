"""Skin grain of any amount, at any map size.

Noise by octaves, each with an amplitude at its wavelength *on the skin*. It is a function of the place on the head in
millimetres, not of UV: no stretching where the layout is stretched, no seam where it is cut, and a larger map adds
octaves and changes none.
"""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit

from ..weights import WAVES_MM, WEIGHTS, NoiseWeights

__all__ = ["band_resolved", "band_spread", "octave_noise"]

_TILE = 64
"""Side of the lattice of noise in cells, a power of two: the kernel masks with 63."""
_MASK = np.uint64(_TILE - 1)
"""That mask, unsigned."""
_lattices: dict[NoiseWeights, np.ndarray] = {}


def _lattice(weights: NoiseWeights) -> np.ndarray:
    """(64, 64, 64) float32 noise that wraps around and has little power below its own octave."""
    if weights not in _lattices:
        noise = np.random.default_rng(weights.seed).standard_normal((_TILE, _TILE, _TILE)).astype(np.float32)
        low = noise
        for axis in range(3):
            low = 0.5 * low + 1 / 4 * (np.roll(low, 1, axis) + np.roll(low, -1, axis))
        noise = noise - low
        # Interpolation halves the variance of each axis by about a quarter.
        _lattices[weights] = np.ascontiguousarray(noise / (noise.std() * weights.interpolated), np.float32)
    return _lattices[weights]


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
    w = WEIGHTS.noise
    turns = np.stack([_turn(seed * w.seeds + k) * np.float32(w.cells / wave) for k, wave in enumerate(WAVES_MM)])
    _sum_octaves(
        np.ascontiguousarray(place, np.float32),
        np.ascontiguousarray(density, np.float32),
        np.float32(size / w.shown_texels),
        spread,
        np.array(WAVES_MM, np.float32),
        turns,
        _lattice(w).ravel(),
        out,
    )
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _sum_octaves(place, density, step, spread, waves, turns, lattice, out):
    one, two, three = np.float32(1), np.float32(2), np.float32(3)
    for i in range(out.shape[0]):
        x, y, z = place[i, 0], place[i, 1], place[i, 2]
        shown = density[i] * step
        total = np.float32(0)
        for k in range(spread.shape[0]):
            fade = waves[k] * shown - one
            if spread[k] < np.float32(1e-5) or fade <= np.float32(0):
                continue
            a = turns[k, 0, 0] * x + turns[k, 0, 1] * y + turns[k, 0, 2] * z
            b = turns[k, 1, 0] * x + turns[k, 1, 1] * y + turns[k, 1, 2] * z
            c = turns[k, 2, 0] * x + turns[k, 2, 1] * y + turns[k, 2, 2] * z
            fa, fb, fc = np.floor(a), np.floor(b), np.floor(c)
            ta, tb, tc = a - fa, b - fb, c - fc
            ta, tb, tc = ta * ta * (three - two * ta), tb * tb * (three - two * tb), tc * tc * (three - two * tc)
            # Unsigned, so that no index is tested for being negative; 64 cells a side.
            ia, ib, ic = np.uint64(np.int64(fa) & 63), np.uint64(np.int64(fb) & 63), np.uint64(np.int64(fc) & 63)
            ja = ((ia + np.uint64(1)) & _MASK) << np.uint64(12)
            jb = ((ib + np.uint64(1)) & _MASK) << np.uint64(6)
            jc = (ic + np.uint64(1)) & _MASK
            ia, ib = ia << np.uint64(12), ib << np.uint64(6)
            p, q = lattice[ia | ib | ic], lattice[ia | jb | ic]
            p += tc * (lattice[ia | ib | jc] - p)
            q += tc * (lattice[ia | jb | jc] - q)
            r, s = lattice[ja | ib | ic], lattice[ja | jb | ic]
            r += tc * (lattice[ja | ib | jc] - r)
            s += tc * (lattice[ja | jb | jc] - s)
            p += tb * (q - p)
            r += tb * (s - r)
            total += spread[k] * min(fade, one) * (p + ta * (r - p))
        out[i] = total


def band_resolved(texels_per_mm: float, weights: NoiseWeights = WEIGHTS.noise) -> np.ndarray:
    """(6,) bool: the octaves of :data:`WAVES_MM` that a map of this resolution can hold."""
    return np.array(WAVES_MM) * texels_per_mm / weights.wave_sigma > weights.least_sigma


def band_spread(
    values: np.ndarray, amount: np.ndarray, texels_per_mm: float, weights: NoiseWeights = WEIGHTS.noise
) -> np.ndarray:
    """Robust standard deviation of an image in the octaves of :data:`WAVES_MM`.

    Args:
        values: (H, W) float32 image.
        amount: (H, W) float32 in [0, 1]: where to measure.
        texels_per_mm: resolution; octaves that it cannot hold are 0.
        weights: how an octave is measured.

    Returns:
        (6,) float32.
    """

    def blur(sigma):
        return cv2.GaussianBlur(values * amount, (0, 0), sigma) / np.maximum(cv2.GaussianBlur(amount, (0, 0), sigma), 1e-3)

    out = np.zeros(len(WAVES_MM), np.float32)
    inside = cv2.erode((amount > weights.inside).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if inside.sum() < weights.least_texels:
        return out
    for k in np.flatnonzero(band_resolved(texels_per_mm, weights)):
        sigma = WAVES_MM[k] * texels_per_mm / weights.wave_sigma
        finer = values if sigma < weights.sharp_sigma else blur(sigma * weights.band[0])
        band = (finer - blur(sigma * weights.band[1]))[inside]
        out[k] = weights.mad_sigma * np.median(np.abs(band - np.median(band)))
    return out

"""Colours of a head as solid textures, compiled with Numba: functions of where a surface point lies on the mean head."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .paint import EYES, HAIR, LASHES, MOUTH, SKIN, TEETH, TONGUE

__all__ = ["beard_share", "brow_share", "hair_share", "noise", "noise_grid", "painted"]


def noise_grid(seed: int, size: int = 48) -> np.ndarray:
    """(size, size, size) float32 in [-1, 1], read with wrap-around."""
    return np.random.default_rng(seed).uniform(-1, 1, (size, size, size)).astype(np.float32)


@njit(cache=True, nogil=True, fastmath=True, forceinline=True)
def noise(grid, x, y, z):
    """Value in [-1, 1] at a place in grid cells, smooth."""
    size = grid.shape[0]
    fx, fy, fz = math.floor(x), math.floor(y), math.floor(z)
    u, v, w = x - fx, y - fy, z - fz
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    i, j, k = int(fx) % size, int(fy) % size, int(fz) % size
    i1, j1, k1 = (i + 1) % size, (j + 1) % size, (k + 1) % size
    a = grid[i, j, k] * (1 - w) + grid[i, j, k1] * w
    b = grid[i, j1, k] * (1 - w) + grid[i, j1, k1] * w
    c = grid[i1, j, k] * (1 - w) + grid[i1, j, k1] * w
    d = grid[i1, j1, k] * (1 - w) + grid[i1, j1, k1] * w
    return (a * (1 - v) + b * v) * (1 - u) + (c * (1 - v) + d * v) * u


@njit(cache=True, nogil=True, fastmath=True, forceinline=True)
def _step(low, high, x):
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@njit(cache=True, nogil=True, fastmath=True, forceinline=True)
def _towards(color, other, amount):
    """`color`, and `amount` of the way to `other`."""
    r, g, b = color
    return r + (other[0] - r) * amount, g + (other[1] - g) * amount, b + (other[2] - b) * amount


@njit(cache=True, nogil=True, fastmath=True, forceinline=True)
def _scaled(color, red, green, blue):
    return color[0] * red, color[1] * green, color[2] * blue


@njit(cache=True, nogil=True, fastmath=True, forceinline=True)
def _brow_distance(x, y, curve, width):
    """Distance to the brow's curve (on the left side, x >= 0) over the half width there."""
    best = 1e9
    for s in range(curve.shape[0] - 1):
        ax, ay, bx, by = curve[s, 0], curve[s, 1], curve[s + 1, 0], curve[s + 1, 1]
        dx, dy = bx - ax, by - ay
        t = min(max(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0.0), 1.0)
        along = (s + t) / (curve.shape[0] - 1)
        half = width * (1.0 - 0.55 * along * along)
        d = math.sqrt((x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2) / half
        best = min(best, d)
    return best


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _marked(color, x, y, z, paint, grid):
    """Skin with freckles, stains, moles and rings under the eyes."""
    seed = paint.seed
    if paint.freckle > 0:
        spot = _step(0.62, 0.75, noise(grid, x / 2.6 + 3, y / 2.6 + seed, z / 2.6)) * paint.freckle
        color = _scaled(color, 1 - 0.5 * spot, 1 - 0.65 * spot, 1 - 0.65 * spot)
    if paint.stain[1] > 0:
        stain = noise(grid, x / 30 + 7, y / 30 + seed, z / 30)
        stain += 0.7 * noise(grid, x / 11 + seed, y / 11, z / 11)
        color = _scaled(color, 1 + paint.stain[0] * stain, 1 + paint.stain[1] * stain, 1 + paint.stain[2] * stain)
    if paint.mole > 0:
        low = 0.97 - 0.1 * paint.mole
        spot = _step(low, 0.99 - 0.1 * paint.mole, noise(grid, x / 4.5 + seed, y / 4.5 + 5, z / 4.5))
        color = _scaled(color, 1 - 0.75 * spot, 1 - 0.85 * spot, 1 - 0.85 * spot)
    if paint.rings > 0 and z > 0:
        spot = paint.rings * math.exp(-((abs(x) - 31) ** 2 / 200 + (y + 13) ** 2 / 60))
        color = _scaled(color, 1 - 0.5 * spot, 1 - 0.6 * spot, 1 - 0.5 * spot)
    return color


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def beard_share(x, y, z, lip, waves, paint, mouth):
    """How much of a place the beard covers."""
    broad, middle, grain = waves
    low = _step(-6, 8, mouth[0] + paint.beard_low - y + 4 * middle) * _step(-30, -15, z) * (1 - lip)
    inside = 1 - _step(38, 55, abs(x) - paint.beard_wide + 0.6 * (y - mouth[0]) + 5 * broad)
    amount = paint.beard * low * max(inside, _step(10, 40, mouth[0] - y)) * (0.8 + 0.4 * grain)
    return min(max(amount, 0.0), 1.0)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def brow_share(x, y, waves, paint, curve):
    """How much of a place the brows cover."""
    _, middle, grain = waves
    across = abs(x) - paint.brow_gap
    bent = paint.brow_arch * (1 - ((across - 30) / 20) ** 2) + paint.brow_tilt * (across - 30)
    distance = _brow_distance(across, y - paint.brow_rise - bent - 0.4 * middle, curve, paint.brow_width)
    rough = 1 + paint.brow_ragged
    return (1 - _step(0.6, 1.25, distance + rough * (0.35 * grain + 0.2 * middle))) * paint.brow_strength


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def hair_share(kind, point, waves, paint):
    """How much of a place the hair of the head covers."""
    if kind == HAIR:
        return 1.0
    broad, middle, grain = waves
    line = point.height - paint.hairline + paint.temple * _step(35, 70, abs(point.x)) + paint.ragged * (1.2 * broad + middle)
    return _step(-1.5, 1.5, line + paint.hair_noise * (broad + 0.6 * middle + 0.5 * grain)) * (1 - point.ear)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _skin(kind, point, waves, paint, grid, curve, mouth):
    """Colour and gloss of skin and hair shell."""
    x, y, z = point.x, point.y, point.z
    broad, middle, grain = waves
    tone = 1 + paint.blotch * broad + 0.6 * paint.blotch * middle + paint.fine * grain
    redness = paint.red_nose * (0.5 + 0.5 * broad) * math.exp(-((abs(x) - 28) ** 2 + (y + 38) ** 2) / 900.0)
    redness += paint.red_nose * math.exp(-(x * x + (y + 38) ** 2) / 300.0) if z > 20 else 0.0
    color = (
        paint.skin[0] * tone * (1 + 0.3 * redness),
        paint.skin[1] * tone * (1 - 0.25 * redness),
        paint.skin[2] * tone * (1 - 0.25 * redness),
    )
    color = _marked(color, x, y, z, paint, grid)
    lip = _step(0.35, 0.65, point.lips + paint.lip_edge + 0.1 * middle) * paint.lip_strength
    color = _towards(color, paint.lip, lip)
    gloss = paint.gloss * (1 + 1.5 * lip)
    beard = beard_share(x, y, z, lip, waves, paint, mouth) if paint.beard > 0 and z > -30 else 0.0
    brow = brow_share(x, y, waves, paint, curve) if z > 10 else 0.0
    hair = hair_share(kind, point, waves, paint)
    if beard != 0 or brow != 0 or hair != 0:
        strand = 1 + 0.3 * noise(grid, x / 0.9 + paint.seed, y / 6, z / 3) + 0.2 * grain
        strands = _scaled(paint.hair, strand, strand, strand)
        color = _towards(color, strands, beard)
        color = _towards(color, _scaled(_towards(paint.hair, paint.brow, paint.brow_paint), strand, strand, strand), brow)
        color = _towards(color, strands, hair)
    return color, gloss * (1 - hair) + paint.hair_gloss * hair


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _eye(point, middle, paint, grid, eye_centres):
    """Colour of pupil, iris and white."""
    side = 0 if point.x < 0 else 1
    x, y, z = point.x - eye_centres[side, 0], point.y - eye_centres[side, 1], point.z - eye_centres[side, 2]
    off = math.sqrt(x * x + y * y)
    if z > 0 and off < paint.iris_radius:
        if off < paint.pupil_radius:
            return 0.01, 0.01, 0.01
        ray = 1 + 0.35 * noise(grid, math.atan2(y, x) * 5 + paint.seed, off / 2.5, 0.0)
        limb = 1 - 0.6 * _step(paint.iris_radius - 1.2, paint.iris_radius, off)
        return paint.iris[0] * ray * limb, paint.iris[1] * ray * limb, paint.iris[2] * ray * limb
    vein = 0.9 + 0.07 * middle
    return 0.68 * vein, 0.62 * vein * vein, 0.58 * vein * vein


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _cloth(broad, paint):
    """Colour and gloss of collar and shoulders."""
    if paint.bare > 0:
        tone = 1 + paint.blotch * broad
        return (paint.skin[0] * tone, paint.skin[1] * tone, paint.skin[2] * tone), paint.gloss
    return (paint.iris[0] + 0.25 * broad * paint.iris[0] + 0.04, paint.iris[2] + 0.03, paint.lip[0]), 0.02


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def painted(kind, point, waves, paint, grid, curve, eye_centres, mouth):
    """Colour of a place, and strength and exponent of its highlight.

    Args:
        kind: material. point: :class:`.paint.Point`. paint: :class:`.paint.Paint`. grid: from :func:`noise_grid`.
        waves: noise at the place that changes over centimetres, over millimetres, and finer.
        curve: (5, 2) brow of the left side on the mean head, x and y in mm. eye_centres: (2, 3) mm on the mean head.
        mouth: (2,) y of the nose's base and of the chin on the mean head.

    Returns:
        (red, green, blue), gloss, shininess.
    """
    broad, middle, _ = waves
    gloss, shine = paint.gloss, paint.shininess
    if kind == SKIN or kind == HAIR:
        color, gloss = _skin(kind, point, waves, paint, grid, curve, mouth)
    elif kind == EYES:
        color, gloss, shine = _eye(point, middle, paint, grid, eye_centres), 0.6, 120.0
    elif kind == TEETH:
        color, gloss = (0.62, 0.56, 0.46), 0.25
    elif kind == TONGUE:
        color = paint.tongue
    elif kind == MOUTH:
        color = (0.16, 0.045, 0.04)
    elif kind == LASHES:
        color = (0.012, 0.012, 0.012)
    else:
        color, gloss = _cloth(broad, paint)
    return color, gloss, shine

"""Per-pixel painting and shading of a head, compiled with Numba.

Colours are solid textures: functions of where a surface point lies on the mean head, so they need no UV layout, move
with the skin, and are as sharp as the picture.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["ATTRIBUTES", "PARAMETERS", "noise_grid", "shade"]

ATTRIBUTES = (
    "nx",
    "ny",
    "nz",
    "px",
    "py",
    "pz",
    "ao",
    "key_seen",
    "fill_seen",
    "ear",
    "lips",
    "height",
    "cx",
    "cy",
    "cz",
    "hair",
    "sky_r",
    "sky_g",
    "sky_b",
)
"""Vertex attributes in order: normal, place on the mean head, ambient occlusion, visibility from the two lamps, ear
and lip weights, height over the hairline's slanted plane in mm, place in camera space (x right, y down, z away), hair
shell, irradiance from a sky whose occlusion is already in it."""

# fmt: off
PARAMETERS = {name: number for number, name in enumerate((
    "skin_r", "skin_g", "skin_b", "blotch", "fine", "red_nose", "brow_width", "brow_rise", "brow_strength", "hair_r",
    "hair_g", "hair_b", "hairline", "hair_noise", "lip_r", "lip_g", "lip_b", "lip_strength", "beard", "beard_low",
    "iris_r", "iris_g", "iris_b", "iris_radius", "pupil_radius", "freckle", "gloss", "shininess", "wrap", "seed",
    "liner", "bump", "key_r", "key_g", "key_b", "fill_r", "fill_g", "fill_b", "hair_gloss", "shadow_red",
    "brow_r", "brow_g", "brow_b", "brow_paint", "brow_gap", "brow_tilt", "brow_arch", "brow_ragged", "lip_edge",
    "stain_r", "stain_g", "stain_b", "mole", "bare", "beard_wide", "rings", "ragged", "temple"))}
# fmt: on
"""Places in the array of paint values. From ``brow_r`` on, 0 means that nothing is changed."""

SKIN, EYES, TEETH, TONGUE, MOUTH, LASHES, CLOTH, HAIR = range(8)


def noise_grid(seed: int, size: int = 48) -> np.ndarray:
    """(size, size, size) float32 in [-1, 1], read with wrap-around."""
    return np.random.default_rng(seed).uniform(-1, 1, (size, size, size)).astype(np.float32)


@njit(cache=True, nogil=True, fastmath=True)
def _noise(grid, x, y, z):
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


@njit(cache=True, nogil=True, fastmath=True)
def _step(low, high, x):
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@njit(cache=True, nogil=True, fastmath=True)
def _brow(x, y, curve, width):
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


@njit(cache=True, nogil=True, fastmath=True)
def shade(triangle, weights, triangles, material, vertex, p, grid, curve, eye_centres, mouth, lights, harmonics, out):
    """Fill `out` (H, W, 3) with linear colours where `triangle` is hit.

    Args:
        triangle, weights: visibility buffer. triangles: (T, 3). material: (T,). vertex: (V, len(ATTRIBUTES)).
        p: values in the order of ``PARAMETERS``. grid: from :func:`noise_grid`.
        curve: (5, 2) brow of the left side on the mean head, x and y in mm. eye_centres: (2, 3) mm on the mean head.
        mouth: (2,) y of the nose's base and of the chin on the mean head.
        lights: (2, 3) unit directions towards the lamps, camera axes. harmonics: (9, 3) irradiance.
    """
    height, width = triangle.shape
    count = vertex.shape[1]
    q = np.empty(count)
    seed = p[29]
    for row in range(height):
        for column in range(width):
            number = triangle[row, column]
            if number < 0:
                continue
            a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
            wa, wb, wc = weights[row, column, 0], weights[row, column, 1], weights[row, column, 2]
            for k in range(count):
                q[k] = wa * vertex[a, k] + wb * vertex[b, k] + wc * vertex[c, k]
            x, y, z = q[3], q[4], q[5]
            kind = material[number]
            length = math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2]) + 1e-12
            nx, ny, nz = q[0] / length, q[1] / length, q[2] / length
            broad = _noise(grid, x / 22 + seed, y / 22, z / 22)
            middle = _noise(grid, x / 6 + seed, y / 6 + 9, z / 6)
            grain = _noise(grid, x / 1.6 + seed, y / 1.6, z / 1.6 + 5)
            if p[31] > 0 and kind != EYES:
                nx += p[31] * (_noise(grid, x / 3 + seed, y / 3, z / 3) + grain)
                ny += p[31] * (_noise(grid, x / 3, y / 3 + seed, z / 3) - grain)
                length = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
                nx, ny, nz = nx / length, ny / length, nz / length
            gloss, shine = p[26], p[27]
            if kind == SKIN or kind == HAIR:
                tone = 1 + p[3] * broad + 0.6 * p[3] * middle + p[4] * grain
                redness = p[5] * (0.5 + 0.5 * broad) * math.exp(-((abs(x) - 28) ** 2 + (y + 38) ** 2) / 900.0)
                redness += p[5] * math.exp(-(x * x + (y + 38) ** 2) / 300.0) if z > 20 else 0.0
                r, g, bl = (
                    p[0] * tone * (1 + 0.3 * redness),
                    p[1] * tone * (1 - 0.25 * redness),
                    p[2] * tone * (1 - 0.25 * redness),
                )
                if p[25] > 0:
                    spot = _step(0.62, 0.75, _noise(grid, x / 2.6 + 3, y / 2.6 + seed, z / 2.6)) * p[25]
                    r, g, bl = r * (1 - 0.5 * spot), g * (1 - 0.65 * spot), bl * (1 - 0.65 * spot)
                if p[50] > 0:
                    stain = _noise(grid, x / 30 + 7, y / 30 + seed, z / 30)
                    stain += 0.7 * _noise(grid, x / 11 + seed, y / 11, z / 11)
                    r, g, bl = r * (1 + p[49] * stain), g * (1 + p[50] * stain), bl * (1 + p[51] * stain)
                if p[52] > 0:
                    spot = _step(0.97 - 0.1 * p[52], 0.99 - 0.1 * p[52], _noise(grid, x / 4.5 + seed, y / 4.5 + 5, z / 4.5))
                    r, g, bl = r * (1 - 0.75 * spot), g * (1 - 0.85 * spot), bl * (1 - 0.85 * spot)
                if p[55] > 0 and z > 0:
                    spot = p[55] * math.exp(-((abs(x) - 31) ** 2 / 200 + (y + 13) ** 2 / 60))
                    r, g, bl = r * (1 - 0.5 * spot), g * (1 - 0.6 * spot), bl * (1 - 0.5 * spot)
                lip = _step(0.35, 0.65, q[10] + p[48] + 0.1 * middle) * p[17]
                r, g, bl = r + (p[14] - r) * lip, g + (p[15] - g) * lip, bl + (p[16] - bl) * lip
                gloss = gloss * (1 + 1.5 * lip)
                strand = 1 + 0.3 * _noise(grid, x / 0.9 + seed, y / 6, z / 3) + 0.2 * grain
                if p[18] > 0 and z > -30:
                    low = _step(-6, 8, mouth[0] + p[19] - y + 4 * middle) * _step(-30, -15, z) * (1 - lip)
                    inside = 1 - _step(38, 55, abs(x) - p[54] + 0.6 * (y - mouth[0]) + 5 * broad)
                    amount = p[18] * low * max(inside, _step(10, 40, mouth[0] - y)) * (0.8 + 0.4 * grain)
                    amount = min(max(amount, 0.0), 1.0)
                    r, g, bl = (
                        r + (p[9] * strand - r) * amount,
                        g + (p[10] * strand - g) * amount,
                        bl + (p[11] * strand - bl) * amount,
                    )
                if z > 10:
                    across = abs(x) - p[44]
                    bent = p[46] * (1 - ((across - 30) / 20) ** 2) + p[45] * (across - 30)
                    d = _brow(across, y - p[7] - bent - 0.4 * middle, curve, p[6])
                    rough = 1 + p[47]
                    amount = (1 - _step(0.6, 1.25, d + rough * (0.35 * grain + 0.2 * middle))) * p[8]
                    br, bg = p[9] + (p[40] - p[9]) * p[43], p[10] + (p[41] - p[10]) * p[43]
                    bb = p[11] + (p[42] - p[11]) * p[43]
                    r, g, bl = r + (br * strand - r) * amount, g + (bg * strand - g) * amount, bl + (bb * strand - bl) * amount
                line = q[11] - p[12] + p[57] * _step(35, 70, abs(x)) + p[56] * (1.2 * broad + middle)
                cap = _step(-1.5, 1.5, line + p[13] * (broad + 0.6 * middle + 0.5 * grain)) * (1 - q[9])
                if kind == HAIR:
                    cap = 1.0
                r, g, bl = r + (p[9] * strand - r) * cap, g + (p[10] * strand - g) * cap, bl + (p[11] * strand - bl) * cap
                gloss = gloss * (1 - cap) + p[38] * cap
            elif kind == EYES:
                side = 0 if x < 0 else 1
                ex, ey, ez = x - eye_centres[side, 0], y - eye_centres[side, 1], z - eye_centres[side, 2]
                off = math.sqrt(ex * ex + ey * ey)
                if ez > 0 and off < p[23]:
                    if off < p[24]:
                        r = g = bl = 0.01
                    else:
                        ray = 1 + 0.35 * _noise(grid, math.atan2(ey, ex) * 5 + seed, off / 2.5, 0.0)
                        limb = 1 - 0.6 * _step(p[23] - 1.2, p[23], off)
                        r, g, bl = p[20] * ray * limb, p[21] * ray * limb, p[22] * ray * limb
                else:
                    vein = 0.9 + 0.07 * middle
                    r, g, bl = 0.68 * vein, 0.62 * vein * vein, 0.58 * vein * vein
                gloss, shine = 0.6, 120.0
            elif kind == TEETH:
                r, g, bl = 0.62, 0.56, 0.46
                gloss = 0.25
            elif kind == TONGUE:
                r, g, bl = 0.38, 0.13, 0.12
            elif kind == MOUTH:
                r, g, bl = 0.16, 0.045, 0.04
            elif kind == LASHES:
                r = g = bl = 0.012
            else:
                r, g, bl = p[20] + 0.25 * broad * p[20] + 0.04, p[22] + 0.03, p[14]
                gloss = 0.02
                if p[53] > 0:
                    r, g, bl = p[0] * (1 + p[3] * broad), p[1] * (1 + p[3] * broad), p[2] * (1 + p[3] * broad)
                    gloss = p[26]
            ao = q[6] if kind != HAIR else 1.0
            if kind == MOUTH or kind == TEETH or kind == TONGUE:
                ao *= 0.55
            # harmonics in camera axes with y up and z towards the camera
            hx, hy, hz = nx, -ny, -nz
            lr = lg = lb = 0.0
            for k in range(9):
                if k == 0:
                    h = 1.0
                elif k == 1:
                    h = hy
                elif k == 2:
                    h = hz
                elif k == 3:
                    h = hx
                elif k == 4:
                    h = hx * hy
                elif k == 5:
                    h = hy * hz
                elif k == 6:
                    h = 3 * hz * hz - 1
                elif k == 7:
                    h = hx * hz
                else:
                    h = hx * hx - hy * hy
                lr += harmonics[k, 0] * h
                lg += harmonics[k, 1] * h
                lb += harmonics[k, 2] * h
            lr, lg, lb = max(lr, 0.0) * ao + q[16], max(lg, 0.0) * ao + q[17], max(lb, 0.0) * ao + q[18]
            away = math.sqrt(q[12] * q[12] + q[13] * q[13] + q[14] * q[14])
            vx, vy, vz = -q[12] / away, -q[13] / away, -q[14] / away
            spec_r = spec_g = spec_b = 0.0
            for lamp in range(2):
                dx, dy, dz = lights[lamp, 0], lights[lamp, 1], lights[lamp, 2]
                cosine = nx * dx + ny * dy + nz * dz
                wrap = p[28] if kind == SKIN else 0.0
                seen = q[7 + lamp]
                lit = max((cosine + wrap) / (1 + wrap), 0.0) * seen
                soft = max((cosine + wrap + 0.15) / (1.15 + wrap), 0.0) * (seen + (1 - seen) * seen * p[39])
                o = 32 + 3 * lamp
                lr += p[o] * (lit + (soft - lit) * p[39])
                lg += p[o + 1] * lit
                lb += p[o + 2] * lit
                mx, my, mz = dx + vx, dy + vy, dz + vz
                half = math.sqrt(mx * mx + my * my + mz * mz) + 1e-9
                peak = max((nx * mx + ny * my + nz * mz) / half, 0.0)
                facing = max(nx * vx + ny * vy + nz * vz, 0.0)
                fresnel = 0.25 + 0.75 * (1 - facing) ** 3
                value = gloss * seen * peak**shine * (1.0 if cosine > 0 else 0.0) * (0.4 + fresnel)
                spec_r += p[o] * value
                spec_g += p[o + 1] * value
                spec_b += p[o + 2] * value
            out[row, column, 0] = max(r, 0.0) * lr + spec_r
            out[row, column, 1] = max(g, 0.0) * lg + spec_g
            out[row, column, 2] = max(bl, 0.0) * lb + spec_b

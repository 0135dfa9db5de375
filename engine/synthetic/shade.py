"""Per-pixel painting and shading of a head, compiled with Numba.

Colours are solid textures (:mod:`.skin_paint`): functions of where a surface point lies on the mean head, so they need no UV
layout, move with the skin, and are as sharp as the picture.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .paint import EYES, HAIR, MOUTH, SKIN, TEETH, TONGUE, Point
from .skin_paint import noise, painted

__all__ = ["point_at", "shade"]


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def point_at(values, vertex, corners, weights):
    """What the place in a triangle carries; `values` is room for it."""
    a, b, c = corners
    wa, wb, wc = weights
    for k in range(len(values)):
        values[k] = wa * vertex[a, k] + wb * vertex[b, k] + wc * vertex[c, k]
    # fmt: off
    return Point(
        values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7], values[8], values[9], values[10],
        values[11], values[12], values[13], values[14], values[15], values[16], values[17],
    )
    # fmt: on


@njit(cache=True, nogil=True, fastmath=True, forceinline=True)
def _unit(x, y, z):
    length = math.sqrt(x * x + y * y + z * z) + 1e-12
    return x / length, y / length, z / length


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _roughened(normal, point, grain, paint, grid):
    """The normal, tilted by fine relief."""
    x, y, z, seed = point.x, point.y, point.z, paint.seed
    nx, ny, nz = normal
    nx += paint.bump * (noise(grid, x / 3 + seed, y / 3, z / 3) + grain)
    ny += paint.bump * (noise(grid, x / 3, y / 3 + seed, z / 3) - grain)
    return _unit(nx, ny, nz)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _ambient(kind, normal, point, harmonics):
    """(red, green, blue) irradiance from the surroundings."""
    open_ = point.open if kind != HAIR else 1.0
    if kind == MOUTH or kind == TEETH or kind == TONGUE:
        open_ *= 0.55
    # harmonics in camera axes with y up and z towards the camera
    x, y, z = normal[0], -normal[1], -normal[2]
    red = green = blue = 0.0
    for k in range(9):
        if k == 0:
            h = 1.0
        elif k == 1:
            h = y
        elif k == 2:
            h = z
        elif k == 3:
            h = x
        elif k == 4:
            h = x * y
        elif k == 5:
            h = y * z
        elif k == 6:
            h = 3 * z * z - 1
        elif k == 7:
            h = x * z
        else:
            h = x * x - y * y
        red += harmonics[k, 0] * h
        green += harmonics[k, 1] * h
        blue += harmonics[k, 2] * h
    return (
        max(red, 0.0) * open_ + point.sky_red,
        max(green, 0.0) * open_ + point.sky_green,
        max(blue, 0.0) * open_ + point.sky_blue,
    )


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _lamp(kind, normal, view, gloss, shine, paint, towards, seen):
    """What one lamp of radiance 1 gives: diffuse light of red and of the other channels, and the highlight.

    Light goes some way through skin, and red goes furthest: the borders of shadows are soft and red.
    """
    nx, ny, nz = normal
    vx, vy, vz = view
    dx, dy, dz = towards[0], towards[1], towards[2]
    cosine = nx * dx + ny * dy + nz * dz
    wrap = paint.wrap if kind == SKIN else 0.0
    lit = max((cosine + wrap) / (1 + wrap), 0.0) * seen
    soft = max((cosine + wrap + 0.15) / (1.15 + wrap), 0.0) * (seen + (1 - seen) * seen * paint.shadow_red)
    highlight = 0.0
    if cosine > 0 and seen != 0:
        mx, my, mz = dx + vx, dy + vy, dz + vz
        half = math.sqrt(mx * mx + my * my + mz * mz) + 1e-9
        peak = max((nx * mx + ny * my + nz * mz) / half, 0.0)
        facing = max(nx * vx + ny * vy + nz * vz, 0.0)
        fresnel = 0.25 + 0.75 * (1 - facing) ** 3
        highlight = gloss * seen * peak**shine * (0.4 + fresnel)
    return lit + (soft - lit) * paint.shadow_red, lit, highlight


@njit(cache=True, nogil=True, fastmath=True)
def shade(triangle, weights, triangles, material, vertex, paint, grid, curve, eye_centres, mouth, lights, harmonics, out):
    """Fill `out` (H, W, 3) with linear colours where `triangle` is hit.

    Args:
        triangle, weights: visibility buffer. triangles: (T, 3). material: (T,). vertex: (V, ...), see :class:`.paint.Column`.
        paint: :class:`.paint.Paint`. grid, curve, eye_centres, mouth: see :func:`.skin_paint.painted`.
        lights: (2, 3) unit directions towards the lamps, camera axes. harmonics: (9, 3) irradiance.
    """
    height, width = triangle.shape
    values = np.empty(vertex.shape[1])
    seed, key, fill = paint.seed, paint.key, paint.fill
    towards_key = (lights[0, 0], lights[0, 1], lights[0, 2])
    towards_fill = (lights[1, 0], lights[1, 1], lights[1, 2])
    for row in range(height):
        for column in range(width):
            number = triangle[row, column]
            if number < 0:
                continue
            kind = material[number]
            corners = (triangles[number, 0], triangles[number, 1], triangles[number, 2])
            shares = (weights[row, column, 0], weights[row, column, 1], weights[row, column, 2])
            point = point_at(values, vertex, corners, shares)
            x, y, z = point.x, point.y, point.z
            broad = noise(grid, x / 22 + seed, y / 22, z / 22)
            middle = noise(grid, x / 6 + seed, y / 6 + 9, z / 6)
            grain = noise(grid, x / 1.6 + seed, y / 1.6, z / 1.6 + 5)
            normal = _unit(point.nx, point.ny, point.nz)
            if paint.bump > 0 and kind != EYES:
                normal = _roughened(normal, point, grain, paint, grid)
            color, gloss, shine = painted(kind, point, (broad, middle, grain), paint, grid, curve, eye_centres, mouth)
            red, green, blue = _ambient(kind, normal, point, harmonics)
            away = math.sqrt(point.camera_x**2 + point.camera_y**2 + point.camera_z**2)
            view = (-point.camera_x / away, -point.camera_y / away, -point.camera_z / away)
            first = _lamp(kind, normal, view, gloss, shine, paint, towards_key, point.key_seen)
            second = _lamp(kind, normal, view, gloss, shine, paint, towards_fill, point.fill_seen)
            red += key[0] * first[0] + fill[0] * second[0]
            green += key[1] * first[1] + fill[1] * second[1]
            blue += key[2] * first[1] + fill[2] * second[1]
            out[row, column, 0] = max(color[0], 0.0) * red + key[0] * first[2] + fill[0] * second[2]
            out[row, column, 1] = max(color[1], 0.0) * green + key[1] * first[2] + fill[1] * second[2]
            out[row, column, 2] = max(color[2], 0.0) * blue + key[2] * first[2] + fill[2] * second[2]

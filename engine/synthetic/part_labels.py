"""The part of a person that each pixel of a painted head shows, and noise for whole arrays; compiled with Numba."""

from __future__ import annotations

import numpy as np
from numba import njit

from .paint import EYES, LASHES, MOUTH, SKIN, TEETH, TONGUE
from .parts import Part
from .shade import point_at
from .skin_paint import beard_share, brow_share, hair_share, noise

__all__ = ["beard_shares", "label_head", "noise_at"]

_BROWS = Part.BROWS
_BEARD = Part.BEARD
_EYES = Part.EYES
_LIPS = Part.LIPS
_SKIN = Part.SKIN
_HAIR = Part.HAIR
_LEAST = 0.38
"""Share of painted brow or beard from which on a pixel is no longer skin."""


@njit(cache=True, nogil=True, fastmath=True)
def label_head(triangle, weights, triangles, material, vertex, paint, grid, curve, mouth, dense, out):
    """Fill `out` (H, W) uint8 with labels where `triangle` is hit.

    Args:
        triangle, weights, triangles, material, vertex, paint, grid, curve, mouth: as in :func:`.shade.shade`.
        dense: whether painted hair of the scalp looks like hair.
    """
    height, width = triangle.shape
    values = np.empty(vertex.shape[1])
    for row in range(height):
        for column in range(width):
            number = triangle[row, column]
            if number < 0:
                continue
            kind = material[number]
            label = _SKIN
            if kind == EYES or kind == LASHES:
                label = _EYES
            elif kind == TEETH or kind == TONGUE or kind == MOUTH:
                label = _LIPS
            elif kind == SKIN:
                corners = (triangles[number, 0], triangles[number, 1], triangles[number, 2])
                shares = (weights[row, column, 0], weights[row, column, 1], weights[row, column, 2])
                point = point_at(values, vertex, corners, shares)
                x, y, z, seed = point.x, point.y, point.z, paint.seed
                broad = noise(grid, x / 22 + seed, y / 22, z / 22)
                middle = noise(grid, x / 6 + seed, y / 6 + 9, z / 6)
                if point.lips > 0.5:
                    label = _LIPS
                elif dense and hair_share(kind, point, (broad, middle, 0.0), paint) > 0.5:
                    label = _HAIR
                elif z > 10 and brow_share(x, y, (broad, middle, 0.0), paint, curve) > _LEAST:
                    label = _BROWS
                elif paint.beard > 0 and z > -30 and beard_share(x, y, z, 0.0, (broad, middle, 0.0), paint, mouth) > _LEAST:
                    label = _BEARD
            out[row, column] = label


@njit(cache=True, nogil=True, fastmath=True)
def beard_shares(places, lips, paint, grid, mouth):
    """(N,) how much of the places (N, 3) of the mean head, with part weights (N,) of the lips, the painted beard covers."""
    out = np.zeros(len(places))
    for number in range(len(places)):
        x, y, z = places[number]
        if z > -30:
            broad = noise(grid, x / 22 + paint.seed, y / 22, z / 22)
            middle = noise(grid, x / 6 + paint.seed, y / 6 + 9, z / 6)
            out[number] = beard_share(x, y, z, min(1.0, 2 * lips[number]), (broad, middle, 0.0), paint, mouth)
    return out


@njit(cache=True, nogil=True, fastmath=True)
def noise_at(grid, places):
    """(N,) in [-1, 1] at places (N, 3) in grid cells."""
    out = np.empty(len(places), np.float32)
    for number in range(len(places)):
        out[number] = noise(grid, places[number, 0], places[number, 1], places[number, 2])
    return out

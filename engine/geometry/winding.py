"""Whether places lie inside of a surface, openings notwithstanding."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["enclosed"]


@njit(cache=True, nogil=True)
def enclosed(places, vertices, triangles):
    """The surface winds around a place more than half: it also tells where the nearest point's normal misleads, as behind the rim
    of an ear.

    Solid angles after van Oosterom and Strackee, IEEE Transactions on Biomedical Engineering 1983; Jacobson, Kavan and
    Sorkine-Hornung, "Robust Inside-Outside Segmentation using Generalized Winding Numbers", SIGGRAPH 2013.

    Args:
        places: (n, 3) float64. vertices: (V, 3) float64. triangles: (T, 3), counter-clockwise seen from outside.

    Returns:
        (n,) bool.
    """
    inside = np.zeros(len(places), np.bool_)
    for n in range(len(places)):
        x, y, z = places[n, 0], places[n, 1], places[n, 2]
        total = 0.0
        for t in range(len(triangles)):
            i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            ax, ay, az = vertices[i, 0] - x, vertices[i, 1] - y, vertices[i, 2] - z
            bx, by, bz = vertices[j, 0] - x, vertices[j, 1] - y, vertices[j, 2] - z
            cx, cy, cz = vertices[k, 0] - x, vertices[k, 1] - y, vertices[k, 2] - z
            la = (ax * ax + ay * ay + az * az) ** 0.5
            lb = (bx * bx + by * by + bz * bz) ** 0.5
            lc = (cx * cx + cy * cy + cz * cz) ** 0.5
            volume = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
            rest = la * lb * lc + (ax * bx + ay * by + az * bz) * lc
            rest += (bx * cx + by * cy + bz * cz) * la + (cx * ax + cy * ay + cz * az) * lb
            total += 2 * np.arctan2(volume, rest)
        inside[n] = total > 2 * np.pi
    return inside

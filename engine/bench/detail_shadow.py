"""Shadows that what a picture shows casts on itself nearby: of folds, which shadow maps of whole heads are too coarse for."""

from __future__ import annotations

import numpy as np
from numba import njit

from ..camera import Camera

__all__ = ["shadows_nearby"]


def shadows_nearby(camera: Camera, depth: np.ndarray, place: np.ndarray, direction: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(n,) share of a far lamp that places on the surface get past what lies within a centimetre.

    Args:
        depth: (H, W) mm of all that the camera sees, far where there is nothing. place: (n, 3) mm, camera axes.
        direction: (3,) towards the lamp, camera axes. seen: (n,) bool: the others get nothing.
    """
    free = seen.astype(np.float32)
    eye = np.array([camera.fx, camera.fy, camera.cx, camera.cy])
    _march(place.astype(np.float32), np.asarray(direction, np.float32), depth.astype(np.float32), eye, free)
    return free


@njit(cache=True, nogil=True)
def _march(place, direction, depth, eye, free):
    """Lower `free` (n,) by how deep rays dip below the surface, in growing steps."""
    height, width = depth.shape
    for i in range(place.shape[0]):
        left, t = free[i], 0.4
        while t < 12.0 and left > 0:
            x, y, z = place[i, 0] + t * direction[0], place[i, 1] + t * direction[1], place[i, 2] + t * direction[2]
            u, v = eye[0] * x / z + eye[2] - 0.5, eye[1] * y / z + eye[3] - 0.5
            if u < 0 or v < 0 or u >= width - 1 or v >= height - 1:
                break
            c, r = int(u), int(v)
            a, b = u - c, v - r
            there = (depth[r, c] * (1 - a) + depth[r, c + 1] * a) * (1 - b)
            there += (depth[r + 1, c] * (1 - a) + depth[r + 1, c + 1] * a) * b
            behind = z - there
            if 0 < behind < 6.0:
                left = min(left, max(0.0, 1 - (behind - 0.01) / (0.02 + 0.03 * t)))
            t *= 1.3
        free[i] = left

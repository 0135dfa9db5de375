"""Where points appear in the picture, and how that changes with the points and with the pose."""

from __future__ import annotations

import numpy as np

from ...camera import Camera

__all__ = ["projection"]


def projection(camera: Camera, points: np.ndarray, mm_per_px: float | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linearised perspective of a camera with square pixels.

    Args:
        points: (n, 3) model space, mm.
        mm_per_px: scale of the picture plane in which derivatives are given, one or (n,).

    Returns:
        (n, 2) pixels; (n, 2, 3) derivative of ``pixels * mm_per_px`` by camera coordinates; (n, 3, 3) derivative of
        camera coordinates by a turn of the head about the model's origin.
    """
    at = camera.to_camera(points)
    pixels = at[:, :2] / at[:, 2:] * camera.fx + [camera.cx, camera.cy]
    gain = camera.fx * mm_per_px / at[:, 2]
    project = np.zeros((len(at), 2, 3))
    project[:, 0, 0] = project[:, 1, 1] = gain
    project[:, :, 2] = -gain[:, None] * at[:, :2] / at[:, 2:]
    rotated = at - camera.t
    turn = np.zeros((len(at), 3, 3))
    turn[:, 0, 1], turn[:, 0, 2], turn[:, 1, 2] = rotated[:, 2], -rotated[:, 1], rotated[:, 0]
    turn -= turn.transpose(0, 2, 1)
    return pixels, project, turn

"""Pinhole cameras in the OpenCV convention.

Camera axes: x right, y down, z into the scene. Pixels: x right, y down, the centre of the top-left pixel is
(0.5, 0.5). World: the engine's model space (millimetres, x to the subject's left, y up, z out of the face).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Camera", "orbit_camera"]


@dataclass(frozen=True)
class Camera:
    """``x_cam = R @ X + t``; ``pixel = (fx x/z + cx, fy y/z + cy)``."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    R: np.ndarray
    """(3, 3) rotation from model to camera axes."""
    t: np.ndarray
    """(3,) translation in mm."""

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) model points in mm -> (..., 3) camera coordinates in mm."""
        return points @ self.R.T + self.t

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(..., 3) model points in mm -> (..., 2) pixels and (...) depths in mm."""
        camera = self.to_camera(points)
        depth = camera[..., 2]
        scale = np.array([self.fx, self.fy], camera.dtype)
        centre = np.array([self.cx, self.cy], camera.dtype)
        return camera[..., :2] / depth[..., None] * scale + centre, depth

    @property
    def position(self) -> np.ndarray:
        """(3,) centre of projection in model space, mm."""
        return -self.R.T @ self.t

    @property
    def yaw_degrees(self) -> float:
        """How far the head is turned away from the camera, positive when its left side shows."""
        towards = np.asarray(self.position, float)
        return float(np.degrees(np.arctan2(towards[0], towards[2])))

    def scaled(self, factor: float) -> Camera:
        """The same camera for the photo resized by `factor` (size rounded to whole pixels)."""
        return replace(
            self,
            width=max(1, round(self.width * factor)),
            height=max(1, round(self.height * factor)),
            fx=self.fx * factor,
            fy=self.fy * factor,
            cx=self.cx * factor,
            cy=self.cy * factor,
        )

    def cropped(self, x0: int, y0: int, width: int, height: int) -> Camera:
        """The same camera for the window of the photo that starts at pixel corner (x0, y0)."""
        return replace(self, width=width, height=height, cx=self.cx - x0, cy=self.cy - y0)


def orbit_camera(
    vertices: np.ndarray,
    yaw: float,
    pitch: float = 0.0,
    *,
    width: int = 512,
    height: int = 512,
    focal: float = 5.0,
    fill: float = 0.9,
) -> Camera:
    """A camera that looks at the whole head.

    Args:
        vertices: (N, 3) mm.
        yaw: degrees; positive shows the subject's left side.
        pitch: degrees; positive looks from above.
        width, height: pixels.
        focal: focal length in picture heights.
        fill: share of the picture that the head takes.
    """
    low, high = vertices.min(0), vertices.max(0)
    centre = (low + high) / 2
    a, b = np.radians([yaw, pitch])
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    tilt = np.array([[1, 0, 0], [0, np.cos(b), np.sin(-b)], [0, np.sin(b), np.cos(b)]])
    rotation = np.diag([1.0, -1.0, -1.0]) @ tilt @ turn
    turned = (vertices - centre) @ rotation.T
    extent = max(np.ptp(turned[:, 1]) / height, np.ptp(turned[:, 0]) / width) * height
    distance = focal * extent / fill
    return Camera(
        width,
        height,
        focal * height,
        focal * height,
        width / 2,
        height / 2,
        rotation,
        np.array([0, 0, distance]) - rotation @ centre,
    )

"""Pinhole cameras in the OpenCV convention.

Camera axes: x right, y down, z into the scene. Pixels: x right, y down, the centre of the top-left pixel is
(0.5, 0.5). World: the engine's model space (millimetres, x to the subject's left, y up, z out of the face).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Camera"]


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

    def scaled(self, factor: float) -> "Camera":
        """The same camera for the photo resized by `factor` (size rounded to whole pixels)."""
        return replace(self, width=max(1, round(self.width * factor)), height=max(1, round(self.height * factor)),
                       fx=self.fx * factor, fy=self.fy * factor, cx=self.cx * factor, cy=self.cy * factor)

    def cropped(self, x0: int, y0: int, width: int, height: int) -> "Camera":
        """The same camera for the window of the photo that starts at pixel corner (x0, y0)."""
        return replace(self, width=width, height=height, cx=self.cx - x0, cy=self.cy - y0)

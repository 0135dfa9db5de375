"""The camera of a photo: what it sees where. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["PhotoCamera", "look_along", "project"]


@dataclass(frozen=True)
class PhotoCamera:
    """The camera of one photo: OpenCV intrinsics in pixels, pose in Blender's axes with the head's origin at zero."""

    number: int
    """Number of the photo, from 0. Photos that were left out have no camera, so numbers may be missing."""
    name: str
    """Name of the user's file."""
    expression: tuple[float, ...]
    """The face in this photo, for the shape keys in their order; empty where the bundle does not tell photos apart."""
    share: float | None
    """How much of the head comes from this photo, 0 to 1, where the bundle says so."""
    photo: Path | None
    """The picture in the bundle; None where it has none, or where a camera is read back from the scene."""
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    rotation: np.ndarray
    """(3, 3): columns are Blender's camera axes (right, up, backwards) in object space."""
    location: np.ndarray
    """(3,) metres."""


def project(points: np.ndarray, eye: PhotoCamera) -> tuple[np.ndarray, np.ndarray]:
    """Where a photo shows points.

    Args:
        points: (..., 3) metres in the head's object space.

    Returns:
        (..., 2) pixels from the photo's upper left corner, and (...) metres in front of the camera.
    """
    seen = (points - eye.location) @ eye.rotation
    depth = -seen[..., 2]
    safe = np.where(np.abs(depth) < 1e-9, 1e-9, depth)
    return np.stack([eye.cx + eye.fx * seen[..., 0] / safe, eye.cy - eye.fy * seen[..., 1] / safe], -1), depth


def look_along(pixel: np.ndarray, depth: np.ndarray | float, eye: PhotoCamera) -> np.ndarray:
    """(..., 3) the points at these (...) depths that a photo shows at these (..., 2) pixels: :func:`project` backwards."""
    depth = np.asarray(depth, np.float64)
    right = (np.asarray(pixel)[..., 0] - eye.cx) / eye.fx * depth
    up = (eye.cy - np.asarray(pixel)[..., 1]) / eye.fy * depth
    return np.stack([right, up, -depth], -1) @ eye.rotation.T + eye.location

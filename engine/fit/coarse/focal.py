"""Focal length and first pose of a photo from its landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from ...camera import Camera
from ...photo.exif import FILM_DIAGONAL_MM
from ...types import Photo
from ...wire.settings import Settings
from .weights import WEIGHTS

__all__ = ["choose_focal", "first_camera"]


def choose_focal(
    photo: Photo,
    settings: Settings,
    px_per_mm: float,
    distance_mm: float = WEIGHTS.distance_mm,
    measured_mm: float | None = None,
) -> tuple[float, str]:
    """Focal length in pixels of `photo` and where it comes from: ``user``, ``exif``, ``depth`` or ``estimated``.

    Args:
        px_per_mm: size of the face in the photo.
        distance_mm: how far the camera is believed to be when neither the user nor the file says.
        measured_mm: how far a phone measured it to be.
    """
    if settings.focal_px is not None:
        return float(settings.focal_px) * photo.scale, "user"
    if settings.focal_mm is not None:
        return float(settings.focal_mm) / FILM_DIAGONAL_MM * float(np.hypot(*photo.size)), "user"
    if photo.focal_px is not None and photo.focal_px > 0:
        return float(photo.focal_px), "exif"
    if measured_mm is not None:
        return float(measured_mm * px_per_mm), "depth"
    return float(distance_mm * px_per_mm), "estimated"


def first_camera(points: np.ndarray, pixels: np.ndarray, size: tuple[int, int], focal: float) -> Camera:
    """Pose of rigid `points` (L, 3) mm seen at `pixels` (L, 2), by SQPnP; straight ahead where they tell none."""
    width, height = size
    matrix = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    try:
        found, rotation, translation = cv2.solvePnP(
            np.ascontiguousarray(points, np.float64),
            np.ascontiguousarray(pixels, np.float64),
            matrix,
            None,
            flags=cv2.SOLVEPNP_SQPNP,
        )
    except cv2.error:  # All in one place: no face.
        found = False
    R = cv2.Rodrigues(rotation)[0] if found else np.diag([1.0, -1.0, -1.0])
    t = translation.ravel() if found else np.array([0, 0, WEIGHTS.distance_mm])
    return Camera(width, height, focal, focal, width / 2, height / 2, R, t)

"""The one place where the references' frames become the engine's: decimetres to millimetres, crop to photo.

The engine's model space has its origin midway between the mean head's eyeball centres; the Basel face has no eyeballs,
so their centres are taken 12 mm behind the middle of the lids.
"""

from __future__ import annotations

import numpy as np

from ...camera import Camera
from .alignment import CROP_SIZE, CropWindow
from .camera import ALIGNED_CAMERA, CropCamera
from .model import FaceModel

__all__ = ["LANDMARK_OFFSET", "camera_over_photo", "eye_origin", "to_engine"]

_EYE_RADIUS = 0.12
"""Distance from the surface between the lids to the centre of the eyeball, decimetres."""
_MILLIMETRES = 100.0
"""Millimetres per decimetre, the unit of the references."""
LANDMARK_OFFSET = 0.5
"""The references render with pixel centres at half numbers but compare landmarks with whole numbers at pixel centres;
their landmarks lie this many pixels further right and up in crop pixels."""


def eye_origin(model: FaceModel) -> np.ndarray:
    """(3,) float64 decimetres: where the engine's origin lies in the space of `model`."""
    mean = model.mean.reshape(-1, 3).double().cpu().numpy()
    lids = mean[model.keypoints[36:48].cpu().numpy()]
    origin = (lids[:6].mean(0) + lids[6:].mean(0)) / 2
    return origin - np.array([0, 0, _EYE_RADIUS])


def to_engine(points: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """(..., 3) unposed vertices in decimetres -> float32 millimetres in the engine's model space."""
    return ((np.asarray(points, np.float64) - origin) * _MILLIMETRES).astype(np.float32)


def camera_over_photo(
    rotation: np.ndarray,
    translation: np.ndarray,
    window: CropWindow,
    origin: np.ndarray,
    *,
    camera: CropCamera = ALIGNED_CAMERA,
    follow: str = "picture",
) -> Camera:
    """The crop's camera as a camera over the whole, uncropped photo.

    The crop's truncated size and offsets are taken as they were used on the picture, so a point that the reference
    renders at some place of the crop lies at the very same place of the photo. The resize is not exactly uniform
    (truncated sizes), hence ``fx`` and ``fy`` differ by up to a part in the photo's resized size.

    Args:
        rotation: (3, 3), acts on columns of unposed points.
        translation: (3,) decimetres.
        window: the crop.
        origin: from :func:`eye_origin`.
        camera: of the method.
        follow: ``"picture"``: where renderings lie; ``"landmarks"``: where the landmark loss saw them, half a crop
            pixel further right and up, see :data:`LANDMARK_OFFSET`.

    Returns:
        A camera whose ``project`` of :func:`to_engine` points gives photo pixels (centre of the first at 0.5).

    Raises:
        ValueError: unknown `follow`.
    """
    if follow not in ("picture", "landmarks"):
        raise ValueError(f"follow is {follow!r}, expected 'picture' or 'landmarks'")
    rotation, translation = np.asarray(rotation, np.float64), np.asarray(translation, np.float64)
    turn = np.diag([1.0, -1.0, -1.0])
    shifted = turn @ (rotation @ origin + translation) + np.array([0, 0, camera.distance])
    shift = LANDMARK_OFFSET if follow == "landmarks" else 0.0
    crop_scale = window.size / CROP_SIZE
    centre_x = (camera.centre + shift) * crop_scale + window.left
    # Landmarks: row 223 - y of a pixel centre, so the continuous row is 223.5 - y; renderings: 224 - y.
    centre_y = (CROP_SIZE - camera.centre - shift) * crop_scale + window.up
    per_x, per_y = window.width / window.resized[0], window.height / window.resized[1]
    return Camera(
        window.width,
        window.height,
        fx=camera.focal * crop_scale * per_x,
        fy=camera.focal * crop_scale * per_y,
        cx=centre_x * per_x,
        cy=centre_y * per_y,
        R=turn @ rotation,
        t=shifted * _MILLIMETRES,
    )

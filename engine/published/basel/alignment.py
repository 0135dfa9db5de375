"""Aligning a photo to the fixed camera: similarity crops and the way back to the photo.

Landmark coordinates in here have y **up** (``y_up = height - 1 - y_down``), as the references keep them. The crop is
made with truncated sizes and offsets, the landmarks are moved without truncation; both are kept, so that crops are
the published ones, and :class:`CropWindow` holds the exact relation of crop pixels and photo pixels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import say

__all__ = [
    "CROP_SIZE",
    "CropWindow",
    "MAX_RESIZED_SIDE",
    "RESCALE",
    "Similarity",
    "align",
    "crop",
    "crop_pixels_to_photo",
    "crop_window",
    "estimate_similarity",
    "five_points",
    "flip_y",
    "to_crop",
    "to_photo",
]

CROP_SIZE = 224
"""Side of the aligned crop that the networks see, pixels, as published."""
RESCALE = 102.0
"""Size of the aligned face: crop pixels per decimetre of the landmark template."""
MAX_RESIZED_SIDE = 30000
"""A photo that would be enlarged beyond this to make a crop holds a face of less than a few pixels."""


class Similarity(NamedTuple):
    """Scale and translation that take the template to the photo's landmarks (y up)."""

    scale: float
    """Photo pixels per template unit."""
    tx: float
    ty: float


class CropWindow(NamedTuple):
    """How a crop was cut: the photo was resized to `resized` pixels, and the crop starts at pixel (left, up)."""

    width: int
    """Width of the photo in pixels."""
    height: int
    size: int
    """Side of the crop in pixels."""
    scale: float
    """Crop pixels per photo pixel, before truncation."""
    tx: float
    ty: float
    resized: tuple[int, int]
    """Width and height of the resized photo."""
    left: int
    up: int

    @property
    def params(self) -> np.ndarray:
        """(5,) photo width, height, scale, tx, ty: what the references call transform parameters."""
        return np.array([self.width, self.height, self.scale, self.tx, self.ty])


def five_points(landmarks: np.ndarray) -> np.ndarray:
    """(68, C) landmarks -> (5, C): eyes, nose tip, mouth corners; the viewer's left before right."""
    left_eye, right_eye = landmarks[[36, 39]].mean(0), landmarks[[42, 45]].mean(0)
    return np.stack([left_eye, right_eye, landmarks[30], landmarks[48], landmarks[54]])


def flip_y(points: np.ndarray, height: int) -> np.ndarray:
    """(..., 2) pixels between y down and y up of a picture of `height` rows."""
    out = np.array(points, copy=True)
    out[..., 1] = height - 1 - out[..., 1]
    return out


def estimate_similarity(points: np.ndarray, template: np.ndarray) -> Similarity:
    """Scaled orthography by least squares (POS).

    Args:
        points: (n, 2) photo landmarks, y up.
        template: (n, 3) the same points of the template face.

    Raises:
        HrnError: NO_FACE when the points are degenerate.
    """
    count = len(points)
    system, target = np.zeros((2 * count, 8)), np.asarray(points, np.float64).reshape(-1)
    system[0::2, :3], system[0::2, 3] = template, 1
    system[1::2, 4:7], system[1::2, 7] = template, 1
    solution = np.linalg.lstsq(system, target, rcond=None)[0]
    scale = (np.linalg.norm(solution[:3]) + np.linalg.norm(solution[4:7])) / 2
    if not np.isfinite(scale) or scale < 1e-6:
        raise HrnError(ErrorCode.NO_FACE, "All landmarks of the face lie in one point.")
    return Similarity(float(scale), float(solution[3]), float(solution[7]))


def crop_window(
    width: int, height: int, similarity: Similarity, *, size: int = CROP_SIZE, rescale: float = RESCALE
) -> CropWindow:
    """Where the aligned crop lies in a photo.

    Args:
        width, height: of the photo.
        similarity: from :func:`estimate_similarity`.
        size: side of the crop.
        rescale: crop pixels per template unit; 102 for 224 pixels.

    Raises:
        HrnError: FACE_TOO_SMALL when the photo would have to be enlarged beyond reason.
    """
    scale = rescale / similarity.scale
    resized = int(width * scale), int(height * scale)
    if max(resized) > MAX_RESIZED_SIDE or min(resized) < 1:
        raise HrnError(
            ErrorCode.FACE_TOO_SMALL,
            say(
                "The face has only about {scale:.1f} pixels per decimetre in a photo of {width} × {height} pixels.",
                scale=similarity.scale,
                width=width,
                height=height,
            ),
        )
    left = int(resized[0] / 2 - size / 2 + (similarity.tx - width / 2) * scale)
    up = int(resized[1] / 2 - size / 2 + (height / 2 - similarity.ty) * scale)
    return CropWindow(width, height, size, scale, similarity.tx, similarity.ty, resized, left, up)


def crop(image: np.ndarray | Image.Image, window: CropWindow, resample=Image.Resampling.BICUBIC) -> np.ndarray:
    """(H, W, 3) uint8 (or (H, W)) photo -> crop of `window`, black outside; Pillow's antialiased resize."""
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture = picture.resize(window.resized, resample=resample)
    box = (window.left, window.up, window.left + window.size, window.up + window.size)
    return np.asarray(picture.crop(box))


def to_crop(points: np.ndarray, window: CropWindow) -> np.ndarray:
    """(..., 2) photo landmarks, y up -> crop landmarks, y up."""
    return (points - np.array([window.tx, window.ty]) + np.array([window.width, window.height]) / 2) * window.scale - (
        np.array(window.resized) / 2 - window.size / 2
    )


def to_photo(points: np.ndarray, window: CropWindow) -> np.ndarray:
    """Inverse of :func:`to_crop`."""
    return (
        (points + (np.array(window.resized) / 2 - window.size / 2)) / window.scale
        + np.array([window.tx, window.ty])
        - np.array([window.width, window.height]) / 2
    )


def crop_pixels_to_photo(points: np.ndarray, window: CropWindow) -> np.ndarray:
    """(..., 2) crop pixels -> photo pixels, both y down, by the crop's integer sizes and offsets."""
    return (points + np.array([window.left, window.up])) / np.array(window.resized) * np.array([window.width, window.height])


def align(
    image: np.ndarray, landmarks: np.ndarray, template: np.ndarray, *, size: int = CROP_SIZE, rescale: float = RESCALE
) -> tuple[CropWindow, np.ndarray, np.ndarray]:
    """The aligned crop of a photo.

    Args:
        image: (H, W, 3) uint8.
        landmarks: (5, 2) or (68, 2) photo pixels, y up; five are formed of 68.
        template: (5, 3) of :func:`five_points` of the template.
        size, rescale: see :func:`crop_window`.

    Returns:
        the window, the crop (size, size, 3) uint8, the landmarks in the crop (y up).
    """
    five = five_points(landmarks) if len(landmarks) == 68 else landmarks
    window = crop_window(image.shape[1], image.shape[0], estimate_similarity(five, template), size=size, rescale=rescale)
    return window, crop(image, window), to_crop(landmarks, window)

"""Cells of contact sheets: squares of a photo with the camera that sees them, and titles."""

from __future__ import annotations

import cv2
import numpy as np

from ..camera import Camera

__all__ = ["cut_square", "square_camera", "write_title"]


def square_camera(camera: Camera, corner: np.ndarray, side: int, cell: int) -> Camera:
    """The camera of :func:`cut_square`'s picture."""
    return camera.cropped(int(corner[0]), int(corner[1]), side, side).scaled(cell / side)


def cut_square(image: np.ndarray, corner: np.ndarray, side: int, cell: int, beyond: float) -> np.ndarray:
    """(cell, cell, ...) the square of `side` pixels from `corner` (x, y) on, resized; `beyond` outside of the image."""
    view = np.array([[1.0, 0, corner[0]], [0, 1, corner[1]]])
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
    square = cv2.warpAffine(image, view, (side, side), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=(beyond,) * 3)
    return cv2.resize(square, (cell, cell), interpolation=cv2.INTER_AREA if side > cell else cv2.INTER_CUBIC)


def write_title(picture: np.ndarray, title: str, at: tuple[int, int], size: float) -> None:
    """Write what OpenCV's font has of a title into a picture, white with a black rim; its left end on the line is `at`."""
    text = title.encode("ascii", "replace").decode()
    for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, color, width, cv2.LINE_AA)

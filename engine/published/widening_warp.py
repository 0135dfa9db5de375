"""The slight widening of a face's picture ("fat face") before HRN reads its final texture: it pulls skin over the
outline, so that the texture's rim shows face and not background.

Pixels, y down; pictures are (H, W, 3) uint8.
"""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit

__all__ = ["LONG_SIDE", "enlarged_box", "outline_masks", "radial_flow", "warp", "widen_face", "widening_flow"]

LONG_SIDE = {"hrn": 400, "modelscope": 800}
"""Longer side of the picture in which the face is found for the warp."""
_LINES = (
    (0, 33, False),
    (33, 38, False),
    (42, 47, False),
    (51, 55, False),
    (57, 64, False),
    (66, 74, True),
    (75, 83, True),
    (84, 96, True),
)
"""First, last + 1 of the 106 points and whether the line is closed; the first is the outline."""
_SNAP = 0.2
"""Offsets below this are left out, and corners nearer than this are taken as they are, pixels, as published."""


def enlarged_box(box, width: int, height: int, ratio: float = 0.5) -> np.ndarray:
    """(4,) int left, top, right, bottom grown by `ratio` of its size on each side, within the picture."""
    left, top, right, bottom = box
    w, h = right - left, bottom - top
    return np.array(
        [max(left - w * ratio, 0), max(top - h * ratio, 0), min(right + w * ratio, width), min(bottom + h * ratio, height)]
    ).astype(np.int64)


def outline_masks(points: np.ndarray, box, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Soft lines along the outline, and along brows, nose, eyes and mouth with double width.

    Args:
        points: (106, 2) pixels.
        box: left, top, right, bottom of the detected face.

    Returns:
        two (height, width) uint8.
    """
    left, top, right, bottom = enlarged_box(box, width, height)
    thickness = max(int(min(right - left, bottom - top)) // 10, 1)
    outline = _lines(points, _LINES[:1], thickness, width, height)
    features = _lines(points, _LINES[1:], 2 * thickness, width, height)
    return outline, features


def radial_flow(size: int, strength: float) -> np.ndarray:
    """(size, size, 2) float32 arrows to the centre: length 0 there, `strength` at half the radius, 0 at the radius."""
    radius = size / 2
    y, x = np.mgrid[:size, :size] - radius
    distance = np.hypot(x, y)
    length = np.where(distance <= radius / 2, distance / (radius / 2), (radius - distance) / (radius / 2)).clip(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = np.where(distance > 0, strength * length / distance, 0)
    return np.stack([-x * unit, -y * unit], -1).astype(np.float32)


def widening_flow(points: np.ndarray, box, width: int, height: int, degree: float) -> np.ndarray:
    """Where each pixel of the widened picture comes from, as an offset.

    Args:
        points: (106, 2) pixels of a picture of `width` x `height`.
        box: detected face in it.
        degree: 0.03 for HRN, 0.04 for ModelScope's head.

    Returns:
        (height, width, 2) float32.
    """
    left, top, right, bottom = box
    cx, cy = (left + right) / 2, (top + bottom) / 2
    side = int(
        min(2 * max(right - left, bottom - top), 2 * (cx - 1), 2 * (cy - 1), 2 * (height - cy - 1), 2 * (width - cx - 1))
    )
    flow = np.zeros((height, width, 2), np.float32)
    if side < 2:
        return flow
    field = cv2.resize(radial_flow(100, side * degree), (side, side))
    x, y = int(cx - side / 2), int(cy - side / 2)
    flow[y : y + side, x : x + side] = field
    outline, features = outline_masks(points, box, width, height)
    return flow * (outline / 255 * (1 - features / 255))[..., None].astype(np.float32)


def widen_face(image: np.ndarray, points: np.ndarray, box, found_at: tuple[int, int], degree: float) -> np.ndarray:
    """The widened picture.

    Args:
        image: (H, W, 3) uint8.
        points: (106, 2) pixels of the reduced picture in which the face was found.
        box: detected face there.
        found_at: width and height of the reduced picture.
        degree: strength.
    """
    height, width = image.shape[:2]
    flow = widening_flow(points, box, *found_at, degree)
    flow = cv2.resize(flow, (width, height)) * np.float32(max(width, height) / max(found_at))
    return warp(image, flow[..., 0], flow[..., 1])


def warp(image: np.ndarray, dx: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Pixel (x, y) is read at (x + dx, y + dy); small offsets are left out and near corners are snapped to, as
    released.

    Args:
        image: (H, W, 3) uint8.
        dx, dy: (H, W) float.
    """
    out = image.copy()
    _warp(np.ascontiguousarray(image), np.ascontiguousarray(dx, np.float64), np.ascontiguousarray(dy, np.float64), out)
    return out


@njit(cache=True, nogil=True)
def _warp(image, dx, dy, out):
    height, width = image.shape[:2]
    for y in range(height):
        for x in range(width):
            if abs(dx[y, x]) < _SNAP and abs(dy[y, x]) < _SNAP:
                continue
            sx, sy = x + dx[y, x], y + dy[y, x]
            sx = 0.0 if sx < 0 else (width - 1.0 if sx >= width else sx)
            sy = 0.0 if sy < 0 else (height - 1.0 if sy >= height else sy)
            x0, y0 = int(sx), int(sy)
            fx, fy = sx - x0, sy - y0
            x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
            near_x = 0 if fx < _SNAP else (1 if fx > 1 - _SNAP else -1)
            near_y = 0 if fy < _SNAP else (1 if fy > 1 - _SNAP else -1)
            if near_x >= 0 and near_y >= 0:
                out[y, x] = image[y1 if near_y else y0, x1 if near_x else x0]
                continue
            for k in range(image.shape[2]):
                value = (
                    (1 - fx) * (1 - fy) * image[y0, x0, k]
                    + fx * (1 - fy) * image[y0, x1, k]
                    + (1 - fx) * fy * image[y1, x0, k]
                    + fx * fy * image[y1, x1, k]
                )
                out[y, x, k] = np.uint8(min(max(value, 0.0), 255.0))


def _lines(points, ranges, thickness, width, height):
    mask = np.zeros((height, width), np.uint8)
    for first, end, closed in ranges:
        line = np.asarray(points)[first:end].astype(np.int64)
        following = np.roll(line, -1, 0) if closed else line[1:]
        for a, b in zip(line, following):
            cv2.line(mask, tuple(map(int, a)), tuple(map(int, b)), 255, thickness)
    kernel = 2 * thickness + 1
    return cv2.GaussianBlur(mask, (kernel, kernel), 0)

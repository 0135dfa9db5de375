"""Reading images at points."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["lookup"]


def lookup(image: np.ndarray, xy: np.ndarray, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Sample an image at n points.

    Args:
        image: (H, W) or (H, W, C), H and W below 32767.
        xy: (n, 2) float32, OpenCV convention (first pixel centre at 0); outside is clamped.
        interpolation: an OpenCV flag.

    Returns:
        (n,) or (n, C) of the image's dtype.
    """
    count = len(xy)
    width = 4096
    rows = -(-count // width)
    padded = np.zeros((rows * width, 2), np.float32)
    padded[:count] = xy
    grid = padded.reshape(rows, width, 2)
    parts = [
        cv2.remap(
            image,
            np.ascontiguousarray(grid[start : start + 8192, :, 0]),
            np.ascontiguousarray(grid[start : start + 8192, :, 1]),
            interpolation,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for start in range(0, rows, 8192)
    ]
    out = np.concatenate(parts) if parts else np.zeros((0, width, *image.shape[2:]), image.dtype)
    return out.reshape(rows * width, *image.shape[2:])[:count]

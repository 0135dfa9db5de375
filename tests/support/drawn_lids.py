"""Photos whose lids are drawn over the eyes: the upper lid's own skin and lashes, stretched down to the lower lid."""

from __future__ import annotations

import cv2
import numpy as np

from engine.photo.regions import BROWS, EYES


def with_drawn_lid(pixels: np.ndarray, landmarks: np.ndarray, eye: int) -> np.ndarray:
    """The photo (H, W, 3) with a closed eye.

    Args:
        landmarks: (478, 2) of the face, upright, with open eyes. eye: 0 right, 1 left.
    """
    rim = EYES[eye]
    upper, lower, brow = (
        np.array(sorted(landmarks[list(line)].tolist())) for line in ((rim[0], *rim[9:], rim[8]), rim[:9], BROWS[eye][5:])
    )
    rows = np.tile(np.arange(len(pixels), dtype=np.float32)[:, None], (1, pixels.shape[1]))
    columns = np.tile(np.arange(pixels.shape[1], dtype=np.float32), (len(pixels), 1))
    for x in range(int(upper[0, 0]), int(upper[-1, 0]) + 2):
        above, below, top = (np.interp(x + 0.5, line[:, 0], line[:, 1]) for line in (upper, lower, brow))
        lash = 0.12 * (below - above)
        if lash < 0.03:
            continue
        begin, end = top + 0.25 * (above - top), below + 1.5 * lash
        y = np.arange(int(begin) + 1, int(end))
        rows[y, x] = begin + (above + lash - begin) * (y + 0.5 - begin) / (end - begin) - 0.5
    return cv2.remap(pixels, columns, rows, cv2.INTER_CUBIC)

"""Where MediaPipe's 478 landmarks lie on the head mesh."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["load_landmark_table"]

_FILE = Path(__file__).parent / "data" / "landmarks.npz"


def load_landmark_table() -> tuple[np.ndarray, np.ndarray]:
    """(478, 3) int32 vertices and (478, 3) float32 barycentric weights, as ``python -m engine.head.making.calibrate`` wrote
    them."""
    with np.load(_FILE, allow_pickle=False) as data:
        return data["vertices"].astype(np.int32), data["weights"].astype(np.float32)

"""A step of ModelScope's head model that its released program leaves out."""

from __future__ import annotations

import cv2
import numpy as np

from engine.published.modelscope.head_model import FACE_OFFSET_SIZE, HEAD_OFFSET_SIZE

__all__ = ["fuse_head_offset"]


def fuse_head_offset(head: np.ndarray, face: np.ndarray, jaw: np.ndarray) -> np.ndarray:
    """(100, 100, C) head offset that follows the smoothed face offset along the jaw; `jaw` is (300, 300, 1)."""
    large = cv2.resize(head, (FACE_OFFSET_SIZE, FACE_OFFSET_SIZE))
    return cv2.resize(large * (1 - jaw) + face * jaw, (HEAD_OFFSET_SIZE, HEAD_OFFSET_SIZE))

"""Smoothing of ModelScope's fitted offset maps before they make the final head.

Maps are (300, 300, C) float32, row 0 at the top.
"""

from __future__ import annotations

import cv2
import numpy as np

from .head_model import FACE_OFFSET_SIZE

__all__ = ["edge_mask", "fusion_mask", "smooth_offset"]


def edge_mask(uv: np.ndarray, edge: np.ndarray, *, kept: np.ndarray | None = None) -> np.ndarray:
    """(300, 300) soft mask around the vertices at the face's outline.

    `edge` numbers the vertices of the fitting mesh's face, but the released method looks them up in the table of the
    whole Basel face. With `kept` (see :func:`engine.published.modelscope.head_model.build_fitting`) the right ones are taken.

    Args:
        uv: (N, 2) of the whole Basel face.
        edge: (k,) vertices.
    """
    marked = _mark(uv[edge if kept is None else kept[edge]])
    return cv2.blur(cv2.dilate(marked, _disc(8)), (5, 5))


def fusion_mask(uv: np.ndarray) -> np.ndarray:
    """(300, 300) soft mask of the face's chart, from the (N, 2) UVs of its vertices."""
    return cv2.blur(cv2.erode(cv2.dilate(_mark(uv), _disc(5)), _disc(8)), (17, 17))


def smooth_offset(offset: np.ndarray, edge: np.ndarray, fusion: np.ndarray, *, everywhere: bool = True) -> np.ndarray:
    """A face offset blurred near the outline, faded out at the chart's border, and blurred a little `everywhere`."""
    soft = cv2.blur(offset, (15, 15)) * edge[..., None] + offset * (1 - edge[..., None])
    soft = soft * fusion[..., None]
    return cv2.blur(soft, (3, 3)) if everywhere else soft


def _mark(uv: np.ndarray) -> np.ndarray:
    mask = np.zeros((FACE_OFFSET_SIZE, FACE_OFFSET_SIZE), np.float32)
    column, row = np.floor(FACE_OFFSET_SIZE * uv).astype(int).clip(0, FACE_OFFSET_SIZE - 1).T
    mask[FACE_OFFSET_SIZE - 1 - row, column] = 1
    return mask


def _disc(size: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))

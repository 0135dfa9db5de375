"""A photo without the shade of its folds: the relief has them, and would darken them again."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ...types import Relief
from .photo_view import PhotoView

__all__ = ["without_shade"]


def without_shade(view: PhotoView, relief: Relief | None) -> PhotoView:
    """The view with the light taken out of its colours that a relief's slopes add or take; the view itself without one."""
    if relief is None:
        return view
    scale = np.array([relief.camera.fx / view.camera.fx, relief.camera.fy / view.camera.fy])
    centre = np.array([relief.camera.cx, relief.camera.cy]) - scale * [view.camera.cx, view.camera.cy]
    levels = []
    for number, level in enumerate(view.pyramid):
        size = 2.0**number  # pixels of the crop in one of this level
        # warpAffine counts from the first pixel's centre, cameras from its corner.
        shift = scale * size * 0.5 + centre - 0.5
        matrix = np.array([[scale[0] * size, 0, shift[0]], [0, scale[1] * size, shift[1]]])
        shade = cv2.warpAffine(
            relief.shade, matrix, level.shape[1::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=0
        )
        lit = level * np.exp(-shade)[..., None]
        levels.append(np.minimum(lit + np.float32(0.5), np.float32(65535)).astype(np.uint16))
    return replace(view, pyramid=tuple(levels))

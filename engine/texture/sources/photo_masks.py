"""Masks of the pixels of a photo that are good for texture."""

from __future__ import annotations

import cv2
import numpy as np

from ...camera import Camera
from ...geometry.smoothstep import smoothstep
from ...photo.regions import BROWS, EYES, INNER_LIPS, OUTER_LIPS, OVAL, disk
from ...types import Veil
from ..seen import Masks
from ..weights import WEIGHTS, MaskWeights
from .photo_view import NOSE_TIP, PhotoView, feature_mask

__all__ = ["photo_masks"]


def photo_masks(
    view: PhotoView, skin_mask: np.ndarray, veil: Veil | None, camera: Camera, weights: MaskWeights = WEIGHTS.mask
) -> Masks:
    """What the pixels of a photo's crop show.

    Args:
        view: the crop. skin_mask: (H, W) of the photo. veil: what lies over the face there. camera: of the photo.
    """
    mm = view.pixels_per_mm
    skin = _cropped(view, skin_mask, camera)
    over = np.zeros_like(skin) if veil is None else _cropped(view, veil.over, camera) / 255
    thin = _thin(over, weights.thin_mm * mm, weights.thin_rim_mm * mm)
    brows = _shown_brows(view, np.maximum(skin, thin), over, weights)
    keep = np.maximum.reduce(
        [
            brows,
            feature_mask(view, (OUTER_LIPS,), weights.lips_mm),
            feature_mask(view, EYES, weights.eyes_mm),
            feature_mask(view, (NOSE_TIP,), weights.nose_mm, hull=True),
        ]
    )
    usable = np.maximum(skin, keep.astype(np.float32) / 255 * (1 - over))
    # Strands of hair and their shadow reach over the rim of what the segmentation calls skin; frames of glasses do not.
    depth = _depth(np.maximum(usable, thin)) / mm
    usable = usable * smoothstep(*weights.rim_mm, depth) * (1 - np.where(brows > 127, over, thin))
    closed = feature_mask(view, EYES, *weights.lids_mm)
    gap = np.abs(view.landmarks[13] - view.landmarks[14]).max() / mm
    if gap > weights.open_mm:
        closed = np.maximum(closed, feature_mask(view, (INNER_LIPS,), weights.mouth_mm))
    usable = usable * (1 - closed.astype(np.float32) / 255)
    usable = cv2.GaussianBlur(usable, (0, 0), max(weights.soft_least_px, weights.soft_mm * mm))
    within = _depth(feature_mask(view, (OVAL,)) / np.float32(255)) / (weights.inner_mm * mm)
    begin, length = weights.inner_rim_mm
    inner = np.minimum(within, (depth - begin) / length).clip(0, 1)
    return Masks(usable, skin, inner.astype(np.float32), bool(brows.any()), over)


def _cropped(view: PhotoView, image: np.ndarray, camera: Camera) -> np.ndarray:
    """(h, w) float32: the crop's part of a map of the photo."""
    crop = view.camera
    scale_x, scale_y = crop.fx / camera.fx, crop.fy / camera.fy
    x0, y0 = round(camera.cx - crop.cx / scale_x), round(camera.cy - crop.cy / scale_y)
    window = image[y0 : y0 + round(crop.height / scale_y), x0 : x0 + round(crop.width / scale_x)]
    return cv2.resize(
        np.ascontiguousarray(window, np.float32),
        (crop.width, crop.height),
        interpolation=cv2.INTER_LINEAR if scale_x >= 1 else cv2.INTER_AREA,
    )


def _thin(over: np.ndarray, most: float, rim: float) -> np.ndarray:
    """(h, w) float32: what is at most so many pixels wide, with its rim: frames of glasses, letters."""
    found = (over > 0.5).astype(np.uint8)
    if not found.any():
        return np.zeros_like(over)
    wide = cv2.dilate(cv2.morphologyEx(found, cv2.MORPH_OPEN, disk(most / 2)), disk(rim))
    return cv2.dilate(found * (1 - wide), disk(rim)).astype(np.float32)


def _depth(mask: np.ndarray) -> np.ndarray:
    """(h, w) float32 pixels from each pixel of a mask to its rim."""
    padded = cv2.copyMakeBorder((mask > 0.5).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]


def _shown_brows(view: PhotoView, skin: np.ndarray, over: np.ndarray, weights: MaskWeights) -> np.ndarray:
    """(h, w) uint8: brows that bare skin surrounds; one under a fringe, a cap or the rim of glasses is not kept."""
    out = np.zeros(skin.shape, np.uint8)
    for contour in BROWS:
        brow = feature_mask(view, (contour,), weights.lips_mm, hull=True)
        above = (
            cv2.subtract(
                feature_mask(view, (contour,), *weights.above_brows_mm, hull=True),
                feature_mask(view, (contour,), weights.beside_brows_mm, hull=True),
            )
            > 127
        )
        # The segmentation takes brow hair for hair, but never all of a brow's outline.
        inside = feature_mask(view, (contour,), hull=True) > 127
        if inside.any() and over[inside].mean() > weights.over_brows:
            continue
        if above.any() and skin[above].mean() > weights.above_brows and skin[brow > 127].mean() > weights.on_brows:
            out = np.maximum(out, brow)
    return out

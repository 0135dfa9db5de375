"""Hues of a photo without the blocks of its compression.

Photos are stored with half the resolution for colours, in blocks of 16 pixels that often keep little more than their
mean (JPEG; video codecs alike). Beside a nose or a cap those means step from block to block, and within one the same
*difference* to grey lies on bright and dark pixels, so that a pore or a stubble hair changes its hue with its
brightness. Stretched over a head both become a mosaic. Skin is coloured otherwise: dark or bright, its colours keep
their *ratios*, but for what truly differs (blood, freckles, beard), which differs in brightness too.

So the ratios are smoothed over a block, guided by brightness: a local line through (brightness, ratio), after He, Sun,
Tang, "Guided image filtering" (2013), at the resolution that colours were stored with (He, Sun, "Fast guided filter",
2015). Brightness stays as it is, pixel for pixel.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ...photo.regions import EYES, INNER_LIPS, OUTER_LIPS
from ...wire.color import LUMINANCE
from ..weights import WEIGHTS, TextureWeights
from .photo_view import PhotoView, feature_mask

__all__ = ["calmed"]


def calmed(view: PhotoView, skin: np.ndarray, scale: float, weights: TextureWeights = WEIGHTS) -> PhotoView:
    """The same view with smooth hues: those of the skin and its brows, and those of the lips. Eyes and teeth stay.

    Args:
        skin: (h, w) in [0, 1], of the crop.
        scale: size of the crop's pixels relative to those of the file.
    """
    w = weights.chroma
    radius = int(round(w.block * scale / 4))
    if radius < 1 or len(view.pyramid) < 2:
        return view

    def drawn(*arguments):
        soft = cv2.GaussianBlur(feature_mask(view, *arguments), (0, 0), max(w.soft_least_px, w.soft_mm * view.pixels_per_mm))
        return soft * np.float32(1 / 255)

    mouth = drawn((INNER_LIPS,), w.mouth_mm)
    levels = [view.pyramid[0].copy()]
    others = np.maximum(drawn(EYES, w.eyes_mm), drawn((OUTER_LIPS,), w.lips_mm))
    for weight in (skin * (1 - others), drawn((OUTER_LIPS,)) * (1 - mouth)):
        _calm(levels[0], view.pyramid, weight, radius, weights)
    while len(levels) < len(view.pyramid):
        levels.append(cv2.pyrDown(levels[-1]))
    return replace(view, pyramid=tuple(levels))


def _calm(out: np.ndarray, pyramid, weight: np.ndarray, radius: int, weights: TextureWeights) -> None:
    """Smooth the hues of `out` in place where `weight` is, by those of the pyramid."""
    box = cv2.boundingRect((weight > weights.chroma.least).astype(np.uint8))
    if not min(box[2:]):
        return
    # Halves of the pyramid start at even pixels.
    x, y = box[0] // 2 * 2, box[1] // 2 * 2
    part = np.s_[y : box[1] + box[3], x : box[0] + box[2]]
    weight = weight[part]
    height, width = weight.shape
    small = pyramid[1][y // 2 : y // 2 + (height + 1) // 2, x // 2 : x // 2 + (width + 1) // 2]
    ratio = _ratios(
        small.astype(np.float32) * np.float32(1 / 65535),
        cv2.resize(weight, small.shape[1::-1], interpolation=cv2.INTER_AREA),
        radius,
        weights,
    )
    ratio = cv2.resize(ratio, (width, height), interpolation=cv2.INTER_LINEAR)
    color = pyramid[0][part].astype(np.float32)
    ratio *= cv2.transform(color, LUMINANCE[None])[..., None]
    ratio -= color
    ratio *= weight[..., None]
    ratio += out[part]
    out[part] = np.clip(ratio + np.float32(0.5), 0, 65535, out=ratio)


def _ratios(color: np.ndarray, weight: np.ndarray, radius: int, weights: TextureWeights) -> np.ndarray:
    """(h, w, 3) colours of luminance 1, smoothed over ``2 * radius + 1`` pixels where `weight` is."""
    side, w = (2 * radius + 1, 2 * radius + 1), weights.chroma

    def mean(values):
        return cv2.boxFilter(values, cv2.CV_32F, side, borderType=cv2.BORDER_CONSTANT)

    light = np.maximum(cv2.transform(color, LUMINANCE[None]), weights.floor)
    guide = cv2.log(light)
    # Skin tells nothing about the hair and background beside it, and they tell nothing about skin.
    weight = np.maximum(weight, np.float32(w.outside))
    share = 1 / mean(weight)
    weighted = weight * guide
    middle = share * mean(weighted)
    spread = np.maximum(share * mean(weighted * guide) - middle * middle, 0) + np.float32(w.guide**2)
    out = np.empty_like(color)
    for k in (0, 2):
        hue = cv2.log(np.maximum(color[..., k], np.float32(w.channel * weights.floor))) - guide
        level = share * mean(weight * hue)
        slope = (share * mean(weighted * hue) - middle * level) / spread
        offset = level - slope * middle
        out[..., k] = cv2.exp(share * mean(weight * slope) * guide + share * mean(weight * offset))
    # Red and blue leave to green what they do not have of the brightness.
    np.clip(out, 0, w.most, out=out)
    out[..., 1] = np.maximum((1 - LUMINANCE[0] * out[..., 0] - LUMINANCE[2] * out[..., 2]) / LUMINANCE[1], 0)
    return out

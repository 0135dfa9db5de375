"""Gains that take highlights out of skin and lips."""

from __future__ import annotations

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ..atlas import Texels
from ..weights import GlossWeights, LipWeights
from .delight import LUMINANCE, weighted_median

__all__ = ["highlight_gain", "lip_gain"]


def highlight_gain(
    texels: Texels,
    color: np.ndarray,
    base: np.ndarray,
    gloss: np.ndarray,
    clean: np.ndarray,
    density: np.ndarray,
    weights: GlossWeights,
) -> np.ndarray:
    """Gain that replaces highlights by the diffuse skin around them.

    Args:
        color, base: (n, 3) linear, de-lit, and the skin around it.
        gloss: (n,) share of the highlight. clean: (n,) how well bare skin is seen.
        density: (n,) texels per mm.

    Returns:
        (n, 3) float32.
    """
    mm = float(np.median(density[clean > 0.5])) if (clean > 0.5).any() else weights.plain_mm
    share = texels.image(gloss)
    share = cv2.GaussianBlur(cv2.dilate(share, np.ones((3, 3), np.uint8)), (0, 0), weights.spread_mm * mm)
    share = np.minimum(share * weights.strength, 1)
    if share.max() < weights.least:
        return np.ones_like(color)
    mask = texels.image(clean.astype(np.float32))
    cover = texels.image(np.ones(len(color), np.float32))

    def blurred(values, weights, sigma):
        return cv2.GaussianBlur(values * weights[..., None], (0, 0), sigma), cv2.GaussianBlur(weights, (0, 0), sigma)

    picture, smooth = texels.image(color), texels.image(base)
    near, near_weight = blurred(picture, mask, weights.around_mm * mm)
    diffuse = (near + weights.around_floor * smooth) / (near_weight + weights.around_floor)[..., None]
    local, local_weight = blurred(picture, cover, weights.local_mm * mm)
    local /= np.maximum(local_weight, 1e-4)[..., None]
    gain = np.clip(diffuse / np.maximum(local, 1e-3), *weights.range)
    gain = 1 + share[..., None] * (gain - 1)
    return gain.reshape(-1, 3)[texels.index].astype(np.float32)


def lip_gain(
    texels: Texels, color: np.ndarray, lips: np.ndarray, weight: np.ndarray, density: np.ndarray, weights: LipWeights
) -> np.ndarray:
    """Gain that replaces highlights on the lips by the lips' own colour.

    Args:
        color: (n, 3) linear, de-lit. lips: (n,) weight of the lips. weight: (n,) sight.
        density: (n,) texels per mm.

    Returns:
        (n, 3).
    """
    member = np.flatnonzero((lips > weights.member[0]) & (weight > weights.member[1]))
    gain = np.ones_like(color)
    if len(member) < weights.least_texels:
        return gain
    own = weights.own * weighted_median(color[member], np.ones(len(member))).astype(np.float32)
    rows = np.flatnonzero(lips > 0)
    brighter = (color[rows] @ LUMINANCE) / max(float(own @ LUMINANCE), 1e-3)
    whiter = (color[rows, 2] / np.maximum(color[rows, 0], 1e-3)) / max(own[2] / max(own[0], 1e-3), 1e-3)
    share = np.zeros(len(color), np.float32)
    share[rows] = (
        smoothstep(*weights.brighter, brighter) * smoothstep(*weights.whiter, whiter) * smoothstep(*weights.inside, lips[rows])
    )
    mm = float(np.median(density[member]))
    soft = cv2.GaussianBlur(texels.image(share), (0, 0), weights.soft_mm * mm).reshape(-1)[texels.index[rows], None]
    strength = weights.power * np.minimum(weights.soft_gain * soft, 1)
    gain[rows] = np.clip(own / np.maximum(color[rows], 1e-3), weights.darkest, 1) ** strength
    return gain

"""What the hair looks like: the photo's color without its exposure, its tint, its shading and its highlights.

Strands side by side look paler than each is; materials take that back (:mod:`engine.wire.hair_color`).
"""

from __future__ import annotations

import cv2
import numpy as np

from ..head.model import MATERIALS, HeadModel
from ..types import Textures
from ..wire.color import LUMINANCE, srgb_to_linear
from .seen import Seen, blur, inside_distance
from .weights import ColorWeights

__all__ = ["hair_color", "skin_albedo"]

_STEP = 8
"""Every so many texels of the albedo are read."""
_SURE = 0.85
"""Chance of a person from which on a pixel is not the background's."""


def skin_albedo(model: HeadModel, textures: Textures) -> np.ndarray:
    """(3,) linear: the median albedo of the face's bare skin, as the head's texture has it."""
    bare = (model.part("skin")[model.faces] > 0.5).all(1) & (model.face_material == MATERIALS.index("skin"))
    uv = model.uv[bare].reshape(-1, 2)
    texels = textures.albedo[::_STEP, ::_STEP]
    height, width = texels.shape[:2]
    row = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
    column = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    return np.median(srgb_to_linear(texels[row, column] / np.float32(255)), 0)


def hair_color(seen: Seen, albedo: np.ndarray, shell: bool, weights: ColorWeights) -> tuple[np.ndarray, np.ndarray]:
    """Colors of one photo's hair.

    Args:
        shell: skin shows between the hairs, whose color is the darkest that is seen.
        albedo: (3,) linear, of the skin: what it is over what it looks like tells the light.

    Returns:
        (H, W, 3) float32 linear, spread over all of the picture, and (3,) its median over the hair.
    """
    face = seen.face
    light = srgb_to_linear(seen.window.rgb / np.float32(255))
    inside = _inside(seen, weights)
    if not inside.any():
        return np.full_like(light, 0.03), np.full(3, 0.03)
    inside = _opaque(seen, light, inside, weights)
    gain = _gain(seen, light, albedo, weights)
    luminance = light @ LUMINANCE
    member = inside.astype(np.float32)
    slow = blur(luminance * member, weights.shading * face) / (blur(member, weights.shading * face) + 1e-4)
    typical = np.median(luminance[inside])
    flat = light * np.clip(np.sqrt(typical / (slow + 1e-4)), *weights.shading_range)[..., None]
    bright = flat @ LUMINANCE
    most = np.quantile(luminance[inside], weights.highlight)
    flat *= (np.minimum(bright, most) / (bright + 1e-5))[..., None]
    color = _spread(flat, member, face) * gain.astype(np.float32)
    # The tint is mostly that of the whole: the border carries the background's.
    bright = np.maximum(color @ LUMINANCE, 1e-5)[..., None]
    tint = color / bright
    share, reach = weights.local
    local = share * np.clip(inside_distance(seen.mask) / (reach * face), 0, 1)[..., None]
    tint = local * tint + (1 - local) * np.median(tint[inside], 0)
    rich = _of_hair(np.maximum(tint, 1e-3), weights)
    color = bright * rich / np.maximum(rich @ LUMINANCE, 1e-4)[..., None]
    color = np.clip(color, *weights.range).astype(np.float32)
    if shell:
        quantile, times = weights.shell
        bright = (color @ LUMINANCE)[inside]
        dark = np.median(color[inside][bright <= np.quantile(bright, quantile)], 0) * times
        return np.broadcast_to(dark, color.shape).astype(np.float32), dark
    return color, np.median(color[inside], 0)


def _of_hair(tint: np.ndarray, weights: ColorWeights) -> np.ndarray:
    """Tints moved towards those that melanin gives: what is yellow without being red is the surroundings' light."""
    times, plus, share = weights.olive
    red = np.log(tint[..., 0] / tint[..., 1])
    yellow = np.log(tint[..., 1] / tint[..., 2])
    beyond = np.maximum(yellow - times * np.maximum(red, 0) - plus, 0)
    return np.stack([tint[..., 0], tint[..., 1], tint[..., 2] * np.exp(share * beyond)], -1)


def _inside(seen: Seen, weights: ColorWeights) -> np.ndarray:
    """(H, W) bool: hair without the border and without what is like skin in color, as far as anything is left."""
    mask = (seen.hair > 0.6) & seen.window.shown & (seen.person > _SURE)
    side = 2 * max(1, round(weights.border * seen.face)) + 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    inner = cv2.erode(mask.astype(np.uint8), brush) > 0
    inside = inner if inner.sum() > weights.least * mask.sum() else mask
    skin = (seen.window.skin > 0.9) & seen.oval
    if skin.sum() < 50:
        return inside
    lab = cv2.cvtColor(seen.window.rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    other = inside & (np.linalg.norm(lab - np.median(lab[skin], 0), axis=-1) > weights.unlike)
    return other if other.sum() > weights.least * inside.sum() else inside


def _opaque(seen: Seen, light: np.ndarray, inside: np.ndarray, weights: ColorWeights) -> np.ndarray:
    """(H, W) bool: `inside` without the outer part of hair that lets the background through, as afros do.

    Such hair takes on the background's color towards its outline; what else changes along the way is its own.
    """
    whole = seen.mask | seen.head
    reach = 2 * max(1, round(weights.behind * seen.face)) + 1
    around = cv2.dilate(whole.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    behind = around & ~whole & seen.window.shown & (seen.hair < 0.1) & (seen.person < 0.5)
    if behind.sum() < 50:
        return inside
    deep = inside_distance(whole)
    outer, inner = np.quantile(deep[inside], weights.outer_inner)
    core = np.median(light[inside & (deep >= inner)], 0)
    change = np.median(light[inside & (deep <= outer)], 0) - core
    way = np.median(light[behind], 0) - core
    share = float(change @ way) / (float(way @ way) + 1e-6)
    aside = float(np.linalg.norm(change - share * way) / (np.linalg.norm(change) + 1e-6))
    low, high = weights.through
    left_out = weights.left_out * np.clip((share - low) / (high - low), 0, 1) * np.clip(2 - aside / weights.aside, 0, 1)
    return inside & (deep >= np.quantile(deep[inside], left_out))


def _gain(seen: Seen, light: np.ndarray, albedo: np.ndarray, weights: ColorWeights) -> np.ndarray:
    """(3,) what the photo's colors are to be multiplied by."""
    skin = (seen.window.skin > 0.95) & seen.oval
    if skin.sum() < 50:
        return np.ones(3)
    gain = albedo / (np.median(light[skin], 0) + 1e-4)
    exposure = float(np.clip(gain @ LUMINANCE, *weights.gain))
    return exposure * np.clip(gain / exposure, *weights.tint) ** weights.tint_power


def _spread(color: np.ndarray, member: np.ndarray, face: float) -> np.ndarray:
    """Colors of the members, smooth, and spread to where there are none."""
    total, weight = np.zeros_like(color), np.zeros_like(member)
    for sigma, say in ((0.012, 1.0), (0.06, 0.02), (0.2, 0.0005), (0.8, 1e-6)):
        total += say * blur(color * member[..., None], sigma * face)
        weight += say * blur(member, sigma * face)
    return total / (weight[..., None] + 1e-9)

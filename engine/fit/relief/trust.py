"""Where the brightness of skin tells its shape: not on features, pigment, edges of cast shadows, stubble."""

from __future__ import annotations

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ...photo.regions import BROWS, EYES, INNER_LIPS, NOSTRILS, OUTER_LIPS, disk, fill
from .filters import blur, blur_within, slopes
from .light import Lit
from .picture import Picture
from .weights import ReliefWeights, TrustWeights

__all__ = ["skin_trust", "shading_trust"]


def skin_trust(picture: Picture, lit: Lit, weights: ReliefWeights) -> np.ndarray:
    """(H, W) float32 in [0, 1]: bare skin that faces the camera, away from eyes, brows, lips, nostrils and burnt pixels."""
    w, mm, part = weights.trust, picture.pixels_per_mm, picture.part
    features = _features(picture, w)
    whole = np.maximum(picture.bare, features)  # features do not end the skin
    trust = smoothstep(*w.skin, picture.bare) * smoothstep(*w.facing, picture.facing)
    trust *= smoothstep(*w.rim, blur(whole, w.rim_mm * mm))
    around = {"scalp": w.scalp, "ears": w.beside, "neck": w.beside, "lips": w.lips, "eyes": w.eyes, "brows": w.brows}
    for name, fall in around.items():
        trust *= 1 - smoothstep(*fall, part[name])
    trust *= 1 - features
    channel = picture.srgb[..., 1 if lit.burnt else 0]
    trust *= 1 - smoothstep(*w.burnt, blur(channel, w.burnt_mm * mm))
    return np.clip(trust, 0, 1).astype(np.float32)


def _features(picture: Picture, w: TrustWeights) -> np.ndarray:
    """(H, W) float32 in [0, 1]: the photo's brows, eyes, mouth, nostrils and lips, and a little around them."""
    mm = picture.pixels_per_mm
    dark = fill(picture.shape, picture.landmarks, *EYES, *NOSTRILS, INNER_LIPS)
    for brow in BROWS:
        hull = cv2.convexHull(picture.landmarks[list(brow)].astype(np.float32))[:, 0]
        dark = np.maximum(dark, fill(picture.shape, hull))
    lips = fill(picture.shape, picture.landmarks, OUTER_LIPS)
    grown = np.maximum(cv2.dilate(dark, disk(w.feature_mm * mm)), cv2.dilate(lips, disk(w.lip_mm * mm)))
    return np.clip(blur(grown.astype(np.float32) / np.float32(255), w.soft_mm * mm), 0, 1)


def shading_trust(picture: Picture, lit: Lit, trust: np.ndarray, folds: np.ndarray, weights: ReliefWeights) -> np.ndarray:
    """(H, W) float32: `trust` without pigment, hard shadows and stubble.

    Args:
        trust: see :func:`skin_trust`.
        folds: (H, W) chance of a fold.
    """
    w = weights.trust
    bare = _unpigmented(picture, lit.left, trust, weights)
    out = trust * (bare + (1 - bare) * w.folds_hue * np.clip(w.folds * folds, 0, 1))
    out *= _without_edges(lit.left, trust, picture.pixels_per_mm, w)
    return (out * _without_stubble(picture, lit.left, trust, w)).astype(np.float32)


def _unpigmented(picture: Picture, left: np.ndarray, trust: np.ndarray, weights: ReliefWeights) -> np.ndarray:
    """(H, W) in [0, 1]: falls where the hue changes otherwise than with the brightness of this skin."""
    w, mm, weight = weights.trust, picture.pixels_per_mm, trust + np.float32(1e-4)
    soft = max(w.hue_mm * mm, w.hue_px * mm / picture.photo_pixels_per_mm)
    linear = np.maximum(picture.linear, weights.picture.darkest)
    hue = blur_within(np.clip(np.log(linear[..., 0] / linear[..., 2]), *w.hue_clip), weight, soft)
    brightness = blur_within(left, weight, soft)
    hue, brightness = (x - blur_within(x, weight, w.high_mm * mm) for x in (hue, brightness))
    used = (trust > w.sure) & (np.abs(brightness) < w.plain)
    if not used.any():
        return np.ones_like(trust)
    slope = (hue[used] * brightness[used]).sum() / max(float((brightness[used] ** 2).sum()), 1e-6)
    other = hue - np.float32(np.clip(slope, *w.slope)) * brightness
    scale = max(w.hue, w.hue_noise * float(np.median(np.abs(other[used]))))
    return 1 / (1 + (other / np.float32(scale)) ** 2)


def _without_edges(left: np.ndarray, trust: np.ndarray, mm: float, w: TrustWeights) -> np.ndarray:
    """(H, W) in [0, 1]: falls at steps of brightness that no fold has."""
    reach = w.edge_mm * mm
    step = np.hypot(*slopes(blur_within(left, trust + np.float32(1e-3), reach))) * np.float32(reach * w.edge_step)
    return cv2.erode((1 - smoothstep(*w.edge, step)).astype(np.float32), disk(w.edge_grow_mm * mm))


def _without_stubble(picture: Picture, left: np.ndarray, trust: np.ndarray, w: TrustWeights) -> np.ndarray:
    """(H, W) in [0, 1]: falls where the lower face is grainier than the whole."""
    mm, weight = picture.pixels_per_mm, trust + np.float32(1e-3)
    fine = left - blur_within(left, weight, w.grain_mm * mm)
    grain = np.sqrt(np.maximum(blur_within(fine * fine, weight, w.grain_around_mm * mm), 0))
    sure = trust > w.sure
    usual = float(np.median(grain[sure])) if sure.any() else 1.0
    more = np.maximum(grain / (usual + np.float32(1e-4)) - np.float32(w.grain), 0)
    more *= smoothstep(*w.below, picture.height_on_template)
    return 1 / (1 + np.float32(w.grain_power) * more**2)

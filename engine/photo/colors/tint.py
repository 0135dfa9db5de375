"""The color of the lamps on a face, told from its skin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ..regions import OVAL
from ..weights import WEIGHTS, TintWeights
from .judge import Closeup, features_of

__all__ = ["Lamp", "lamp_of", "usual_luminance"]


@dataclass(frozen=True)
class Lamp:
    """What a window's channels say about the face in it. Maps are float32."""

    mix: np.ndarray
    """(h, w, 3): channels times this, summed, are the brightness in white light."""
    own: np.ndarray
    """(h, w, 3): gain of each channel that takes the lamp's hue out, times `believed`."""
    believed: np.ndarray
    """(h, w, 3) in [0, 1]: how much of each channel's own hue is believed."""
    seen: np.ndarray
    """(h, w, 3): share of each channel in the brightness of skin."""
    skin_light: float
    """Brightness of the skin."""
    luminance: float
    """Luminance that the skin is given."""
    black: float = 0.0
    """Brightness of what is black, to be taken off."""

    def light(self, linear: np.ndarray) -> np.ndarray:
        """(h, w) brightness of (h, w, 3) linear light of the window."""
        return np.maximum((self.mix * linear).sum(-1) - self.black, 0)


def lamp_of(view: Closeup, where: np.ndarray | None = None, w: TintWeights = WEIGHTS.tint) -> Lamp:
    """The light's hue as a smooth field over the face, and how much each channel still tells.

    Args:
        where: (h, w) bool, the part of the face that is asked; all of it when omitted.
    """
    bare = _bare(view)
    if where is not None and (bare & where).any():
        bare &= where
    size = np.linalg.norm(view.soft, axis=-1)
    middle = float(np.median(size[bare]))
    weight = bare * smoothstep(w.lit[0] * middle, w.lit[1] * middle, size)
    logs = np.log(view.soft + np.float32(1e-3)) - np.log(size + np.float32(1e-3))[..., None]
    field = _field(logs, weight.astype(np.float32), view.face, w)
    lamp = _lamp(view, field, size, bare, w)
    if where is None:
        return lamp
    # Of paint the strongest channel alone: in the others skin beside it, and what shines through, is far brighter.
    share = np.exp(w.strongest * field)
    mix = share / share.sum(-1, keepdims=True) * np.exp(-field)
    return replace(lamp, mix=mix, skin_light=float(np.median((mix * view.soft).sum(-1)[bare])))


def _lamp(view: Closeup, field: np.ndarray, size: np.ndarray, bare: np.ndarray, w: TintWeights) -> Lamp:
    gain = np.exp(-field)
    level = float(np.median(size[bare]))
    # What a channel holds of the skin here, and in this pixel.
    believed = smoothstep(*w.empty, level * np.exp(field))
    even = view.soft * gain
    trusted = believed * (1 - smoothstep(*w.burnt, view.soft)) + 1e-3 * np.exp(2 * field)
    share = trusted / trusted.sum(-1, keepdims=True)
    mix = share * gain
    light = (mix * view.soft).sum(-1)
    skin_light = float(np.median(light[bare]))
    off = np.abs(np.log(even + 1e-3) - np.log(light + 1e-3)[..., None]).max(-1)
    bare_soft = cv2.GaussianBlur(bare.astype(np.float32), (0, 0), max(0.5, w.bare_edge * view.face))
    believed = believed * smoothstep(*w.dark, view.soft) * (1 - bare_soft * smoothstep(*w.stray, off))[..., None]
    found = np.clip(skin_light / w.norm, *w.luminance)
    luminance = usual_luminance(float(found), w)
    return Lamp(mix, believed * gain, believed, share, skin_light, luminance)


def usual_luminance(found: float, w: TintWeights = WEIGHTS.tint) -> float:
    """Luminance of skin of which a lamp or a tone has left `found`."""
    return float(w.usual ** (1 - w.trusted) * found**w.trusted)


def _bare(view: Closeup) -> np.ndarray:
    """(h, w) bool: the face without its features."""
    bare = view.filled(OVAL) & ~features_of(view)
    return bare if bare.any() else np.ones(view.shape, bool)


def _field(values: np.ndarray, weight: np.ndarray, face: float, w: TintWeights) -> np.ndarray:
    """(h, w, C) float32: weighted values, smooth over the face, and going on around it."""

    def spread(sigma: float, step: int) -> tuple[np.ndarray, np.ndarray]:
        size = max(1, weight.shape[1] // step), max(1, weight.shape[0] // step)
        parts = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (values * weight[..., None], weight)]
        total, amount = (cv2.GaussianBlur(one, (0, 0), sigma * face / step, borderType=cv2.BORDER_CONSTANT) for one in parts)
        return tuple(cv2.resize(one, weight.shape[::-1], interpolation=cv2.INTER_LINEAR) for one in (total, amount))

    mean = (values * weight[..., None]).sum((0, 1)) / max(float(weight.sum()), 1e-6)
    total, amount = spread(w.far, 8)
    far = (total + 1e-4 * mean) / (amount + 1e-4)[..., None]
    total, amount = spread(w.soft, 2)
    return (total + w.prior * far) / (amount + w.prior)[..., None]

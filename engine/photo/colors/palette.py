"""What colors the parts of a face have when only their brightness is known."""

from __future__ import annotations

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ...wire.color import LUMINANCE, linear_to_srgb, srgb_to_linear
from ..regions import EYES, INNER_LIPS, OUTER_LIPS, OVAL, SURE_SKIN
from ..weights import WEIGHTS, NaturalWeights
from .judge import Closeup, hues, iris_of

__all__ = ["natural_hues", "of_hue", "skin_hue"]


def of_hue(hue: np.ndarray) -> np.ndarray:
    """(..., 3) float32 linear colors of luminance 1 of (..., 2) hues."""
    color = np.exp(np.stack([hue[..., 0], np.zeros_like(hue[..., 0]), hue[..., 1]], -1)).astype(np.float32)
    return color / (color @ LUMINANCE)[..., None]


def skin_hue(luminance: float, w: NaturalWeights = WEIGHTS.natural) -> np.ndarray:
    """(2,) hue of human skin of that luminance in a photo, see :class:`NaturalWeights`."""
    share, most = w.lit
    grey = np.full((1, 1, 3), linear_to_srgb(np.clip(share * luminance, 0, most)), np.float32)
    lightness = cv2.cvtColor(grey, cv2.COLOR_RGB2LAB)[0, 0, 0]
    lab = [np.interp(lightness, w.lightness, row) for row in (w.lightness, w.redness, w.yellowness)]
    return hues(srgb_to_linear(cv2.cvtColor(np.float32([[lab]]), cv2.COLOR_LAB2RGB)[0, 0]), 0.0)


def natural_hues(
    view: Closeup,
    light: np.ndarray,
    skin_light: float,
    luminance: float,
    parts: dict[str, np.ndarray],
    w: NaturalWeights = WEIGHTS.natural,
) -> np.ndarray:
    """(h, w, 2) float32 hues of what a window around a face shows.

    Args:
        light: (h, w) float32 brightness. skin_light: that of the skin. luminance: of the skin, which tells its hue.
        parts: (h, w) chances of :data:`engine.photo.part_net.PARTS`.
    """
    relative = light / max(skin_light, 1e-4)
    skin = _skin(view, relative, luminance, w)
    hair = _hair(relative * luminance, parts, w)
    bare = parts["skin"] + parts["eyes"] + parts["lips"] + parts["lens"]
    hairy = parts["hair"] + parts["brows"] + parts["beard"]
    out = bare[..., None] * skin + hairy[..., None] * hair
    inside = cv2.GaussianBlur(view.filled(OVAL).astype(np.float32), (0, 0), max(0.5, w.edge * view.face))
    shown = 1 - np.clip(parts["cover"] + parts["hat"] + parts["clothes"] + parts["hair"], 0, 1) * (1 - 0.5 * inside)

    def lay(mask: np.ndarray, hue: np.ndarray) -> None:
        nonlocal out
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(0.5, w.edge * view.face)) * shown
        out = out + soft[..., None] * (hue - out)

    typical = skin_hue(luminance, w)
    lips = typical + np.float32(w.lips)
    outer, inner = view.filled(OUTER_LIPS), view.filled(INNER_LIPS)
    lay(outer & ~inner, lips)
    lay(inner, _mouth(relative, outer & ~inner, inner, lips, w))
    for eye in range(len(EYES)):
        lay(view.filled(EYES[eye]), np.float32(w.white))
        lay(iris_of(view, eye) & view.filled(EYES[eye]), _iris_hue(view, relative, eye, w))
    return out.astype(np.float32)


def _hair(luminance: np.ndarray, parts: dict[str, np.ndarray], w: NaturalWeights) -> np.ndarray:
    """(h, w, 2): by the luminance of the hair where it is lit, less by each pixel's own: fair hair in shade stays fair."""
    sure = luminance[parts["hair"] > w.hair_sure]
    light = np.maximum(luminance, 1e-4)
    if sure.size:
        light = light**w.hair_own * max(float(np.quantile(sure, w.hair_lit)), 1e-4) ** (1 - w.hair_own)
    return np.stack([np.interp(light, w.hair_light, row).astype(np.float32) for row in (w.hair_red, w.hair_blue)], -1)


def _skin(view: Closeup, relative: np.ndarray, luminance: float, w: NaturalWeights) -> np.ndarray:
    """(h, w, 2): redder where blood is near and in the skin's own shade, white in reflections."""
    blush = cv2.GaussianBlur(view.filled(*SURE_SKIN[:3]).astype(np.float32), (0, 0), max(0.5, w.blush_soft * view.face))
    shade = np.clip(-w.shade * np.log(np.maximum(relative, 1e-3)), -w.shade_most, w.shade_most)
    hue = skin_hue(luminance, w) + blush[..., None] * np.float32(w.blush) + shade[..., None] * np.float32([1, -1])
    return hue * (1 - w.shine_white * smoothstep(*w.shine, relative))[..., None]


def _mouth(relative: np.ndarray, lips: np.ndarray, inner: np.ndarray, lip_hue: np.ndarray, w: NaturalWeights) -> np.ndarray:
    """(h, w, 2): teeth are what is brighter than the lips, and not dark beside the skin."""
    if not (lips.any() and inner.any()):
        return np.broadcast_to(np.float32(w.mouth), (*relative.shape, 2))
    edge = max(float(np.median(relative[lips])), w.tooth_skin / w.tooth[0])
    tooth = smoothstep(w.tooth[0] * edge, w.tooth[1] * edge, relative)[..., None]
    gum = smoothstep(w.gum * edge, edge, relative)[..., None]
    dark = np.float32(w.mouth) + gum * (lip_hue - np.float32(w.mouth))
    return dark + tooth * (np.float32(w.teeth) - dark)


def _iris_hue(view: Closeup, relative: np.ndarray, eye: int, w: NaturalWeights) -> np.ndarray:
    """(2,): brown where dark, greyish blue where light."""
    pixels = relative[iris_of(view, eye) & view.filled(EYES[eye])]
    dark, light = np.float32(w.iris)
    if pixels.size == 0:
        return dark
    # The pupil is darker, catchlights are brighter.
    middle = float(np.quantile(pixels, w.iris_middle))
    return dark + smoothstep(*w.iris_light, np.float32(middle)) * (light - dark)

"""The unlit colour of photographed skin, by a low-frequency gain field.

Everything that light did to the photo is taken out by multiplying with a smooth field, so that the grain of the skin
stays as it was photographed:

1. division by the spherical-harmonics shading that the fit found (luminance only: a per-channel division turns chins
   and nostrils pink), clipped, because a quadratic of the normal has no shadows;
2. what is left of slow brightness changes over the skin is mostly light too (skin varies slowly by little): its
   left-right difference is removed almost fully, its symmetric part partly;
3. one white balance towards the range in which human skin lies;
4. highlights: brighter and less saturated than the skin around them; replaced by that skin's colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...camera import Camera
from ...geometry.harmonics import light_normals, shade
from ...geometry.smoothstep import smoothstep
from ...wire.color import LUMINANCE
from ..logs import logs_of
from ..weights import WEIGHTS, BalanceWeights, FlatWeights, HairWeights, HighlightWeights, ShadingWeights
from .surface import Surface

__all__ = [
    "SkinLevel",
    "darkness",
    "flatten",
    "highlight_share",
    "shading_gain",
    "skin_balance",
    "weighted_median",
]


_MOST_VALUES = 40000
"""A median is that of so many values, evenly spread: more would only cost time."""


def weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(n, C) values, (n,) weights -> (C,) medians."""
    step = max(1, len(values) // _MOST_VALUES)
    values, weights = values[::step], weights[::step]
    out = np.empty(values.shape[1], np.float64)
    for k in range(values.shape[1]):
        order = np.argsort(values[:, k])
        total = np.cumsum(weights[order])
        out[k] = values[order[min(np.searchsorted(total, total[-1] / 2), len(order) - 1)], k]
    return out


def shading_gain(
    camera: Camera,
    normals: np.ndarray,
    lighting: np.ndarray,
    weights: np.ndarray,
    believed: ShadingWeights = WEIGHTS.shading,
) -> np.ndarray:
    """(V,) float32 factor per vertex that undoes the fitted light.

    Args:
        normals: (V, 3) model space.
        lighting: (9, 3) as in ``MidFit.lighting``.
        weights: (V,) how well each vertex is seen; the gain is 1 at the median of the seen.
    """
    lighting = np.asarray(lighting, np.float32)
    if not np.isfinite(lighting).all() or lighting[0].sum() <= 0 or weights.sum() <= 0:
        return np.ones(len(normals), np.float32)
    light = shade(light_normals(camera, normals), lighting) @ LUMINANCE
    middle = weighted_median(light[:, None], weights)[0]
    ratio = np.clip(light / max(middle, 1e-4), *believed.range) ** believed.power
    return (1 / ratio).astype(np.float32)


@dataclass(frozen=True)
class SkinLevel:
    """The slow part of the skin's colour."""

    base: np.ndarray
    """(V, 3) float32 linear colour after the gain."""
    gain: np.ndarray
    """(V, 3) float32."""


def flatten(
    surface: Surface, mirror: np.ndarray, color: np.ndarray, weights: np.ndarray, believed: FlatWeights = WEIGHTS.flat
) -> SkinLevel:
    """Remove slow brightness changes from the skin.

    Args:
        surface: of V vertices.
        mirror: (V,) the vertex on the other side.
        color: (V, 3) linear mean colours around the vertices.
        weights: (V,) in [0, 1]: clean, seen skin.
        believed: what counts as slow, and what is kept of it.
    """
    logs = logs_of(color)
    middle = weighted_median(logs, weights * surface.area) if weights.sum() > 0 else np.zeros(3)
    robust = np.ones_like(weights)
    for _ in range(believed.rounds):
        slow = surface.smooth(logs, weights * robust, believed.length_mm, prior=middle, prior_weight=believed.prior)
        off = (logs - slow).mean(1)
        robust = 1 / (1 + (off / np.where(off > 0, *believed.stray)) ** 2) ** 2
    trust = weights / (weights + believed.trusted)
    trust = surface.blur(trust, believed.trust_mm)
    both = np.clip(trust * trust[mirror], 0, 1)[:, None]
    deviation = slow - middle
    odd = both * (deviation - deviation[mirror]) / 2
    even = deviation - odd

    def split(x):
        brightness = (x * LUMINANCE).sum(1, keepdims=True)
        return brightness, x - brightness

    (odd_b, odd_c), (even_b, even_c) = split(odd), split(even)
    kept = _limited(believed.odd * odd_b + believed.even_brightness * even_b, believed.most_brightness)
    kept = kept + _limited(believed.odd * odd_c + believed.even_hue * even_c, believed.most_hue)
    log_gain = np.clip(kept - deviation, -believed.most, believed.most)
    log_gain += _shadow_lift(surface, logs - slow, weights, believed)[:, None]
    return SkinLevel(np.exp(slow + log_gain).astype(np.float32), np.exp(log_gain).astype(np.float32))


def _shadow_lift(surface: Surface, rest: np.ndarray, weights: np.ndarray, believed: FlatWeights) -> np.ndarray:
    """(V,) log gain for shadows that are narrower than what counts as slow, as on the far side of a cheek.

    Skin in shadow keeps or gains saturation (light that skin reflects onto skin is red); a beard, hair and brows are
    greyer than skin, and are left alone.

    Args:
        rest: (V, 3) log colours without the slow part.
        weights: (V,) clean, seen skin.
    """
    length, prior = believed.shadow_mm, believed.shadow_prior
    dark = np.minimum(surface.smooth(rest @ LUMINANCE, weights, length, prior_weight=prior) + believed.shadow_floor, 0)
    hue = surface.smooth(rest[:, 2] - rest[:, 0], weights, length, prior_weight=prior)
    return np.clip(-believed.shadow_lift * dark * (1 - smoothstep(*believed.shadow_hue, hue)), 0, believed.shadow_most)


def _limited(values: np.ndarray, most: float) -> np.ndarray:
    return most * np.tanh(values / most)


def skin_balance(color: np.ndarray, teeth: float | None = None, weights: BalanceWeights = WEIGHTS.balance) -> np.ndarray:
    """(3,) gains that move a mean skin colour into the range of human skin, most of the way.

    Args:
        color: (3,) linear RGB.
        teeth: how much brighter the photo's teeth are than its skin. Enamel is much the same in all people, so it tells how
            the photo was exposed, about as well as that the photo itself was exposed rightly: half of both is believed.
    """
    color = np.maximum(np.asarray(color, np.float64), 1e-3)

    def pulled(value, mean, spread):
        distance = (value - mean) / spread
        kept = np.sign(distance) * min(abs(distance), 1 + weights.beyond * max(abs(distance) - 1, 0))
        return mean + spread * kept

    red = pulled(np.log(color[0] / color[1]), *weights.red)
    blue = pulled(np.log(color[2] / color[1]), *weights.blue)
    # Melanin moves both ratios apart; blood alone lowers green, and by little. More of it is a pink light.
    pink = max(0.0, red - weights.red[0] + blue - weights.blue[0] - weights.pink)
    red, blue = red - weights.pink_share * pink, blue - weights.pink_share * pink
    balanced = np.array([np.exp(red), 1.0, np.exp(blue)])
    luminance = float(color @ LUMINANCE)
    low, high = weights.luminance
    target = luminance
    if teeth is not None and teeth > weights.shaded_teeth:
        target = np.sqrt(luminance * weights.teeth / teeth)
    if target > high:
        target = high * (target / high) ** weights.too_bright
    elif target < low:
        target = low * (target / low) ** weights.too_dark
    balanced *= target / (balanced @ LUMINANCE)
    return (balanced / color).astype(np.float32)


def darkness(color: np.ndarray, base: np.ndarray, central: np.ndarray, weights: HairWeights = WEIGHTS.hair) -> np.ndarray:
    """(n,) float32: how surely a colour is too dark for skin; where hair and shadow are to be feared, sooner.

    Args:
        color, base: (n, 3) linear, and the skin around it.
        central: (n,) in [0, 1]: 0 where they are to be feared.
    """
    ratio = (color @ LUMINANCE) / np.maximum(base @ LUMINANCE, 1e-3)
    return central * (1 - smoothstep(*weights.safe, ratio)) + (1 - central) * (1 - smoothstep(*weights.feared, ratio))


def highlight_share(
    color: np.ndarray, base: np.ndarray, photographed: np.ndarray, weights: HighlightWeights = WEIGHTS.highlight
) -> np.ndarray:
    """How much of a colour is surface reflection.

    By the dichromatic model (Shafer 1985) gloss adds the light's own colour: brighter, and nearer to white than the
    skin around it.

    Args:
        color: (n, 3) linear, de-lit.
        base: (n, 3) diffuse skin around it.
        photographed: (n, 3) linear colour in the photo, to recognise burnt-out pixels.

    Returns:
        (n,) float32 in [0, 1].
    """
    brighter = (color @ LUMINANCE) / np.maximum(base @ LUMINANCE, 1e-3)
    whiter = (color[:, 2] / np.maximum(color[:, 0], 1e-3)) / np.maximum(base[:, 2] / np.maximum(base[:, 0], 1e-3), 1e-3)
    share = smoothstep(*weights.brighter, brighter) * smoothstep(*weights.whiter, whiter)
    burnt = smoothstep(*weights.burnt, photographed.min(1)) * smoothstep(*weights.burnt_brighter, brighter)
    very = smoothstep(*weights.very, brighter)
    return np.maximum(np.maximum(share, burnt), very).astype(np.float32)

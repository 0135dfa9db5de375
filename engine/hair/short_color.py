"""The colour of short hair without the photo's light, and without the skin between the hairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry.smoothstep import smoothstep
from ..wire.color import LUMINANCE, srgb_to_linear
from .closeup import Closeup, sampled, spread
from .skin import SkinTriangles

__all__ = ["HairPaint", "hair_paint", "unlit"]

_SPREAD = (0.12, 0.6)
"""Standard deviations over which the skin's gain is spread over the hair, face widths."""
_GAIN = (0.3, 4.0)
"""Least and largest gain."""
_STRIDE = 3
"""Every so many pixels tell the gain."""
_CORE = 0.6
"""Density, as a share of the largest, from which on pixels tell the hair's colour."""
_SHADE = 0.5
"""Least brightness of the hair over that of these pixels: hairs shade each other, too."""
_DENSE = (0.25, 0.75)
"""Least and largest share of hair that such a pixel is believed to hold."""
_KNOWN = (0.45, 0.85)
"""Darkness against the skin at which hair that grows sparsely begins to show its own colour, and at which it does."""
_RANGE = (0.002, 0.7)
"""Least and largest linear colour of hair."""
_PATCHES = 0.5
"""Power of local brightness that is kept: grey patches, sun-bleached ends."""
_THROUGH = 0.78
"""Brightness of the strands over that of the hair: single hairs before skin are lit through, so that they look paler than
they are (measured with Cycles and its Principled Hair)."""
_HUE = 0.9
"""Power of the hair's hue that is kept: skin beside it shines on it."""
_VARY = 0.16
"""Spread of the brightness of single hairs, log."""
_LEAST_PIXELS = 12
"""With fewer pixels a photo tells no colour."""


@dataclass(frozen=True)
class HairPaint:
    """The colour of one region's hair."""

    color: np.ndarray
    """(3,) float32 linear."""
    local: np.ndarray
    """(h, w) float32 factor of brightness in the close-up."""
    darkness: float = 0.5
    """How much darker than the skin around the region is, share of the skin's luminance."""

    def at(self, pixels: np.ndarray, points: int, random: np.random.Generator) -> np.ndarray:
        """(n, points, 3) float32 linear colours of hairs rooted at (n, 2) pixels of the close-up."""
        factor = sampled(self.local, pixels) * np.exp(random.normal(0, _VARY, len(pixels)))
        along = np.linspace(0.92, 1.1, points)
        return (self.color * factor[:, None, None] * along[:, None]).clip(*_RANGE).astype(np.float32)


def unlit(closeup: Closeup, skin: SkinTriangles, albedo: np.ndarray, hairy: np.ndarray) -> np.ndarray:
    """(h, w, 3) float32 linear colours as the bundle's albedo has them: the bare skin around tells the gain.

    Args:
        albedo: (S, S, 3) uint8 sRGB. hairy: (h, w) density of what is not bare skin.
    """
    photo = srgb_to_linear(closeup.rgb / np.float32(255))
    bare = (closeup.skin > 0.6) & closeup.on_skin & (hairy < 0.02)
    y, x = np.nonzero(bare[::_STRIDE, ::_STRIDE])
    y, x = y * _STRIDE, x * _STRIDE
    if len(y) < _LEAST_PIXELS:
        return photo
    uv = np.einsum("nc,nci->ni", closeup.raster.weights[y, x], skin.uv[closeup.raster.triangle[y, x]])
    side = albedo.shape[0]
    row, column = ((1 - uv[:, 1]) * side).clip(0, side - 1).astype(int), (uv[:, 0] * side).clip(0, side - 1).astype(int)
    known = srgb_to_linear(albedo[row, column] / np.float32(255))
    gain = np.clip((known + 0.01) / (photo[y, x] + 0.01), *_GAIN)
    weight = np.zeros(bare.shape, np.float32)
    weight[y, x] = 1
    out = photo.copy()
    for channel in range(3):
        value = np.zeros(bare.shape, np.float32)
        value[y, x] = np.log(gain[:, channel])
        out[..., channel] *= np.exp(spread(value, weight, [sigma * closeup.face for sigma in _SPREAD]))
    return out


def hair_paint(closeup: Closeup, colors: np.ndarray, density: np.ndarray, other: np.ndarray | None = None) -> HairPaint:
    """The colour of the hair that covers the skin by `density`.

    Args:
        colors: (h, w, 3) from :func:`unlit`.
        other: (3,) colour of this person's other hair, for hair too sparse to show its own.
    """
    flat = np.ones(density.shape, np.float32)
    most = float(density.max())
    core = (density > max(_CORE * most, 0.05)) & closeup.on_skin
    if core.sum() < _LEAST_PIXELS:
        return HairPaint(np.float32([0.03, 0.02, 0.014]) if other is None else other, flat)
    light = colors @ LUMINANCE
    mixed = np.median(colors[core], 0)
    bare = (density < 0.02) & (closeup.skin > 0.6) & closeup.on_skin
    skin = np.median(colors[bare], 0) if bare.sum() > _LEAST_PIXELS else 3 * mixed
    share = float(np.clip(np.mean(density[core]), *_DENSE))
    pure = np.maximum((mixed - (1 - share) * skin) / share, _SHADE * mixed)
    # The skin's share is a guess that tells brightness better than hue.
    color = np.sqrt(pure * mixed * (float(pure @ LUMINANCE) / float(mixed @ LUMINANCE)))
    darkness = 1 - float(mixed @ LUMINANCE) / max(float(skin @ LUMINANCE), 1e-4)
    if other is not None:
        # Between sparse hairs skin shows, however many pixels are dark.
        known = smoothstep(*_KNOWN, darkness)
        color = color**known * other ** (1 - known)
    color = _THROUGH * color
    bright = float(color @ LUMINANCE)
    color = bright * (color / bright) ** _HUE
    # Hair is never greener than red, nor bluer than green.
    color[1:] = np.minimum(color[1:], color[0])
    color[2] = min(color[2], color[1])
    weight = density * closeup.on_skin
    local = np.exp(_PATCHES * (spread(np.log(light + 0.01), weight, [0.03 * closeup.face, 0.2 * closeup.face])
                               - float(np.median(np.log(light[core] + 0.01)))))  # fmt: skip
    return HairPaint(color.clip(*_RANGE).astype(np.float32), local.clip(0.7, 1.6).astype(np.float32), darkness)

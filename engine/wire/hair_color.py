"""What a strand's shader is given, and what strands side by side look like: not the same color.

Light enters hair, goes from strand to strand and comes out with less color and less of itself, and every strand has a white
reflection. A bundle holds what is seen, the albedo of a matt surface that looks as the hair does in the same light; Blender's
Principled Hair wants the strands' own color. Between both lies a curve, measured by ``tests/digest/hair_looks.py`` on four
grooms in Cycles; every groom and light has a factor of its own (0.6 to 1.5), the curve's shape keeps within 8 %.

Standard library and NumPy only: Blender builds its nodes from the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["BUILT", "SCALP_SHARE", "StrandCurve"]

SCALP_SHARE = 0.75
"""Linear brightness of the skin between the roots, as a share of the hair's: it lies in the hair's shade."""


@dataclass(frozen=True)
class StrandCurve:
    """The curve of one material, the same for each channel.

    The shader's color c and the look l hold ``gain * c = (l - veil) / (1 - (l / whitest)^2)``.
    """

    veil: float
    """Look of black strands: what they reflect without taking on their color."""
    whitest: float
    """Look that no color reaches: white strands in each other's shade."""
    gain: float = 1.0
    """Factor of the shader's color."""
    dark: float = 0.25
    """Share of a look that stays at least when the veil is taken off: photos of black hair are darker than the veil."""
    most: float = 0.95
    """Largest color of a shader."""

    def color(self, look: np.ndarray) -> np.ndarray:
        """Linear colors for the shader of strands that are to look like `look`."""
        own = np.maximum(look - self.veil, self.dark * look)
        return np.minimum(own / np.maximum(1 - (look / self.whitest) ** 2, 1e-3) / self.gain, self.most)

    def look(self, color: np.ndarray) -> np.ndarray:
        """What strands look like whose shader has the linear colors `color`."""
        own = self.gain * np.asarray(color)
        bright = 2 * (own + self.veil) / (1 + np.sqrt(1 + 4 * own * (own + self.veil) / self.whitest**2))
        return np.minimum(bright, own / self.dark)


BUILT = StrandCurve(veil=0.009, whitest=0.607)
"""The material that the add-on builds: Chiang's model, index of refraction 1.3, roughness 0.28, 12 bounces (within 6 %)."""

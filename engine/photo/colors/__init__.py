"""Photos without color, of one tone, or in tinted light: judged, and their hues completed from what faces have."""

from __future__ import annotations

from .natural import color_kind, with_natural_colors

__all__ = ["color_kind", "with_natural_colors"]

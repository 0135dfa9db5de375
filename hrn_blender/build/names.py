"""Names by which materials read the mesh."""

from __future__ import annotations

__all__ = ["ACTIONS_PROPERTY", "BLEED", "JAW_CORRECTION", "ROUGHNESS", "UV_MAP"]

UV_MAP = "UVMap"
"""Name of the head's UV map."""
ROUGHNESS = "hrn_roughness"
"""Point attribute: how rough the skin is there."""
BLEED = "hrn_bleed"
"""Point attribute: how much of the skin's subsurface scattering there is."""
ACTIONS_PROPERTY = "hrn_actions"
"""Custom property of heads: names of the shape keys that are facial actions, one per line."""
JAW_CORRECTION = "Jaw Correction"
"""Shape key that makes the weights of the jaw's bone open the mouth as `jawOpen` does; follows the bone."""

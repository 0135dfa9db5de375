"""Names by which materials read the mesh."""

from __future__ import annotations

__all__ = ["ROUGHNESS", "UV_MAP"]

UV_MAP = "UVMap"
ROUGHNESS = "hrn_roughness"
"""Point attribute: how rough the skin is there."""

"""Names by which the parts of the hair find each other. English in every language, as all data are."""

from __future__ import annotations

from ...engine.wire.hair import GROUPS

__all__ = [
    "BIND_PLACE",
    "BIND_TURN",
    "BIND_UV",
    "COLOR",
    "GROUP_PROPERTY",
    "LAYER",
    "PLACES",
    "PLACE_UV",
    "REST",
    "ROOT",
    "SEEN_PLACE",
    "SEEN_TURN",
    "SHOWN",
    "SURFACE_UV",
]

GROUP_PROPERTY = "hrn_hair_group"
"""Custom property of a curves object: which group of the bundle it shows."""
REST = "hrn_rest"
"""Point attribute of the head: where its vertices are at rest. Subdivision carries it into the finer mesh."""
PLACE_UV = "hrn_uv"
"""Corner attribute of the head: its UV map, which subdivision carries along as it is. The map itself is evened out with the surface,
which made roots slide by up to 1.8 mm from one level to the next."""
SURFACE_UV = "surface_uv_coordinate"
"""Curve attribute that Blender knows: the root in the head's UV map."""
COLOR = "hair_color"
"""Point attribute of the curves: colour of the strand, linear."""
LAYER = "hair_layer"
"""Curve attribute: 0 outer hair, 1 the short hair beneath it."""
BIND_UV = "hrn_bind_uv"
"""Curve attribute: the root in the UV map when the curve was bound; another one now means that it was moved since."""
BIND_PLACE = "hrn_bind_place"
"""Curve attribute: the surface's point at the root when the curve was bound."""
BIND_TURN = "hrn_bind_turn"
"""Curve attribute: the surface's frame there, as a quaternion."""
SEEN_PLACE = "hrn_seen_place"
"""Curve attribute of the evaluated curves while they are bound: the surface's point at the root as it is now."""
SEEN_TURN = "hrn_seen_turn"
"""Curve attribute of the evaluated curves while they are bound: the surface's frame there as it is now."""
ROOT = "hair_root"
"""Point attribute of the head: how densely scalp hair is rooted there, 0 to 1."""
PLACES = {name: f"hair_root_{name}" for name in GROUPS if name != "hair"}
"""Point attributes of the head: the same of the other groups, whose painted look comes back where their curves are hidden."""
SHOWN = {name: f"hrn_shown_{name}" for name in GROUPS}
"""Custom properties of the head, 1 where the curves of a group are shown and 0 where not: the skin's material reads them."""

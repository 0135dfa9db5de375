"""What of an overridden head becomes this file's own, because Blender overrides no strands and would bring back what is removed."""

from __future__ import annotations

import bpy

from .hair.build import find_hair, tint_scalp
from .hair_games.names import KINDS, find_games

__all__ = ["own"]


def own(head: bpy.types.Object) -> None:
    """Make the collections of an overridden `head`, its strands and what was made of them this file's own; once is enough.

    As overrides they would be completed whenever the library changes: what was removed came back, strands that are this file's
    own were there twice, and expressions were lost.
    """
    if head.override_library is None:
        return
    for collection in head.users_collection:
        if collection.override_library is not None:
            collection.make_local(clear_liboverride=True)
    games = [find_games(head, kind) for kind in KINDS]
    for made in [one for one in games if one is not None and one.override_library is not None]:
        made.make_local(clear_liboverride=True).parent = head
    strands = [one for one in find_hair(head).values() if one.override_library is not None]
    for hair in strands:
        local = hair.make_local(clear_liboverride=True)
        local.data = local.data.make_local(clear_liboverride=True)
        local.parent = head
        local.data.materials[0] = local.data.materials[0].copy()  # Blender overrides no sliders of materials.
    if strands:
        tint_scalp(head)

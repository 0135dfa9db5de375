"""Hair for games: the groom of a head as cards, one mesh with one material and its maps."""

from __future__ import annotations

import bpy

from ..ledger import Ledger
from ..mesh import set_quads
from .atlas import bake, draw_strands
from .material import games_material
from .names import CARDS, COLOR, PROPERTY, TINT, games_name, place_beside, set_color, set_uv
from .png import packed_image
from .skin import head_skin
from .strips import Guides, make_cards

__all__ = ["build_cards"]


def build_cards(head: bpy.types.Object, guides: Guides, triangles: int) -> bpy.types.Object:
    """Cards of at most `triangles` triangles beside `head`, its children. Earlier ones are replaced.

    Raises:
        ValueError: no card can be made of `guides`.
        Exception: whatever else goes wrong, after everything created so far has been removed.
    """
    cards = make_cards(guides, head_skin(head), triangles)
    if not len(cards.faces):
        raise ValueError("There are no guides.")
    with Ledger() as ledger:
        name = games_name(head, CARDS)
        mesh = ledger.add(bpy.data.meshes.new(name))
        set_quads(mesh, cards.vertices, cards.faces)
        set_uv(mesh, cards.uv[cards.faces])
        # The first one is what exporters take for vertex colours: relative to the texture, which is coloured already.
        for attribute, values in ((TINT, cards.tint), (COLOR, cards.color)):
            set_color(mesh, attribute, values)
        mesh.normals_split_custom_set_from_vertices(cards.normals.tolist())
        color = packed_image(f"{name} color", bake(draw_strands(), cards.ramps), "sRGB", ledger)
        mesh.materials.append(games_material(name, color, ledger))
        made = ledger.add(bpy.data.objects.new(name, mesh))
        made[PROPERTY] = CARDS
        place_beside(head, made)
    return made

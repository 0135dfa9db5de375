"""Hair for games: the groom of a head as cards, one mesh with one material and its maps."""

from __future__ import annotations

import bpy
import numpy as np

from ..ledger import Ledger
from ..names import UV_MAP
from .atlas import bake, draw_strands
from .material import games_material
from .names import CARDS, COLOR, PROPERTY, TINT, games_name, place_beside
from .png import packed_image
from .skin import head_skin
from .strips import Cards, Guides, make_cards

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
    ledger = Ledger()
    try:
        name = games_name(head, CARDS)
        mesh = ledger.add(bpy.data.meshes.new(name))
        _fill(mesh, cards)
        color = packed_image(f"{name} color", bake(draw_strands(), cards.ramps), "sRGB", ledger)
        mesh.materials.append(games_material(name, color, ledger))
        made = ledger.add(bpy.data.objects.new(name, mesh))
        made[PROPERTY] = CARDS
        place_beside(head, made)
    except BaseException:
        ledger.undo()
        raise
    return made


def _fill(mesh: bpy.types.Mesh, cards: Cards) -> None:
    mesh.vertices.add(len(cards.vertices))
    mesh.vertices.foreach_set("co", cards.vertices.ravel())
    mesh.loops.add(cards.faces.size)
    mesh.loops.foreach_set("vertex_index", cards.faces.ravel())
    mesh.polygons.add(len(cards.faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, cards.faces.size, 4, dtype=np.int32))
    mesh.update(calc_edges=True)
    mesh.uv_layers.new(name=UV_MAP, do_init=False).uv.foreach_set("vector", cards.uv[cards.faces.ravel()].ravel())
    # The first one is what exporters take for vertex colours: relative to the texture, which is coloured already.
    for name, values in ((TINT, cards.tint), (COLOR, cards.color)):
        attribute = mesh.color_attributes.new(name, "FLOAT_COLOR", "POINT")
        attribute.data.foreach_set("color", np.c_[values, np.ones(len(values))].astype(np.float32).ravel())
    mesh.color_attributes.active_color_index = mesh.color_attributes.render_color_index = 0
    mesh.normals_split_custom_set_from_vertices(cards.normals.tolist())
    mesh.update()

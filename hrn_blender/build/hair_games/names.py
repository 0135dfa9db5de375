"""What is made of a groom for games, and how it is found again."""

from __future__ import annotations

import bpy
import numpy as np

from ..hair.build import find_hair, homes
from ..images import picture_nodes
from ..names import UV_MAP

__all__ = [
    "CARDS",
    "COLOR",
    "CURVES",
    "KINDS",
    "MESH",
    "PROPERTY",
    "TINT",
    "find_games",
    "games_name",
    "place_beside",
    "remove_games",
    "set_color",
    "set_uv",
    "show_as",
    "triangles_of",
    "ways",
]

PROPERTY = "hrn_hair_games"
"""Custom property of objects made for games: which of :data:`KINDS` it is."""
CARDS = "cards"
"""Value of :data:`PROPERTY` of hair cards."""
MESH = "mesh"
"""Value of :data:`PROPERTY` of the hair mesh."""
CURVES = "curves"
"""Way to show the hair of a scalp beside these two: the strands themselves."""
KINDS = (CARDS, MESH)
"""All values of :data:`PROPERTY`."""
COLOR = "hair_color"
"""Colour attribute: the groom's colour, for shaders that multiply it with the neutral strands."""
TINT = "hair_tint"
"""Colour attribute: what the coloured texture has to be multiplied with to get the groom's colour; about 1."""


def find_games(head: bpy.types.Object, kind: str) -> bpy.types.Object | None:
    """The cards or the mesh (`kind`) of `head`, where it has any."""
    return next((child for child in head.children if child.type == "MESH" and child.get(PROPERTY) == kind), None)


def ways(head: bpy.types.Object) -> dict[str, bpy.types.Object | None]:
    """The scalp hair of `head` in each way that it can be shown."""
    return {CURVES: find_hair(head).get("hair"), **{kind: find_games(head, kind) for kind in KINDS}}


def show_as(head: bpy.types.Object, way: str) -> None:
    """Show the scalp hair of `head` in one way, here and in renders, and hide the others."""
    for name, thing in ways(head).items():
        if thing is not None:
            thing.hide_viewport = thing.hide_render = name != way


def games_name(head: bpy.types.Object, kind: str) -> str:
    """What the object of a kind is called."""
    return f"{head.name} hair {kind}"


def triangles_of(thing: bpy.types.Object) -> int:
    """Triangles of a mesh object before its modifiers."""
    return len(thing.data.loops) - 2 * len(thing.data.polygons)


def place_beside(head: bpy.types.Object, made: bpy.types.Object) -> None:
    """Make `made` a child of `head`, in its collections, instead of an earlier one of its kind."""
    earlier = find_games(head, made[PROPERTY])
    if earlier is not None:
        remove_games(earlier)
        name = games_name(head, made[PROPERTY])
        made.name = made.data.name = name  # They had to have other names while the earlier one had these.
        for material in made.data.materials:
            material.name = name
            _color_image(material).name = f"{name} color"
    made.parent = head
    for collection in homes(head):
        collection.objects.link(made)


def _color_image(material: bpy.types.Material) -> bpy.types.Image:
    """The map that a material shows."""
    return next(node.image for node in picture_nodes(material) if node.outputs[0].is_linked)


def remove_games(thing: bpy.types.Object) -> None:
    """Remove cards or a hair mesh with the material and the maps that nothing else uses."""
    mesh, materials = thing.data, [slot.material for slot in thing.material_slots if slot.material]
    images = {node.image for material in materials for node in picture_nodes(material)}
    bpy.data.objects.remove(thing)
    for blocks in ([mesh], materials, images):
        bpy.data.batch_remove([block for block in blocks if block.users == 0])


def set_uv(mesh: bpy.types.Mesh, uv: np.ndarray) -> None:
    """Give a mesh the coordinates (Q, 4, 2) of its faces' corners."""
    layer = mesh.uv_layers.new(name=UV_MAP, do_init=False)
    layer.uv.foreach_set("vector", np.ascontiguousarray(uv, np.float32).ravel())


def set_color(mesh: bpy.types.Mesh, name: str, color: np.ndarray) -> None:
    """Give a mesh the linear colours (N, 3) of its vertices; the first ones are its active ones."""
    values = np.ones((len(color), 4), np.float32)
    values[:, :3] = color
    mesh.color_attributes.new(name, "FLOAT_COLOR", "POINT").data.foreach_set("color", values.ravel())
    mesh.color_attributes.active_color_index = mesh.color_attributes.render_color_index = 0

"""Hair for games: the groom of a head as cards, one mesh with one material and its maps."""

from __future__ import annotations

import bpy
import numpy as np

from .. import compat
from .card_shapes import Cards, Guides, make_cards
from .hair_skin import head_skin
from .ledger import Ledger
from .png import packed_image
from .strand_maps import bake, draw_strands

__all__ = ["CARDS", "GAMES_PROPERTY", "MESH", "build_cards", "games_object", "groom_guides", "hair_curves", "triangles_of"]

GAMES_PROPERTY = "hrn_hair_games"
"""Custom property of what is made for games: :data:`CARDS` or :data:`MESH`."""
CARDS = "cards"
"""Value of :data:`GAMES_PROPERTY` of hair cards."""
MESH = "mesh"
"""Value of :data:`GAMES_PROPERTY` of the hair mesh."""

_ALPHA = 0.35
"""Alpha from which a texel is seen."""
_ROUGHNESS = 0.5
"""Roughness of the cards' material."""
_ANISOTROPY = 0.4
"""Anisotropy of the cards' material; strands run along v."""


def hair_curves(head: bpy.types.Object) -> bpy.types.Object | None:
    """The curves of the scalp's hair of `head`, where it has any."""
    curves = [child for child in head.children if child.type == "CURVES" and child.get("hrn_hair", "hair") == "hair"]
    return min(curves, key=lambda one: one.name) if curves else None


def games_object(head: bpy.types.Object, kind: str) -> bpy.types.Object | None:
    """The cards or the mesh (`kind`) made for `head` before, where there are any."""
    return next((child for child in head.children if child.get(GAMES_PROPERTY) == kind), None)


def triangles_of(thing: bpy.types.Object) -> int:
    """Triangles of a mesh."""
    return sum(len(polygon.vertices) - 2 for polygon in thing.data.polygons)


def groom_guides(curves: bpy.types.Object, head: bpy.types.Object) -> Guides:
    """The guides of `curves` as they are now, edits included, in the space of `head`.

    Raises:
        ValueError: there is no curve of at least two points.
    """
    data = curves.data
    total = len(data.points)
    points = np.empty(3 * total, np.float32)
    data.position_data.foreach_get("vector", points)
    turn = np.array(head.matrix_world.inverted() @ curves.matrix_world)
    points = points.reshape(-1, 3) @ turn[:3, :3].T + turn[:3, 3]
    color = np.tile(np.float32([0.05, 0.03, 0.02, 1]), (total, 1))
    attribute = data.attributes.get("hair_color")
    if attribute is not None and attribute.data_type == "FLOAT_COLOR" and attribute.domain == "POINT":
        flat = np.empty(4 * total, np.float32)
        attribute.data.foreach_get("color", flat)
        color = flat.reshape(-1, 4)
    first = np.empty(len(data.curves), np.int32)
    count = np.empty(len(data.curves), np.int32)
    data.curves.foreach_get("first_point_index", first)
    data.curves.foreach_get("points_length", count)
    layer = np.zeros(len(first), np.int32)
    attribute = data.attributes.get("layer")
    if attribute is not None and attribute.domain == "CURVE" and attribute.data_type == "INT":
        attribute.data.foreach_get("value", layer)
    kept = count > 1
    if not kept.any():
        raise ValueError("There are no guides.")
    first, count, layer = first[kept], count[kept], layer[kept]
    # Curves of different numbers of points side by side: shorter ones repeat their tip, which has no length.
    index = first[:, None] + np.minimum(np.arange(count.max()), count[:, None] - 1)
    return Guides(points[index], color[index, :3], layer)


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
        name = f"{head.name} hair cards"
        mesh = ledger.add(bpy.data.meshes.new(name))
        _fill(mesh, cards)
        mesh.materials.append(_material(name, head.name, cards, ledger))
        made = ledger.add(bpy.data.objects.new(name, mesh))
        made[GAMES_PROPERTY] = CARDS
        place_beside(head, made)
    except BaseException:
        ledger.undo()
        raise
    return made


def place_beside(head: bpy.types.Object, made: bpy.types.Object) -> None:
    """Make `made` a child of `head` in its collection, instead of an earlier one of its kind."""
    earlier = games_object(head, made[GAMES_PROPERTY])
    if earlier is not None:
        remove_games_object(earlier)
    made.parent = head
    made.name = made.data.name
    for collection in head.users_collection:
        collection.objects.link(made)


def remove_games_object(thing: bpy.types.Object) -> None:
    """Remove cards or a mesh with all that nothing else uses: material, maps."""
    mesh, materials = thing.data, [slot.material for slot in thing.material_slots if slot.material]
    images = {n.image for m in materials for n in m.node_tree.nodes if n.bl_idname == "ShaderNodeTexImage" and n.image}
    bpy.data.objects.remove(thing)
    for blocks in ([mesh], materials, images):
        bpy.data.batch_remove([block for block in blocks if block.users == 0])


def _fill(mesh: bpy.types.Mesh, cards: Cards) -> None:
    mesh.vertices.add(len(cards.vertices))
    mesh.vertices.foreach_set("co", cards.vertices.ravel())
    mesh.loops.add(cards.faces.size)
    mesh.loops.foreach_set("vertex_index", cards.faces.ravel())
    mesh.polygons.add(len(cards.faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, cards.faces.size, 4, dtype=np.int32))
    mesh.update(calc_edges=True)
    mesh.uv_layers.new(name="UVMap", do_init=False).uv.foreach_set("vector", cards.uv[cards.faces.ravel()].ravel())
    # The first one is what exporters take for vertex colours: relative to the texture, which is coloured already.
    for name, values in (("hair_tint", cards.tint), ("hair_color", cards.color)):
        attribute = mesh.color_attributes.new(name, "FLOAT_COLOR", "POINT")
        attribute.data.foreach_set("color", np.c_[values, np.ones(len(values))].astype(np.float32).ravel())
    mesh.color_attributes.active_color_index = mesh.color_attributes.render_color_index = 0
    mesh.normals_split_custom_set_from_vertices(cards.normals.tolist())
    mesh.update()


def _material(name: str, head: str, cards: Cards, ledger: Ledger) -> bpy.types.Material:
    """One Principled BSDF that Cycles, EEVEE and the exporters of glTF, FBX and USD read alike."""
    maps = draw_strands()
    color = packed_image(f"{head} hair color", bake(maps, cards.ramps), "sRGB", ledger)
    material = ledger.add(bpy.data.materials.new(name))
    tree = compat.ensure_node_tree(material)
    tree.nodes.clear()
    output, shader = tree.nodes.new("ShaderNodeOutputMaterial"), tree.nodes.new("ShaderNodeBsdfPrincipled")
    output.location, shader.location = (350, 200), (0, 200)
    tree.links.new(compat.socket(shader.outputs, "BSDF"), compat.socket(output.inputs, "Surface"))
    for identifier, value in {"Roughness": _ROUGHNESS, "Specular IOR Level": 0.25, "Anisotropic": _ANISOTROPY, "Anisotropic Rotation": 0.25}.items():
        compat.socket(shader.inputs, identifier).default_value = value
    texture = tree.nodes.new("ShaderNodeTexImage")
    texture.image, texture.location = color, (-600, 250)
    tree.links.new(compat.socket(texture.outputs, "Color"), compat.socket(shader.inputs, "Base Color"))
    clip = tree.nodes.new("ShaderNodeMath")
    clip.operation, clip.location = "GREATER_THAN", (-250, 0)
    clip.inputs[1].default_value = _ALPHA
    tree.links.new(compat.socket(texture.outputs, "Alpha"), clip.inputs[0])
    tree.links.new(clip.outputs[0], compat.socket(shader.inputs, "Alpha"))
    tangent = tree.nodes.new("ShaderNodeTangent")
    tangent.direction_type, tangent.uv_map, tangent.location = "UV_MAP", "UVMap", (-250, -250)
    tree.links.new(tangent.outputs[0], compat.socket(shader.inputs, "Tangent"))
    material.surface_render_method = "DITHERED"
    material.use_backface_culling = False
    return material

"""Detail in Mesh: the displacement map moves the subdivided mesh itself, where Solid view, sculpting and exporters see it.

A Displace modifier follows the subdivision, which becomes fine enough to carry the relief. Its strength is driven by the
material's own slider, and the material leaves out what the mesh carries, so that no relief counts twice.
"""

from __future__ import annotations

import bpy

from .. import compat
from .detail import CARRIED, DISPLACEMENT_STRENGTH, strength_socket
from .ledger import Ledger
from .names import UV_MAP

__all__ = ["add_mesh_detail", "can_have_mesh_detail", "has_mesh_detail", "remove_mesh_detail"]

MODIFIER = "HRN Detail"
"""Name of the modifier."""
LEVELS_PROPERTY = "hrn_levels"
"""Custom property of the modifier's head: the levels of subdivision that come back when the modifier goes."""
_LEVELS = (3, 4)
"""Least levels in the viewport and in renders: quads of 0.8 and of 0.4 mm on the face."""


def has_mesh_detail(head: bpy.types.Object) -> bool:
    """Whether the head's mesh carries its displacement."""
    return MODIFIER in head.modifiers


def can_have_mesh_detail(head: bpy.types.Object) -> bool:
    """Whether the head was built with what this needs: its map, its sliders and its subdivision."""
    return strength_socket(head, CARRIED) is not None and _relief(head) is not None and _subdivision(head) is not None


def add_mesh_detail(head: bpy.types.Object) -> bpy.types.DisplaceModifier:
    """Let the mesh carry the displacement; the modifier that does. See :func:`can_have_mesh_detail`."""
    if has_mesh_detail(head):
        return head.modifiers[MODIFIER]
    subdivision, strength, carried = _subdivision(head), strength_socket(head), strength_socket(head, CARRIED)
    with Ledger() as ledger:
        texture = ledger.add(bpy.data.textures.new(f"{head.name} displacement", "IMAGE"))
        texture.image, texture.extension = _relief(head), "EXTEND"
        texture.use_clamp = False
        compat.sharp_texture(texture)
        modifier = head.modifiers.new(MODIFIER, "DISPLACE")
    modifier.texture, modifier.texture_coords, modifier.uv_layer = texture, "UV", UV_MAP
    modifier.direction, modifier.mid_level = "NORMAL", 0.0
    curve = modifier.driver_add("strength")
    variable = curve.driver.variables.new()
    variable.name = "strength"
    target = variable.targets[0]
    target.id_type, target.id = "NODETREE", strength.id_data
    target.data_path = strength.path_from_id("default_value")
    curve.driver.expression = variable.name
    carried.default_value = 1.0
    head[LEVELS_PROPERTY] = [subdivision.levels, subdivision.render_levels]
    subdivision.levels = max(subdivision.levels, _LEVELS[0])
    subdivision.render_levels = max(subdivision.render_levels, _LEVELS[1])
    return modifier


def remove_mesh_detail(head: bpy.types.Object) -> None:
    """Give the displacement back to the material."""
    modifier, carried, subdivision = head.modifiers[MODIFIER], strength_socket(head, CARRIED), _subdivision(head)
    texture = modifier.texture
    modifier.driver_remove("strength")
    animation = head.animation_data
    if animation is not None and not (animation.action or len(animation.drivers) or len(animation.nla_tracks)):
        head.animation_data_clear()
    head.modifiers.remove(modifier)
    if texture is not None and not texture.users:
        bpy.data.textures.remove(texture)
    if carried is not None:
        carried.default_value = 0.0
    levels = head.pop(LEVELS_PROPERTY, None)
    if subdivision is not None and levels is not None:
        subdivision.levels, subdivision.render_levels = levels


def _subdivision(head: bpy.types.Object) -> bpy.types.SubsurfModifier | None:
    return next((modifier for modifier in head.modifiers if modifier.type == "SUBSURF"), None)


def _relief(head: bpy.types.Object) -> bpy.types.Image | None:
    """The displacement map in the skin's material."""
    strength = strength_socket(head, DISPLACEMENT_STRENGTH)
    links = strength.node.inputs["Height"].links if strength is not None else ()
    return next((link.from_node.image for link in links if link.from_node.bl_idname == "ShaderNodeTexImage"), None)

"""What differs between Blender 4.2 and 5.2, in one place.

Features are asked for by looking at the API, not at the version number, wherever the API shows them.
"""

from __future__ import annotations

from typing import NamedTuple

import bpy

__all__ = [
    "action_curves",
    "eevee_engine",
    "ensure_node_tree",
    "enable_adaptive_subdivision",
    "ModifierInput",
    "has_normal_base",
    "modifier_input",
    "output_as_png",
    "socket",
    "sharp_texture",
    "use_undisplaced_normal",
]


def eevee_engine() -> str:
    """EEVEE's identifier for ``scene.render.engine``: it carried a suffix from 4.2 to 4.5."""
    return "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"


def action_curves(action: bpy.types.Action, owner: bpy.types.ID):
    """The collection of F-curves of a new `action` that moves `owner`, which uses it from now on. From 4.4 actions have slots
    for those whom they move, from 5.0 no curves outside of these."""
    data = owner.animation_data or owner.animation_data_create()
    if not hasattr(action, "slots"):
        data.action = action
        return action.fcurves
    slot = action.slots.new(owner.id_type, owner.name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    data.action = action
    data.action_slot = slot
    return strip.channelbag(slot, ensure=True).fcurves


def ensure_node_tree(id_block: bpy.types.Material | bpy.types.World) -> bpy.types.NodeTree:
    """The node tree of a material or world. From 5.0 it exists from the start, and writing ``use_nodes`` warns."""
    if id_block.node_tree is None:
        id_block.use_nodes = True
    return id_block.node_tree


def socket(sockets, identifier: str) -> bpy.types.NodeSocket:
    """A socket of a built-in node by its identifier: indices move between versions, names may be translated.

    Raises:
        KeyError: the node has no such socket.
    """
    for candidate in sockets:
        if candidate.identifier == identifier:
            return candidate
    raise KeyError(identifier)


def has_normal_base() -> bool:
    """Whether Normal Map nodes can be based on the surface before displacement (5.2)."""
    return "base" in bpy.types.ShaderNodeNormalMap.bl_rna.properties


def sharp_texture(texture: bpy.types.ImageTexture) -> None:
    """Read an image at its full size; before 5.2 textures were read through smaller copies unless told otherwise."""
    if hasattr(texture, "use_mipmap"):
        texture.use_mipmap = False


def use_undisplaced_normal(node: bpy.types.ShaderNodeNormalMap) -> bool:
    """Base a Normal Map node on the surface before displacement; False where Blender has no such choice."""
    if not has_normal_base():
        return False
    node.base = "ORIGINAL"
    return True


def enable_adaptive_subdivision(
    scene: bpy.types.Scene, head: bpy.types.Object, modifier: bpy.types.SubsurfModifier, edge_length: float
) -> None:
    """Let Cycles subdivide as finely as needed.

    Args:
        scene: only changed before 5.0, where adaptive subdivision belongs to Cycles' experimental feature set.
        head: the object of `modifier`.
        modifier: the last modifier of `head`.
        edge_length: length of the smallest edges in metres (5.0 and later); older versions go down to one pixel.
    """
    if hasattr(modifier, "use_adaptive_subdivision"):
        modifier.use_adaptive_subdivision = True
        modifier.adaptive_space = "OBJECT"
        modifier.adaptive_object_edge_length = edge_length
    else:
        scene.cycles.feature_set = "EXPERIMENTAL"
        head.cycles.use_adaptive_subdivision = True
        head.cycles.dicing_rate = 1.0


def output_as_png(settings: bpy.types.ImageFormatSettings, color_depth: str = "8") -> None:
    """Choose PNG; from 5.0 the kind of medium has to be chosen first."""
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    settings.color_mode = "RGB"
    settings.color_depth = color_depth


class ModifierInput(NamedTuple):
    """One input of a geometry nodes modifier: what ``layout.prop(owner, path)`` shows."""

    owner: bpy.types.bpy_struct
    path: str

    @property
    def value(self):
        return self.owner.value if self.path == "value" else self.owner[self.path[2:-2]]

    def set(self, value) -> None:
        """Numbers become whole where the input is."""
        if self.path == "value":
            self.owner.value = value
        else:
            key = self.path[2:-2]
            self.owner[key] = type(self.owner[key])(value) if isinstance(self.owner.get(key), (bool, int, float)) else value


def modifier_input(modifier: bpy.types.NodesModifier, name: str) -> ModifierInput | None:
    """The input called `name` of the modifier's node group; identifiers differ from version to version.

    Up to 5.0 inputs are custom properties of the modifier, from 5.2 members of a structure of their own.
    """
    items = modifier.node_group.interface.items_tree if modifier.node_group is not None else ()
    for item in items:
        if item.item_type == "SOCKET" and item.in_out == "INPUT" and item.name == name:
            if hasattr(modifier, "properties"):
                owner = getattr(modifier.properties.inputs, item.identifier, None)
                return None if owner is None else ModifierInput(owner, "value")
            return ModifierInput(modifier, f'["{item.identifier}"]')
    return None

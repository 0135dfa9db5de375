"""The node group "HRN Detail": one displacement map and its normal map behind two sliders.

Both maps show the same relief, so it must not count twice:

* The material's displacement method is "Displacement and Bump". Geometry moves as far as it is subdivided, and the
  shading normal of everything finer is derived from the *undisplaced* surface, so geometry and bump don't add up.
* The normal map is an alternative source for that shading normal, not an addition. Where the Normal Map node can be
  based on the undisplaced surface (5.2) it replaces the bump exactly and "Normal Strength" is 1. Older versions would
  apply it on top of the displaced, bumped surface; there "Normal Strength" starts at :data:`FALLBACK_NORMAL`.
* "Displacement Strength" scales all of it, the normals too: at 0 the skin is smooth.
"""

from __future__ import annotations

import bpy

from .. import compat
from .ledger import Ledger
from .mesh import UV_MAP

__all__ = ["DISPLACEMENT_STRENGTH", "GROUP", "NORMAL_STRENGTH", "build_detail_group", "strength_socket"]

GROUP = "HRN Detail"
DISPLACEMENT_STRENGTH = "Displacement Strength"
NORMAL_STRENGTH = "Normal Strength"
FALLBACK_NORMAL = 0.0
MARK = "hrn_detail"
"""Custom property by which the group is found again: names may get a number, or be changed by the user."""


def build_detail_group(ledger: Ledger) -> bpy.types.ShaderNodeTree:
    """A node group with inputs Height (metres), Normal Map (colour), Displacement Strength and Normal Strength, and
    outputs Normal and Displacement."""
    tree = ledger.add(bpy.data.node_groups.new(GROUP, "ShaderNodeTree"))
    tree[MARK] = 1

    def interface(name: str, direction: str, kind: str):
        return tree.interface.new_socket(name=name, in_out=direction, socket_type=kind)

    def slider(name: str, default: float, description: str) -> None:
        item = interface(name, "INPUT", "NodeSocketFloat")
        item.default_value, item.min_value, item.max_value = default, 0.0, 4.0
        item.description = description

    slider(DISPLACEMENT_STRENGTH, 1.0, "Gain of the whole relief, normals included; 1 is what the photo shows")
    slider(NORMAL_STRENGTH, 1.0 if compat.has_normal_base() else FALLBACK_NORMAL,
           "How much the shading normal comes from the normal map instead of the displacement's own bump")
    height = interface("Height", "INPUT", "NodeSocketFloat")
    height.hide_value, height.description = True, "Displacement map in metres, 0 is no change"
    color = interface("Normal Map", "INPUT", "NodeSocketColor")
    color.default_value, color.hide_value = (0.5, 0.5, 1.0, 1.0), True
    interface("Normal", "OUTPUT", "NodeSocketVector")
    interface("Displacement", "OUTPUT", "NodeSocketVector")

    nodes, links = tree.nodes, tree.links
    inputs, outputs = nodes.new("NodeGroupInput"), nodes.new("NodeGroupOutput")
    product, normal = nodes.new("ShaderNodeMath"), nodes.new("ShaderNodeNormalMap")
    displacement = nodes.new("ShaderNodeDisplacement")
    for node, place in ((inputs, (-500, 0)), (product, (-250, 150)), (normal, (0, 150)), (displacement, (0, -100)),
                        (outputs, (250, 0))):
        node.location = place
    product.operation = "MULTIPLY"
    normal.space, normal.uv_map = "TANGENT", UV_MAP
    compat.use_undisplaced_normal(normal)
    displacement.space = "OBJECT"
    compat.socket(displacement.inputs, "Midlevel").default_value = 0.0

    links.new(inputs.outputs[DISPLACEMENT_STRENGTH], product.inputs[0])
    links.new(inputs.outputs[NORMAL_STRENGTH], product.inputs[1])
    links.new(product.outputs[0], compat.socket(normal.inputs, "Strength"))
    links.new(inputs.outputs["Normal Map"], compat.socket(normal.inputs, "Color"))
    links.new(compat.socket(normal.outputs, "Normal"), outputs.inputs["Normal"])
    links.new(inputs.outputs["Height"], compat.socket(displacement.inputs, "Height"))
    links.new(inputs.outputs[DISPLACEMENT_STRENGTH], compat.socket(displacement.inputs, "Scale"))
    links.new(compat.socket(displacement.outputs, "Displacement"), outputs.inputs["Displacement"])
    return tree


def strength_socket(head: bpy.types.Object | None, name: str = DISPLACEMENT_STRENGTH) -> bpy.types.NodeSocket | None:
    """The node-group input in `head`'s skin material that a panel shows as a slider (``default_value``), or None.

    The input itself is the property: panel, shader editor, keyframes and undo all see one number, with nothing to
    keep in step, also without the add-on.
    """
    for slot in getattr(head, "material_slots", ()):
        tree = slot.material.node_tree if slot.material else None
        for node in tree.nodes if tree else ():
            if node.bl_idname == "ShaderNodeGroup" and node.node_tree and MARK in node.node_tree:
                return node.inputs.get(name)
    return None

"""The node group "HRN Detail": one displacement map and its normal map behind its sliders.

Both maps show the same relief, which must count once, in both engines:

* The material's displacement method is "Displacement and Bump": geometry moves as far as it is subdivided, and the
  shading normal is the displacement's own bump on the undisplaced surface. Alone, that is the relief once.
* A connected Normal Map node *replaces* the bump in Cycles, but is added *on top of* it by EEVEE before 5.2, which
  made the relief nearly twice as strong. Older versions therefore only add
  the normal map's surplus, ``bump + (Normal Strength - 1) * detail``; where the node can be based on the surface
  before displacement (5.2), the normal map is used as it is.
* "Normal Strength" is a gain on shading alone, 1 by default; "Displacement Strength" scales all of it, normals too:
  at 0 the skin is smooth.
* "Carried by Mesh" is the share of the relief that the mesh itself already has (:mod:`.mesh_detail`); it is left out.
"""

from __future__ import annotations

import bpy

from .. import compat
from .ledger import Ledger
from .names import UV_MAP

__all__ = ["CARRIED", "DISPLACEMENT_STRENGTH", "GROUP", "NORMAL_STRENGTH", "build_detail_group", "strength_socket"]

GROUP = "HRN Detail"
"""Name of the node group."""
DISPLACEMENT_STRENGTH = "Displacement Strength"
"""Name of its input that scales the whole relief."""
NORMAL_STRENGTH = "Normal Strength"
"""Name of its input that scales the relief in the shading only."""
CARRIED = "Carried by Mesh"
"""Name of its input that says which share of the relief the mesh has already."""
MARK = "hrn_detail"
"""Custom property by which the group is found again: names may get a number, or be changed by the user."""


def build_detail_group(ledger: Ledger) -> bpy.types.ShaderNodeTree:
    """A node group with inputs Height (metres), Normal Map (colour), Displacement Strength, Normal Strength and Carried by
    Mesh, and outputs Normal and Displacement."""
    tree = ledger.add(bpy.data.node_groups.new(GROUP, "ShaderNodeTree"))
    tree[MARK] = 1

    def interface(name: str, direction: str, kind: str):
        return tree.interface.new_socket(name=name, in_out=direction, socket_type=kind)

    def slider(name: str, default: float, description: str, highest: float = 4.0) -> None:
        item = interface(name, "INPUT", "NodeSocketFloat")
        item.default_value, item.min_value, item.max_value = default, 0.0, highest
        item.description = description

    slider(DISPLACEMENT_STRENGTH, 1.0, "Gain of the whole relief, normals included; 1 is what the photo shows")
    slider(NORMAL_STRENGTH, 1.0, "Gain of the relief in the shading only, without moving the surface")
    slider(CARRIED, 0.0, "Share of the relief that the mesh itself has already", 1.0)
    height = interface("Height", "INPUT", "NodeSocketFloat")
    height.hide_value, height.description = True, "Displacement map in metres, 0 is no change"
    color = interface("Normal Map", "INPUT", "NodeSocketColor")
    color.default_value, color.hide_value = (0.5, 0.5, 1.0, 1.0), True
    interface("Normal", "OUTPUT", "NodeSocketVector")
    interface("Displacement", "OUTPUT", "NodeSocketVector")

    nodes, links = tree.nodes, tree.links
    inputs, outputs = nodes.new("NodeGroupInput"), nodes.new("NodeGroupOutput")
    displacement = nodes.new("ShaderNodeDisplacement")
    inputs.location, displacement.location, outputs.location = (-1000, 0), (200, -200), (450, 0)
    displacement.space = "OBJECT"
    compat.socket(displacement.inputs, "Midlevel").default_value = 0.0
    links.new(inputs.outputs["Height"], compat.socket(displacement.inputs, "Height"))
    left, gain = nodes.new("ShaderNodeMath"), nodes.new("ShaderNodeMath")
    left.operation, left.location, left.inputs[0].default_value = "SUBTRACT", (-1000, -350), 1.0
    gain.operation, gain.location = "MULTIPLY", (-1000, -200)
    links.new(inputs.outputs[CARRIED], left.inputs[1])
    links.new(inputs.outputs[DISPLACEMENT_STRENGTH], gain.inputs[0])
    links.new(left.outputs[0], gain.inputs[1])
    links.new(gain.outputs[0], compat.socket(displacement.inputs, "Scale"))
    links.new(compat.socket(displacement.outputs, "Displacement"), outputs.inputs["Displacement"])
    links.new(_shading_normal(tree, inputs, gain.outputs[0]), outputs.inputs["Normal"])
    return tree


_FLAT = (0.5, 0.5, 1.0)
"""The colour of a normal map without relief."""


def _shading_normal(
    tree: bpy.types.ShaderNodeTree, inputs: bpy.types.ShaderNode, displacement_gain: bpy.types.NodeSocket
) -> bpy.types.NodeSocket:
    """The normal of the whole relief, gained by the displacement's gain and Normal Strength; see the module's text."""

    def math(operation: str, node_type: str, place: tuple[float, float], *operands) -> bpy.types.NodeSocket:
        node = tree.nodes.new(node_type)
        node.operation, node.location = operation, place
        for target, operand in zip(node.inputs, operands):
            if isinstance(operand, bpy.types.NodeSocket):
                tree.links.new(operand, target)
            else:
                target.default_value = operand
        return node.outputs[0]

    def normal_map(color, place: tuple[float, float]) -> bpy.types.NodeSocket:
        node = tree.nodes.new("ShaderNodeNormalMap")
        node.space, node.uv_map, node.location = "TANGENT", UV_MAP, place
        compat.use_undisplaced_normal(node)
        source = compat.socket(node.inputs, "Color")
        if isinstance(color, bpy.types.NodeSocket):
            tree.links.new(color, source)
        else:
            source.default_value = (*color, 1.0)
        return compat.socket(node.outputs, "Normal")

    scalar, vector = "ShaderNodeMath", "ShaderNodeVectorMath"
    color, normal_gain = inputs.outputs["Normal Map"], inputs.outputs[NORMAL_STRENGTH]
    if compat.has_normal_base():
        # flat + gain (colour - flat): unlike the node's own Strength this may exceed 1 and starts from a smooth skin.
        gain = math("MULTIPLY", scalar, (-750, 150), displacement_gain, normal_gain)
        relief = math("SUBTRACT", vector, (-550, 0), color, _FLAT)
        relief = math("MULTIPLY", vector, (-350, 100), relief, gain)
        return normal_map(math("ADD", vector, (-150, 100), relief, _FLAT), (200, 100))
    surplus = math("SUBTRACT", scalar, (-750, 150), normal_gain, 1.0)
    gain = math("MULTIPLY", scalar, (-550, 150), surplus, displacement_gain)
    relief = math("SUBTRACT", vector, (-550, -50), normal_map(color, (-750, -50)), normal_map(_FLAT, (-750, -250)))
    relief = math("MULTIPLY", vector, (-350, 50), relief, gain)
    bumped = tree.nodes.new("ShaderNodeNewGeometry")
    bumped.location = (-350, -200)
    total = math("ADD", vector, (-150, 50), compat.socket(bumped.outputs, "Normal"), relief)
    return math("NORMALIZE", vector, (200, 100), total)


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

"""Formulas as nodes of a shader."""

from __future__ import annotations

import bpy

from .. import compat

__all__ = ["NodeMath"]


class NodeMath:
    """Adds to `tree` a node for each operation. Operands are sockets or constants, results are sockets.

    Operations are called as Blender calls them (``MULTIPLY_ADD``).
    """

    def __init__(self, tree: bpy.types.ShaderNodeTree):
        self.tree = tree

    def fill(self, target: bpy.types.NodeSocket, operand) -> None:
        """Link a socket to the input `target`, or set its constant."""
        if isinstance(operand, bpy.types.NodeSocket):
            self.tree.links.new(operand, target)
        else:
            target.default_value = operand

    def node(self, kind: str, operation: str, *operands) -> bpy.types.ShaderNode:
        """A new node of type `kind` with its inputs filled in order."""
        made = self.tree.nodes.new(kind)
        made.operation = operation
        for target, operand in zip(made.inputs, operands):
            self.fill(target, operand)
        return made

    def math(self, operation: str, *operands, clamp: bool = False) -> bpy.types.NodeSocket:
        """A number made of numbers; with `clamp` it is cut to 0 to 1."""
        made = self.node("ShaderNodeMath", operation, *operands)
        made.use_clamp = clamp
        return made.outputs[0]

    def vector(self, operation: str, *operands) -> bpy.types.NodeSocket:
        """A vector or colour made of vectors."""
        return compat.socket(self.node("ShaderNodeVectorMath", operation, *operands).outputs, "Vector")

    def mix(self, a, b, share: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """a + share (b - a) of colours."""
        spread = self.tree.nodes.new("ShaderNodeCombineXYZ")
        for axis in "XYZ":
            self.tree.links.new(share, compat.socket(spread.inputs, axis))
        made = self.tree.nodes.new("ShaderNodeVectorMath")
        made.operation = "MULTIPLY_ADD"
        self.fill(made.inputs[0], self.vector("SUBTRACT", b, a))
        self.tree.links.new(compat.socket(spread.outputs, "Vector"), made.inputs[1])
        self.fill(made.inputs[2], a)
        return compat.socket(made.outputs, "Vector")

    def parts(self, attribute: str) -> list[bpy.types.NodeSocket]:
        """The three numbers that a vertex attribute holds."""
        place, parts = self.tree.nodes.new("ShaderNodeAttribute"), self.tree.nodes.new("ShaderNodeSeparateXYZ")
        place.attribute_type, place.attribute_name = "GEOMETRY", attribute
        self.tree.links.new(compat.socket(place.outputs, "Vector"), compat.socket(parts.inputs, "Vector"))
        return [compat.socket(parts.outputs, axis) for axis in "XYZ"]

    def arrange(self, columns: int, width: int) -> None:
        """Lay all nodes out in rows, in the order in which they were made."""
        for index, node in enumerate(self.tree.nodes):
            node.location = (width * (index % columns), -220 * (index // columns))

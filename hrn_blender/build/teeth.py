"""Teeth: the model has one smooth band per jaw; crowns, gaps and gums are drawn and shaped by their material.

The albedo map spends about one texel per millimetre on them, too few for gaps of a fifth of a millimetre, so close-ups
get theirs from coordinates on the band.
"""

from __future__ import annotations

import bpy
import numpy as np

from .. import compat
from ..engine.wire.teeth import NECK_TINT, TOOTH_WIDTHS
from .grids import place_sockets, quad_grids
from .ledger import Ledger

__all__ = ["ATTRIBUTE", "build_teeth_group", "tooth_coordinates"]

ATTRIBUTE = "hrn_tooth"
"""Point attribute: share of the way from the middle (0) to the band's ends (-1, 1), millimetres from the biting edge,
and the jaw: 1 lower, 2 upper, 0 where the band is not known."""

ENAMEL = (0.83, 0.77, 0.66, 1.0)
GUM = (0.47, 0.15, 0.14, 1.0)
_GAP = (0.24, 0.13, 0.09)
MARK = "hrn_teeth"


def tooth_coordinates(vertices: np.ndarray, teeth: np.ndarray) -> np.ndarray:
    """(N, 3) float32 values of :data:`ATTRIBUTE`.

    Args:
        vertices: (N, 3) metres, z up, the face towards -y.
        teeth: (T, 4) quads; each jaw's are a grid that runs along the jaw and is folded over at the biting edge.

    Pieces that are no such grid keep zeros.
    """
    out = np.zeros((len(vertices), 3), np.float32)
    for grid in quad_grids(teeth):
        points = vertices[grid].astype(np.float64) * 1000
        if len(grid) < 3:
            continue
        steps = np.diff(points, axis=0)
        turn = (steps[1:] * steps[:-1]).sum(-1).mean(1)
        fold = 1 + int(turn.argmin())
        if turn[fold - 1] >= 0:
            continue
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points[fold], axis=0), axis=1))])
        middle = np.abs(points[fold][:, 0]).argmin()
        along -= along[middle]
        along /= np.maximum(np.where(along < 0, -along[0], along[-1]), 1e-6)
        length = np.linalg.norm(steps, axis=-1)
        down = np.concatenate([np.zeros((1, grid.shape[1])), np.cumsum(length, 0)])
        # The gums' side is the one in front, and lies above the edge in the upper jaw.
        front = points[0] if points[0][:, 1].mean() < points[-1][:, 1].mean() else points[-1]
        out[grid, 0], out[grid, 1] = along, np.abs(down - down[fold])
        out[grid, 2] = 2 if front[:, 2].mean() > points[fold][:, 2].mean() else 1
    return out


def build_teeth_group(ledger: Ledger) -> bpy.types.ShaderNodeTree:
    """A node group with the colour and the normal of the teeth; without coordinates the colour is the albedo's."""
    tree = ledger.add(bpy.data.node_groups.new("HRN Teeth", "ShaderNodeTree"))
    tree[MARK] = 1
    face = tree.interface
    for name, default in (("Albedo", ENAMEL), ("Enamel", ENAMEL), ("Gum", GUM)):
        face.new_socket(name=name, in_out="INPUT", socket_type="NodeSocketColor").default_value = default
    relief = face.new_socket(name="Relief", in_out="INPUT", socket_type="NodeSocketFloat")
    relief.default_value, relief.min_value, relief.max_value = 1.0, 0.0, 3.0
    face.new_socket(name="Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    face.new_socket(name="Normal", in_out="OUTPUT", socket_type="NodeSocketVector")
    nodes, links = tree.nodes, tree.links
    inputs, outputs = nodes.new("NodeGroupInput"), nodes.new("NodeGroupOutput")
    along, below, jaw = place_sockets(tree, ATTRIBUTE)

    def fill(target: bpy.types.NodeSocket, operand) -> None:
        if isinstance(operand, bpy.types.NodeSocket):
            links.new(operand, target)
        else:
            target.default_value = operand

    def math(operation: str, *operands, clamp: bool = False) -> bpy.types.NodeSocket:
        node = nodes.new("ShaderNodeMath")
        node.operation, node.use_clamp = operation, clamp
        for target, operand in zip(node.inputs, operands):
            fill(target, operand)
        return node.outputs[0]

    def vector(operation: str, *operands) -> bpy.types.NodeSocket:
        node = nodes.new("ShaderNodeVectorMath")
        node.operation = operation
        for target, operand in zip(node.inputs, operands):
            fill(target, operand)
        return compat.socket(node.outputs, "Vector")

    def mix(a, b, share: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """a + share (b - a) of colours."""
        spread = nodes.new("ShaderNodeCombineXYZ")
        for axis in "XYZ":
            links.new(share, compat.socket(spread.inputs, axis))
        node = nodes.new("ShaderNodeVectorMath")
        node.operation = "MULTIPLY_ADD"
        fill(node.inputs[0], vector("SUBTRACT", b, a))
        links.new(compat.socket(spread.outputs, "Vector"), node.inputs[1])
        fill(node.inputs[2], a)
        return compat.socket(node.outputs, "Vector")

    # Which tooth (0 to 7 from the middle), and where on it.
    share = math("ABSOLUTE", along)
    numbers = {}
    for name, widths in TOOTH_WIDTHS.items():
        curve = nodes.new("ShaderNodeFloatCurve")
        _staircase(curve.mapping, widths)
        links.new(share, compat.socket(curve.inputs, "Value"))
        numbers[name] = compat.socket(curve.outputs, "Value")
    upper = math("SUBTRACT", jaw, 1.0, clamp=True)
    known = math("GREATER_THAN", jaw, 0.5)
    difference = math("SUBTRACT", numbers["upper"], numbers["lower"])
    tooth = math("MULTIPLY", math("MULTIPLY_ADD", difference, upper, numbers["lower"]), float(len(TOOTH_WIDTHS["upper"])))
    within = math("FRACT", tooth)
    off = math("MULTIPLY", math("MINIMUM", within, math("SUBTRACT", 1.0, within)), 7.3)  # mm from the next gap

    # Neighbours touch in the middle of their height; towards the biting edge they round off.
    open_ = math("MULTIPLY_ADD", math("EXPONENT", math("DIVIDE", below, -0.9)), 0.36, 0.10)
    gap = math("SUBTRACT", 1.2, math("DIVIDE", off, open_), clamp=True)
    bulge = math("POWER", math("MULTIPLY_ADD", within, 2.0, -1.0), 2.0)
    crown = math("MULTIPLY", math("MULTIPLY_ADD", tooth, -0.45, 10.0), math("MULTIPLY_ADD", bulge, -0.35, 1.0))
    gum = math("MULTIPLY_ADD", math("SUBTRACT", below, crown), 2.5, 0.5, clamp=True)
    neck = math("POWER", math("DIVIDE", below, crown, clamp=True), 2.0)

    enamel = inputs.outputs["Enamel"]
    color = mix(enamel, vector("MULTIPLY", enamel, NECK_TINT), neck)
    color = mix(color, _GAP, math("MULTIPLY", gap, 0.5))
    color = mix(color, inputs.outputs["Gum"], gum)
    links.new(mix(inputs.outputs["Albedo"], color, known), outputs.inputs["Color"])

    # Height in mm: crowns round off towards gaps and biting edge, gums lie on their necks.
    rounded = math("SUBTRACT", 1.0, math("EXPONENT", math("DIVIDE", off, -0.6)))
    tip = math("EXPONENT", math("DIVIDE", below, -0.7))
    height = math("MULTIPLY_ADD", tip, -0.12, math("MULTIPLY", rounded, 0.4))
    flesh = math("MULTIPLY", math("SUBTRACT", 0.7, height), gum)
    height = math("MULTIPLY", math("ADD", height, flesh), known)
    bump = nodes.new("ShaderNodeBump")
    links.new(inputs.outputs["Relief"], compat.socket(bump.inputs, "Strength"))
    compat.socket(bump.inputs, "Distance").default_value = 0.001
    links.new(height, compat.socket(bump.inputs, "Height"))
    links.new(compat.socket(bump.outputs, "Normal"), outputs.inputs["Normal"])
    for index, node in enumerate(nodes):
        node.location = (180 * (index % 8), -220 * (index // 8))
    return tree


def _staircase(mapping: bpy.types.CurveMapping, widths: tuple[float, ...]) -> None:
    """A curve from the share of the band's half length to the tooth's number over their count: straight within a tooth."""
    limits = np.concatenate([[0], np.cumsum(widths)]) / sum(widths)
    points = mapping.curves[0].points
    while len(points) < len(limits):
        points.new(0.5, 0.5)
    for number, (point, limit) in enumerate(zip(points, limits)):
        point.location, point.handle_type = (limit, number / len(widths)), "VECTOR"
    mapping.update()

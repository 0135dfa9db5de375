"""Teeth: the model has one smooth band per jaw; crowns, gaps and gums are drawn and shaped by their material.

The albedo map spends about one texel per millimetre on them, too few for gaps of a fifth of a millimetre, so close-ups
get theirs from coordinates on the band.
"""

from __future__ import annotations

from typing import NamedTuple

import bpy
import numpy as np

from .. import compat
from ..engine.wire.teeth import NECK_TINT, TOOTH_WIDTHS
from .grids import quad_grids
from .ledger import Ledger
from .node_math import NodeMath

__all__ = ["ATTRIBUTE", "build_teeth_group", "tooth_coordinates"]

ATTRIBUTE = "hrn_tooth"
"""Point attribute: share of the way from the middle (0) to the band's ends (-1, 1), millimetres from the biting edge,
and the jaw: 1 lower, 2 upper, 0 where the band is not known."""

_TOOTH_MM = 7.3
"""Width of a tooth from which millimetres to the next gap are reckoned: the mean of the upper jaw's front five."""
ENAMEL = (0.83, 0.77, 0.66, 1.0)
"""Linear RGBA of enamel, unless the node group is set otherwise."""
GUM = (0.47, 0.15, 0.14, 1.0)
"""Linear RGBA of gums, unless the node group is set otherwise."""
_GAP = (0.24, 0.13, 0.09)
"""Linear RGB between two teeth."""
MARK = "hrn_teeth"
"""Custom property that marks the node group."""


def tooth_coordinates(vertices: np.ndarray, teeth: np.ndarray) -> np.ndarray:
    """(N, 3) float32 values of :data:`ATTRIBUTE`.

    Args:
        vertices: (N, 3) metres, z up, the face towards -y.
        teeth: (T, 4) quads; each jaw's are a grid that runs along the jaw and is folded over at the biting edge.

    Pieces that are not such grids keep zeros.
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
    _add_sockets(tree)
    graph = NodeMath(tree)
    inputs, outputs = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    along, below, jaw = graph.parts(ATTRIBUTE)
    place = _find_tooth(graph, along, jaw)
    cover = _find_cover(graph, place, below)
    color = _paint(graph, inputs, cover)
    tree.links.new(graph.mix(inputs.outputs["Albedo"], color, place.known), outputs.inputs["Color"])
    bump = _shape(graph, place, cover, below)
    tree.links.new(inputs.outputs["Relief"], compat.socket(bump.inputs, "Strength"))
    tree.links.new(compat.socket(bump.outputs, "Normal"), outputs.inputs["Normal"])
    graph.arrange(8, 180)
    return tree


def _add_sockets(tree: bpy.types.ShaderNodeTree) -> None:
    face = tree.interface
    for name, default in (("Albedo", ENAMEL), ("Enamel", ENAMEL), ("Gum", GUM)):
        face.new_socket(name=name, in_out="INPUT", socket_type="NodeSocketColor").default_value = default
    relief = face.new_socket(name="Relief", in_out="INPUT", socket_type="NodeSocketFloat")
    relief.default_value, relief.min_value, relief.max_value = 1.0, 0.0, 3.0
    face.new_socket(name="Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    face.new_socket(name="Normal", in_out="OUTPUT", socket_type="NodeSocketVector")


class _Place(NamedTuple):
    """Sockets that say where on the band a point lies."""

    known: bpy.types.NodeSocket
    """1 where the band has coordinates, otherwise 0."""
    tooth: bpy.types.NodeSocket
    """Number of the tooth from the middle, 0 to 7, and its fraction within the tooth."""
    within: bpy.types.NodeSocket
    """0 to 1 from one gap to the next."""
    off: bpy.types.NodeSocket
    """Millimetres from the nearer gap."""


def _find_tooth(graph: NodeMath, along: bpy.types.NodeSocket, jaw: bpy.types.NodeSocket) -> _Place:
    """The tooth that a point belongs to, and its place on it."""
    math = graph.math
    share = math("ABSOLUTE", along)
    numbers = {}
    for name, widths in TOOTH_WIDTHS.items():
        curve = graph.tree.nodes.new("ShaderNodeFloatCurve")
        _staircase(curve.mapping, widths)
        graph.tree.links.new(share, compat.socket(curve.inputs, "Value"))
        numbers[name] = compat.socket(curve.outputs, "Value")
    upper = math("SUBTRACT", jaw, 1.0, clamp=True)
    known = math("GREATER_THAN", jaw, 0.5)
    difference = math("SUBTRACT", numbers["upper"], numbers["lower"])
    tooth = math("MULTIPLY", math("MULTIPLY_ADD", difference, upper, numbers["lower"]), float(len(TOOTH_WIDTHS["upper"])))
    within = math("FRACT", tooth)
    off = math("MULTIPLY", math("MINIMUM", within, math("SUBTRACT", 1.0, within)), _TOOTH_MM)
    return _Place(known, tooth, within, off)


class _Cover(NamedTuple):
    """Sockets, 0 to 1: how much of a point is gap between two teeth, gum, and neck of a crown."""

    gap: bpy.types.NodeSocket
    gum: bpy.types.NodeSocket
    neck: bpy.types.NodeSocket


def _find_cover(graph: NodeMath, place: _Place, below: bpy.types.NodeSocket) -> _Cover:
    """Neighbours touch in the middle of their height; towards the biting edge they round off."""
    math = graph.math
    open_ = math("MULTIPLY_ADD", math("EXPONENT", math("DIVIDE", below, -0.9)), 0.36, 0.10)
    gap = math("SUBTRACT", 1.2, math("DIVIDE", place.off, open_), clamp=True)
    bulge = math("POWER", math("MULTIPLY_ADD", place.within, 2.0, -1.0), 2.0)
    crown = math("MULTIPLY", math("MULTIPLY_ADD", place.tooth, -0.45, 10.0), math("MULTIPLY_ADD", bulge, -0.35, 1.0))
    gum = math("MULTIPLY_ADD", math("SUBTRACT", below, crown), 2.5, 0.5, clamp=True)
    neck = math("POWER", math("DIVIDE", below, crown, clamp=True), 2.0)
    return _Cover(gap, gum, neck)


def _paint(graph: NodeMath, inputs: bpy.types.ShaderNode, cover: _Cover) -> bpy.types.NodeSocket:
    """The colour of crowns, gaps and gums."""
    enamel = inputs.outputs["Enamel"]
    color = graph.mix(enamel, graph.vector("MULTIPLY", enamel, NECK_TINT), cover.neck)
    color = graph.mix(color, _GAP, graph.math("MULTIPLY", cover.gap, 0.5))
    return graph.mix(color, inputs.outputs["Gum"], cover.gum)


def _shape(graph: NodeMath, place: _Place, cover: _Cover, below: bpy.types.NodeSocket) -> bpy.types.ShaderNode:
    """A Bump node with the height in mm: crowns round off towards gaps and biting edge, gums lie on their necks."""
    math = graph.math
    rounded = math("SUBTRACT", 1.0, math("EXPONENT", math("DIVIDE", place.off, -0.6)))
    tip = math("EXPONENT", math("DIVIDE", below, -0.7))
    height = math("MULTIPLY_ADD", tip, -0.12, math("MULTIPLY", rounded, 0.4))
    flesh = math("MULTIPLY", math("SUBTRACT", 0.7, height), cover.gum)
    height = math("MULTIPLY", math("ADD", height, flesh), place.known)
    bump = graph.tree.nodes.new("ShaderNodeBump")
    compat.socket(bump.inputs, "Distance").default_value = 0.001
    graph.tree.links.new(height, compat.socket(bump.inputs, "Height"))
    return bump


def _staircase(mapping: bpy.types.CurveMapping, widths: tuple[float, ...]) -> None:
    """A curve from the share of the band's half length to the tooth's number over their count: straight within a tooth."""
    limits = np.concatenate([[0], np.cumsum(widths)]) / sum(widths)
    points = mapping.curves[0].points
    while len(points) < len(limits):
        points.new(0.5, 0.5)
    for number, (point, limit) in enumerate(zip(points, limits)):
        point.location, point.handle_type = (limit, number / len(widths)), "VECTOR"
    mapping.update()

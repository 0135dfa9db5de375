"""Eyelashes: the model's strips of quads, drawn as single hairs by their material."""

from __future__ import annotations

import bpy
import numpy as np

from .. import compat
from .grids import quad_grids
from .ledger import Ledger
from .node_math import NodeMath

__all__ = ["ATTRIBUTE", "build_lash_group", "lash_coordinates"]

ATTRIBUTE = "hrn_lash"
"""Point attribute: millimetres along the lid, share of the way from root to tip, and 1 where both are known."""

HAIRS_PER_MM = 2.2
"""Hairs per mm of lid, unless the node group is set otherwise."""
THICKNESS = 0.30
"""Width of a hair at its root as a share of its cell, unless the node group is set otherwise."""
LOWER_LENGTH = 0.6
"""Length of lower lashes as a share of their strip; upper lashes use all of theirs."""
MARK = "hrn_lashes"
"""Custom property that marks the node group."""
_LID_METRES = 0.01
"""Distance from a strip of lashes up to which its lid is searched for, metres."""


def lash_coordinates(vertices: np.ndarray, lashes: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """(N, 3) float32 values of :data:`ATTRIBUTE`.

    Args:
        vertices: (N, 3) metres, z up.
        lashes: (L, 4) quads of the strips, each a rectangular grid of quads whose one long side lies on the lid.
        skin: (S,) vertices of the skin.

    Pieces that are not grids keep zeros.
    """
    out = np.zeros((len(vertices), 3), np.float32)
    for grid in quad_grids(lashes):
        # Rows run from one long side to the other; the root is the side that is nearer to the skin.
        near = _near(vertices[skin], vertices[grid].reshape(-1, 3))
        first, last = (
            np.linalg.norm(vertices[side][:, None] - near[None], axis=-1).min(1).mean() for side in (grid[0], grid[-1])
        )
        if last < first:
            grid = grid[::-1]
        root = vertices[grid[0]]
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(root, axis=0), axis=1))]) * 1000
        tip = np.linspace(0, 1, len(grid))
        if vertices[grid[-1], 2].mean() < root[:, 2].mean():
            tip = tip / LOWER_LENGTH
        out[grid, 0], out[grid, 1], out[grid, 2] = along, tip[:, None], 1
    return out


def _near(points: np.ndarray, strip: np.ndarray) -> np.ndarray:
    """Those of `points` around `strip`, or all of them when none is: a lid lies within a few millimetres."""
    low, high = strip.min(0) - _LID_METRES, strip.max(0) + _LID_METRES
    found = points[((points >= low) & (points <= high)).all(1)]
    return found if len(found) else points


def build_lash_group(ledger: Ledger) -> bpy.types.ShaderNodeTree:
    """A node group whose output Alpha cuts hairs out of a strip; without coordinates the strip is a veil."""
    tree = ledger.add(bpy.data.node_groups.new("HRN Lashes", "ShaderNodeTree"))
    tree[MARK] = 1

    def slider(name: str, default: float, low: float, high: float) -> None:
        item = tree.interface.new_socket(name=name, in_out="INPUT", socket_type="NodeSocketFloat")
        item.default_value, item.min_value, item.max_value = default, low, high

    slider("Hairs per mm", HAIRS_PER_MM, 0.2, 20)
    slider("Thickness", THICKNESS, 0, 1)
    slider("Length", 1.0, 0, 1)
    tree.interface.new_socket(name="Alpha", in_out="OUTPUT", socket_type="NodeSocketFloat")
    nodes, links = tree.nodes, tree.links
    inputs, outputs = nodes.new("NodeGroupInput"), nodes.new("NodeGroupOutput")
    graph = NodeMath(tree)
    math = graph.math
    along, tip, known = graph.parts(ATTRIBUTE)

    # Each hair lives in a cell of its own, with its own length and place in the cell, leaning a little.
    cell = math("MULTIPLY", along, inputs.outputs["Hairs per mm"])
    number = math("FLOOR", cell)
    chance = nodes.new("ShaderNodeTexWhiteNoise")
    chance.noise_dimensions = "1D"
    links.new(number, compat.socket(chance.inputs, "W"))
    pick = nodes.new("ShaderNodeSeparateXYZ")
    links.new(compat.socket(chance.outputs, "Color"), compat.socket(pick.inputs, "Vector"))
    length_chance, place_chance, lean_chance = (compat.socket(pick.outputs, axis) for axis in "XYZ")
    longest = math("MULTIPLY", math("MULTIPLY_ADD", length_chance, 0.5, 0.5), inputs.outputs["Length"])
    reach = math("DIVIDE", tip, math("MAXIMUM", longest, 1e-3))
    lean = math("MULTIPLY", math("MULTIPLY_ADD", lean_chance, 0.5, -0.25), reach)
    centre = math("ADD", math("MULTIPLY_ADD", place_chance, 0.3, 0.35), lean)
    off = math("ABSOLUTE", math("SUBTRACT", math("FRACT", cell), centre))
    width = math("MULTIPLY", inputs.outputs["Thickness"], math("SUBTRACT", 1.0, reach))
    hair = math("MULTIPLY", math("SUBTRACT", width, off), 12.0, clamp=True)
    veil = math("MULTIPLY", math("SUBTRACT", 1.0, known), 0.85)
    links.new(math("MULTIPLY_ADD", hair, known, veil, clamp=True), outputs.inputs["Alpha"])
    graph.arrange(8, 180)
    return tree

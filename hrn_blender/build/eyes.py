"""Eyes: a cornea that bulges in shading only, over the painted iris.

The model's eyeballs are spheres. A real cornea has a smaller radius than the eyeball (about 7.8 against 12 mm), so it
reflects a window near the pupil instead of under the lid, and it focuses light on the far side of the iris.
Both are tilts of the normal in proportion to the distance from the pupil, in tangent space: they follow the eye when
a shape key turns it.
"""

from __future__ import annotations

import bpy
import numpy as np

from .. import compat
from .ledger import Ledger
from .names import UV_MAP
from .node_math import NodeMath

__all__ = ["ATTRIBUTE", "build_eye_group", "iris_places"]

ATTRIBUTE = "hrn_iris"
"""Point attribute, constant over an eyeball: its iris in the UV map, (u, v) of the centre and the radius."""

IRIS_RADIUS = 0.00585
"""Radius of the iris in metres: the horizontal visible iris is 11.7 mm wide in adults."""

CORNEA_TILT = 0.34
"""Tangent of the extra tilt at the iris' edge: a sphere of 7.8 mm whose centre lies 5 mm before that of a 12 mm one."""
IRIS_TILT = -0.25
"""The same tangent for the iris behind the cornea, which is hollow."""
MARK = "hrn_eyes"
"""Custom property that marks the node group."""


def iris_places(vertices: np.ndarray, faces: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(N, 3) float32 values of :data:`ATTRIBUTE`; zeros where no iris is found.

    Args:
        vertices: (N, 3) metres; the eyes look along -y.
        faces: (E, 4) quads of all eyeballs.
        uv: (E, 4, 2).

    Before the eye's centre, the UV map is close to an affine function of (x, z): fitted, its value on the axis is the
    iris' centre and its scale gives the radius.
    """
    out = np.zeros((len(vertices), 3), np.float32)
    label = np.arange(len(vertices))
    while True:
        smallest, before = label[faces].min(1), label.copy()
        for corner in range(4):
            np.minimum.at(label, faces[:, corner], smallest)
        if (label == before).all():
            break
    for root in np.unique(label[faces]):
        mine = label[faces[:, 0]] == root
        members = np.unique(faces[mine])
        points = vertices[members].astype(np.float64)
        design = np.concatenate([2 * points, np.ones((len(points), 1))], 1)
        centre = np.linalg.lstsq(design, (points**2).sum(1), rcond=None)[0][:3]
        corner = faces[mine].reshape(-1)
        local, place = vertices[corner] - centre, uv[mine].reshape(-1, 2)
        near = (local[:, 1] < 0) & (np.hypot(local[:, 0], local[:, 2]) < 1.3 * IRIS_RADIUS)
        if near.sum() < 8:
            continue
        design = np.stack([local[near, 0], local[near, 2], np.ones(near.sum())], 1)
        affine = np.linalg.lstsq(design, place[near], rcond=None)[0]
        radius = np.sqrt(abs(np.linalg.det(affine[:2]))) * IRIS_RADIUS
        residual = np.abs(design @ affine - place[near]).max()
        if residual < 0.3 * radius:
            out[members] = (*affine[2], radius)
    return out


def build_eye_group(ledger: Ledger) -> bpy.types.ShaderNodeTree:
    """A node group with the normals of cornea (for the clear coat) and iris (for the colour below it)."""
    tree = ledger.add(bpy.data.node_groups.new("HRN Eyes", "ShaderNodeTree"))
    tree[MARK] = 1
    for name, default in (("Cornea", CORNEA_TILT), ("Iris", IRIS_TILT)):
        item = tree.interface.new_socket(name=name, in_out="INPUT", socket_type="NodeSocketFloat")
        item.default_value, item.min_value, item.max_value = default, -1.0, 1.0
        tree.interface.new_socket(name=f"{name} Normal", in_out="OUTPUT", socket_type="NodeSocketVector")
    nodes, links = tree.nodes, tree.links
    inputs, outputs, place = nodes.new("NodeGroupInput"), nodes.new("NodeGroupOutput"), nodes.new("ShaderNodeAttribute")
    place.attribute_type, place.attribute_name = "GEOMETRY", ATTRIBUTE
    uv = nodes.new("ShaderNodeUVMap")
    uv.uv_map = UV_MAP

    graph = NodeMath(tree)
    vector = graph.vector
    iris = compat.socket(place.outputs, "Vector")
    flat = vector("MULTIPLY", iris, (1, 1, 0))
    parts = nodes.new("ShaderNodeSeparateXYZ")
    links.new(iris, compat.socket(parts.inputs, "Vector"))
    radius = graph.math("MAXIMUM", compat.socket(parts.outputs, "Z"), 1e-4)
    off = vector("DIVIDE", vector("SUBTRACT", compat.socket(uv.outputs, "UV"), flat), radius)
    distance = compat.socket(graph.node("ShaderNodeVectorMath", "LENGTH", off).outputs, "Value")
    fade = nodes.new("ShaderNodeMapRange")
    fade.interpolation_type = "SMOOTHSTEP"
    for name, value in (("From Min", 0.9), ("From Max", 1.2), ("To Min", 1.0), ("To Max", 0.0)):
        compat.socket(fade.inputs, name).default_value = value
    links.new(distance, compat.socket(fade.inputs, "Value"))
    inside = vector("MULTIPLY", off, compat.socket(fade.outputs, "Result"))
    for name in ("Cornea", "Iris"):
        tilt = vector("MULTIPLY", inside, inputs.outputs[name])
        color = vector("MULTIPLY_ADD", tilt, (0.5, 0.5, 0.5), (0.5, 0.5, 1.0))
        normal = nodes.new("ShaderNodeNormalMap")
        normal.space, normal.uv_map = "TANGENT", UV_MAP
        links.new(color, compat.socket(normal.inputs, "Color"))
        links.new(compat.socket(normal.outputs, "Normal"), outputs.inputs[f"{name} Normal"])
    graph.arrange(6, 200)
    return tree

"""Shade inside the mouth for EEVEE, whose world light and soft shadows reach places that lips and cheeks close off.

Cycles sees what is in the way of the light. EEVEE does not for the world, and its shadows leak through thin lips: the corners
of a smile, which are nearly black, came out a grainy light grey. A second material output, which EEVEE alone prefers,
darkens the surface by the occlusion that EEVEE finds in the picture; the first output stays what Cycles and
exporters read.
"""

from __future__ import annotations

import bpy

from .. import compat

__all__ = ["add_mouth_shade"]

_REACH = 0.03
"""Metres within which something shades: half the width of a mouth."""
_POWER = 1.5
"""A mouth's walls are as dark as what they would light; occlusion alone counts the first shade only."""


def add_mouth_shade(tree: bpy.types.NodeTree, shader: bpy.types.ShaderNode) -> None:
    """Give a material another output, for EEVEE: `shader` (which has an output already), darker where hidden."""
    nodes, links = tree.nodes, tree.links
    occlusion, power = nodes.new("ShaderNodeAmbientOcclusion"), nodes.new("ShaderNodeMath")
    mix, output = nodes.new("ShaderNodeMixShader"), nodes.new("ShaderNodeOutputMaterial")
    occlusion.location, power.location, mix.location, output.location = (0, 700), (200, 600), (400, 500), (600, 500)
    compat.socket(occlusion.inputs, "Distance").default_value = _REACH
    power.operation = "POWER"
    links.new(compat.socket(occlusion.outputs, "AO"), power.inputs[0])
    power.inputs[1].default_value = _POWER
    # The first shader of the mix stays empty: black, without a highlight.
    links.new(power.outputs[0], compat.socket(mix.inputs, "Fac"))
    links.new(compat.socket(shader.outputs, "BSDF"), compat.socket(mix.inputs, "Shader_001"))
    links.new(compat.socket(mix.outputs, "Shader"), compat.socket(output.inputs, "Surface"))
    output.target, output.label = "EEVEE", "EEVEE"
    output.is_active_output = False

"""Shade behind lips and lids for EEVEE, whose world light and soft shadows reach places that lips and cheeks close off.

Cycles sees what is in the way of the light. EEVEE does not for the world, and its shadows leak through thin lips: the corners
of a smile, which are nearly black, came out a grainy light grey, and eyes without the lids' shade. A second material output,
which EEVEE alone prefers, darkens the surface by the occlusion that EEVEE finds in the picture; the first output stays
what Cycles and exporters read.
"""

from __future__ import annotations

import bpy

from .. import compat

__all__ = ["SHADED", "add_shade"]

SHADED = {"teeth": (0.03, 1.2), "tongue": (0.03, 1.2), "mouth": (0.03, 1.2), "eyes": (0.006, 1.0)}
"""Materials with metres within which something shades (half the width of a mouth; a third of an eye's) and the power of the
occlusion (a mouth's walls are as dark as what they would light; occlusion alone counts the first shade only)."""


def add_shade(tree: bpy.types.NodeTree, shader: bpy.types.ShaderNode, reach: float, strength: float) -> None:
    """Give a material another output, for EEVEE: `shader` (which has an output already), darker where hidden."""
    nodes, links = tree.nodes, tree.links
    occlusion, power = nodes.new("ShaderNodeAmbientOcclusion"), nodes.new("ShaderNodeMath")
    mix, output = nodes.new("ShaderNodeMixShader"), nodes.new("ShaderNodeOutputMaterial")
    occlusion.location, power.location, mix.location, output.location = (0, 700), (200, 600), (400, 500), (600, 500)
    compat.socket(occlusion.inputs, "Distance").default_value = reach
    power.operation = "POWER"
    links.new(compat.socket(occlusion.outputs, "AO"), power.inputs[0])
    power.inputs[1].default_value = strength
    # The first shader of the mix stays empty: black, without a highlight.
    links.new(power.outputs[0], compat.socket(mix.inputs, "Fac"))
    links.new(compat.socket(shader.outputs, "BSDF"), compat.socket(mix.inputs, "Shader_001"))
    links.new(compat.socket(mix.outputs, "Shader"), compat.socket(output.inputs, "Surface"))
    output.target, output.label = "EEVEE", "EEVEE"
    output.is_active_output = False

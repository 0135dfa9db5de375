"""The material of the strands: Principled Hair for Cycles, and for EEVEE, which has no such shader, Principled. What lies on the
skin is Principled in both: single hairs before skin that it shines through would look red and pale.

Both read one colour, from the node group "HRN Hair Color", whose inputs are the panel's sliders: the photo's colour, kept in the
curves' attribute, or a chosen amount of melanin.
"""

from __future__ import annotations

import math

import bpy

from ... import compat
from ...engine.wire.hair_color import BUILT
from ..ledger import Ledger
from ..node_math import NodeMath
from .names import COLOR

__all__ = [
    "COLOR_SLIDERS",
    "build_hair_material",
    "build_laid_material",
    "color_input",
    "color_node",
    "pigment_color",
    "pigmented",
]

GROUP = "HRN Hair Color"
"""Name of the node group."""
MARK = "hrn_hair_color"
"""Custom property by which the group is found again."""
VERSION = 2
"""Its value: groups with 1 have no output Look."""
CHOSEN = "Chosen Color"
"""Name of its input between the photo's color and the chosen one."""
MELANIN = "Melanin"
"""Name of its input for the amount of pigment."""
REDNESS = "Redness"
"""Name of its input for the share of red pigment."""
BRIGHTNESS = "Brightness"
"""Name of its input that scales the color."""
ROUGHNESS = "Roughness"
"""Name of its input for the roughness along the strands."""
COLOR_SLIDERS = (CHOSEN, MELANIN, REDNESS, BRIGHTNESS, ROUGHNESS)
"""The group's inputs in the panel's order."""

_RADIAL = 0.5
"""Roughness across the strands."""
_IOR = 1.3
"""Less than keratin's 1.55, whose white highlight veils red and dark hair in renders of few, thick strands."""
_EUMELANIN = (0.506, 0.841, 1.653)
"""Absorption of the brown pigment, Chiang et al. 2016 as in Cycles."""
_PHEOMELANIN = (0.343, 0.733, 1.924)
"""Absorption of the red pigment, from the same."""
_EEVEE_ROUGHNESS = 0.55
"""Roughness of EEVEE's Principled shader: a lobe around a flat ribbon must be wide to look like that of many round strands."""
_EEVEE_SPECULAR = 0.25
"""Specular IOR Level of the same: half of skin's, for the reason of :data:`_IOR`."""


_LAID_ROUGHNESS = (0.3, 0.6)
"""Roughness of hairs that lie on the skin where the slider says 0, and what it adds at 1."""
_LAID_SPECULAR = 0.6
"""Specular IOR Level of the same: with it, and without light through them, brows in Cycles take 0.93 to 1.01 of the light that
their paint takes, in all channels alike (Principled Hair: 0.67 of the red, 1.12 of the blue)."""
_EEVEE_BRIGHTEST = 0.68
"""Base colour that EEVEE's Principled shader gets for strands as light as can be ..."""
_EEVEE_HALF = 0.25
"""... and the strands' colour c that gets half of it: c becomes brightest * c / (c + half). Principled Hair lets light through,
which a ribbon does not: dark strands look lighter than c and light ones darker. Fitted to equal means over the hair in both engines,
six greys on a short groom in the preview's studio (Blender 4.5)."""


def build_hair_material(name: str, roughness: float, group: bpy.types.ShaderNodeTree, ledger: Ledger) -> bpy.types.Material:
    """A material for one group of strands.

    Args:
        roughness: along the strands, as the bundle has it.
        group: what :func:`build_color_group` made.
    """
    material = ledger.add(bpy.data.materials.new(name))
    tree = compat.ensure_node_tree(material)
    tree.nodes.clear()
    nodes, links = tree.nodes, tree.links
    color = _color_node(tree, roughness, group)
    strand, output = nodes.new("ShaderNodeBsdfHairPrincipled"), nodes.new("ShaderNodeOutputMaterial")
    strand.location, output.location = (0, 0), (350, 0)
    strand.model, strand.parametrization = "CHIANG", "COLOR"
    compat.socket(strand.inputs, "Radial Roughness").default_value = _RADIAL
    compat.socket(strand.inputs, "IOR").default_value = _IOR
    compat.socket(strand.inputs, "Random Roughness").default_value = 0.2
    links.new(color.outputs["Color"], compat.socket(strand.inputs, "Color"))
    links.new(color.outputs["Roughness"], compat.socket(strand.inputs, "Roughness"))
    links.new(compat.socket(strand.outputs, "BSDF"), compat.socket(output.inputs, "Surface"))
    output.target, output.label = "CYCLES", "Cycles"

    plain, other = nodes.new("ShaderNodeBsdfPrincipled"), nodes.new("ShaderNodeOutputMaterial")
    plain.location, other.location = (0, -500), (350, -500)
    compat.socket(plain.inputs, "Roughness").default_value = _EEVEE_ROUGHNESS
    compat.socket(plain.inputs, "Specular IOR Level").default_value = _EEVEE_SPECULAR
    links.new(_as_surface(tree, color.outputs["Color"]), compat.socket(plain.inputs, "Base Color"))
    links.new(compat.socket(plain.outputs, "BSDF"), compat.socket(other.inputs, "Surface"))
    other.target, other.label = "EEVEE", "EEVEE"
    return material


def build_laid_material(name: str, roughness: float, group: bpy.types.ShaderNodeTree, ledger: Ledger) -> bpy.types.Material:
    """A material for hairs that lie on the skin: brows, lashes and beards. Arguments as of :func:`build_hair_material`."""
    material = ledger.add(bpy.data.materials.new(name))
    tree = compat.ensure_node_tree(material)
    tree.nodes.clear()
    color = _color_node(tree, roughness, group)
    shader, output = tree.nodes.new("ShaderNodeBsdfPrincipled"), tree.nodes.new("ShaderNodeOutputMaterial")
    shader.location, output.location = (100, 0), (400, 0)
    tree.links.new(color.outputs["Look"], compat.socket(shader.inputs, "Base Color"))
    rough = NodeMath(tree).math("MULTIPLY_ADD", color.outputs["Roughness"], _LAID_ROUGHNESS[1], _LAID_ROUGHNESS[0])
    rough.node.location = (-80, -200)
    tree.links.new(rough, compat.socket(shader.inputs, "Roughness"))
    compat.socket(shader.inputs, "Specular IOR Level").default_value = _LAID_SPECULAR
    tree.links.new(compat.socket(shader.outputs, "BSDF"), compat.socket(output.inputs, "Surface"))
    return material


def _color_node(tree: bpy.types.ShaderNodeTree, roughness: float, group: bpy.types.ShaderNodeTree) -> bpy.types.Node:
    """The color group in a material, fed with the curves' color."""
    attribute, color = tree.nodes.new("ShaderNodeAttribute"), tree.nodes.new("ShaderNodeGroup")
    attribute.attribute_type, attribute.attribute_name, attribute.location = "GEOMETRY", COLOR, (-500, 0)
    color.node_tree, color.location, color.width = group, (-280, 0), 200
    color.inputs[ROUGHNESS].default_value = roughness
    tree.links.new(compat.socket(attribute.outputs, "Color"), color.inputs["Photo's Color"])
    return color


def _as_surface(tree: bpy.types.ShaderNodeTree, color: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """The base colour of a plain surface that looks as strands of `color` do in Principled Hair."""
    nodes, before = NodeMath(tree), len(tree.nodes)
    bright = nodes.vector("MULTIPLY", color, (_EEVEE_BRIGHTEST,) * 3)
    surface = nodes.vector("DIVIDE", bright, nodes.vector("ADD", color, (_EEVEE_HALF,) * 3))
    for number, node in enumerate(tree.nodes[before:]):
        node.location = (-280 + 90 * number, -350 - 150 * number)
    return surface


def build_color_group(ledger: Ledger) -> bpy.types.ShaderNodeTree:
    """A node group with the inputs :data:`COLOR_SLIDERS` and Photo's Color, and outputs Color, Roughness and Look.

    The photo's color is what is seen, and so is Look; Principled Hair is given the Color of strands that look so
    (:data:`engine.wire.hair_color.BUILT`).
    """
    tree = ledger.add(bpy.data.node_groups.new(GROUP, "ShaderNodeTree"))
    tree[MARK] = VERSION

    def slider(name: str, value: float, highest: float, text: str) -> None:
        item = tree.interface.new_socket(name=name, in_out="INPUT", socket_type="NodeSocketFloat")
        item.default_value, item.min_value, item.max_value, item.description = value, 0.0, highest, text
        item.subtype = "FACTOR" if highest == 1.0 else "NONE"

    slider(CHOSEN, 0.0, 1.0, "0: the photo's colour; 1: the colour chosen below")
    slider(MELANIN, 0.8, 1.0, "Amount of pigment: 0.2 is blond, 0.5 brown, 0.95 black")
    slider(REDNESS, 0.2, 1.0, "Share of red pigment")
    slider(BRIGHTNESS, 1.0, 4.0, "Gain of the colour")
    slider(ROUGHNESS, 0.3, 1.0, "Roughness along the strands; less is shinier")
    given = tree.interface.new_socket(name="Photo's Color", in_out="INPUT", socket_type="NodeSocketColor")
    given.hide_value, given.default_value = True, (0.05, 0.03, 0.02, 1.0)
    tree.interface.new_socket(name="Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    tree.interface.new_socket(name="Roughness", in_out="OUTPUT", socket_type="NodeSocketFloat")
    tree.interface.new_socket(name="Look", in_out="OUTPUT", socket_type="NodeSocketColor")
    inputs, outputs = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    nodes = NodeMath(tree)
    photo = inputs.outputs["Photo's Color"]
    own = nodes.vector("SUBTRACT", photo, (BUILT.veil,) * 3)
    own = nodes.vector("MAXIMUM", own, nodes.vector("MULTIPLY", photo, (BUILT.dark,) * 3))
    bright = nodes.vector("MULTIPLY", photo, (1 / BUILT.whitest,) * 3)
    left = nodes.vector("SUBTRACT", (1.0, 1.0, 1.0), nodes.vector("MULTIPLY", bright, bright))
    own = nodes.vector("DIVIDE", own, nodes.vector("MAXIMUM", left, (1e-3, 1e-3, 1e-3)))
    own = nodes.vector("MINIMUM", own, (BUILT.most,) * 3)
    pigment = pigmented(nodes, inputs)
    for name, plain in (("Color", own), ("Look", photo)):
        gain = tree.nodes.new("ShaderNodeVectorMath")
        gain.operation = "SCALE"
        nodes.fill(gain.inputs[0], nodes.mix(plain, pigment, inputs.outputs[CHOSEN]))
        nodes.fill(compat.socket(gain.inputs, "Scale"), inputs.outputs[BRIGHTNESS])
        tree.links.new(compat.socket(gain.outputs, "Vector"), outputs.inputs[name])
    tree.links.new(inputs.outputs[ROUGHNESS], outputs.inputs["Roughness"])
    nodes.arrange(6, 190)
    return tree


def pigmented(nodes: NodeMath, inputs: bpy.types.Node) -> bpy.types.NodeSocket:
    """The strands' colour for the outputs :data:`MELANIN` and :data:`REDNESS` of a group's `inputs`: that whose absorption is that of the chosen melanin: Chiang et al. 2016 (equation 9) solved for the colour,
    exp(-f sqrt(sigma)), with sigma = -ln(1 - melanin) times the pigments'."""
    quantity = nodes.math("SUBTRACT", 1.0, inputs.outputs[MELANIN])
    quantity = nodes.math("MULTIPLY", nodes.math("LOGARITHM", nodes.math("MAXIMUM", quantity, 1e-4), math.e), -1.0)
    factor = _absorption_factor()
    combined = nodes.tree.nodes.new("ShaderNodeCombineXYZ")
    for axis, brown, red in zip("XYZ", _EUMELANIN, _PHEOMELANIN):
        mixed = nodes.math("MULTIPLY_ADD", inputs.outputs[REDNESS], red - brown, brown)
        root = nodes.math("SQRT", nodes.math("MULTIPLY", mixed, quantity))
        shade = nodes.math("EXPONENT", nodes.math("MULTIPLY", root, -factor))
        nodes.fill(compat.socket(combined.inputs, axis), shade)
    return compat.socket(combined.outputs, "Vector")


def pigment_color(melanin: float, redness: float) -> list[float]:
    """Linear colour of a chosen amount of melanin: what :func:`build_color_group` computes, as numbers."""
    quantity = -math.log(max(1 - melanin, 1e-4))
    factor = _absorption_factor()
    return [
        math.exp(-factor * math.sqrt((brown + redness * (red - brown)) * quantity))
        for brown, red in zip(_EUMELANIN, _PHEOMELANIN)
    ]


def _absorption_factor() -> float:
    """The polynomial of Chiang et al. 2016, equation 9, at this material's radial roughness."""
    b = _RADIAL
    return ((((0.245 * b + 5.574) * b - 10.73) * b + 2.532) * b - 0.215) * b + 5.969


def color_input(hair: bpy.types.Object, name: str) -> bpy.types.NodeSocket | None:
    """The node-group input in the material of `hair` that the panel shows as the slider `name` (``default_value``)."""
    node = color_node(hair)
    return None if node is None else node.inputs.get(name)


def color_node(hair: bpy.types.Object) -> bpy.types.Node | None:
    """The node of :func:`build_color_group` in the material of `hair`; None where the user removed it."""
    for slot in hair.material_slots:
        tree = slot.material.node_tree if slot.material else None
        for node in tree.nodes if tree else ():
            if node.bl_idname == "ShaderNodeGroup" and node.node_tree and MARK in node.node_tree:
                return node
    return None

"""Principled materials for the six slots of a head. All read one albedo map through one UV map."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import bpy

from .. import compat
from ..engine.wire.bundle import MATERIALS
from .detail import build_detail_group
from .eyes import build_eye_group
from .images import load_image
from .lashes import build_lash_group
from .ledger import Ledger
from .names import BLEED, ROUGHNESS, UV_MAP
from .occlusion import SHADED, add_shade
from .source import HeadSource
from .teeth import build_teeth_group

__all__ = ["build_materials"]

_SHARED = "hrn_shared"
"""Custom property of node groups that several heads use: which one it is."""

_SKIN_RADIUS = (1.0, 0.36, 0.18)
"""Mean free path of red, green and blue light relative to red (Jensen et al. 2001, skin: 3.67, 1.37, 0.68 mm)."""
_SKIN_SCALE = 0.0016
"""Metres for radius 1; less than measured, because the albedo keeps a little of the light that bled in the photo."""

_PATCHES = 0.25
"""How much the roughness of skin differs between the darkest and lightest of a noise whose values keep near its middle."""

_LOOKS: dict[str, dict[str, object]] = {
    "skin": {
        "IOR": 1.4,
        "Specular IOR Level": 0.5,
        "Subsurface Weight": 0.7,
        "Subsurface Radius": _SKIN_RADIUS,
        "Subsurface Scale": _SKIN_SCALE,
    },
    # A wet, clear coat over the painted iris and white.
    "eyes": {
        "Roughness": 0.4,
        "IOR": 1.376,
        "Specular IOR Level": 0.1,
        "Subsurface Weight": 0.1,
        "Subsurface Radius": _SKIN_RADIUS,
        "Subsurface Scale": 0.002,
        "Coat Weight": 1.0,
        "Coat Roughness": 0.01,
        "Coat IOR": 1.376,
    },
    # A little subsurface only: the bands are open at the gums, and light that enters would be lost inside.
    "teeth": {
        "Roughness": 0.22,
        "IOR": 1.62,
        "Specular IOR Level": 0.4,
        "Subsurface Weight": 0.15,
        "Subsurface Radius": (1.0, 0.8, 0.6),
        "Subsurface Scale": 0.0008,
        "Coat Weight": 0.3,
        "Coat Roughness": 0.05,
    },
    "tongue": {"Roughness": 0.3, "Subsurface Weight": 0.6, "Subsurface Radius": _SKIN_RADIUS, "Subsurface Scale": 0.003},
    "mouth": {"Roughness": 0.35, "Subsurface Weight": 0.4, "Subsurface Radius": _SKIN_RADIUS, "Subsurface Scale": 0.002},
    "lashes": {"Base Color": (0.012, 0.008, 0.006, 1.0), "Roughness": 0.55, "Specular IOR Level": 0.3},
}
"""Inputs of each material's Principled BSDF that differ from Blender's defaults."""


def build_materials(source: HeadSource, ledger: Ledger, share_groups: bool = False) -> dict[str, bpy.types.Material]:
    """Material name of :data:`MATERIALS` -> material, in that order.

    Args:
        share_groups: use the node groups of an earlier head that was built with this, too.
    """
    group = partial(_shared, ledger=ledger) if share_groups else lambda build: build(ledger)
    albedo = load_image(source.maps["albedo"], f"{source.name} albedo", "sRGB", ledger)
    materials = {}
    for name in MATERIALS:
        material = ledger.add(bpy.data.materials.new(f"{source.name} {name}"))
        materials[name] = material
        tree = compat.ensure_node_tree(material)
        tree.nodes.clear()
        output, shader = tree.nodes.new("ShaderNodeOutputMaterial"), tree.nodes.new("ShaderNodeBsdfPrincipled")
        output.location, shader.location = (350, 200), (0, 200)
        tree.links.new(compat.socket(shader.outputs, "BSDF"), compat.socket(output.inputs, "Surface"))
        shader.subsurface_method = "RANDOM_WALK"
        for identifier, value in _LOOKS[name].items():
            compat.socket(shader.inputs, identifier).default_value = value
        if name == "lashes":
            material.surface_render_method = "DITHERED"
            material.diffuse_color = (0.02, 0.014, 0.01, 0.15)  # A veil in Solid mode, which draws whole strips.
            hairs = tree.nodes.new("ShaderNodeGroup")
            hairs.node_tree, hairs.location = group(build_lash_group), (-250, 0)
            tree.links.new(hairs.outputs["Alpha"], compat.socket(shader.inputs, "Alpha"))
        else:
            texture = _texture(tree, albedo, (-700, 350))
            tree.links.new(compat.socket(texture.outputs, "Color"), compat.socket(shader.inputs, "Base Color"))
        if name == "eyes":
            cornea = tree.nodes.new("ShaderNodeGroup")
            cornea.node_tree, cornea.location = group(build_eye_group), (-250, -200)
            tree.links.new(cornea.outputs["Iris Normal"], compat.socket(shader.inputs, "Normal"))
            tree.links.new(cornea.outputs["Cornea Normal"], compat.socket(shader.inputs, "Coat Normal"))
        if name == "teeth":
            crowns = tree.nodes.new("ShaderNodeGroup")
            crowns.node_tree, crowns.location = group(build_teeth_group), (-300, 200)
            tree.links.new(compat.socket(texture.outputs, "Color"), crowns.inputs["Albedo"])
            if source.enamel is not None:
                crowns.inputs["Enamel"].default_value = source.enamel
            tree.links.new(crowns.outputs["Color"], compat.socket(shader.inputs, "Base Color"))
            tree.links.new(crowns.outputs["Normal"], compat.socket(shader.inputs, "Normal"))
            tree.links.new(crowns.outputs["Normal"], compat.socket(shader.inputs, "Coat Normal"))
        if name in SHADED:
            add_shade(tree, shader, *SHADED[name])
        if name == "skin":
            _skin_detail(material, shader, output, source, ledger, group(build_detail_group))
    return materials


def _shared(build: Callable[[Ledger], bpy.types.ShaderNodeTree], ledger: Ledger) -> bpy.types.ShaderNodeTree:
    """The node group that `build` makes, once per file: Blender looks at every node tree after each new link, so that
    groups of their own made each head of a large batch slower to build than the one before."""
    for tree in bpy.data.node_groups:
        if tree.get(_SHARED) == build.__name__ and tree.library is None:
            return tree
    tree = build(ledger)
    tree[_SHARED] = build.__name__
    return tree


def _texture(tree: bpy.types.ShaderNodeTree, image: bpy.types.Image, place: tuple[float, float]):
    """An image texture with cubic filtering, read through the head's UV map (also when it gets a second one)."""
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image, node.interpolation, node.extension, node.location = image, "Cubic", "EXTEND", place
    uv = next((n for n in tree.nodes if n.bl_idname == "ShaderNodeUVMap"), None)
    if uv is None:
        uv = tree.nodes.new("ShaderNodeUVMap")
        uv.uv_map, uv.location = UV_MAP, (-950, 0)
    tree.links.new(compat.socket(uv.outputs, "UV"), compat.socket(node.inputs, "Vector"))
    return node


def _skin_detail(
    material: bpy.types.Material,
    shader: bpy.types.ShaderNode,
    output: bpy.types.ShaderNode,
    source: HeadSource,
    ledger: Ledger,
    group: bpy.types.ShaderNodeTree,
) -> None:
    """Displacement, normals, roughness and subsurface weight of the skin; `group` is HRN Detail."""
    tree = material.node_tree
    nodes, links = tree.nodes, tree.links
    relief = _texture(
        tree, load_image(source.maps["displacement"], f"{source.name} displacement", "Non-Color", ledger), (-700, 0)
    )
    normals = _texture(tree, load_image(source.maps["normal"], f"{source.name} normal", "Non-Color", ledger), (-700, -300))
    detail = nodes.new("ShaderNodeGroup")
    detail.node_tree, detail.location, detail.width = group, (-350, -150), 200
    links.new(compat.socket(relief.outputs, "Color"), detail.inputs["Height"])
    links.new(compat.socket(normals.outputs, "Color"), detail.inputs["Normal Map"])
    links.new(detail.outputs["Normal"], compat.socket(shader.inputs, "Normal"))
    links.new(detail.outputs["Displacement"], compat.socket(output.inputs, "Displacement"))
    material.displacement_method = "BOTH"

    # Roughness by region from the mesh, in patches, as oil lies on skin; pores hold less of it than the ridges between
    # them: 0.1 per 0.5 mm of depth.
    region, rough = nodes.new("ShaderNodeAttribute"), nodes.new("ShaderNodeMath")
    region.attribute_type, region.attribute_name, region.location = "GEOMETRY", ROUGHNESS, (-780, 600)
    patches, patchy = nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeMath")
    patches.location, patchy.location = (-780, 900), (-560, 700)
    compat.socket(patches.inputs, "Scale").default_value = 45.0
    compat.socket(patches.inputs, "Detail").default_value = 3.0
    patchy.operation = "MULTIPLY_ADD"
    uv = next(n for n in nodes if n.bl_idname == "ShaderNodeUVMap")
    links.new(compat.socket(uv.outputs, "UV"), compat.socket(patches.inputs, "Vector"))
    links.new(compat.socket(patches.outputs, "Fac"), patchy.inputs[0])
    patchy.inputs[1].default_value = _PATCHES
    even = nodes.new("ShaderNodeMath")
    even.operation, even.location = "ADD", (-560, 540)
    links.new(compat.socket(region.outputs, "Fac"), even.inputs[0])
    even.inputs[1].default_value = -0.5 * _PATCHES
    links.new(even.outputs[0], patchy.inputs[2])
    rough.operation, rough.use_clamp, rough.location = "MULTIPLY_ADD", True, (-350, 500)
    links.new(compat.socket(relief.outputs, "Color"), rough.inputs[0])
    rough.inputs[1].default_value = -200.0
    links.new(patchy.outputs[0], rough.inputs[2])
    links.new(rough.outputs[0], compat.socket(shader.inputs, "Roughness"))

    bleed, weight = nodes.new("ShaderNodeAttribute"), nodes.new("ShaderNodeMath")
    bleed.attribute_type, bleed.attribute_name, bleed.location = "GEOMETRY", BLEED, (-350, 800)
    weight.operation, weight.location, weight.label = "MULTIPLY", (-150, 700), "Subsurface Weight"
    links.new(compat.socket(bleed.outputs, "Fac"), weight.inputs[0])
    target = compat.socket(shader.inputs, "Subsurface Weight")
    weight.inputs[1].default_value = target.default_value
    links.new(weight.outputs[0], target)

"""The material of hair for games, which Cycles, EEVEE and the exporters of glTF, FBX and USD read alike."""

from __future__ import annotations

import bpy
import numpy as np

from ... import compat
from ..ledger import Ledger
from ..names import UV_MAP
from .atlas import draw_strands
from .png import packed_image

__all__ = ["NEUTRAL_MAPS", "games_material", "neutral_maps", "neutral_pixels"]

_MARK = "hrn_hair_map"
"""Custom property of the neutral maps, which all heads of a file share: which of :data:`NEUTRAL_MAPS` it is."""
NEUTRAL_MAPS = ("strands", "alpha", "flow", "depth")
"""The maps that hold no head's colour."""

_ALPHA = 0.35
"""Alpha from which a texel is seen."""
_LOOK = {"Roughness": 0.5, "Specular IOR Level": 0.18, "Anisotropic": 0.4, "Anisotropic Rotation": 0.25}
"""Inputs of the Principled BSDF. A quarter turn lays the highlight across v, along which strands run."""


def games_material(name: str, color: bpy.types.Image, ledger: Ledger, cards: bool = True) -> bpy.types.Material:
    """A material that shows `color` through the mesh's UV map.

    The texture is linked to the base colour as it is: FBX finds it only so. Alpha is clipped, because exporters and engines
    cannot sort blended strips.

    Args:
        cards: cut out where `color` is transparent, and hold the neutral maps for engines that want them.
    """
    material = ledger.add(bpy.data.materials.new(name))
    tree = compat.ensure_node_tree(material)
    tree.nodes.clear()
    output, shader = tree.nodes.new("ShaderNodeOutputMaterial"), tree.nodes.new("ShaderNodeBsdfPrincipled")
    output.location, shader.location = (350, 200), (0, 200)
    tree.links.new(compat.socket(shader.outputs, "BSDF"), compat.socket(output.inputs, "Surface"))
    for identifier, value in _LOOK.items():
        compat.socket(shader.inputs, identifier).default_value = value
    texture = _texture(tree, color, (-600, 250))
    tree.links.new(compat.socket(texture.outputs, "Color"), compat.socket(shader.inputs, "Base Color"))
    tangent = tree.nodes.new("ShaderNodeTangent")
    tangent.direction_type, tangent.uv_map, tangent.location = "UV_MAP", UV_MAP, (-250, -250)
    tree.links.new(tangent.outputs[0], compat.socket(shader.inputs, "Tangent"))
    material.use_backface_culling = False
    if cards:
        clip = tree.nodes.new("ShaderNodeMath")
        clip.operation, clip.location = "GREATER_THAN", (-250, 0)
        clip.inputs[1].default_value = _ALPHA
        tree.links.new(compat.socket(texture.outputs, "Alpha"), clip.inputs[0])
        tree.links.new(clip.outputs[0], compat.socket(shader.inputs, "Alpha"))
        material.surface_render_method = "DITHERED"
        frame = tree.nodes.new("NodeFrame")
        frame.label, frame.name = "For engines that colour hair themselves", "Neutral Maps"
        for number, image in enumerate(neutral_maps(ledger).values()):
            _texture(tree, image, (-600 + 280 * number, -550)).parent = frame
    return material


def _texture(tree: bpy.types.NodeTree, image: bpy.types.Image, place: tuple[float, float]) -> bpy.types.Node:
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image, node.location = image, place
    return node


def neutral_maps(ledger: Ledger) -> dict[str, bpy.types.Image]:
    """Name of :data:`NEUTRAL_MAPS` -> image, once per file."""
    found = {image[_MARK]: image for image in bpy.data.images if _MARK in image and image.library is None}
    if not set(NEUTRAL_MAPS) <= set(found):
        for name, pixels in neutral_pixels().items():
            if name not in found:
                found[name] = packed_image(f"Hair cards {name}", pixels, "Non-Color", ledger)
                found[name][_MARK] = name
    return {name: found[name] for name in NEUTRAL_MAPS}


def neutral_pixels() -> dict[str, np.ndarray]:
    """Name -> uint8 pixels, top row first.

    ``strands``: brightness, half of it (128 is the mean, linear); ``alpha``; ``flow``: direction from root to tip, u in red
    and v (up) in green, 0 to 255 for -1 to 1; ``depth``: 0 the deepest strand, 255 the topmost.
    """
    maps = draw_strands()
    flow = np.concatenate([0.5 + 0.5 * maps.flow, np.full((*maps.flow.shape[:2], 1), 0.5, np.float32)], -1)
    values = {"strands": 0.5 * maps.strands, "alpha": maps.alpha, "flow": flow, "depth": maps.depth}
    return {name: np.round(255 * np.clip(value, 0, 1)).astype(np.uint8) for name, value in values.items()}

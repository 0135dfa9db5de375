"""Plain Principled materials for other programs: images at base colour, roughness, normal and alpha, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ... import compat
from ...engine.wire.bundle import MATERIALS
from ..detail import DISPLACEMENT_STRENGTH, NORMAL_STRENGTH, strength_socket
from ..ledger import Ledger
from ..names import UV_MAP
from .maps import bake, image_pixels, relief_normals, save_map
from .options import ExportOptions
from .strips import BAKE_UV, lash_pixels

__all__ = ["plain_materials"]

_TEETH_MAP = (1024, 512)
"""Texels of the map of teeth: a gap of a fifth of a millimetre is two of them wide."""
_ROUGHNESS_WIDTH = 1024
"""Texels of the largest map of roughness, which differs by regions and patches only."""
_WET = 0.08
"""Roughness of eyes: their clear coat, which most formats do not carry, is what one sees."""
_ALPHA = 0.3
"""Alpha from which a texel of the lashes is seen: exporters and engines cannot sort blended strips."""
_LINEAR = "Non-Color"
_COLOR = "sRGB"


@dataclass(frozen=True)
class _Look:
    """What one material shows."""

    color: bpy.types.Image | tuple[float, float, float, float]
    roughness: bpy.types.Image | float
    normal: bpy.types.Image | None = None
    cut: bool = False
    """Cut out where the colour is transparent."""


class _Maker:
    """Makes the maps of one head, each once."""

    def __init__(
        self, head: bpy.types.Object, thing: bpy.types.Object, stem: str, folder: Path, options: ExportOptions, ledger: Ledger
    ) -> None:
        self.head, self.thing, self.stem, self.folder, self.options, self.ledger = head, thing, stem, folder, options, ledger
        self._colors: dict[str, bpy.types.Image] = {}

    def save(self, kind: str, pixels: np.ndarray, color_space: str) -> bpy.types.Image:
        return save_map(self.folder, f"{self.stem}_{kind}", pixels, color_space, self.ledger)

    def image(self, source: bpy.types.Image, kind: str) -> bpy.types.Image:
        """A map that the head has, at the size that is wanted; the same one for all materials that share it."""
        if source.name_full not in self._colors:
            pixels = image_pixels(source, self.options.width(source.size[0]))[..., :3]
            self._colors[source.name_full] = self.save(kind, pixels, _COLOR)
        return self._colors[source.name_full]

    def color(self, shader: bpy.types.Node, kind: str, slot: int) -> bpy.types.Image | tuple[float, float, float, float]:
        """The base colour: the image that is linked to it, what Cycles makes of anything else that is, or the plain colour."""
        socket = compat.socket(shader.inputs, "Base Color")
        if not socket.links:
            return tuple(socket.default_value)
        source = socket.links[0].from_node
        teeth = MATERIALS[slot] == "teeth" and BAKE_UV in self.thing.data.uv_layers
        if source.bl_idname == "ShaderNodeTexImage" and source.image is not None and not teeth:
            return self.image(source.image, "albedo")
        size = _TEETH_MAP if teeth else (self.options.width(2048),) * 2
        baked = bake(self.thing, slot, "Base Color", BAKE_UV if teeth else UV_MAP, size, color=True)
        return tuple(socket.default_value) if baked is None else self.save(kind, baked, _COLOR)

    def roughness(self, shader: bpy.types.Node, kind: str, slot: int) -> bpy.types.Image | float:
        socket = compat.socket(shader.inputs, "Roughness")
        if not socket.links:
            return float(socket.default_value)
        width = self.options.width(_ROUGHNESS_WIDTH)
        baked = bake(self.thing, slot, "Roughness", UV_MAP, (width, width), color=False)
        return float(socket.default_value) if baked is None else self.save(f"{kind}_roughness", baked, _LINEAR)

    def normal(self) -> bpy.types.Image | None:
        """The normal map of the skin as strong as its sliders say."""
        strength = strength_socket(self.head)
        links = strength.node.inputs["Normal Map"].links if strength is not None else ()
        image = next((link.from_node.image for link in links if link.from_node.bl_idname == "ShaderNodeTexImage"), None)
        if image is None:
            return None
        gain = strength.node.inputs[DISPLACEMENT_STRENGTH].default_value * strength.node.inputs[NORMAL_STRENGTH].default_value
        pixels = image_pixels(image, self.options.width(image.size[0]))
        return self.save("normal", relief_normals(pixels, gain, self.options.preset.green_down), _LINEAR)


def plain_materials(
    head: bpy.types.Object, thing: bpy.types.Object, stem: str, folder: Path, options: ExportOptions, ledger: Ledger
) -> list[bpy.types.Material | None]:
    """A material for each slot of `head`, in their order, with its maps as PNG files in `folder`.

    Args:
        thing: the object to export, with the head's materials, its attributes and, for teeth, the UV map that they are baked
            through; no scene shows it.
        stem: what names of maps begin with.

    Raises:
        HrnError: OUTPUT_NOT_WRITABLE where a map's file is gone.
    """
    maker = _Maker(head, thing, stem, folder, options, ledger)
    made: list[bpy.types.Material | None] = []
    for slot, given in enumerate(thing.material_slots):
        name = MATERIALS[slot] if slot < len(MATERIALS) else f"material_{slot}"
        tree = given.material.node_tree if given.material is not None else None
        shader = next((n for n in tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled"), None) if tree else None
        if shader is None:
            made.append(given.material)
            continue
        if name == "lashes":
            drawn = maker.save("lashes", lash_pixels(given.material), _COLOR)
            look = _Look(drawn, maker.roughness(shader, name, slot), cut=True)
        else:
            color = maker.color(shader, name, slot)
            roughness = _WET if name == "eyes" else maker.roughness(shader, name, slot)
            look = _Look(color, roughness, maker.normal() if name == "skin" else None)
        made.append(_material(given.material.name, look, ledger))
    return made


def _material(name: str, look: _Look, ledger: Ledger) -> bpy.types.Material:
    """One Principled BSDF with `look`."""
    material = ledger.add(bpy.data.materials.new(name))
    tree = compat.ensure_node_tree(material)
    tree.nodes.clear()
    output, shader = tree.nodes.new("ShaderNodeOutputMaterial"), tree.nodes.new("ShaderNodeBsdfPrincipled")
    tree.links.new(compat.socket(shader.outputs, "BSDF"), compat.socket(output.inputs, "Surface"))

    def texture(image: bpy.types.Image) -> bpy.types.Node:
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = image
        return node

    base, rough = compat.socket(shader.inputs, "Base Color"), compat.socket(shader.inputs, "Roughness")
    if isinstance(look.color, bpy.types.Image):
        color = texture(look.color)
        tree.links.new(compat.socket(color.outputs, "Color"), base)
        if look.cut:
            cut = tree.nodes.new("ShaderNodeMath")
            cut.operation = "GREATER_THAN"
            cut.inputs[1].default_value = _ALPHA
            tree.links.new(compat.socket(color.outputs, "Alpha"), cut.inputs[0])
            tree.links.new(cut.outputs[0], compat.socket(shader.inputs, "Alpha"))
            material.surface_render_method = "DITHERED"
    else:
        base.default_value = look.color
    if isinstance(look.roughness, bpy.types.Image):
        tree.links.new(compat.socket(texture(look.roughness).outputs, "Color"), rough)
    else:
        rough.default_value = look.roughness
    if look.normal is not None:
        normal = tree.nodes.new("ShaderNodeNormalMap")
        normal.uv_map = UV_MAP
        tree.links.new(compat.socket(texture(look.normal).outputs, "Color"), compat.socket(normal.inputs, "Color"))
        tree.links.new(compat.socket(normal.outputs, "Normal"), compat.socket(shader.inputs, "Normal"))
    material.use_backface_culling = False
    return material

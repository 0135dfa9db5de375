"""Image data-blocks that point into the bundle; their pixels stay on disk until something draws them."""

from __future__ import annotations

from pathlib import Path

import bpy

from .ledger import Ledger

__all__ = ["load_image", "picture_nodes"]


def load_image(path: Path, name: str, color_space: str, ledger: Ledger) -> bpy.types.Image:
    """A new image for the file at `path`, relative to the .blend file where that is saved.

    A data-block of its own even when the file is open already: two heads share nothing.
    """
    image = ledger.add(bpy.data.images.load(str(path.absolute()), check_existing=False))
    image.name = name
    image.colorspace_settings.name = color_space
    if color_space != "sRGB":
        # Tenths of a millimetre in metres: half floats would round them into steps on the GPU.
        image.use_half_precision = False
    if bpy.data.filepath:
        try:
            image.filepath = bpy.path.relpath(image.filepath)
        except ValueError:
            pass  # Another drive: no relative path exists.
    return image


def picture_nodes(material: bpy.types.Material | None) -> list[bpy.types.Node]:
    """The nodes of a material that show an image."""
    tree = material.node_tree if material is not None else None
    return [node for node in tree.nodes if node.bl_idname == "ShaderNodeTexImage" and node.image] if tree is not None else []

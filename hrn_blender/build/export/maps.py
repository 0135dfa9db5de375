"""Maps as other programs take them: PNG files of the size that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np

from ... import compat
from ...engine.wire.errors import ErrorCode, HrnError
from ...engine.wire.messages import say
from ..hair_games.png import png_bytes
from ..ledger import Ledger

__all__ = ["bake", "image_pixels", "relief_normals", "save_map"]

_MARGIN = 8
"""Texels by which baked islands are continued beyond their borders."""


def image_pixels(image: bpy.types.Image, width: int) -> np.ndarray:
    """(H, W, 4) float32 in [0, 1], top row first, as stored, at most `width` wide.

    Raises:
        HrnError: OUTPUT_NOT_WRITABLE where the image's file is gone.
    """
    copy = image.copy()
    try:
        if not copy.size[0]:
            message = say("The map {name} is not where it was: {path}.", name=image.name, path=bpy.path.abspath(image.filepath))
            raise HrnError(
                ErrorCode.OUTPUT_NOT_WRITABLE, message, hint="Bring the head's folder back, or build the head again."
            )
        if copy.size[0] > width:
            copy.scale(width, max(1, round(copy.size[1] * width / copy.size[0])))
        return _read(copy)
    finally:
        bpy.data.images.remove(copy)


def _read(image: bpy.types.Image) -> np.ndarray:
    """(H, W, 4) float32, top row first, as stored."""
    values = np.empty(4 * image.size[0] * image.size[1], np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], 4)[::-1]


def relief_normals(pixels: np.ndarray, gain: float, green_down: bool) -> np.ndarray:
    """(H, W, 3) float32: a normal map with `gain` times its relief, of unit normals.

    Args:
        pixels: (H, W, 3 or more), tangent space, green up.
        green_down: as Direct3D has it.
    """
    normal = 2 * pixels[..., :3] - 1
    normal[..., :2] *= gain
    if green_down:
        normal[..., 1] *= -1
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    return 0.5 + 0.5 * normal


def save_map(folder: Path, name: str, pixels: np.ndarray, color_space: str, ledger: Ledger) -> bpy.types.Image:
    """A map as a file ``NAME.png`` in `folder`, and as an image that refers to it.

    Args:
        pixels: (H, W, 3 or 4) in [0, 1] or uint8, top row first.
        color_space: ``sRGB`` or ``Non-Color``.
    """
    if pixels.dtype != np.uint8:
        pixels = np.round(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    path = folder / f"{name}.png"
    path.write_bytes(png_bytes(pixels))
    image = ledger.add(bpy.data.images.load(str(path), check_existing=False))
    image.name = name
    image.colorspace_settings.name = color_space
    return image


def bake(thing: bpy.types.Object, slot: int, source: str, uv_map: str, size: tuple[int, int], color: bool) -> np.ndarray | None:
    """What the Principled BSDF of one material takes in, over a UV map, by Cycles.

    Args:
        thing: an object that no scene shows.
        slot: number of its material.
        source: identifier of the linked input.
        uv_map: name of the UV map.
        size: (width, height) texels.
        color: whether the values are colours, which are stored as sRGB.

    Returns:
        (H, W, 3) float32 in [0, 1], top row first; None where Cycles is switched off.
    """
    scene = bpy.data.scenes.new("HRN bake")
    kept = [one.material for one in thing.material_slots]
    image = bpy.data.images.new("HRN bake", *size, float_buffer=False)
    image.colorspace_settings.name = "sRGB" if color else "Non-Color"
    made = []
    try:
        if not hasattr(scene, "cycles"):
            return None
        for number, given in enumerate(thing.material_slots):
            material = (
                given.material.copy() if given.material is not None and number == slot else bpy.data.materials.new("HRN bake")
            )
            made.append(material)
            tree = compat.ensure_node_tree(material)
            if number == slot:
                _emit(tree, source)
            target = tree.nodes.new("ShaderNodeTexImage")
            target.image = image if number == slot else _nowhere(made)
            tree.nodes.active = target
            given.material = material
        thing.data.uv_layers.active = thing.data.uv_layers[uv_map]
        with _alone(scene, thing):
            bpy.ops.object.bake(type="EMIT", margin=_MARGIN, use_clear=True, target="IMAGE_TEXTURES")
        return _read(image)[..., :3]  # A copy of an image that was never saved would be black.
    finally:
        for given, material in zip(thing.material_slots, kept):
            given.material = material
        bpy.data.scenes.remove(scene)
        bpy.data.batch_remove([*made, image])


def _nowhere(made: list) -> bpy.types.Image:
    """A small image for materials that are not baked: Cycles wants one in each."""
    image = bpy.data.images.new("HRN bake", 4, 4)
    made.append(image)
    return image


def _emit(tree: bpy.types.NodeTree, source: str) -> None:
    """Let a material glow with what its shader takes in, and nothing else."""
    shader = next(n for n in tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    link = compat.socket(shader.inputs, source).links[0].from_socket
    for node in [n for n in tree.nodes if n.bl_idname == "ShaderNodeOutputMaterial"]:
        tree.nodes.remove(node)
    output, light = tree.nodes.new("ShaderNodeOutputMaterial"), tree.nodes.new("ShaderNodeEmission")
    tree.links.new(link, compat.socket(light.inputs, "Color"))
    tree.links.new(compat.socket(light.outputs, "Emission"), compat.socket(output.inputs, "Surface"))


@contextmanager
def _alone(scene: bpy.types.Scene, thing: bpy.types.Object) -> Iterator[None]:
    """`thing` as the only and active object of a scene that Cycles renders with one sample."""
    scene.collection.objects.link(thing)
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples = "CPU", 1
    layer = scene.view_layers[0]
    layer.update()
    thing.select_set(True, view_layer=layer)
    layer.objects.active = thing
    try:
        with bpy.context.temp_override(
            scene=scene, view_layer=layer, object=thing, active_object=thing, selected_objects=[thing]
        ):
            yield
    finally:
        scene.collection.objects.unlink(thing)

"""A head with its hair through Blender's own exporters, with the settings that each needs for that.

glTF and FBX carry no curves: they get cards or the hair mesh. Alembic gets the curves as rendered, USD either.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import bpy

from ...engine.wire.atomic import write_whole
from ..hair.build import find_hair
from ..hair.skin import BARE, skin_node
from .material import neutral_pixels
from .names import CARDS, CURVES, MESH, find_games
from .png import png_bytes

__all__ = ["FORMATS", "Format", "export_head", "hair_objects"]


class Format(NamedTuple):
    """One format of files."""

    name: str
    suffix: str
    hair: tuple[str, ...]
    """Kinds of hair that it carries, the best first."""


FORMATS = {
    "GLTF": Format("glTF", ".glb", (CARDS, MESH)),
    "FBX": Format("FBX", ".fbx", (CARDS, MESH)),
    "USD": Format("USD", ".usdc", (CARDS, MESH, CURVES)),
    "ALEMBIC": Format("Alembic", ".abc", (CURVES, CARDS, MESH)),
}
"""Identifier -> format."""


def hair_objects(head: bpy.types.Object, hair: str) -> list[bpy.types.Object]:
    """The objects that show the hair of `head` in one way: all groups of curves, or the cards, or the mesh."""
    if hair == CURVES:
        return list(find_hair(head).values())
    made = find_games(head, hair)
    return [made] if made is not None else []


def export_head(head: bpy.types.Object, path: Path, kind: str, hair: str) -> list[Path]:
    """Write `head` and its hair to one file.

    Args:
        path: the file; its suffix is the format's.
        kind: key of :data:`FORMATS`.
        hair: :data:`.names.CURVES`, :data:`.names.CARDS` or :data:`.names.MESH`; the head has it.

    Returns:
        The files that were written: `path`, and for cards the neutral maps beside it.

    Raises:
        RuntimeError: Blender's exporter failed.
        HrnError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    files = [path]
    with _chosen([head, *hair_objects(head, hair)]), _bare(head, hair == CURVES):
        _EXPORTERS[kind](str(path), hair)
    if hair == CARDS:
        for name, pixels in neutral_pixels().items():
            files.append(path.with_name(f"{path.stem} hair {name}.png"))
            write_whole(files[-1], png_bytes(pixels))
    return files


def _gltf(path: str, _hair: str) -> None:
    bpy.ops.export_scene.gltf(filepath=path, export_format="GLB", use_selection=True)


def _fbx(path: str, _hair: str) -> None:
    # Packed maps have no file that FBX could name: they travel inside.
    bpy.ops.export_scene.fbx(filepath=path, use_selection=True, path_mode="COPY", embed_textures=True)


def _usd(path: str, hair: str) -> None:
    curves = hair == CURVES
    mode = "RENDER" if curves else "VIEWPORT"
    bpy.ops.wm.usd_export(filepath=path, selected_objects_only=True, export_curves=curves, evaluation_mode=mode)


def _alembic(path: str, _hair: str) -> None:
    frame = bpy.context.scene.frame_current
    bpy.ops.wm.alembic_export(filepath=path, selected=True, start=frame, end=frame, evaluation_mode="RENDER")


_EXPORTERS = {"GLTF": _gltf, "FBX": _fbx, "USD": _usd, "ALEMBIC": _alembic}


@contextmanager
def _chosen(wanted: list[bpy.types.Object]) -> Iterator[None]:
    """Only `wanted` is selected, and all of it is visible, for as long as the context lasts."""
    layer = bpy.context.view_layer
    selected, active = layer.objects.selected[:], layer.objects.active
    hidden = [(thing, thing.hide_viewport, thing.hide_render, thing.hide_get()) for thing in wanted]
    try:
        for thing in wanted:
            thing.hide_viewport = thing.hide_render = False
            thing.hide_set(False)
        for thing in selected:
            thing.select_set(False)
        for thing in wanted:
            thing.select_set(True)
        layer.objects.active = wanted[0]
        layer.update()
        yield
    finally:
        for thing in wanted:
            thing.select_set(False)
        for thing, viewport, render, here in hidden:
            thing.hide_set(here)
            thing.hide_viewport, thing.hide_render = viewport, render
        for thing in selected:
            thing.select_set(True)
        layer.objects.active = active


@contextmanager
def _bare(head: bpy.types.Object, wanted: bool) -> Iterator[None]:
    """The skin that exporters find is the one without painted hair, for as long as the context lasts: strands go out, too."""
    node = skin_node(head) if wanted else None
    if node is None or not node.inputs["Bare"].links or node.inputs[BARE].default_value < 0.5:
        yield
        return
    tree = node.id_data
    albedo, bare = node.inputs["Albedo"].links[0].from_socket, node.inputs["Bare"].links[0].from_socket
    painted = [link.to_socket for link in albedo.links if link.to_node != node]
    try:
        for target in painted:
            tree.links.new(bare, target)
        yield
    finally:
        for target in painted:
            tree.links.new(albedo, target)

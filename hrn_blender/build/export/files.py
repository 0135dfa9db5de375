"""A head with its hair through Blender's own exporters, with the settings that each needs for that.

glTF, FBX and OBJ carry no curves: they get cards or the hair mesh. Alembic gets the curves as rendered, USD either.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import bpy

from ...engine.wire.atomic import output_error, rename, temporary_path
from ..hair.build import find_hair
from ..hair.skin import BARE, skin_node
from ..hair_games.material import neutral_pixels
from ..hair_games.names import CARDS, CURVES, MESH, find_games
from ..hair_games.png import png_bytes
from ..images import picture_nodes
from ..rig import find_rig, named
from .options import ExportOptions
from .plain import plain_head

__all__ = ["FORMATS", "NO_HAIR", "Format", "export_head", "hair_objects"]

NO_HAIR = "none"
"""Choice of hair: the head alone, with painted brows and lashes."""


class Format(NamedTuple):
    """One format of files."""

    name: str
    suffix: str
    hair: tuple[str, ...]
    """Kinds of hair that it carries, the best first."""
    write: Callable[[str, str, dict], object]
    """Writes what is selected: path, kind of hair, settings of the preset."""


def hair_objects(head: bpy.types.Object, hair: str) -> list[bpy.types.Object]:
    """The objects that show the hair of `head` in one way: all groups of curves, or the cards, or the mesh, or nothing."""
    if hair == CURVES:
        return list(find_hair(head).values())
    made = find_games(head, hair)
    return [made] if made is not None else []


def export_head(
    head: bpy.types.Object, path: Path, kind: str, hair: str, options: ExportOptions = ExportOptions()
) -> list[Path]:
    """Write `head` and its hair, whole or not at all.

    What is written is a copy at rest with plain materials (:mod:`.plain`). Nothing of it says where the head came from.

    Args:
        path: the file; its suffix is the format's.
        kind: key of :data:`FORMATS`.
        hair: a kind of :mod:`..hair_games.names` that the head has, or :data:`NO_HAIR`.

    Returns:
        The files that were written: `path` and what lies beside it.

    Raises:
        RuntimeError: Blender's exporter failed.
        HrnError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    folder = temporary_path(path)
    try:
        (folder / "maps").mkdir(parents=True)
        (folder / "out").mkdir()
        chosen = FORMATS[kind]
        with ExitStack() as stack:
            stack.enter_context(_bare(head, hair == CURVES))
            thing = stack.enter_context(plain_head(head, path.stem, folder / "maps", options))
            armature = next((m.object for m in thing.modifiers if m.type == "ARMATURE"), None)
            things = [thing, *hair_objects(head, hair), *([armature] if armature is not None else [])]
            stack.enter_context(_at_rest(find_rig(head)))
            stack.enter_context(named(armature, options.preset.naming))
            stack.enter_context(_chosen(things))
            stack.enter_context(_unpacked(things[1:], folder / "maps"))
            stack.enter_context(_children_of(thing, [one for one in things if one.parent == head]))
            chosen.write(str(folder / "out" / path.name), hair, options.preset.settings.get(kind, {}))
        if hair == CARDS:
            for name, pixels in neutral_pixels().items():
                (folder / "out" / f"{path.stem} hair {name}.png").write_bytes(png_bytes(pixels))
        return _moved(folder / "out", path.parent)
    except OSError as error:
        raise output_error(error, path) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _moved(source: Path, target: Path) -> list[Path]:
    """Everything in `source` into `target`, over files of the same names; the largest last, because it names the others."""
    files = sorted((p for p in source.rglob("*") if p.is_file()), key=lambda p: (len(p.parts), p.stat().st_size))
    there = []
    for file in sorted(files, key=lambda p: p.parent == source):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        rename(file, place)
        there.append(place)
    return there


@contextmanager
def _children_of(thing: bpy.types.Object, children: list[bpy.types.Object]) -> Iterator[None]:
    """The hair belongs to the copy of its head, which stands in the same place, while the context lasts."""
    given = [(child, child.parent, child.matrix_parent_inverse.copy()) for child in children]
    for child, _, inverse in given:
        child.parent, child.matrix_parent_inverse = thing, inverse
    try:
        yield
    finally:
        for child, parent, inverse in given:
            child.parent, child.matrix_parent_inverse = parent, inverse


@contextmanager
def _unpacked(things: list[bpy.types.Object], folder: Path) -> Iterator[None]:
    """The maps of hair are files in `folder` while the context lasts: some exporters leave out what is stored in the .blend file."""
    nodes = [node for thing in things for slot in thing.material_slots for node in picture_nodes(slot.material)]
    swapped = []
    try:
        for node in nodes:
            packed = node.image
            if packed.packed_file is None or not node.outputs[0].is_linked:
                continue
            path = folder / Path(packed.filepath).name
            path.write_bytes(packed.packed_file.data)
            image = bpy.data.images.load(str(path), check_existing=False)
            image.colorspace_settings.name = packed.colorspace_settings.name
            swapped.append((node, packed, image, packed.name))
            packed.name, image.name = f"{packed.name} (kept)", packed.name
            node.image = image
        yield
    finally:
        for node, packed, image, name in swapped:
            node.image = packed
            bpy.data.images.remove(image)
            packed.name = name


def _gltf(path: str, _hair: str, settings: dict) -> None:
    bpy.ops.export_scene.gltf(filepath=path, export_format="GLB", use_selection=True, export_apply=False, **settings)


def _fbx(path: str, _hair: str, settings: dict) -> None:
    # Maps travel inside: their files are temporary.
    bpy.ops.export_scene.fbx(
        filepath=path, use_selection=True, path_mode="COPY", embed_textures=True, add_leaf_bones=False, **settings
    )


def _usd(path: str, hair: str, settings: dict) -> None:
    curves = hair == CURVES
    bpy.ops.wm.usd_export(
        filepath=path,
        selected_objects_only=True,
        export_curves=curves,
        evaluation_mode="RENDER" if curves else "VIEWPORT",
        export_shapekeys=True,
        export_custom_properties=False,  # They hold paths of this machine.
        relative_paths=True,
        **settings,
    )


def _obj(path: str, _hair: str, settings: dict) -> None:
    bpy.ops.wm.obj_export(filepath=path, export_selected_objects=True, path_mode="COPY", **settings)


def _alembic(path: str, _hair: str, settings: dict) -> None:
    frame = bpy.context.scene.frame_current
    bpy.ops.wm.alembic_export(
        filepath=path,
        selected=True,
        start=frame,
        end=frame,
        evaluation_mode="RENDER",
        export_custom_properties=False,
        **settings,
    )


FORMATS = {
    "GLTF": Format("glTF", ".glb", (CARDS, MESH), _gltf),
    "FBX": Format("FBX", ".fbx", (CARDS, MESH), _fbx),
    "USD": Format("USD", ".usdc", (CARDS, MESH, CURVES), _usd),
    "OBJ": Format("OBJ", ".obj", (CARDS, MESH), _obj),
    "ALEMBIC": Format("Alembic", ".abc", (CURVES, CARDS, MESH), _alembic),
}
"""Identifier -> format."""


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
def _at_rest(rig: bpy.types.Object | None) -> Iterator[None]:
    """Bones of our rig are at rest while the context lasts, unless they are animated: what they show, the targets show, too."""
    if rig is None or (rig.animation_data is not None and rig.animation_data.action is not None):
        yield
        return
    given, rig.data.pose_position = rig.data.pose_position, "REST"
    try:
        yield
    finally:
        rig.data.pose_position = given


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

"""New maps and a new groom for a head that stands in the scene, and for no other head of the same folder."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import bpy

from .hair.build import find_hair
from .hair.edit import attach_again, comb_to_photo, rest_is_now
from .hair.stamp import is_as_made
from .head import BUNDLE_PROPERTY, HAIR_PROPERTY, bundle_path
from .images import picture_nodes
from .keep import head_images
from .source import read_source

__all__ = ["folder_for_maps", "own_materials", "same_path", "take_groom", "take_maps"]


def folder_for_maps(head: bpy.types.Object, taken: Collection[str] = ()) -> str:
    """Where new maps of a head are written: its own folder, or a new one beside it while other heads of the file use that, which keep
    their maps so.

    Args:
        taken: folders that others will be written to.
    """
    own = bundle_path(head)
    if not any(same_path(bundle_path(other), own) for other in _others(head)):
        return own
    number = 2
    while os.path.lexists(f"{own}_{number}") or f"{own}_{number}" in taken:
        number += 1
    return f"{own}_{number}"


def _others(head: bpy.types.Object) -> list[bpy.types.Object]:
    """The other heads of the file. Copies that share the mesh, as Alt D makes them, are the same head."""
    heads = [one for one in bpy.data.objects if one.type == "MESH" and BUNDLE_PROPERTY in one and one.users]
    return [one for one in heads if one.data != head.data]


def same_path(one: str | Path, other: str | Path) -> bool:
    """Whether two paths lead to one place."""
    return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))


def take_maps(head: bpy.types.Object, folder: str) -> None:
    """Let a head use the maps in `folder`, which has just been written: materials and images that it shares with copies of it become
    its own, pictures that lie in its present folder are read anew from there. What was stored in the .blend file is stored anew; maps
    that the artist paints on, and those whose file is not there, stay as they are."""
    before = bundle_path(head)
    _make_own(head)
    theirs = {image for other in _others(head) for image in head_images(other)}
    for image in head_images(head):
        here = bpy.path.abspath(image.filepath, library=image.library)
        new = os.path.join(folder, os.path.basename(here))
        if image.is_dirty or image in theirs or not os.path.isfile(new) or not same_path(os.path.dirname(here), before):
            continue
        packed = image.packed_file is not None
        if packed:
            image.unpack(method="REMOVE")
        if not same_path(folder, before):
            image.filepath = _spelled(new, image.filepath)
        image.reload()
        if packed:
            image.pack()
    for one in [one for one in bpy.data.objects if one.data == head.data and BUNDLE_PROPERTY in one and one.library is None]:
        one[BUNDLE_PROPERTY] = str(Path(folder).absolute())


def _spelled(path: str, like: str) -> str:
    """`path`, relative to the .blend file where `like` is."""
    return bpy.path.relpath(path) if like.startswith("//") else path


def own_materials(head: bpy.types.Object) -> None:
    """Give a head and its hair copies of the materials that a copy of it uses, too."""
    used, copies = _used_by_others(head), {}
    for slot in _slots(head):
        if slot.material in used:
            slot.material = copies.get(slot.material) or _copied(slot.material, copies)


def _make_own(head: bpy.types.Object) -> None:
    """The same, and copies of the images in them; images of cameras are photos, which stay."""
    own_materials(head)
    images = {node.image for material in _used_by_others(head) for node in picture_nodes(material)}
    copies: dict[bpy.types.ID, bpy.types.ID] = {}
    for node in [node for slot in _slots(head) for node in picture_nodes(slot.material)]:
        if node.image in images and node.image.source == "FILE":
            node.image = copies.get(node.image) or _copied(node.image, copies)


def _slots(head: bpy.types.Object) -> list[bpy.types.MaterialSlot]:
    return [slot for part in (head, *find_hair(head).values()) for slot in part.material_slots]


def _used_by_others(head: bpy.types.Object) -> set[bpy.types.Material]:
    parts = [part for other in _others(head) for part in (other, *other.children_recursive)]
    return {slot.material for part in parts for slot in part.material_slots if slot.material is not None}


def _copied(one: bpy.types.ID, copies: dict) -> bpy.types.ID:
    copies[one] = one.copy()
    return copies[one]


def take_groom(head: bpy.types.Object) -> list[str]:
    """Give a head the groom of its folder, which fits its present shape; strands that the artist has combed, cut or drawn stay, and
    are attached to the shape as it is now.

    Returns:
        The groups that stayed as they are because of that.
    """
    hair = find_hair(head)
    if not hair:
        return []
    source = read_source(bundle_path(head))
    as_made = [name for name, strands in hair.items() if is_as_made(strands)]
    if any(strands.library is not None or strands.data.library is not None for strands in hair.values()):
        return []
    kept = [name for name in hair if name not in as_made or name not in source.hair]
    if kept:
        attach_again(head)
    else:
        rest_is_now(head)
    comb_to_photo(head, source, [name for name in hair if name not in kept])
    head[HAIR_PROPERTY] = " ".join(source.hair)
    return [name for name in kept if name not in as_made]

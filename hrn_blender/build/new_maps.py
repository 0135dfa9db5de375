"""New maps and a new groom for a head that stands in the scene, and for no other head of the same folder."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import bpy

from .hair.build import find_hair
from .hair.edit import attach_again, comb_to_photo, grow, rest_is_now
from .hair.stamp import is_as_made
from .hair_games.names import CURVES, KINDS, find_games, show_as
from .head import BUNDLE_PROPERTY, HAIR_PROPERTY, bundle_path
from .images import load_image, picture_nodes
from .ledger import Ledger
from .source import read_source

__all__ = ["folder_for_maps", "is_foreign", "replaced", "same_path", "take_groom", "take_maps"]


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


def take_maps(head: bpy.types.Object, folder: str | Path) -> None:
    """Let a head use the maps in `folder` instead of those of its present one, which may be the same, written anew. Images are new
    ones, of the head's own, so that an undo finds the old ones as they were and copies of the head keep theirs. What was stored in
    the .blend file is stored anew; maps that the artist paints on, and those whose file is not there, stay as they are."""
    before, folder = Path(bundle_path(head)), Path(folder).absolute()
    _own_materials(head)
    shared = _used_by_others(head)
    parts = (head, *head.children_recursive)
    materials = {slot.material: None for part in parts for slot in part.material_slots if slot.material not in shared}
    nodes = [node for material in materials for node in picture_nodes(material)]
    with Ledger() as ledger:
        for image in {node.image: None for node in nodes if node.image.source == "FILE" and not node.image.is_dirty}:
            path = Path(bpy.path.abspath(image.filepath, library=image.library))
            file = folder / path.name
            if path.parent.name not in (before.name, folder.name) or not file.is_file():
                continue  # A picture of the artist's own may happen to have such a name.
            if same_path(before, folder) or not same_path(path, file):
                made = replaced(image, file, ledger)
                for node in nodes:
                    if node.image == image:
                        node.image = made
                _show_instead(image, made)
    for one in [one for one in bpy.data.objects if one.data == head.data and BUNDLE_PROPERTY in one and one.library is None]:
        one[BUNDLE_PROPERTY] = str(folder)


def replaced(image: bpy.types.Image, file: Path, ledger: Ledger) -> bpy.types.Image:
    """A new image of `file` that stands in for `image`, stored in the .blend file where that one is."""
    name, packed = image.name, image.packed_file is not None
    image.name = f"{name} before"
    made = load_image(file, name, image.colorspace_settings.name, ledger)
    if packed:
        made.pack()
    elif not image.filepath.startswith("//"):
        made.filepath = str(file)
    return made


def _show_instead(image: bpy.types.Image, made: bpy.types.Image) -> None:
    """Let image editors show `made` where they show `image`; what nobody uses any more gives its memory back."""
    spaces = [area.spaces.active for window in bpy.context.window_manager.windows for area in window.screen.areas]
    for space in spaces:
        if space.type == "IMAGE_EDITOR" and space.image == image:
            space.image = made
    if not image.users:
        image.gl_free()
        image.buffers_free()


def _own_materials(head: bpy.types.Object) -> None:
    """Give a head and its hair copies of the materials that a copy of it uses, too."""
    used: set[bpy.types.Material] = _used_by_others(head)
    copies: dict[bpy.types.Material, bpy.types.Material] = {}
    for slot in _slots(head):
        if slot.material in used:
            slot.material = copies.get(slot.material) or copies.setdefault(slot.material, slot.material.copy())


def _slots(head: bpy.types.Object) -> list[bpy.types.MaterialSlot]:
    return [slot for part in (head, *find_hair(head).values()) for slot in part.material_slots]


def _used_by_others(head: bpy.types.Object) -> set[bpy.types.Material]:
    parts = [part for other in _others(head) for part in (other, *other.children_recursive)]
    return {slot.material for part in parts for slot in part.material_slots if slot.material is not None}


def take_groom(head: bpy.types.Object) -> list[str]:
    """Give a head the groom of its folder, which fits its present shape; strands that the artist has combed, cut or drawn stay, and
    are attached to the shape as it is now. What the folder before had no strands for grows; what the artist removed does not.

    Returns:
        The groups that stayed as they are because of that.
    """
    hair, source = find_hair(head), read_source(bundle_path(head))
    had = head.get(HAIR_PROPERTY, "").split()
    if (had and not hair) or any(is_foreign(strands) for strands in hair.values()):
        return []
    as_made = [name for name, strands in hair.items() if is_as_made(strands)]
    kept = [name for name in hair if name not in as_made or name not in source.hair]
    if kept:
        attach_again(head)
    elif hair:
        rest_is_now(head)
    new = [name for name in hair if name not in kept]
    if new:
        comb_to_photo(head, source, new)
    if set(source.hair) - set(hair) - set(had):
        grow(head, source, [name for name in source.hair if name not in had])
    if "hair" in new and find_hair(head)["hair"].hide_viewport and any(find_games(head, kind) for kind in KINDS):
        show_as(head, CURVES)  # The cards are of the former groom.
    head[HAIR_PROPERTY] = " ".join(source.hair)
    return [name for name in kept if name not in as_made]


def is_foreign(strands: bpy.types.Object) -> bool:
    """Whether strands belong to another file."""
    return strands.library is not None or strands.data.library is not None

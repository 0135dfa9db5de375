"""Where the maps and photos of a head lie: in its bundle, inside the .blend file, or in a folder beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import bpy

from ..engine.wire.atomic import output_error, rename, temporary_path
from ..engine.wire.bundle import load_bundle
from ..engine.wire.errors import HrnError
from .head import BESIDE, BUNDLE_PROPERTY, bundle_path
from .images import picture_nodes

__all__ = ["copied", "copy_beside", "head_images", "is_packed", "pack"]


def head_images(head: bpy.types.Object) -> list[bpy.types.Image]:
    """The images of a head, its hair and its cameras that come from files, each once."""
    found: dict[bpy.types.Image, None] = {}
    for one in (head, *head.children_recursive):
        for image in (*_of_materials(one), *_of_camera(one)):
            if image is not None and image.source == "FILE":
                found.setdefault(image)
    return list(found)


def _of_materials(one: bpy.types.Object) -> Iterator[bpy.types.Image | None]:
    for material in getattr(one.data, "materials", ()) or ():
        yield from (node.image for node in picture_nodes(material))


def _of_camera(one: bpy.types.Object) -> Iterator[bpy.types.Image | None]:
    if one.type == "CAMERA":
        yield from (background.image for background in one.data.background_images)


def is_packed(head: bpy.types.Object) -> bool:
    """Whether the .blend file needs none of the head's files."""
    return all(image.packed_file is not None for image in head_images(head))


def pack(head: bpy.types.Object) -> None:
    """Store the head's images inside the .blend file.

    Raises:
        RuntimeError: a file is missing or cannot be read.
    """
    for image in head_images(head):
        if image.packed_file is None:
            image.pack()


def copy_beside(head: bpy.types.Object, blend: Path) -> Path:
    """Copy the head's bundle into ``heads`` beside the .blend file, and let the head refer to the copy by relative paths.

    A copy of the same bundle that is there already is used as it is.

    Args:
        blend: the file, saved.

    Returns:
        The copy.

    Raises:
        HrnError: ``BUNDLE_INVALID`` where the bundle is gone; ``DISK_FULL``, ``OUTPUT_NOT_WRITABLE``.
    """
    source = load_bundle(bundle_path(head))
    target = copied(source.path, blend.parent / BESIDE, source.manifest)
    for image in head_images(head):
        here = target / os.path.basename(bpy.path.abspath(image.filepath))
        if here.is_file():
            if image.packed_file is not None:
                image.unpack(method="REMOVE")
            image.filepath = bpy.path.relpath(str(here))
    head[BUNDLE_PROPERTY] = str(target)
    return target


def copied(source: Path, folder: Path, manifest: dict, name: str = "") -> Path:
    """The copy of a bundle in `folder`, made where it is not there: under the first name that no other bundle has.

    Args:
        name: what it is to be called; empty: as it is.

    Raises:
        HrnError: ``DISK_FULL``, ``OUTPUT_NOT_WRITABLE``.
    """
    name = name or source.name
    number, target = 1, folder / name
    try:
        while os.path.lexists(target):
            if target.samefile(source) or _same(target, manifest):
                return target
            number += 1
            target = folder / f"{name}_{number}"
        folder.mkdir(parents=True, exist_ok=True)
        temporary = temporary_path(target)
        try:
            shutil.copytree(source, temporary)
            rename(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise output_error(error, target) from error
    return target


def _same(folder: Path, manifest: dict) -> bool:
    try:
        return load_bundle(folder).manifest == manifest
    except HrnError:
        return False

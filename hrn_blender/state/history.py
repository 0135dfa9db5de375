"""The earlier versions of heads: folders beside their bundles, listed in the heads' property group ``hrn_history``."""

from __future__ import annotations

import datetime
import shutil
import uuid
from pathlib import Path

import bpy

from ..build.head import bundle_path
from ..build.picture import head_picture
from ..build.version import PICTURE, read_state, same_state, write_version
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from .corrected import masks_of_head, quiet, read_from_bundle, set_masks
from .thumbnails import icon

__all__ = ["LABELS", "MOST", "folder_of", "go", "keep", "place", "thumbnail", "versions"]

MOST = 12
"""Versions that a head keeps; beyond, the oldest goes."""
LABELS = (
    say("Add a Photo"),
    say("Correct"),
    say("Keep This Version"),
    say("Make It the Rest Shape"),
    say("Newest"),
    say("Relax the Expression"),
    say("Symmetrise"),
)
"""What versions are kept before, as the list shows it in the user's language."""
_SUFFIX = ".versions"
"""Ends the name of the folder with a head's versions, beside its bundle."""

_made: dict[int, Path] = {}
"""Head, by ``session_uid`` -> the last version that was written of it."""


def versions(head: bpy.types.Object) -> list:
    """The versions of a head, the oldest first."""
    return list(head.hrn_history.versions)


def place(head: bpy.types.Object) -> int:
    """The number of the version that the head shows; one past the last where it shows its newest state."""
    count, active = len(head.hrn_history.versions), head.hrn_history.active
    return active if 0 <= active < count else count


def folder_of(head: bpy.types.Object, version) -> Path:
    """The folder of a version; where it is gone and was moved together with the head's, that one."""
    kept = Path(version.folder)
    if not kept.is_dir():
        home, name = version.folder.replace("\\", "/").split("/")[-2:]  # Of any system's paths.
        moved = Path(bundle_path(head)).parent / home / name
        return moved if moved.is_dir() else kept
    return kept


def thumbnail(head: bpy.types.Object, version) -> int:
    """Icon number of a version's picture; 0 where it is not there."""
    return icon(folder_of(head, version) / PICTURE)


def keep(head: bpy.types.Object, label: str, *, corrected: bool = False, spare: str = "") -> None:
    """Keep the present state of a head as a version, before it is changed.

    Args:
        label: what is about to be done, in English.
        corrected: corrections have been changed already; the head is still what its folder's make of it.
        spare: folder of a version that does not make way for this one.

    Raises:
        HrnError: see :func:`..build.version.write_version`.
    """
    history, masks = head.hrn_history, masks_of_head(head)
    number = place(head)
    known = [
        folder_of(head, history.versions[one])
        for one in {number, len(history.versions) - 1}
        if 0 <= one < len(history.versions)
    ]
    if any(same_state(head, one, masks) for one in known):
        history.active = -1  # It is kept already; what comes is the newest state.
        return
    bundle = Path(bundle_path(head))
    home = bundle.parent / f"{bundle.name}{_SUFFIX}"
    if len(history.versions):
        home = folder_of(head, history.versions[0]).parent
        home = home if home.parent.is_dir() else bundle.parent / f"{bundle.name}{_SUFFIX}"
    folder = home / f"{datetime.datetime.now():%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"
    wanted = head.hrn_correct
    settled = corrected or not (wanted.begun and (wanted.fit_old or wanted.texture_old))
    corrections = None if settled else _settings(wanted)
    made = _made.get(head.session_uid)
    if made is not None and same_state(head, made, masks) and all(one.folder != str(made) for one in history.versions):
        folder = made  # An undo took it off the list: the same thing is done with another setting.
    else:
        write_version(head, folder, head_picture(head), corrections, masks, [folder_of(head, one) for one in history.versions])
        _made[head.session_uid] = folder
    added = history.versions.add()
    added.name, added.folder = label, str(folder)
    added.when = f"{datetime.datetime.now():%Y-%m-%d %H:%M}"
    history.active = -1
    while len(history.versions) > MOST:
        _forget(head, next(n for n, one in enumerate(history.versions) if one.folder != spare))


def _settings(group: bpy.types.PropertyGroup) -> dict:
    """The properties of a group that are numbers, switches and texts."""
    kinds = ("BOOLEAN", "INT", "FLOAT", "STRING")
    names = [one.identifier for one in group.bl_rna.properties if one.type in kinds and one.identifier != "name"]
    return {name: getattr(group, name) for name in names}


def _set_corrections(head: bpy.types.Object, kept: dict | None) -> None:
    """Give a head the corrections of a version, without asking for a new fit."""
    wanted = head.hrn_correct
    with quiet():
        for name in _settings(wanted):
            wanted.property_unset(name)
        for name, value in (kept or {}).items():
            if hasattr(wanted, name):
                setattr(wanted, name, value)
        if kept is None:
            read_from_bundle(head)


def _forget(head: bpy.types.Object, number: int) -> None:
    """Take a version off the list, and its folder off the disk where no other head of the file has it."""
    folder, lies = head.hrn_history.versions[number].folder, folder_of(head, head.hrn_history.versions[number])
    head.hrn_history.versions.remove(number)
    for other in bpy.data.objects:
        if any(one.folder == folder for one in other.hrn_history.versions):
            return
    shutil.rmtree(lies, ignore_errors=True)


def go(head: bpy.types.Object, number: int, scene: bpy.types.Scene) -> None:
    """Make a head what a version of it was; its newest state is kept first, so that one can go forward again.

    Raises:
        HrnError: ``SETTINGS_INVALID`` where there is no such version, ``BUNDLE_INVALID`` where its folder is gone; nothing is
            changed then.
    """
    history = head.hrn_history
    if not 0 <= number < len(history.versions):
        raise HrnError(ErrorCode.SETTINGS_INVALID, "There is no such version.", hint="Keep This Version makes one.")
    folder = history.versions[number].folder
    here = place(head)
    if here == len(history.versions) or not same_state(head, folder_of(head, history.versions[here]), masks_of_head(head)):
        keep(head, "Newest", spare=folder)
    found = [one.folder for one in history.versions]
    if folder not in found:
        raise HrnError(ErrorCode.SETTINGS_INVALID, "There is no such version.", hint="Keep This Version makes one.")
    corrections, masks = read_state(head, folder_of(head, history.versions[found.index(folder)]), scene)
    _set_corrections(head, corrections)
    if masks is not None:
        set_masks(head, masks)
    history.active = found.index(folder)

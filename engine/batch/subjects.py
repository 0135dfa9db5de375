"""What a batch is about: subjects, from a folder of folders and photos or from a list file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..wire.bundle import MANIFEST
from ..wire.errors import ErrorCode, HrnError
from ..wire.formats import is_photo_name
from ..wire.messages import list_from_json, list_to_json, reason, say
from ..wire.methods import method_info
from ..wire.settings import Settings
from .lists import LIST_SUFFIXES, Row, read_list
from .names import NameTaker, natural_key

__all__ = ["Found", "Subject", "find_subjects"]

_IGNORED = frozenset(("thumbs.db", "desktop.ini", "__macosx"))
"""Names in lower case of what systems and archives leave behind beside photos."""
_MAX_DEPTH = 8
"""Depth of folders below the source at which the search for photos ends."""


@dataclass(frozen=True)
class Subject:
    """One person, one head."""

    name: str
    """Name of the bundle's folder, unique in the batch whatever the case."""
    title: str
    """Name as the user wrote it."""
    photos: tuple[str, ...]
    """Absolute paths; as many as the method takes."""
    settings: Settings
    warnings: tuple[str, ...] = ()
    error: HrnError | None = field(default=None, compare=False)
    """Why there is nothing to work on: the list's row makes no sense."""

    def to_json(self) -> dict:
        return {
            "name": self.name,
            "title": self.title,
            "photos": list(self.photos),
            "settings": self.settings.to_json(),
            **list_to_json("warnings", self.warnings),
            "error": self.error.to_json() if self.error else None,
        }

    @classmethod
    def from_json(cls, data: dict) -> Subject:
        return cls(
            data["name"],
            data["title"],
            tuple(data["photos"]),
            Settings.from_json(data["settings"]),
            tuple(list_from_json(data, "warnings")),
            HrnError.from_json(data["error"]) if data["error"] else None,
        )


class Found(NamedTuple):
    """The subjects of a source, and notes about it."""

    subjects: list[Subject]
    notes: list[str]
    """Sentences about what was left out."""


def find_subjects(source: str | os.PathLike, out: str | os.PathLike, settings: Settings) -> Found:
    """The subjects of a folder or of a list file (docs/user/batch.md), in natural order, lists in their own.

    Args:
        source: folder, ``.csv``, ``.tsv``, ``.txt`` or ``.json``.
        out: the batch's output folder, which is not searched.
        settings: of every subject; a list may change them for one.

    Raises:
        HrnError: ``PHOTO_UNREADABLE`` when there is nothing usable, ``SETTINGS_INVALID`` for a list that cannot be
            understood or an output folder that is the input folder, ``METHOD_UNKNOWN``.
    """
    source, out = Path(source).absolute(), Path(out).absolute()
    method_info(settings.method)
    notes: list[str] = []
    try:
        if source.is_dir():
            if source.resolve() == out.resolve():
                raise HrnError(
                    ErrorCode.SETTINGS_INVALID,
                    say("The heads cannot go into the folder of the photos, {path}.", path=source),
                    hint="Choose another output folder; one inside it will do.",
                )
            rows = list(_rows_of_folder(source, out.resolve(), notes))
        elif source.suffix.lower() in LIST_SUFFIXES:
            rows = read_list(source, notes)
        elif source.exists():
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("{path} is neither a folder nor a list.", path=source),
                hint="Give a folder of photos, or a .csv or .json list of subjects.",
            )
        else:
            raise HrnError(ErrorCode.PHOTO_UNREADABLE, say("There is no folder {path}.", path=source))
    except OSError as error:
        raise HrnError(
            ErrorCode.PHOTO_UNREADABLE, say("{path} cannot be read: {reason}.", path=source, reason=reason(error))
        ) from error
    if not rows:
        raise HrnError(
            ErrorCode.PHOTO_UNREADABLE,
            say("There is no photo in {path}.", path=source),
            hint="Put photos into it, or one sub-folder with photos for each person.",
        )
    names = NameTaker()
    return Found([_subject(row, names.take(row.title, row.second_choice), settings) for row in rows], notes)


def _rows_of_folder(folder: Path, out: Path, notes: list[str]) -> Iterable[Row]:
    folders, photos = _list_folder(folder, out)
    # Folders first: their names win over those of loose photos.
    for path in folders:
        yield from _rows_of_subfolder(path, path.name, out, notes, {folder.resolve()}, 1)
    for path in photos:
        yield Row(path.stem, (str(path),), second_choice=f"{path.stem}_{path.suffix[1:].lower()}")


def _rows_of_subfolder(folder: Path, title: str, out: Path, notes: list[str], above: set[Path], depth: int) -> Iterable[Row]:
    try:
        folders, photos = _list_folder(folder, out)
    except OSError as error:
        yield Row(
            title,
            (),
            error=HrnError(
                ErrorCode.PHOTO_UNREADABLE, say("{path} cannot be read: {reason}.", path=folder, reason=reason(error))
            ),
        )
        return
    if photos:
        yield Row(title, tuple(str(path) for path in photos))
        return
    here = folder.resolve()
    if here in above or depth >= _MAX_DEPTH:  # a link to a folder further up
        return
    found = False
    for path in folders:
        for row in _rows_of_subfolder(path, f"{title}_{path.name}", out, notes, above | {here}, depth + 1):
            found = True
            yield row
    if not found and depth == 1:
        notes.append(say("The folder {name} contains no photo and is left out.", name=folder.name))


def _list_folder(folder: Path, out: Path) -> tuple[list[Path], list[Path]]:
    """Sub-folders and photos of a folder that may hold subjects, both in natural order."""
    folders, photos = [], []
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name.lower() in _IGNORED:
            continue
        if path.is_dir():
            if path.resolve() != out and not (path / MANIFEST).exists():
                folders.append(path)
        elif is_photo_name(path.name):
            photos.append(path)

    def key(path):
        return natural_key(path.name)

    return sorted(folders, key=key), sorted(photos, key=key)


def _subject(row: Row, name: str, settings: Settings) -> Subject:
    photos, warnings, error = row.photos, [], row.error
    base = settings.to_json()
    if row.settings.keys() & {"focal_px", "focal_mm"}:  # given in the one unit, it replaces what all have in the other
        base |= {"focal_px": None, "focal_mm": None}
    try:
        own = Settings.from_json({**base, **row.settings})
        method_info(own.method)
    except HrnError as wrong:
        own, error = settings, error or wrong
    most = method_info(own.method).max_photos
    if len(photos) > most:
        photos = tuple(photos[round(i * (len(photos) - 1) / max(1, most - 1))] for i in range(most))
        warnings.append(
            say(
                "There are {count} photos; method “{name}” takes one, so only the first is used.",
                count=len(row.photos),
                name=own.method,
            )
            if most == 1
            else say(
                "There are {count} photos; method “{name}” takes {most}, so only {most} of them are used.",
                count=len(row.photos),
                name=own.method,
                most=most,
            )
        )
    unspeakable = next((path for path in photos if not _is_unicode(path)), None)
    if unspeakable is not None:
        error = HrnError(
            ErrorCode.PHOTO_UNREADABLE,
            say("The name of {path} is not valid text.", path=_readable(unspeakable)),
            hint="Rename the file.",
        )
    return Subject(name, _readable(row.title), photos, own, tuple(warnings), error)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _readable(text: str) -> str:
    """The text in a form that JSON and terminals accept: file names that are not UTF-8 carry lone surrogates."""
    return text.encode("utf-8", "replace").decode()

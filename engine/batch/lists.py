"""Lists of subjects: CSV as spreadsheets write it, and JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import Message, reason, say
from ..wire.settings import SETTINGS

__all__ = ["LIST_SUFFIXES", "Row", "read_list"]

LIST_SUFFIXES = (".csv", ".tsv", ".txt", ".json")
"""Endings of the files that can list a batch's subjects."""
_MAX_BYTES = 64 << 20
"""Size from which on a list is refused, bytes."""


class _Fault(ValueError):
    """What is wrong with a cell, for the end of a sentence."""

    def __init__(self, fault: Message):
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True)
class Row:
    """One subject as found, before it has a folder name."""

    title: str
    photos: tuple[str, ...]
    settings: dict = field(default_factory=dict)
    second_choice: str | None = None
    error: HrnError | None = None


def read_list(path: Path, notes: list[str]) -> list[Row]:
    """The rows of a list; a row that makes no sense carries its error.

    Raises:
        HrnError: ``SETTINGS_INVALID`` when the file as a whole makes no sense.
    """
    with open(path, "rb") as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise _bad(path, say("it is larger than 64 MiB"))
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _bad(path, say("it is not UTF-8 text"), say("Save it again as CSV UTF-8.")) from error
    rows = _json_rows(path, text, notes) if path.suffix.lower() == ".json" else _csv_rows(path, text, notes)
    return [_row(path.parent, number, record) for number, record in enumerate(rows, 1)]


def _bad(path: Path, fault: Message, hint: Message = say("See docs/user/batch.md for lists of subjects.")) -> HrnError:
    return HrnError(
        ErrorCode.SETTINGS_INVALID, say("The list {path} cannot be used: {fault}.", path=path, fault=fault), hint=hint
    )


def _json_rows(path: Path, text: str, notes: list[str]) -> list[dict]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(path, say("it is not valid JSON ({reason})", reason=reason(error))) from error
    if isinstance(value, dict):
        value = value.get("subjects")
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise _bad(path, say("it is not a list of objects with a name and photos"))
    _note_unused(notes, dict.fromkeys(key for row in value for key in row))
    return value


def _csv_rows(path: Path, text: str, notes: list[str]) -> list[dict]:
    head = next((line for line in text.splitlines() if line.strip()), "")
    # The heading holds bare words, so whatever stands most often between them separates columns.
    delimiter = max("\t;,", key=head.count)
    try:
        table = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(c.strip() for c in row)]
    except csv.Error as error:
        raise _bad(path, say("it is not valid CSV ({reason})", reason=reason(error))) from error
    columns = [cell.strip().lower() for cell in table[0]] if table else []
    if "photos" not in columns:
        raise _bad(path, say("its first line has no column “photos”"))
    if len(set(columns)) < len(columns):
        raise _bad(path, say("a column occurs twice"))
    _note_unused(notes, columns)
    found = []
    for row in table[1:]:
        record = {name: cell.strip() for name, cell in zip(columns, row) if cell.strip()}
        spilled = [cell.strip() for cell in row[len(columns) :] if cell.strip()]
        if spilled and columns[-1] == "photos":  # an unquoted list of photos in a semicolon file
            record["photos"] = [*record.get("photos", "").split(";"), *spilled]
        elif spilled:
            record["spilled"] = spilled
        found.append(record)
    return found


def _note_unused(notes: list[str], columns) -> None:
    for name in columns:
        if name and name not in ("name", "photos", "settings", "focal", *SETTINGS):
            notes.append(say("The column “{name}” of the list is not used.", name=name))


def _row(folder: Path, number: int, record: dict) -> Row:
    title, photos = str(record.get("name") or "").strip(), ()
    try:
        photos = _photos(folder, record)
        if record.get("spilled"):
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("Row {number} of the list has more cells than the heading.", number=number),
                hint='Put a list of photos into quotation marks: "a.jpg;b.jpg".',
            )
        title = title or Path(photos[0]).stem
        settings = record.get("settings") or {}
        if isinstance(settings, str):
            settings = json.loads(settings)
        if not isinstance(settings, dict):
            raise _Fault(say("settings must be an object"))
        return Row(
            title,
            photos,
            {
                **{key: _value(key, record[key]) for key in SETTINGS if record.get(key) is not None},
                **_focal(record.get("focal")),
                **settings,
            },
        )
    except HrnError as error:
        return Row(title or f"row {number}", photos, error=error)
    except (ValueError, RecursionError) as error:
        return Row(
            title or f"row {number}",
            photos,
            error=HrnError(
                ErrorCode.SETTINGS_INVALID,
                say(
                    "Row {number} of the list cannot be understood: {reason}.",
                    number=number,
                    reason=error.fault if isinstance(error, _Fault) else reason(error),
                ),
            ),
        )


def _photos(folder: Path, record: dict) -> tuple[str, ...]:
    photos = record.get("photos") or []
    if isinstance(photos, str):
        photos = json.loads(photos) if photos.lstrip().startswith("[") else photos.split(";")
    if not isinstance(photos, list) or not all(isinstance(path, str) and "\0" not in path for path in photos):
        raise _Fault(say("photos must be a list of paths"))
    found = tuple(str(folder / Path(path.strip()).expanduser()) for path in photos if path.strip())
    if not found:
        raise HrnError(
            ErrorCode.PHOTO_UNREADABLE, "The list names no photo for this subject.", hint="Fill in the column “photos”."
        )
    return found


def _value(name: str, value):
    """A cell as the setting's own type; JSON values are passed on for :meth:`~..wire.settings.Setting.check` to judge."""
    kind = SETTINGS[name].kind
    if not isinstance(value, str) or kind == "str":
        return value
    if kind == "bool":
        known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if value.lower() not in known:
            raise _Fault(say("{name} must be true or false, not {value}", name=name, value=repr(value)))
        return known[value.lower()]
    return int(value) if kind == "int" else _number(value)


def _focal(value) -> dict:
    """The setting that a cell ``50``, ``50 mm`` (as on 35 mm film) or ``812 px`` stands for."""
    if value in (None, ""):
        return {}
    found = re.fullmatch(r"([0-9.,]+)\s*(mm|px)?", str(value).strip().lower())
    if isinstance(value, bool) or found is None:
        raise _Fault(say("focal must be like 50 mm or 812 px, not {value}", value=repr(value)))
    return {f"focal_{found[2] or 'mm'}": _number(found[1])}


def _number(text: str) -> float:
    """Spreadsheets write a decimal comma in many countries."""
    return float(text.replace(",", "."))

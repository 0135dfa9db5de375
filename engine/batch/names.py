"""Names of subjects: in the order that people expect, and as folder names that every file system takes."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["NameTaker", "folder_name", "natural_key"]

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]')
_DEVICES = {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10)), *(f"lpt{i}" for i in range(1, 10))}
_MAX_CHARACTERS = 100
_MAX_BYTES = 180
"""File systems take 255; temporary names beside the folder are longer than its own."""

_RESERVED = {"report.html"}
"""What the batch itself puts into the output folder."""


def natural_key(text: str) -> tuple:
    """Sort key that puts ``p2`` before ``p10`` and ignores case; different texts never compare equal."""
    parts = re.split(r"([0-9]+)", unicodedata.normalize("NFC", text).casefold())
    return tuple((0, int(part), "") if index % 2 else (1, 0, part) for index, part in enumerate(parts)), text


def folder_name(title: str) -> str:
    """`title` as the name of one folder on any system: no separators, no device names, not hidden, not too long."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", title)).strip(" .")[:_MAX_CHARACTERS]
    while len(name.encode()) > _MAX_BYTES:
        name = name[:-1]
    name = name.strip(" .") or "subject"
    return f"{name}_" if name.split(".")[0].lower() in _DEVICES else name


class NameTaker:
    """Gives out folder names, each once; names that differ only in case count as equal."""

    def __init__(self):
        self._taken = set(_RESERVED)

    def take(self, title: str, second_choice: str | None = None) -> str:
        """A free name for `title`, else for `second_choice`, else with a number behind it."""
        for wish in (title, second_choice or title):
            name = folder_name(wish)
            if self._free(name):
                return self._keep(name)
        number = 2
        while not self._free(f"{name}_{number}"):
            number += 1
        return self._keep(f"{name}_{number}")

    def _free(self, name: str) -> bool:
        return unicodedata.normalize("NFC", name).casefold() not in self._taken

    def _keep(self, name: str) -> str:
        self._taken.add(unicodedata.normalize("NFC", name).casefold())
        return name

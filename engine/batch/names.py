"""Names of subjects: in the order that people expect, and each given out once."""

from __future__ import annotations

import re
import unicodedata

from ..wire.names import folder_name

__all__ = ["NameTaker", "natural_key"]

_RESERVED = {"report.html"}
"""What the batch itself puts into the output folder."""


def natural_key(text: str) -> tuple:
    """Sort key that puts ``p2`` before ``p10`` and ignores case; different texts never compare equal."""
    parts = re.split(r"([0-9]+)", unicodedata.normalize("NFC", text).casefold())
    return tuple((0, int(part), "") if index % 2 else (1, 0, part) for index, part in enumerate(parts)), text


class NameTaker:
    """Gives out folder names, each once; names that differ only in case count as equal."""

    def __init__(self):
        self._taken = set(_RESERVED)

    def take(self, title: str, second_choice: str | None = None) -> str:
        """A free name for `title`, else for `second_choice`, else with a number behind it."""
        for wish in (title, second_choice or title):
            name = folder_name(wish, empty="subject")
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

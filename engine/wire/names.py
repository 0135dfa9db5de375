"""Names of folders that every file system takes."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["folder_name"]

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]')
"""Characters that some file system does not take in a name."""
_DEVICES = {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10)), *(f"lpt{i}" for i in range(1, 10))}
"""Names of devices, which Windows does not take as names of files."""
_MAX_CHARACTERS = 100
"""Longest name that is given to a file or folder, characters."""
_MAX_BYTES = 180
"""Most bytes of a name: file systems take 255, and temporary names beside the folder are longer than its own."""


def folder_name(title: str, empty: str) -> str:
    """`title` as the name of one folder on any system: no separators, no device names, not hidden, not too long.

    Args:
        title: any text; it is composed (NFC), so that two ways to write the same letters give one name.
        empty: the name when nothing of `title` can stay.
    """
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", title)).strip(" .")[:_MAX_CHARACTERS]
    while len(name.encode()) > _MAX_BYTES:
        name = name[:-1]
    name = name.strip(" .") or empty
    return f"{name}_" if name.split(".")[0].lower() in _DEVICES else name

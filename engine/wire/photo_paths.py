"""What people give as a photo besides a plain path: what they copied from a browser, a terminal or a file manager."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .errors import ErrorCode, HrnError
from .messages import say

__all__ = ["photo_path"]

_QUOTES = ('""', "''", "“”", "‘’", "<>")
"""Pairs of characters that are put around paths."""
_NETWORK = ("http", "https", "ftp", "data", "blob")
"""Beginnings of addresses at which a file would have to be fetched."""


def photo_path(given: str | os.PathLike) -> Path:
    """The path that is meant: as given where such a file exists, else without quotes around it or as a ``file://`` address.

    Raises:
        HrnError: ``PHOTO_UNREADABLE`` for an address on the network, and for a name that is not text.
    """
    text = os.fspath(given)
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = text.encode("utf-8", "replace").decode()
        raise HrnError(
            ErrorCode.PHOTO_UNREADABLE,
            say("The name of {path} is not valid UTF-8.", path=shown),
            hint="Rename the file, and choose it again.",
        ) from None
    if os.path.lexists(text):
        return Path(text)
    bare = text.strip()
    while len(bare) > 1 and bare[0] + bare[-1] in _QUOTES:
        bare = bare[1:-1].strip()
    scheme, colon, rest = bare.partition(":")
    if colon and scheme.lower() in _NETWORK:
        raise HrnError(
            ErrorCode.PHOTO_UNREADABLE,
            say("{path} is an address, not a file; nothing is fetched from the network.", path=bare),
            hint="Save the picture on this computer, and choose that file.",
        )
    if colon and scheme.lower() == "file":
        path = unquote(urlsplit(bare if rest.startswith("//") else f"file://{rest}").path)
        return Path(path.lstrip("/") if sys.platform == "win32" else path)
    return Path(bare if os.path.lexists(bare) else text)

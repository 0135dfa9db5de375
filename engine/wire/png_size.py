"""The size of a PNG picture, read from its first bytes."""

from __future__ import annotations

import struct
from pathlib import Path

__all__ = ["png_size"]

_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
"""What every PNG file begins with; width and height follow as 32-bit numbers."""


def png_size(path: Path) -> tuple[int, int] | None:
    """(width, height) in pixels; None where the file is absent or no PNG."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(len(_HEAD) + 8)
    except OSError:
        return None
    if len(head) < len(_HEAD) + 8 or not head.startswith(_HEAD):
        return None
    width, height = struct.unpack(">II", head[len(_HEAD) :])
    return width, height

"""Width and height of a photo from its first bytes, without decoding it. No bpy."""

from __future__ import annotations

import os
import struct

__all__ = ["photo_size"]


def photo_size(path: str | os.PathLike) -> tuple[int, int] | None:
    """(width, height) in pixels as stored, before any EXIF rotation; None when it cannot be told.

    Knows JPEG, PNG, WebP, TIFF and HEIC.
    """
    try:
        with open(path, "rb") as stream:
            head = stream.read(1 << 20)
    except OSError:
        return None
    try:
        if head.startswith(b"\xff\xd8"):
            return _jpeg(head)
        if head.startswith(b"\x89PNG"):
            return struct.unpack(">II", head[16:24])
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _webp(head)
        if head[:4] in (b"II*\0", b"MM\0*"):
            return _tiff(head)
        if head[4:8] == b"ftyp":
            return _heic(head)
    except (struct.error, IndexError):
        pass
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    place = 2
    while place < len(data):
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8:
            place += 1 if marker == 0xFF else 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[place + 5:place + 9])
            return width, height
        place += 2 + struct.unpack(">H", data[place + 2:place + 4])[0]
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _tiff(data: bytes) -> tuple[int, int] | None:
    order = "<" if data[:2] == b"II" else ">"
    start = struct.unpack(order + "I", data[4:8])[0]
    found = {}
    for index in range(struct.unpack(order + "H", data[start:start + 2])[0]):
        entry = data[start + 2 + 12 * index:start + 14 + 12 * index]
        tag, kind = struct.unpack(order + "HH", entry[:4])
        if tag in (256, 257):
            found[tag] = struct.unpack(order + ("H" if kind == 3 else "I"), entry[8:10 if kind == 3 else 12])[0]
    return (found[256], found[257]) if len(found) == 2 else None


def _heic(data: bytes) -> tuple[int, int] | None:
    """The largest image inside: tiles and thumbnails are smaller than the photo."""
    sizes, place = [], data.find(b"ispe")
    while place >= 0:
        sizes.append(struct.unpack(">II", data[place + 8:place + 16]))
        place = data.find(b"ispe", place + 4)
    return max(sizes, key=lambda size: size[0] * size[1], default=None)

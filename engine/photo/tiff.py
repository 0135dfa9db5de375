"""The pictures inside a TIFF file, of which readers see only some.

Source: Adobe, "TIFF Revision 6.0" (1992), "TIFF Technical Note 1: TIFF Trees" (SubIFDs, 1995) and "Digital Negative (DNG)
Specification 1.7" (2023) for the tags of camera raws. A camera raw is a TIFF whose first picture is a thumbnail, whose previews lie
in a tree, and whose sensor data no reader of pictures understands.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

__all__ = ["Ifd", "is_tiff", "one_channel", "read_ifds", "starting_with"]


class _Tag(IntEnum):
    """The tags that matter here, by their numbers in the file."""

    KIND = 254
    WIDTH = 256
    HEIGHT = 257
    BITS = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    MAKE = 271
    OFFSETS = 273
    ORIENTATION = 274
    SAMPLES = 277
    ROWS = 278
    COUNTS = 279
    PLANAR = 284
    PREDICTOR = 317
    SUB_IFDS = 330
    FORMAT = 339
    PROFILE = 34675
    DNG = 50706


_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 13: 4}
"""Bytes of a value by its type: BYTE, ASCII, SHORT, LONG, UNDEFINED, IFD; no other type matters here."""
_LETTERS = {1: "B", 2: "B", 3: "H", 4: "I", 7: "B", 13: "I"}
"""The same for :mod:`struct`."""
_MOST_IFDS = 64
"""Most pictures that are looked at: damaged files run in circles."""
_MOST_VALUES = 1 << 20
"""Most values of one tag."""
_RAW_PHOTOMETRIC = (32803, 34892)
"""PhotometricInterpretation of a colour filter array and of linear raw."""


class Ifd(NamedTuple):
    """One picture of the file."""

    order: str
    """Byte order, ``<`` or ``>``."""
    offset: int
    tags: dict[int, tuple[int, ...]]
    length: int
    """Bytes of the file."""

    def first(self, tag: int, default: int = 0) -> int:
        return self.tags.get(tag, (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.first(_Tag.WIDTH), self.first(_Tag.HEIGHT)

    @property
    def raw(self) -> bool:
        """Whether these are a sensor's data."""
        return self.first(_Tag.PHOTOMETRIC) in _RAW_PHOTOMETRIC

    @property
    def maker(self) -> str:
        """``DNG`` of a raw in Adobe's format, else the camera's maker as it writes itself; empty where the file does not say."""
        if _Tag.DNG in self.tags:
            return "DNG"
        text = bytes(self.tags.get(_Tag.MAKE, ())).split(b"\0")[0].decode("ascii", "replace").split()
        return text[0].capitalize() if text and text[0].isascii() else ""

    @property
    def mask(self) -> bool:
        """Whether it is the transparency, the depth or another companion of a picture."""
        return bool(self.first(_Tag.KIND) & 0b100) or self.first(_Tag.KIND) & 0xFFFF in (8, 16)

    @property
    def compression(self) -> int:
        return self.first(_Tag.COMPRESSION, 1)

    @property
    def orientation(self) -> int:
        """As of EXIF; 1 is upright."""
        return self.first(_Tag.ORIENTATION, 1)

    @property
    def profile(self) -> bytes | None:
        """The ICC profile of its colours."""
        return bytes(self.tags[_Tag.PROFILE]) if _Tag.PROFILE in self.tags else None

    @property
    def channels(self) -> int:
        return self.first(_Tag.SAMPLES, 1)

    @property
    def bits(self) -> int:
        return self.first(_Tag.BITS, 1)

    @property
    def separate(self) -> bool:
        """Whether each channel is a plane of its own."""
        return self.first(_Tag.PLANAR, 1) == 2 and self.channels > 1

    @property
    def plain(self) -> bool:
        """Whether its samples are red, green and blue, or grey with 0 for black, all of them in the file."""
        end = max(map(sum, zip(self.tags.get(_Tag.OFFSETS, (0,)), self.tags.get(_Tag.COUNTS, (0,)))))
        return (
            self.first(_Tag.PHOTOMETRIC) == (2 if self.channels > 1 else 1)
            and self.channels in (1, 3, 4)
            and 0 < end <= self.length
        )

    @property
    def floats(self) -> bool:
        return self.first(_Tag.FORMAT, 1) == 3


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins like this is a classic TIFF. (BigTIFF is left to Pillow.)"""
    return head[:4] in (b"II*\0", b"MM\0*")


def read_ifds(data: bytes) -> list[Ifd]:
    """All pictures of a TIFF file, those in trees behind their roots; as many as can be read of a damaged one."""
    order = "<" if data[:2] == b"II" else ">"
    waiting, seen, found = [struct.unpack_from(order + "I", data, 4)[0]] if len(data) >= 8 else [], set(), []
    while waiting and len(found) < _MOST_IFDS:
        offset = waiting.pop(0)
        if offset in seen or offset == 0:
            continue
        seen.add(offset)
        try:
            (count,) = struct.unpack_from(order + "H", data, offset)
            ifd = Ifd(order, offset, dict(_tags(data, order, offset, count)), len(data))
            (following,) = struct.unpack_from(order + "I", data, offset + 2 + 12 * count)
        except struct.error:
            continue
        found.append(ifd)
        waiting += [*ifd.tags.get(_Tag.SUB_IFDS, ()), following]
    return found


def _tags(data: bytes, order: str, offset: int, count: int):
    for number in range(count):
        at = offset + 2 + 12 * number
        tag, kind, values = struct.unpack_from(order + "HHI", data, at)
        if kind in _SIZES and 0 < values <= _MOST_VALUES:
            place = at + 8 if values * _SIZES[kind] <= 4 else struct.unpack_from(order + "I", data, at + 8)[0]
            try:
                yield tag, struct.unpack_from(f"{order}{values}{_LETTERS[kind]}", data, place)
            except struct.error:
                continue


def starting_with(data: bytes, ifd: Ifd) -> bytes:
    """The file with this picture as its first one, for readers that take no other."""
    return data[:4] + struct.pack(ifd.order + "I", ifd.offset) + data[8:]


def one_channel(data: bytes, ifd: Ifd, channel: int) -> bytes:
    """A file with one plane of a picture whose channels are stored separately, as a grey picture."""
    strips = len(ifd.tags[_Tag.OFFSETS]) // ifd.channels
    part = slice(channel * strips, (channel + 1) * strips)
    entries = [
        (_Tag.WIDTH, 4, ifd.tags[_Tag.WIDTH]),
        (_Tag.HEIGHT, 4, ifd.tags[_Tag.HEIGHT]),
        (_Tag.BITS, 3, (ifd.bits,)),
        (_Tag.COMPRESSION, 3, (ifd.first(_Tag.COMPRESSION, 1),)),
        (_Tag.PHOTOMETRIC, 3, (1,)),
        (_Tag.OFFSETS, 4, ifd.tags[_Tag.OFFSETS][part]),
        (_Tag.SAMPLES, 3, (1,)),
        (_Tag.ROWS, 4, (ifd.first(_Tag.ROWS, ifd.size[1]),)),
        (_Tag.COUNTS, 4, ifd.tags[_Tag.COUNTS][part]),
        (_Tag.PREDICTOR, 3, (ifd.first(_Tag.PREDICTOR, 1),)),
        (_Tag.FORMAT, 3, (ifd.first(_Tag.FORMAT, 1),)),
    ]
    end = len(data) + len(data) % 2
    table, more = b"", b""
    place = end + 2 + 12 * len(entries) + 4
    for tag, kind, values in entries:
        raw = struct.pack(f"{ifd.order}{len(values)}{_LETTERS[kind]}", *values)
        if len(raw) > 4:
            more, raw = more + raw, struct.pack(ifd.order + "I", place + len(more))
        table += struct.pack(ifd.order + "HHI", tag, kind, len(values)) + raw.ljust(4, b"\0")
    added = struct.pack(ifd.order + "H", len(entries)) + table + b"\0\0\0\0" + more
    return data[:4] + struct.pack(ifd.order + "I", end) + data[8:] + b"\0" * (end - len(data)) + added

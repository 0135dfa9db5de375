"""The pictures inside a TIFF file, of which readers see only some.

Source: Adobe, "TIFF Revision 6.0" (1992), "TIFF Technical Note 1: TIFF Trees" (SubIFDs, 1995) and "Digital Negative (DNG)
Specification 1.7" (2023) for the tags of camera raws. A camera raw is a TIFF whose first picture is a thumbnail, whose previews lie
in a tree, and whose sensor data no reader of pictures understands.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

__all__ = ["Ifd", "is_tiff", "one_channel", "read_ifds", "starting_with", "unturned"]


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
    TILE_WIDTH = 322
    TILE_HEIGHT = 323
    TILE_OFFSETS = 324
    TILE_COUNTS = 325
    SUB_IFDS = 330
    FORMAT = 339
    PROFILE = 34675
    DNG = 50706


_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 13: 4, 16: 8, 18: 8}
"""Bytes of a value by its type: BYTE, ASCII, SHORT, LONG, UNDEFINED, IFD, of BigTIFF LONG8 and IFD8; no other type matters here."""
_LETTERS = {1: "B", 2: "B", 3: "H", 4: "I", 7: "B", 13: "I", 16: "Q", 18: "Q"}
"""The same for :mod:`struct`."""
_MOST_IFDS = 64
"""Most pictures that are looked at: damaged files run in circles."""
_MOST_VALUES = 1 << 20
"""Most values of one tag."""
_RAW_PHOTOMETRIC = (32803, 34892)
"""PhotometricInterpretation of a colour filter array and of linear raw."""


class _Layout(NamedTuple):
    """How a directory's numbers are written."""

    order: str
    """Byte order, ``<`` or ``>``."""
    start: int
    """Where the file's head tells the place of its first picture."""
    count: str
    """For :mod:`struct`: how many entries a directory has ..."""
    place: str
    """... and where something lies, or how many values a tag has."""

    @property
    def entry(self) -> str:
        """Tag, type and count of an entry; its value, or the place of its values, takes as much as a place."""
        return f"{self.order}HH{self.place}"

    @property
    def width(self) -> int:
        """Bytes of a place."""
        return struct.calcsize(self.order + self.place)


def _layout(data: bytes) -> _Layout:
    """How a file writes its numbers: as TIFF 6.0, or as BigTIFF (LibTIFF, "BigTIFF File Format Specification") with 64-bit places."""
    order = "<" if data[:2] == b"II" else ">"
    return _Layout(order, 8, "Q", "Q") if data[2:4] in (b"+\0", b"\0+") else _Layout(order, 4, "H", "I")


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
        """Whether its samples are red, green and blue, or grey, all of them in the file."""
        end = max(map(sum, zip(*self.pieces)), default=0)
        return (
            (self.first(_Tag.PHOTOMETRIC) == 2 if self.channels > 1 else self.first(_Tag.PHOTOMETRIC) in (0, 1))
            and self.channels in (1, 3, 4)
            and 0 < end <= self.length
        )

    @property
    def pieces(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Places and lengths of its strips, or of its tiles."""
        if _Tag.TILE_OFFSETS in self.tags:
            return self.tags[_Tag.TILE_OFFSETS], self.tags.get(_Tag.TILE_COUNTS, ())
        return self.tags.get(_Tag.OFFSETS, ()), self.tags.get(_Tag.COUNTS, ())

    @property
    def negative(self) -> bool:
        """Whether 0 is white, as fax machines write."""
        return self.channels == 1 and _Tag.PHOTOMETRIC in self.tags and self.first(_Tag.PHOTOMETRIC) == 0

    @property
    def floats(self) -> bool:
        return self.first(_Tag.FORMAT, 1) == 3


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins like this is a TIFF, or a BigTIFF."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_ifds(data: bytes) -> list[Ifd]:
    """All pictures of a TIFF file, those in trees behind their roots; as many as can be read of a damaged one."""
    layout = _layout(data)
    seen, found, waiting = set(), [], []
    if len(data) >= layout.start + layout.width:
        waiting = [struct.unpack_from(layout.order + layout.place, data, layout.start)[0]]
    while waiting and len(found) < _MOST_IFDS:
        offset = waiting.pop(0)
        if offset in seen or not 0 < offset < len(data):
            continue
        seen.add(offset)
        try:
            (count,) = struct.unpack_from(layout.order + layout.count, data, offset)
            tags, end = _tags(data, layout, offset, count)
            (following,) = struct.unpack_from(layout.order + layout.place, data, end)
        except struct.error:
            continue
        ifd = Ifd(layout.order, offset, tags, len(data))
        found.append(ifd)
        waiting += [*ifd.tags.get(_Tag.SUB_IFDS, ()), following]
    return found


def _tags(data: bytes, layout: _Layout, offset: int, count: int) -> tuple[dict[int, tuple[int, ...]], int]:
    """The values of a directory's tags, and where the place of the next directory is told.

    Raises:
        struct.error: it ends beyond the file.
    """
    tags, first = {}, offset + struct.calcsize(layout.order + layout.count)
    each = struct.calcsize(layout.entry) + layout.width
    for at in range(first, min(first + count * each, len(data)), each):
        tag, kind, values = struct.unpack_from(layout.entry, data, at)
        if kind in _SIZES and 0 < values <= _MOST_VALUES:
            place = at + each - layout.width
            if values * _SIZES[kind] > layout.width:
                (place,) = struct.unpack_from(layout.order + layout.place, data, place)
            try:
                tags[tag] = struct.unpack_from(f"{layout.order}{values}{_LETTERS[kind]}", data, place)
            except (struct.error, OverflowError):
                continue
    return tags, first + count * each


def starting_with(data: bytes, ifd: Ifd) -> bytes:
    """The file with this picture as its first one, for readers that take no other."""
    layout = _layout(data)
    start = data[: layout.start] + struct.pack(layout.order + layout.place, ifd.offset)
    return start + data[len(start) :]


def unturned(data: bytes, ifd: Ifd) -> bytes:
    """The same without its orientation, for readers that fail at it."""
    layout, out = _layout(data), bytearray(starting_with(data, ifd))
    first = ifd.offset + struct.calcsize(layout.order + layout.count)
    each = struct.calcsize(layout.entry) + layout.width
    (count,) = struct.unpack_from(layout.order + layout.count, data, ifd.offset)
    for at in range(first, first + count * each, each):
        if struct.unpack_from(layout.order + "H", data, at)[0] == _Tag.ORIENTATION:
            struct.pack_into(f"{layout.order}HH{layout.place}H", out, at, _Tag.ORIENTATION, 3, 1, 1)
    return bytes(out)


def one_channel(data: bytes, ifd: Ifd, channel: int) -> bytes:
    """A file with one plane of a picture whose channels are stored separately, as a grey picture."""
    layout, tiled = _layout(data), _Tag.TILE_OFFSETS in ifd.tags
    offsets, counts = ifd.pieces
    strips = len(offsets) // ifd.channels
    part = slice(channel * strips, (channel + 1) * strips)
    long = 16 if layout.place == "Q" else 4
    entries = [
        (_Tag.WIDTH, 4, ifd.tags[_Tag.WIDTH]),
        (_Tag.HEIGHT, 4, ifd.tags[_Tag.HEIGHT]),
        (_Tag.BITS, 3, (ifd.bits,)),
        (_Tag.COMPRESSION, 3, (ifd.first(_Tag.COMPRESSION, 1),)),
        (_Tag.PHOTOMETRIC, 3, (1,)),
        (_Tag.SAMPLES, 3, (1,)),
        (_Tag.PREDICTOR, 3, (ifd.first(_Tag.PREDICTOR, 1),)),
        (_Tag.FORMAT, 3, (ifd.first(_Tag.FORMAT, 1),)),
        (_Tag.TILE_OFFSETS if tiled else _Tag.OFFSETS, long, offsets[part]),
        (_Tag.TILE_COUNTS if tiled else _Tag.COUNTS, long, counts[part]),
    ]
    if tiled:
        entries += [(tag, 4, ifd.tags[tag]) for tag in (_Tag.TILE_WIDTH, _Tag.TILE_HEIGHT)]
    else:
        entries.append((_Tag.ROWS, 4, (ifd.first(_Tag.ROWS, ifd.size[1]),)))
    end = len(data) + len(data) % 2
    table, more = b"", b""
    size = struct.calcsize(layout.entry) + layout.width
    place = end + struct.calcsize(layout.order + layout.count) + size * len(entries) + layout.width
    for tag, kind, values in sorted(entries):
        raw = struct.pack(f"{ifd.order}{len(values)}{_LETTERS[kind]}", *values)
        if len(raw) > layout.width:
            more, raw = more + raw, struct.pack(ifd.order + layout.place, place + len(more))
        table += struct.pack(layout.entry, tag, kind, len(values)) + raw.ljust(layout.width, b"\0")
    added = struct.pack(ifd.order + layout.count, len(entries)) + table + bytes(layout.width) + more
    start = data[: layout.start] + struct.pack(layout.order + layout.place, end)
    return start + data[len(start) :] + b"\0" * (end - len(data)) + added

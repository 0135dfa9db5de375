"""The pictures that phones append to a JPEG, and the XMP packets inside of one.

Markers: ITU-T T.81, annex B. XMP in a JPEG, and how a packet that is longer than a segment goes on: XMP specification part 3
(ISO 16684-1), 1.1.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import Image

__all__ = ["appended_pictures", "jpeg_end", "xmp_packets"]

_SOI = b"\xff\xd8\xff"
"""How a JPEG begins."""
_PNG = b"\x89PNG\r\n\x1a\n"
"""How a PNG begins."""
_PNG_END = b"IEND\xaeB`\x82"
"""How it ends."""
_EOI = 0xD9
"""Marker of a JPEG's end."""
_SOS = 0xDA
"""Marker of the header before its data."""
_ALONE = (0x01, *range(0xD0, 0xD9))
"""Markers without a length."""
_WITHIN = (0x00, *range(0xD0, 0xD8))
"""What follows 0xFF within data: a stuffed zero and the restart markers."""
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
"""Before a piece of the rest of a packet: then 32 characters that name it, its length and the piece's place in it."""
_PIECE = struct.Struct(">32sII")
"""Name, length of the whole, place."""
_MOST_BYTES = 1 << 24
"""A longer packet is not read: a depth map inside of one has less than a megapixel."""
_MOST_PICTURES = 16
"""At most so many appended pictures are looked at."""


def jpeg_end(data: bytes | memoryview, start: int = 0) -> int:
    """Where the JPEG that begins at `start` ends.

    Raises:
        ValueError: it is none, or has no end.
    """
    data = bytes(data)
    at = start + 2
    while data[at : at + 1] == b"\xff" and at + 1 < len(data):
        marker = data[at + 1]
        if marker == _EOI:
            return at + 2
        if marker == 0xFF:  # filling
            at += 1
            continue
        at += 2
        if marker not in _ALONE:
            if at + 2 > len(data):
                break
            at += struct.unpack_from(">H", data, at)[0]
        if marker == _SOS:
            at = data.find(b"\xff", at)
            while 0 <= at < len(data) - 1 and data[at + 1] in _WITHIN:
                at = data.find(b"\xff", at + 2)
            if at < 0:
                break
    raise ValueError("a JPEG without an end")


def appended_pictures(data: bytes | memoryview) -> Iterator[bytes]:
    """The JPEG and PNG pictures behind the first one of a JPEG file, whole.

    Raises:
        ValueError: the file's own picture has no end.
    """
    data = bytes(data)
    at = jpeg_end(data)
    for _ in range(_MOST_PICTURES):
        starts = [place for place in (data.find(_SOI, at), data.find(_PNG, at)) if place >= 0]
        if not starts:
            return
        start = min(starts)
        try:
            if data.startswith(_PNG, start):
                at = data.index(_PNG_END, start) + len(_PNG_END)
            else:
                at = jpeg_end(data, start)
        except ValueError:
            at = start + 1
            continue
        yield data[start:at]


def xmp_packets(image: Image.Image) -> list[bytes]:
    """A JPEG's XMP packet and what goes on in its extensions, each a document of its own; empty without any."""
    packet = image.info.get("xmp")
    if not packet:
        return []
    longer: dict[bytes, dict[int, bytes]] = {}
    for kind, segment in getattr(image, "applist", ()):
        if kind == "APP1" and segment.startswith(_EXTENSION) and len(segment) > len(_EXTENSION) + _PIECE.size:
            name, _, place = _PIECE.unpack_from(segment, len(_EXTENSION))
            longer.setdefault(name, {})[place] = segment[len(_EXTENSION) + _PIECE.size :]
    named = [b"".join(pieces[place] for place in sorted(pieces)) for name, pieces in longer.items() if name in packet]
    return [one for one in (packet, *named) if len(one) <= _MOST_BYTES]

"""The picture that is taken of a file, and what reads it."""

from __future__ import annotations

import functools
import importlib
import io
import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..wire.errors import ErrorCode, HrnError
from ..wire.formats import PHOTO_FORMATS
from ..wire.messages import Message, say
from .deep import as_srgb, png_samples, tiff_samples
from .kinds import HEAD_BYTES, Kind, kind_of, not_a_photo, raw_tiff
from .tiff import Ifd, is_tiff, read_ifds, starting_with

__all__ = ["DAMAGE", "MAX_PIXELS", "Opened", "damaged", "open_picture", "too_large"]

MAX_PIXELS = 105_000_000
"""Most pixels of a photo: cameras sold as "100 megapixels" record up to 102."""

DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    OverflowError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers raise on broken data."""

_MUCH_LARGER = 0.5
"""Area of a picture, over that of the largest one, from which on it is taken because it comes first."""
_PREVIEW_SIDE = 1000
"""Longer side of a camera raw's preview, pixels, from which on the preview is good enough for a head."""
_PREVIEW_SHARE = 0.9
"""Share of the sensor's longer side from which on a preview is as good as what the sensor saw."""
_MOST_PREVIEWS = 200
"""Most places at which a preview may seem to begin that are looked at."""
_JPEG = b"\xff\xd8\xff"
"""First bytes of a JPEG."""
_SEEN_BY_PILLOW = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946)
"""Compressions of TIFF that every build of Pillow reads."""
_BIG_ENDIAN = b"MM\0+"
"""First bytes of a BigTIFF with the high byte first, which Pillow does not know."""
_COMPRESSIONS = {
    34712: "JPEG 2000",
    34887: "LERC",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
"""Names of those that it may lack."""


class Opened(NamedTuple):
    """One picture, of which at most the header has been read."""

    image: Image.Image
    stream: io.BytesIO
    """What it is read from."""
    orientation: int = 1
    """EXIF orientation of the file around it, for a picture that knows none of its own."""
    remarks: tuple[tuple[str, Message], ...] = ()
    """Codes and sentences for the head's report."""
    failure: HrnError | None = None
    """What it means when it cannot be decoded, where that is not damage."""
    deep: Callable[[], np.ndarray | None] | None = None
    """Reads the samples of a picture with 16 bits, of which `image` would give 8; None of one that has fewer."""


def open_picture(stream: io.BytesIO, name: str) -> Opened:
    """The picture that is meant: of a TIFF its largest one, of a camera raw its preview.

    Args:
        stream: the whole file. name: what to call it.

    Raises:
        HrnError: ``NOT_AN_IMAGE`` saying what the file is, ``IMAGE_DAMAGED``, ``IMAGE_TOO_LARGE``.
    """
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    kind = kind_of(head)
    if kind is not None and not kind.raw:
        raise not_a_photo(name, kind)
    if kind is None and not is_tiff(head):
        return Opened(_open(stream, name), stream, deep=lambda: png_samples(stream.getbuffer()))
    data = stream.getvalue()
    ifds = read_ifds(data) if is_tiff(head) else []
    if kind is not None or any(ifd.raw for ifd in ifds):
        return _open_raw(data, name, kind or raw_tiff(ifds[0].maker), ifds)
    return _open_tiff(stream, name, [ifd for ifd in ifds if not ifd.mask] or ifds)


def damaged(name: str, error: Exception) -> HrnError:
    """The error about a file that is no longer what it was."""
    details = {"reason": str(error)[:200]}
    return HrnError(ErrorCode.IMAGE_DAMAGED, say("{file} is cut off or damaged.", file=name), details=details)


@functools.cache
def _readable() -> tuple[str, ...]:
    """The formats that Pillow may try, with their readers imported."""
    for one in PHOTO_FORMATS:
        for reader in one.readers:
            importlib.import_module(reader)
    return tuple(one.pillow for one in PHOTO_FORMATS)


def _open(stream: io.BytesIO, name: str) -> Image.Image:
    """The image with only its header read."""
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    try:
        with _any_size():
            return Image.open(stream, formats=_readable())
    except (UnidentifiedImageError, *DAMAGE) as error:
        known = any(head[at : at + len(magic)] == magic for one in PHOTO_FORMATS for at, magic in one.magic)
        if "too large" in str(error).lower():
            raise HrnError(
                ErrorCode.IMAGE_TOO_LARGE, say("{file} unpacks to more data than a photo can contain.", file=name)
            ) from error
        if known:
            raise damaged(name, error) from error
        raise not_a_photo(name, None) from error


class _any_size:
    """Pillow opens pictures of any size: the caller has limits of its own, by what is decoded."""

    def __enter__(self) -> None:
        self._limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None

    def __exit__(self, *_) -> None:
        Image.MAX_IMAGE_PIXELS = self._limit


def _open_tiff(stream: io.BytesIO, name: str, ifds: list[Ifd]) -> Opened:
    """The first of the large pictures: thumbnails may come before it."""
    if not ifds:
        return Opened(_open(stream, name), stream)
    largest = max(ifd.size[0] * ifd.size[1] for ifd in ifds)
    chosen = next(ifd for ifd in ifds if ifd.size[0] * ifd.size[1] >= _MUCH_LARGER * largest)
    failure = None
    if chosen.compression not in _SEEN_BY_PILLOW:
        packed = _COMPRESSIONS.get(chosen.compression, str(chosen.compression))
        failure = _unreadable(name, say("{kind} compression", kind=packed))
    data = stream.getvalue()
    unknown_to_pillow = (
        chosen.floats or chosen.bits > 16 or (chosen.separate and chosen.bits > 8) or data.startswith(_BIG_ENDIAN)
    )
    if chosen.channels >= 3 and unknown_to_pillow:
        if chosen.size[0] * chosen.size[1] > MAX_PIXELS:
            raise too_large(name, chosen.size, MAX_PIXELS)
        samples = tiff_samples(data, chosen)
        if samples is None:
            raise failure or _unreadable(name, _about(chosen))
        return Opened(as_srgb(samples, chosen.profile), stream)
    deep = functools.partial(tiff_samples, data, chosen) if chosen.bits == 16 and chosen.plain else None
    if chosen.offset != ifds[0].offset:
        stream = io.BytesIO(starting_with(stream.getvalue(), chosen))
    try:
        # Pillow turns the picture by the tag that it has itself.
        around = ifds[0].orientation if chosen.orientation == 1 and chosen.offset != ifds[0].offset else 1
        return Opened(_open(stream, name), stream, around, (), failure, deep)
    except HrnError as error:
        raise failure or error from error


def too_large(name: str, size: tuple[int, int], most: int) -> HrnError:
    """The error about a picture with more than so many pixels."""
    width, height = size
    message = say(
        "{file} has {width} × {height} pixels, more than {most} megapixels.",
        file=name,
        width=width,
        height=height,
        most=most // 10**6,
    )
    return HrnError(ErrorCode.IMAGE_TOO_LARGE, message, details={"width": width, "height": height})


def _about(ifd: Ifd) -> Message:
    samples = {"bits": ifd.bits, "channels": ifd.channels}
    if ifd.floats:
        return say("{channels} channels of {bits}-bit floating-point numbers", **samples)
    return say("{channels} channels of {bits} bits", **samples)


def _unreadable(name: str, about: Message) -> HrnError:
    return HrnError(
        ErrorCode.NOT_AN_IMAGE,
        say("{file} is a TIFF picture of a kind that cannot be read: {about}.", file=name, about=about),
        hint="Save it again with 8 or 16 bits per channel and LZW or no compression, or as PNG.",
    )


def _open_raw(data: bytes, name: str, kind: Kind, ifds: list[Ifd]) -> Opened:
    """A camera raw's largest preview, where that is large enough."""
    sensor = max((max(ifd.size) for ifd in ifds if ifd.raw), default=0)
    orientation = ifds[0].orientation if ifds else 1
    preview = _largest_preview(data, ifds)
    side = max(preview.image.size) if preview is not None else 0
    if preview is None or side < min(_PREVIEW_SIDE, max(_PREVIEW_SHARE * sensor, 1) if sensor else _PREVIEW_SIDE):
        raise not_a_photo(name, kind)
    remark = say(
        "{file} is {kind}; its preview of {width} × {height} pixels was used. {hint}",
        file=name,
        kind=kind.name,
        width=preview.image.size[0],
        height=preview.image.size[1],
        hint=kind.hint,
    )
    return preview._replace(orientation=orientation, remarks=(("raw_preview", remark),))


def _largest_preview(data: bytes, ifds: list[Ifd]) -> Opened | None:
    """The largest JPEG inside a file, or one of its plain pictures."""
    found: list[Opened] = []

    def offer(stream: io.BytesIO) -> None:
        try:
            with _any_size():
                found.append(Opened(Image.open(stream, formats=_readable()), stream))
        except DAMAGE:
            pass

    _readable()
    place, tries = data.find(_JPEG, 1), 0
    while place >= 0 and tries < _MOST_PREVIEWS:
        offer(io.BytesIO(data[place:]))
        found = [max(found, key=_area)] if found else []
        place, tries = data.find(_JPEG, place + 3), tries + 1
    for ifd in ifds:
        if not ifd.raw and not ifd.mask and ifd.compression == 1 and ifd.channels >= 3:
            offer(io.BytesIO(starting_with(data, ifd)))
    return max(found, key=_area) if found else None


def _area(opened: Opened) -> int:
    return opened.image.size[0] * opened.image.size[1]

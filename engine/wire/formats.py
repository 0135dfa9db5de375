"""The photo formats that the engine reads, and the formats that it exports heads to.

There is one table of each, which add-on, engine, command line and messages use.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from .messages import say

__all__ = [
    "EXPORT_FORMATS",
    "EXPORT_KINDS",
    "PHOTO_FORMATS",
    "PHOTO_GLOB",
    "PHOTO_KINDS",
    "PHOTO_SUFFIXES",
    "ExportFormat",
    "PhotoFormat",
    "is_photo",
    "is_photo_name",
]


class PhotoFormat(NamedTuple):
    """One kind of photo file."""

    name: str
    """Name of the format as users know it."""
    suffixes: tuple[str, ...]
    """Suffixes of its files, in lower case, each with its dot."""
    pillow: str
    """Pillow's name of the format."""
    readers: tuple[str, ...]
    """Modules whose import makes Pillow able to read it."""
    magic: tuple[tuple[int, bytes], ...]
    """Bytes that a file begins with, and their offset; any one of them tells that it is meant to be of this kind."""
    shown_by_blender: bool = True
    """Whether Blender itself can show a small picture of it."""


PHOTO_FORMATS = (
    PhotoFormat(
        "JPEG",
        (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
        "JPEG",
        ("PIL.JpegImagePlugin", "PIL.MpoImagePlugin"),
        ((0, b"\xff\xd8\xff"),),
    ),
    PhotoFormat("PNG", (".png",), "PNG", ("PIL.PngImagePlugin",), ((0, b"\x89PNG"),)),
    PhotoFormat("WebP", (".webp",), "WEBP", ("PIL.WebPImagePlugin",), ((0, b"RIFF"),)),
    PhotoFormat(
        "TIFF",
        (".tif", ".tiff"),
        "TIFF",
        ("PIL.TiffImagePlugin",),
        tuple((0, magic) for magic in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    ),
    PhotoFormat("HEIC", (".heic", ".heif", ".hif"), "HEIF", ("pillow_heif.HeifImagePlugin",), ((4, b"ftyp"),), False),
    PhotoFormat("AVIF", (".avif",), "AVIF", ("PIL.AvifImagePlugin",), ((4, b"ftyp"),), False),
    PhotoFormat("BMP", (".bmp",), "BMP", ("PIL.BmpImagePlugin",), ((0, b"BM"),)),
    PhotoFormat("GIF", (".gif",), "GIF", ("PIL.GifImagePlugin",), ((0, b"GIF8"),)),
)
"""A closed list: some of Pillow's other readers start programs (EPS: Ghostscript). JPEG stands for the several-picture MPO
of phones and stereo cameras too."""

PHOTO_SUFFIXES = tuple(suffix for one in PHOTO_FORMATS for suffix in one.suffixes)
"""Endings of all photo files that can be read."""

PHOTO_GLOB = ";".join(f"*{suffix}" for suffix in PHOTO_SUFFIXES)
"""The pattern of all photo files for file browsers."""

PHOTO_KINDS = say("{others} or {last}", others=[one.name for one in PHOTO_FORMATS[:-1]], last=PHOTO_FORMATS[-1].name)
"""The photo formats for sentences: "JPEG, PNG, … or BMP"."""


def is_photo_name(name: str) -> bool:
    """Whether a file's name ends as that of a photo does, in capitals or not. What the file holds, only its reader knows."""
    return os.path.splitext(name)[1].lower() in PHOTO_SUFFIXES


def is_photo(path: str | os.PathLike) -> bool:
    """Whether a file is called like a photo or begins like one."""
    if is_photo_name(os.fspath(path)):
        return True
    try:
        with open(path, "rb") as stream:
            head = stream.read(32)
    except OSError:
        return False
    return any(head[at : at + len(magic)] == magic for one in PHOTO_FORMATS for at, magic in one.magic)


class ExportFormat(NamedTuple):
    """One kind of file for programs other than Blender."""

    name: str
    """Name of the format as users know it."""
    suffix: str
    """Suffix of its files, in lower case with its dot; it tells which format is meant."""
    module: str
    """Module in ``engine.pipeline.export`` whose ``write(bundle, path)`` writes the file."""


EXPORT_FORMATS = (ExportFormat("Wavefront OBJ", ".obj", "obj"),)
"""The formats in which a head can be written besides the bundle."""

EXPORT_KINDS = ", ".join(f"{one.name} ({one.suffix})" for one in EXPORT_FORMATS)
"""The export formats for sentences: "Wavefront OBJ (.obj)"."""

"""What a file is, by its content: for the sentence about one that is not a photo, and to tell camera raws from other TIFFs."""

from __future__ import annotations

from typing import NamedTuple

from ..wire.errors import ErrorCode, HrnError
from ..wire.formats import PHOTO_KINDS
from ..wire.messages import Message, say

__all__ = ["HEAD_BYTES", "Kind", "kind_of", "not_a_photo", "raw_tiff"]

HEAD_BYTES = 512
"""As much of a file's beginning as :func:`kind_of` looks at."""

_EXPORT = say("Open it in a picture program, save the picture as {kinds}, and choose that.", kinds=PHOTO_KINDS)
_STILL = say(
    "Pause it where the face is sharp, save that frame as a picture, and choose it. Of a live photo, choose the picture of the same name."
)
_DEVELOP = say(
    "Develop it in the camera's own program, Lightroom, darktable or RawTherapee, export a JPEG or TIFF, and choose that."
)
_PAGE = say("This is the page around the picture. Save the picture itself, and choose that.")
_UNPACK = say("Unpack it and choose one of the pictures in it.")


class Kind(NamedTuple):
    """One kind of file that is not read, or not like any other picture."""

    name: Message
    """What it is, for the middle of a sentence, with its article."""
    hint: Message
    """What to do with it."""
    raw: bool = False
    """Whether it is a camera raw, in which there may be a picture that can be used."""


_RAWS = {name: Kind(say("a camera raw file ({kind})", kind=name), _DEVELOP, True) for name in (
    "Canon CR2", "Canon CR3", "Canon CRW", "Fujifilm RAF", "Olympus ORF", "Panasonic RW2", "Sigma X3F", "Minolta MRW"
)}  # fmt: skip


def raw_tiff(maker: str) -> Kind:
    """A camera raw that is a TIFF file inside: DNG, NEF, ARW, PEF and others.

    Args:
        maker: who made the camera, or ``DNG``; may be empty.
    """
    return Kind(say("a camera raw file ({kind})", kind=maker) if maker else say("a camera raw file"), _DEVELOP, True)


_VIDEO = Kind(say("a video"), _STILL)
_SOUND = Kind(say("a sound file"), say(""))
_PROGRAM = Kind(say("a program"), say(""))
_OFFICE = Kind(say("an office document"), _EXPORT)
_MODEL = Kind(say("a 3D model"), say(""))
_COMPANION = Kind(
    say("a companion file that macOS writes beside a picture"), say("Choose the picture of the same name without ._ before it.")
)
_SHORTCUT = Kind(say("a shortcut"), say("Choose the picture that it leads to."))
_ZEROS = Kind(say("nothing but zeros"), say("Its copy failed, or it was not fetched from the cloud. Copy it again."))
_JPEG_LS = Kind(say("a JPEG-LS picture"), _EXPORT)
_DEEP_JPEG = Kind(say("a JPEG picture of 12 bits"), _EXPORT)
_TEXT = Kind(say("a text file"), say(""))
_POINTER = Kind(
    say("a placeholder of Git LFS, not the picture itself"), say("Fetch the picture with git lfs pull, and choose it then.")
)
_TABLE = (
    (0, b"\xff\x0a", Kind(say("a JPEG XL picture"), _EXPORT)),
    (0, b"\0\0\0\x0cJXL ", Kind(say("a JPEG XL picture"), _EXPORT)),
    (0, b"\0\0\0\x0cjP  ", Kind(say("a JPEG 2000 picture"), _EXPORT)),
    (0, b"\xff\x4f\xff\x51", Kind(say("a JPEG 2000 picture"), _EXPORT)),
    *((0, b"P%d" % number + end, Kind(say("a PPM picture"), _EXPORT)) for number in range(1, 8) for end in (b"\n", b" ")),
    *((0, b"\x0a" + bytes((version, 1)), Kind(say("a PCX picture"), _EXPORT)) for version in (0, 2, 3, 4, 5)),
    (0, b"\x01\xda\0", Kind(say("an SGI picture"), _EXPORT)),
    (0, b"\x01\xda\1", Kind(say("an SGI picture"), _EXPORT)),
    (0, b"qoif", Kind(say("a QOI picture"), _EXPORT)),
    (0, b"\x76\x2f\x31\x01", Kind(say("an OpenEXR picture"), _EXPORT)),
    (0, b"#?RADIANCE", Kind(say("a Radiance HDR picture"), _EXPORT)),
    (0, b"#?RGBE", Kind(say("a Radiance HDR picture"), _EXPORT)),
    (0, b"8BPS", Kind(say("a Photoshop document"), _EXPORT)),
    (0, b"gimp xcf", Kind(say("a GIMP document"), _EXPORT)),
    (0, b"DDS ", Kind(say("a DDS texture"), _EXPORT)),
    (0, b"\0\0\1\0", Kind(say("an icon"), _EXPORT)),
    (0, b"icns", Kind(say("an icon"), _EXPORT)),
    *((0, magic, Kind(say("a PFM picture"), _EXPORT)) for magic in (b"PF\n", b"Pf\n")),
    (0, b"\x59\xa6\x6a\x95", Kind(say("a Sun raster picture"), _EXPORT)),
    *((0, magic, Kind(say("an MNG or JNG picture"), _EXPORT)) for magic in (b"\x8aMNG", b"\x8bJNG")),
    (0, b"FLIF", Kind(say("a FLIF picture"), _EXPORT)),
    (0, b"BPG\xfb", Kind(say("a BPG picture"), _EXPORT)),
    (0, b"II\xbc\1", Kind(say("a JPEG XR picture"), _EXPORT)),
    (0, b"SIMPLE  =", Kind(say("a FITS picture"), _EXPORT)),
    (0, b"CSFCHUNK", Kind(say("a Clip Studio document"), _EXPORT)),
    (0, b"\0\xffKA", Kind(say("an Affinity document"), _EXPORT)),
    (40, b" EMF", Kind(say("a Windows metafile"), _EXPORT)),
    (0, b"\xd7\xcd\xc6\x9a", Kind(say("a Windows metafile"), _EXPORT)),
    (128, b"DICM", Kind(say("a DICOM picture"), _EXPORT)),
    (0, b"%PDF", Kind(say("a PDF document"), _EXPORT)),
    (0, b"%!PS", Kind(say("a PostScript document"), _EXPORT)),
    (0, b"\xc5\xd0\xd3\xc6", Kind(say("a PostScript document"), _EXPORT)),
    (0, b"BLENDER", Kind(say("a .blend file"), _EXPORT)),
    (0, b"PK\x03\x04", Kind(say("a ZIP archive"), _UNPACK)),
    (0, b"Rar!", Kind(say("a RAR archive"), _UNPACK)),
    (0, b"7z\xbc\xaf", Kind(say("a 7z archive"), _UNPACK)),
    *((0, magic, Kind(say("a packed file"), _UNPACK)) for magic in (b"\x1f\x8b\x08", b"(\xb5/\xfd", b"BZh", b"\xfd7zXZ")),
    (257, b"ustar", Kind(say("a packed file"), _UNPACK)),
    (0, b"{\\rtf", _OFFICE),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OFFICE),
    (0, b"glTF", _MODEL),
    (0, b"Kaydara FBX", _MODEL),
    *((0, b"ply" + end, _MODEL) for end in (b"\n", b"\r\n")),
    (0, b"solid ", _MODEL),
    (0, b"SDPX", Kind(say("a DPX picture"), _EXPORT)),
    (0, b"XPDS", Kind(say("a DPX picture"), _EXPORT)),
    (0, b"AT&TFORM", Kind(say("a DjVu document"), _EXPORT)),
    *((0, magic, _PROGRAM) for magic in (b"MZ\x90\0", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")),
    *((0, magic, _SHORTCUT) for magic in (b"L\0\0\0\x01\x14\x02\0", b"[InternetShortcut]", b"[Desktop Entry]")),
    *((0, magic, _COMPANION) for magic in (b"\0\5\x16\7", b"\0\5\x16\0")),
    (0, b"version https://git-lfs", _POINTER),
    (8, b"AVI ", _VIDEO),
    (8, b"WAVE", _SOUND),
    (0, b"ID3", _SOUND),
    (29, b"theora", _VIDEO),
    (0, b"OggS", _SOUND),
    (0, b"fLaC", _SOUND),
    (0, b"#!AMR", _SOUND),
    (0, b"MThd", _SOUND),
    *((0, magic, _SOUND) for magic in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf1", b"\xff\xf9")),
    (8, b"AIFF", _SOUND),
    (0, b"\x1aE\xdf\xa3", _VIDEO),
    (0, b"FLV", _VIDEO),
    *((0, magic, _VIDEO) for magic in (b"CWS", b"FWS", b".RMF", b"YUV4MPEG2", b"\x1f\x07\0")),
    (0, b"\0\0\1\xba", _VIDEO),
    (0, b"\0\0\1\xb3", _VIDEO),
    (0, b"0&\xb2u\x8ef\xcf\x11", _VIDEO),
    *((4, box, _VIDEO) for box in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")),
    (8, b"CR\x02\0", _RAWS["Canon CR2"]),
    (6, b"HEAPCCDR", _RAWS["Canon CRW"]),
    (0, b"FUJIFILMCCD-RAW", _RAWS["Fujifilm RAF"]),
    *((0, magic, _RAWS["Olympus ORF"]) for magic in (b"IIRO", b"IIRS", b"MMOR")),
    (0, b"IIU\0", _RAWS["Panasonic RW2"]),
    (0, b"FOVb", _RAWS["Sigma X3F"]),
    (0, b"\0MRM", _RAWS["Minolta MRW"]),
)
"""Where its bytes lie in a file of that kind."""

_STREAM = (188, 192)
"""Bytes of a packet of an MPEG transport stream (ISO/IEC 13818-1, 2.4.3.2), as recorded and with the time before it."""
_SYNC = b"G"
"""Byte that each packet begins with."""
_TGA_TYPES = (1, 2, 3, 9, 10, 11)
"""ImageType of a Truevision TGA, which has no other mark at its beginning (*TGA file format specification* 2.0, C.2.3) ..."""
_TGA_BITS = (8, 15, 16, 24, 32)
"""... and its bits per pixel."""

_LEAST_ASCII = 0.7
"""Share of a text in an old 8-bit encoding that is ASCII."""
_BLANKS = "\ufeff\t\r\n\x1b\x0c\xa0\xad"
"""Characters of texts that are not printed."""

_SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
"""Brands of ISO base media files that hold sounds alone."""
_PICTURE_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"miaf", b"jpeg")
"""Brands of ISO base media files that hold pictures: HEIF and AVIF. The others hold films."""


def kind_of(head: bytes) -> Kind | None:
    """What a file that begins with these bytes is; None for the kinds that are read, and for what nobody knows.

    A TIFF inside which a camera raw lies begins as any other, see :func:`raw_tiff`.
    """
    if head[4:8] == b"ftyp":
        brands = {head[at : at + 4] for at in range(8, min(len(head), max(int.from_bytes(head[:4], "big"), 12)), 4)}
        if b"crx " in brands:
            return _RAWS["Canon CR3"]
        if head[8:12] in _SOUND_BRANDS:
            return _SOUND
        return None if brands.intersection(_PICTURE_BRANDS) or len(head) < 24 else _VIDEO
    for at, magic, kind in _TABLE:
        if head[at : at + len(magic)] == magic:
            return kind
    starts = [(size - _STREAM[0], 2 * size - _STREAM[0]) for size in _STREAM]
    if any(head[one : one + 1] == head[other : other + 1] == _SYNC for one, other in starts):
        return _VIDEO
    return _written(head) or _of_jpeg(head) or (Kind(say("a TGA picture"), _EXPORT) if _like_tga(head) else None)


def _written(head: bytes) -> Kind | None:
    """What a text is, in any encoding; None for other files."""
    if len(head) >= HEAD_BYTES and not head.strip(b"\0"):
        return _ZEROS
    text = _text(head)
    if text is None:
        return None
    start = text.lstrip("\ufeff \t\r\n").lower()
    while start.startswith(("<?", "<!--")):  # what stands before a page
        _, closed, start = start.partition("?>" if start.startswith("<?") else "-->")
        start = start.lstrip()
        if not closed:
            break
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        return Kind(say("a web page"), _PAGE)
    if "<svg" in text.lower() and text.lstrip("\ufeff \t\r\n").startswith("<"):
        return Kind(say("an SVG drawing"), _EXPORT)
    if "<plist" in start and "<key>url</key>" in start:
        return _SHORTCUT
    return _TEXT


def _text(head: bytes) -> str | None:
    """The characters of a file's beginning; None where it holds others than those of texts."""
    wide = next(
        (name for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")) if head.startswith(mark)), None
    )
    for encoding in (wide,) if wide else ("utf-8", "latin-1"):
        # The last character may be cut in two.
        for end in range(len(head), max(len(head) - 4, 0), -1):
            try:
                text = head[:end].decode(encoding)
            except UnicodeDecodeError:
                continue
            if encoding == "latin-1" and sum(one.isascii() for one in text) < _LEAST_ASCII * len(text):
                return None
            return text if all(one.isprintable() or one in _BLANKS for one in text) else None
    return None


def _of_jpeg(head: bytes) -> Kind | None:
    """A JPEG of a kind that programs for photos do not write, where its first bytes say so (ITU-T T.81, B.1.1.3 and B.2.2)."""
    at = 2
    while head[:3] == b"\xff\xd8\xff" and at + 9 < len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xF7:
            return _JPEG_LS
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _DEEP_JPEG if head[at + 4] == 12 else None
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None


def _like_tga(head: bytes) -> bool:
    """Whether the first bytes are a TGA's header: a table of colours where its type needs one, a size, few bits."""
    if len(head) < 18 or head[2] not in _TGA_TYPES or head[1] != (head[2] in (1, 9)) or head[16] not in _TGA_BITS:
        return False
    width, height = (int.from_bytes(head[at : at + 2], "little") for at in (12, 14))
    return width > 0 and height > 0 and head[3:5] == b"\0\0" and (head[1] or head[5:8] == b"\0\0\0")


def not_a_photo(name: str, kind: Kind | None) -> HrnError:
    """The error about a file that cannot be read: what it is where that is known, and what to do."""
    if kind is None:
        return HrnError(ErrorCode.NOT_AN_IMAGE, say("{file} is not a picture in a format that can be read.", file=name))
    message = say("{file} is {kind}, not a photo that can be read.", file=name, kind=kind.name)
    return HrnError(ErrorCode.NOT_AN_IMAGE, message, hint=kind.hint or None)

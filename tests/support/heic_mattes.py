"""HEIC files with the mattes and the depth that phones store beside a portrait, which no encoder in reach can write.

pillow-heif writes the photo and the mattes as pictures of one file; what makes a picture an auxiliary one of another
(ISO/IEC 23008-12, 6.5.8; boxes: ISO/IEC 14496-12, 8.11) is added to the file's meta box here.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import numpy as np
import pillow_heif
from PIL import Image

APPLE_PERSON = "urn:com:apple:photo:2018:aux:portraiteffectsmatte"
APPLE_HAIR = "urn:com:apple:photo:2019:aux:semantichairmatte"
HEVC_DEPTH = "urn:mpeg:hevc:2015:auxid:2"
_DEPTH_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 6.0.0">
   <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about=""
            xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/"
            xmlns:depthData="http://ns.apple.com/depthData/1.0/">
         <apdi:IntMaxValue>255</apdi:IntMaxValue>
         <apdi:IntMinValue>0</apdi:IntMinValue>
         <apdi:StoredFormat>1278226488</apdi:StoredFormat>
         <apdi:NativeFormat>1751411059</apdi:NativeFormat>
         <apdi:FloatMinValue>{low}</apdi:FloatMinValue>
         <apdi:FloatMaxValue>{high}</apdi:FloatMaxValue>
         <apdi:AuxiliaryImageType>{kind}</apdi:AuxiliaryImageType>
         <depthData:DepthDataVersion>65541</depthData:DepthDataVersion>
         <depthData:Quality>high</depthData:Quality>
         <depthData:Accuracy>{accuracy}</depthData:Accuracy>
         <depthData:IntrinsicMatrixReferenceWidth>{width}</depthData:IntrinsicMatrixReferenceWidth>
         <depthData:IntrinsicMatrixReferenceHeight>{height}</depthData:IntrinsicMatrixReferenceHeight>
         <depthData:IntrinsicMatrix>
            <rdf:Seq>{matrix}</rdf:Seq>
         </depthData:IntrinsicMatrix>
      </rdf:Description>
   </rdf:RDF>
</x:xmpmeta>"""
"""What phones write beside a depth image, less what nobody reads here."""


def portrait_heic(photo: Image.Image, mattes: dict[str, Image.Image], orientation: int = 1, turned: bool = True) -> bytes:
    """A HEIC file of `photo` with auxiliary images.

    Args:
        photo: mode RGB, as the sensor lies.
        mattes: type of auxiliary image -> mode L, as the sensor lies.
        orientation: EXIF orientation of the photo, which the encoder also writes as a property.
        turned: whether the mattes have that property, too.
    """
    pictures = [photo.copy(), *(matte.copy() for matte in mattes.values())]
    for picture in pictures if turned else pictures[:1]:
        picture.getexif()[0x0112] = orientation
    out = io.BytesIO()
    pillow_heif.register_heif_opener()
    pictures[0].save(out, "HEIF", save_all=True, append_images=pictures[1:], quality=95)
    return _as_auxiliary(out.getvalue(), list(mattes))


def with_depth(
    photo: Image.Image,
    metres: np.ndarray,
    kind: str = "disparity",
    accuracy: str = "absolute",
    focal: float | None = None,
    reference: tuple[int, int] | None = None,
    orientation: int = 1,
    turned: bool = True,
) -> bytes:
    """A HEIC file of `photo` with a depth image.

    Args:
        photo: mode RGB, as the sensor lies. metres: (h, w) distances, as the sensor lies.
        kind: ``disparity`` or ``depth``. accuracy: ``absolute`` or ``relative``.
        focal: focal length in pixels of a picture of `reference` width and height; none is written without it.
    """
    levels, xmp = apple_packet(metres, photo.size, kind, accuracy, focal, reference)
    return portrait_heic(photo, {HEVC_DEPTH: levels}, orientation, turned) + _box(b"mdat", xmp.encode())


def apple_packet(
    metres: np.ndarray,
    size: tuple[int, int],
    kind: str = "disparity",
    accuracy: str = "absolute",
    focal: float | None = None,
    reference: tuple[int, int] | None = None,
) -> tuple[Image.Image, str]:
    """The levels of a depth image, and the packet that describes it: see :func:`with_depth`; `size`: of the photo."""
    value = 1 / metres if kind == "disparity" else metres
    low, high = float(value.min()) - 0.1, float(value.max()) + 0.1
    levels = Image.fromarray(np.uint8(np.round(255 * (value - low) / (high - low))))
    width, height = reference or size
    matrix = [] if focal is None else [focal, 0, 0, 0, focal, 0, width / 2, height / 2, 1]
    numbers = "".join(f"<rdf:li>{number}</rdf:li>" for number in matrix)
    xmp = _DEPTH_XMP.format(low=low, high=high, kind=kind, accuracy=accuracy, width=width, height=height, matrix=numbers)
    return levels, xmp


def _as_auxiliary(data: bytes, kinds: list[str]) -> bytes:
    """The file with its pictures but the first as auxiliary images of `kinds` of the first."""
    start, size = next((at, size) for at, size, kind in _boxes(data, 0, len(data)) if kind == b"meta")
    parts = {kind: data[at : at + length] for at, length, kind in _boxes(data, start + 12, start + size)}
    first = struct.unpack(">H", parts[b"pitm"][12:14])[0]
    items = [i for i in _coded_items(parts[b"iinf"]) if i != first][: len(kinds)]
    assert len(items) == len(kinds)
    references = parts.get(b"iref", _box(b"iref", bytes(4)))[8:]
    references += b"".join(_box(b"auxl", struct.pack(">3H", item, 1, first)) for item in items)
    parts[b"iref"] = _box(b"iref", references)
    parts[b"iprp"] = _with_kinds(parts[b"iprp"], dict(zip(items, kinds)))
    grown = 12 + sum(map(len, parts.values())) - size
    parts[b"iloc"] = _moved(parts[b"iloc"], grown)
    meta = _box(b"meta", data[start + 8 : start + 12] + b"".join(parts.values()))
    return data[:start] + meta + data[start + size :]


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """Start, length and type of the boxes between two places."""
    while at < end:
        size = struct.unpack(">I", data[at : at + 4])[0]
        yield at, size, data[at + 4 : at + 8]
        at += size


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _coded_items(iinf: bytes) -> list[int]:
    """Numbers of the items that are HEVC pictures."""
    assert iinf[8] == 0
    infos = [iinf[at : at + size] for at, size, _ in _boxes(iinf, 14, len(iinf))]
    return [struct.unpack(">H", info[12:14])[0] for info in infos if info[16:20] == b"hvc1"]


def _with_kinds(iprp: bytes, kinds: dict[int, str]) -> bytes:
    """The properties with one of type auxC for each item."""
    ipco, ipma = (iprp[at : at + size] for at, size, _ in _boxes(iprp, 8, len(iprp)))
    count = len(list(_boxes(ipco, 8, len(ipco))))
    ipco = _box(b"ipco", ipco[8:] + b"".join(_box(b"auxC", bytes(4) + kind.encode() + b"\0") for kind in kinds.values()))
    assert ipma[8] == 0 and not ipma[11] & 1, "short numbers of items and properties"
    at, entries = 16, []
    for _ in range(struct.unpack(">I", ipma[12:16])[0]):
        item, of = struct.unpack(">HB", ipma[at : at + 3])
        held = list(ipma[at + 3 : at + 3 + of])
        at += 3 + of
        if item in kinds:
            held.append(0x80 | count + 1 + list(kinds).index(item))
        entries.append(struct.pack(">HB", item, len(held)) + bytes(held))
    return _box(b"iprp", ipco + _box(b"ipma", ipma[8:16] + b"".join(entries)))


def _moved(iloc: bytes, by: int) -> bytes:
    """The items' places in the file, all of them `by` bytes further on."""
    version, sizes = iloc[8], iloc[12]
    assert version <= 1 and sizes == 0x44 and iloc[13] >> 4 in (0, 4), "numbers of 4 bytes"
    base = iloc[13] >> 4
    out, at = bytearray(iloc), 16
    for _ in range(struct.unpack(">H", iloc[14:16])[0]):
        in_file = version == 0 or struct.unpack(">H", iloc[at + 2 : at + 4])[0] & 15 == 0
        at += 4 if version == 0 else 6
        start = struct.unpack(">I", iloc[at : at + 4])[0] if base else 0
        if base and start and in_file:
            struct.pack_into(">I", out, at, start + by)
        at += base
        extents = struct.unpack(">H", iloc[at : at + 2])[0]
        at += 2
        for _ in range(extents):
            if in_file and not start:
                struct.pack_into(">I", out, at, struct.unpack(">I", iloc[at : at + 4])[0] + by)
            at += 8
    return bytes(out)

"""The depth map of a portrait as Android's phones store it in a JPEG.

Two ways, both with an XMP packet that says what the levels mean: *depthmap metadata* (GDepth), the map base64-coded in the packet
(https://developers.google.com/depthmap-metadata/reference), and *Dynamic Depth 1.0* (Android 10), the map appended to the file,
with a directory of what is appended (https://developer.android.com/training/camera2/Dynamic-depth-v1.0.pdf). Levels from 0 to 1
go from *near* to *far*, evenly in depth (RangeLinear) or in its inverse (RangeInverse).
"""

from __future__ import annotations

import base64
import io
from typing import Any
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from .exif import focal_from_calibration
from .jpeg_streams import appended_pictures, jpeg_end, xmp_packets

__all__ = ["GoogleDepth", "google_depth"]

_GDEPTH = "{http://ns.google.com/photos/1.0/depthmap/}"
"""Namespace of depthmap metadata."""
_DYNAMIC = "{http://ns.google.com/photos/dd/1.0/depthmap/}"
"""Namespace of Dynamic Depth's map."""
_MODEL = "{http://ns.google.com/photos/dd/1.0/imagingmodel/}"
"""Namespace of its calibration."""
_ITEMS = ("{http://ns.google.com/photos/dd/1.0/item/}", "{http://ns.google.com/photos/1.0/container/item/}")
"""Namespaces of an entry of the directory."""
_METRES = {"m": 1.0, "meter": 1.0, "meters": 1.0, "metres": 1.0, "mm": 1e-3, "millimeters": 1e-3}
"""Units in which depth has a scale. Where none is stated a lens was focused here and there, or two were compared: all that tells
is near from far."""
_WHITE = {"I": 65535.0, "I;16": 65535.0, "I;16B": 65535.0}
"""Largest level of pictures with more than 8 bits, by Pillow's mode."""


class GoogleDepth:
    """What a packet says, and the map that belongs to it."""

    def __init__(self, about: dict[str, str], names: str, map_bytes: bytes):
        self._about, self._names, self._map = about, names, map_bytes

    def number(self, name: str) -> float:
        """A number of the packet.

        Raises:
            ValueError: it is missing, or none.
        """
        text = self._about.get(self._names + name)
        if text is None:
            raise ValueError(f"a depth map without {name}")
        return float(text)

    def picture(self) -> Image.Image:
        """The map as a picture; its levels are not read yet."""
        return Image.open(io.BytesIO(self._map), formats=("JPEG", "PNG"))

    def size(self) -> tuple[float, float] | None:
        """(width, height) of the photo that the map was made for, where the packet says so."""
        sides = [float(self._about.get(f"{self._names}Image{side}", 0)) for side in ("Width", "Height")]
        return (sides[0], sides[1]) if min(sides) > 0 else None

    def metres(self, levels: Image.Image) -> np.ndarray | None:
        """(h, w) float32 m; None where the depth has no scale.

        Raises:
            ValueError: the packet lacks what is needed.
        """
        unit = _METRES.get(self._about.get(self._names + "Units", "").strip().lower())
        if unit is None:
            return None
        near, far = self.number("Near"), self.number("Far")
        if not far > near > 0:
            return None
        white = _WHITE.get(levels.mode, 255.0)
        share = np.asarray(levels if levels.mode in _WHITE else levels.convert("L"), np.float32) / np.float32(white)
        linear = self._about.get(self._names + "Format") == "RangeLinear"
        depth = near + share * (far - near) if linear else far * near / (far - share * (far - near))
        return (unit * depth).astype(np.float32)

    def focal(self, size: tuple[int, int]) -> float | None:
        """Focal length in long sides of a picture of that size; None where it was measured for another shape, or is missing."""
        x, *sides = (float(self._about.get(_MODEL + name, 0)) for name in ("FocalLengthX", "ImageWidth", "ImageHeight"))
        return focal_from_calibration(x, sides, size)


def google_depth(image: Image.Image, data: bytes) -> GoogleDepth | None:
    """The depth map of a JPEG; None without one.

    Args:
        image: the opened file. data: its bytes.

    Raises:
        ValueError: there is one, which is damaged.
    """
    packets = xmp_packets(image)
    if not any(names[1:-1].encode() in packet for packet in packets for names in (_GDEPTH, _DYNAMIC)):
        return None
    about: dict[str, str] = {}
    items: list[dict[str, str]] = []
    for packet in packets:
        try:
            root = ElementTree.fromstring(_document(packet))
        except ElementTree.ParseError as error:
            raise ValueError(str(error)) from error
        for node in root.iter():
            about |= {key: value for key, value in node.attrib.items() if key not in about}
            if node.text and node.text.strip():
                about.setdefault(node.tag, node.text.strip())
            if item := _item(node):
                items.append(item)
    if _GDEPTH + "Data" in about:
        return GoogleDepth(about, _GDEPTH, base64.b64decode(about[_GDEPTH + "Data"]))
    if _DYNAMIC + "Near" in about:
        return GoogleDepth(about, _DYNAMIC, _appended(data, items, about.get(_DYNAMIC + "DepthURI")))
    return None


def _document(packet: bytes) -> bytes:
    """The packet without what stands around its root element."""
    start, end = packet.find(b"<x:xmpmeta"), packet.rfind(b"</x:xmpmeta>")
    return packet[start : end + len(b"</x:xmpmeta>")] if 0 <= start < end else packet.strip(b"\0 \n")


def _item(node: Any) -> dict[str, str] | None:
    """An entry of the directory, as attributes or as elements: local name -> text; None for all else."""
    stated = [*node.attrib.items(), *((child.tag, (child.text or "").strip()) for child in node)]
    found = {key[len(names) :]: value for key, value in stated for names in _ITEMS if key.startswith(names)}
    return found if "Mime" in found else None


def _appended(data: bytes, items: list[dict[str, str]], name: str | None) -> bytes:
    """The bytes of the map behind the photo: as the directory says, else, where it lies, its picture of that number.

    Raises:
        ValueError: the directory names no map, or the file has none there.
    """
    behind = items[1:]
    wanted = [i for i, item in enumerate(behind) if item.get("DataURI") == name and name] or [
        i for i, item in enumerate(behind) if "depth" in f"{item.get('Semantic', '')} {item.get('DataURI', '')}".lower()
    ]
    if not wanted:
        raise ValueError("the depth map is not in the file's directory")
    sizes = [int(item.get("Length") or 0) for item in behind]
    start = jpeg_end(data) + int(items[0].get("Padding") or 0) + sum(sizes[: wanted[0]])
    stated = data[start : start + sizes[wanted[0]]]
    if stated.startswith((b"\xff\xd8\xff", b"\x89PNG")):
        return stated
    pictures = list(appended_pictures(data))
    if wanted[0] >= len(pictures):
        raise ValueError("the depth map is missing behind the photo")
    return pictures[wanted[0]]

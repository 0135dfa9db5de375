"""The depth that phones store beside a portrait in a HEIC file, and the calibration of the camera that saw it.

Apple's phones write an auxiliary image of type *depth* (ISO/IEC 23008-12, 6.5.8), 8 bits per pixel, and beside it an XMP packet
(ISO 16684-1) in namespaces of their own that says what its levels mean: disparity in 1/m or depth in m, and whether that is
*absolute*, which two lenses side by side seldom claim and a front camera with a projector does (AVDepthData, *accuracy*). It also
holds the intrinsic matrix, by columns, for a picture of a reference size, as the sensor lies.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from .mattes import UNREADABLE, upright_like
from .weights import WEIGHTS

__all__ = ["PhoneDepth", "read_depth"]

_log = logging.getLogger(__name__)

_PIXELS = "{http://ns.apple.com/pixeldatainfo/1.0/}"
"""Namespace of what the levels of an auxiliary image mean."""
_DEPTH = "{http://ns.apple.com/depthData/1.0/}"
"""Namespace of where a depth image comes from."""
_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
"""One number of a list."""
_BEGIN = b"<x:xmpmeta"
"""What an XMP packet begins with; items of a HEIC hold it as it is."""
_END = b"</x:xmpmeta>"
"""What it ends with."""
_MOST_BYTES = 1 << 17
"""A longer packet is not read: phones write some 5,000 bytes."""
_MOST_PACKETS = 64
"""Most packets that are looked at."""
_MOST_PIXELS = 1 << 24
"""A larger depth image is not read: phones write less than a megapixel."""


class PhoneDepth(NamedTuple):
    """What a phone measured beside a photo; each None where the file does not say."""

    mm: np.ndarray | None = None
    """(h, w) float32 over the whole upright photo, at a size of its own: distance to what is seen, along the axis; only where the
    phone calls it absolute. Not a number where it saw none."""
    focal: float | None = None
    """Focal length of the camera, in long sides of the photo."""


def read_depth(image: Image.Image, data: bytes | memoryview) -> PhoneDepth:
    """The depth beside a photo; nothing where there is none, or what there is cannot be read: it must not cost the photo.

    Args:
        image: the opened file. data: its bytes.
    """
    pictures = image.info.get("depth_images") if image.format == "HEIF" else None
    if not pictures:
        return PhoneDepth()
    try:
        about = next(_described(bytes(data)), None)
        if about is None:
            return PhoneDepth()
        return PhoneDepth(_depth_mm(about, pictures[0], image), _focal(about, image.size))
    except UNREADABLE as error:
        _log.warning("the depth beside the photo cannot be read: %s", error)
        return PhoneDepth()


def _described(data: bytes) -> Iterator[dict[str, str | list[float]]]:
    """The packets that describe a depth image: name -> text, or numbers of a list."""
    end = 0
    for _ in range(_MOST_PACKETS):
        start = data.find(_BEGIN, end)
        end = data.find(_END, start)
        if start < 0 or end < 0:
            return
        packet = data[start : end + len(_END)]
        if len(packet) > _MOST_BYTES or _DEPTH[1:-1].encode() not in packet:
            continue
        try:
            root = ElementTree.fromstring(packet)
        except ElementTree.ParseError:
            continue
        found: dict[str, str | list[float]] = {}
        for node in root.iter():
            found.update(node.attrib)
            numbers = [float(item.text or "nan") for item in node.iter(_ITEM)]
            found[node.tag] = numbers or (node.text or "").strip()
        if _DEPTH + "Accuracy" in found or _DEPTH + "IntrinsicMatrix" in found:
            yield found


def _depth_mm(about: dict, picture, image: Image.Image) -> np.ndarray | None:
    """(h, w) float32 mm; None where the phone does not call its depth absolute, or of another kind or shape."""
    kind = about.get(_PIXELS + "AuxiliaryImageType")
    if about.get(_DEPTH + "Accuracy") != "absolute" or kind not in ("disparity", "depth") or picture.mode != "L":
        return None
    if picture.size[0] * picture.size[1] > _MOST_PIXELS:
        raise ValueError(f"{picture.size[0]} x {picture.size[1]} pixels")
    levels = upright_like(picture.to_pillow(), image.size, image.info.get("original_orientation"))
    low, high = (_number(about, f"Float{end}Value") for end in ("Min", "Max"))
    first, last = (_number(about, f"Int{end}Value", default) for end, default in (("Min", 0.0), ("Max", 255.0)))
    if levels is None or not high > low >= 0 or not last > first:
        return None
    value = low + (np.asarray(levels, np.float32) - first) / (last - first) * (high - low)
    with np.errstate(divide="ignore"):
        metres = 1 / value if kind == "disparity" else value
    nearest, farthest = WEIGHTS.depth.range_m
    return np.where((metres >= nearest) & (metres <= farthest), metres, np.nan).astype(np.float32) * np.float32(1000)


def _number(about: dict, name: str, default: float = math.nan) -> float:
    return float(about.get(_PIXELS + name, default))


def _focal(about: dict, size: tuple[int, int]) -> float | None:
    """Focal length in long sides; None where it was measured for a picture of another shape, or is impossible."""
    matrix = about.get(_DEPTH + "IntrinsicMatrix")
    seen = [float(about.get(_DEPTH + f"IntrinsicMatrixReference{side}", math.nan)) for side in ("Width", "Height")]
    if not isinstance(matrix, list) or len(matrix) != 9 or not min(seen) > 0:
        return None
    ratio = max(seen) / min(seen) / (max(size) / min(size))
    focal = matrix[0] / max(seen)
    w = WEIGHTS.focal
    return focal if abs(ratio - 1) < w.cropped and w.least <= focal <= w.most else None

"""What Apple's phones say about a depth image: what its levels mean, and the calibration of the camera that saw it.

An XMP packet (ISO 16684-1) in namespaces of their own stands beside a depth image: its levels are disparity in 1/m or depth in
m, and *absolute* or not, which two lenses side by side seldom claim and a front camera with a projector does (AVDepthData,
*accuracy*). It also holds the intrinsic matrix, by columns, for a picture of a reference size, as the sensor lies.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np

from .exif import focal_from_calibration

__all__ = ["calibrated_focal", "described", "is_described", "metres"]

_PIXELS = "{http://ns.apple.com/pixeldatainfo/1.0/}"
"""Namespace of what the levels of an auxiliary image mean."""
_DEPTH = "{http://ns.apple.com/depthData/1.0/}"
"""Namespace of where a depth image comes from."""
_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
"""One number of a list."""
_BEGIN = b"<x:xmpmeta"
"""What an XMP packet begins with; items of a HEIC and segments of a JPEG hold it as it is."""
_END = b"</x:xmpmeta>"
"""What it ends with."""
_MOST_BYTES = 1 << 17
"""A longer packet is not read: phones write some 5,000 bytes."""
_MOST_PACKETS = 64
"""Most packets that are looked at."""


def is_described(data: bytes) -> bool:
    """Whether there may be such a packet in a file."""
    return _DEPTH[1:-1].encode() in data


def described(data: bytes) -> Iterator[dict[str, str | list[float]]]:
    """The packets that describe a depth image: name -> text, or numbers of a list."""
    end = 0
    for _ in range(_MOST_PACKETS):
        start = data.find(_BEGIN, end)
        end = data.find(_END, start)
        if start < 0 or end < 0:
            return
        packet = data[start : end + len(_END)]
        if len(packet) > _MOST_BYTES or not is_described(packet):
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


def metres(about: dict, levels: np.ndarray) -> np.ndarray | None:
    """(h, w) float32 m of (h, w) levels; None where the phone does not call its depth absolute, or it is of another kind."""
    kind = about.get(_PIXELS + "AuxiliaryImageType")
    if about.get(_DEPTH + "Accuracy") != "absolute" or kind not in ("disparity", "depth"):
        return None
    low, high = (_number(about, f"Float{end}Value") for end in ("Min", "Max"))
    first, last = (_number(about, f"Int{end}Value", default) for end, default in (("Min", 0.0), ("Max", 255.0)))
    if not high > low >= 0 or not last > first:
        return None
    value = low + (np.asarray(levels, np.float32) - first) / (last - first) * (high - low)
    with np.errstate(divide="ignore"):
        return 1 / value if kind == "disparity" else value


def _number(about: dict, name: str, default: float = math.nan) -> float:
    return float(about.get(_PIXELS + name, default))


def calibrated_focal(about: dict, size: tuple[int, int]) -> float | None:
    """Focal length in long sides of a picture of that size; None where it was measured for one of another shape, or cannot be."""
    matrix = about.get(_DEPTH + "IntrinsicMatrix")
    seen = [float(about.get(_DEPTH + f"IntrinsicMatrixReference{side}", math.nan)) for side in ("Width", "Height")]
    if not isinstance(matrix, list) or len(matrix) != 9:
        return None
    return focal_from_calibration(matrix[0], seen, size)

"""Colors of a file that states them by numbers instead of a profile: HEIC and AVIF in their ``colr`` box, PNG in its ``cICP`` chunk.

Sources: ITU-T H.273 (2021), tables 2 and 3, for the numbers; ITU-R BT.2100-2, tables 4 and 5, for PQ and HLG; BT.2408-7 for the
light of white in them. Cameras' HDR pictures (``.HIF``) are in PQ or HLG; read as sRGB they are grey and flat.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..wire.color import linear_to_srgb, srgb_to_linear

__all__ = ["CodePoints", "apply_code_points", "code_points"]

_TO_SRGB = {
    9: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),
    12: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0196, -0.0786, 1.0979)),
}
"""(3, 3) to linear sRGB from linear BT.2020 (9) and Display P3 (12), all of them for D65; other primaries are taken for sRGB's."""
_GAMMA = {4: 2.2, 5: 2.8, 8: 1.0}
"""Powers that are stated by a number; those of video (1, 6, 14, 15) are written by programs that mean sRGB's."""
_PQ = 16
"""Number of PQ ..."""
_HLG = 18
"""... and of HLG."""
_PQ_NUMBERS = (2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32)
"""m1, m2, c1, c2, c3 of PQ."""
_PQ_WHITE = 203 / 10000
"""Light of white paper over the most that PQ holds."""
_HLG_NUMBERS = (0.17883277, 0.28466892, 0.55991073)
"""a, b, c of HLG."""
_HLG_WHITE = 0.203
"""The same over the most that HLG holds, on a display of 1000 cd/m² ..."""
_HLG_SYSTEM = 1.2
"""... whose light is this power of the scene's."""
_ROWS = 256
"""Rows that are converted at a time."""


class CodePoints(NamedTuple):
    """Numbers of H.273."""

    primaries: int
    transfer: int

    @property
    def srgb(self) -> bool:
        """Whether they change nothing."""
        return self.primaries not in _TO_SRGB and self.transfer not in (*_GAMMA, _PQ, _HLG)


def code_points(data: bytes | memoryview, kind: str | None) -> CodePoints | None:
    """What a file states; None where it states nothing or sRGB.

    Args:
        data: the file. kind: Pillow's name of its format.
    """
    found = None
    data = bytes(data[: 1 << 16])  # what is said about a picture stands before it
    if kind in ("HEIF", "AVIF"):
        place = data.find(b"colrnclx")
        if 0 <= place <= len(data) - 12:
            found = CodePoints(*struct.unpack_from(">2H", data, place + 8))
    elif kind == "PNG":
        place, end = data.find(b"\0\0\0\4cICP"), data.find(b"IDAT")
        if 0 <= place < end:
            found = CodePoints(*data[place + 8 : place + 10])
    return None if found is None or found.srgb else found


def apply_code_points(image: Image.Image, stated: CodePoints) -> Image.Image:
    """A picture of mode RGB in sRGB; what is brighter than white paper is white."""
    pixels = np.asarray(image)
    light = _light(np.arange(256) / 255, stated.transfer).astype(np.float32)
    matrix = np.float32(_TO_SRGB.get(stated.primaries, np.eye(3)))
    out = np.empty_like(pixels)
    for start in range(0, len(pixels), _ROWS):
        linear = np.clip(light[pixels[start : start + _ROWS]] @ matrix.T, 0, 1)
        out[start : start + _ROWS] = linear_to_srgb(linear) * 255 + 0.5
    return Image.fromarray(out)


def _light(level: np.ndarray, transfer: int) -> np.ndarray:
    """Linear light over white's of levels in [0, 1]."""
    if transfer == _PQ:
        m1, m2, c1, c2, c3 = _PQ_NUMBERS
        root = level ** (1 / m2)
        return (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) / _PQ_WHITE
    if transfer == _HLG:
        a, b, c = _HLG_NUMBERS
        scene = np.where(level <= 0.5, level**2 / 3, (np.exp((level - c) / a) + b) / 12)
        return scene**_HLG_SYSTEM / _HLG_WHITE
    if transfer in _GAMMA:
        return level ** _GAMMA[transfer]
    return srgb_to_linear(level)

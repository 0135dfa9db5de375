"""One-channel OpenEXR files, as bundles hold their displacement."""

from __future__ import annotations

import struct
import zlib

import numpy as np

__all__ = ["exr_bytes"]

_BLOCK = 16
"""Lines that ZIP compression takes together."""


def exr_bytes(values: np.ndarray) -> bytes:
    """(H, W) float32, top row first, as a scan-line file with the channel Y, compressed by ZIP.

    See "OpenEXR File Layout": magic number and version, attributes, offsets of the blocks, blocks.
    """
    height, width = values.shape

    def attribute(name: str, kind: str, value: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value

    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    header = (
        struct.pack("<2i", 20000630, 2)
        + attribute("channels", "chlist", b"Y\0" + struct.pack("<iB3xii", 2, 0, 1, 1) + b"\0")
        + attribute("compression", "compression", b"\3")
        + attribute("dataWindow", "box2i", window)
        + attribute("displayWindow", "box2i", window)
        + attribute("lineOrder", "lineOrder", b"\0")
        + attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
        + attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0))
        + attribute("screenWindowWidth", "float", struct.pack("<f", 1))
        + b"\0"
    )
    blocks = []
    for first in range(0, height, _BLOCK):
        data = _zipped(values[first : first + _BLOCK].astype("<f4").tobytes())
        blocks.append(struct.pack("<2i", first, len(data)) + data)
    offsets = len(header) + 8 * len(blocks) + np.cumsum([0, *map(len, blocks[:-1])])
    return header + offsets.astype("<u8").tobytes() + b"".join(blocks)


def _zipped(raw: bytes) -> bytes:
    """A block with its even bytes before the odd ones, as differences of neighbours, deflated; as it is where that is shorter."""
    apart = np.frombuffer(raw, np.uint8)
    apart = np.concatenate([apart[0::2], apart[1::2]])
    steps = apart.copy()
    steps[1:] = apart[1:] - apart[:-1] + np.uint8(128)
    found = zlib.compress(steps.tobytes(), 4)
    return found if len(found) < len(raw) else raw

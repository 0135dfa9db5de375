"""Pictures made of arrays, stored in the .blend file as the PNG bytes that are exported later."""

from __future__ import annotations

import struct
import zlib

import bpy
import numpy as np

from ..ledger import Ledger

__all__ = ["packed_image", "png_bytes"]

_TYPES = {1: 0, 3: 2, 4: 6}
"""PNG's colour type by number of channels."""


def png_bytes(pixels: np.ndarray) -> bytes:
    """(H, W) or (H, W, 3 or 4) uint8 or uint16, top row first, as a PNG file."""
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder(">")).view(np.uint8).reshape(height, -1)
    # Each row as the difference to the one above (filter 2): strands run downwards.
    lines = np.full((height, rows.shape[1] + 1), 2, np.uint8)
    lines[:, 1:] = np.diff(rows, axis=0, prepend=np.zeros_like(rows[:1]))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    color = _TYPES[1 if pixels.ndim == 2 else pixels.shape[2]]
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.dtype.itemsize, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines.tobytes(), 1)) + chunk(b"IEND", b"")
    )


def packed_image(name: str, pixels: np.ndarray, color_space: str, ledger: Ledger) -> bpy.types.Image:
    """A new image with `pixels` (see :func:`png_bytes`) packed into the .blend file.

    Args:
        color_space: ``sRGB`` or ``Non-Color``.
    """
    data = png_bytes(pixels)
    image = ledger.add(
        bpy.data.images.new(name, pixels.shape[1], pixels.shape[0], alpha=pixels.ndim == 3 and pixels.shape[2] == 4)
    )
    image.file_format = "PNG"
    image.filepath_raw = f"//{name}.png"
    image.source = "FILE"
    image.pack(data=data, data_len=len(data))
    image.colorspace_settings.name = color_space
    return image

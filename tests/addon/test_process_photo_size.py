"""Sizes of photos from their first bytes."""

from __future__ import annotations

import struct

import pytest

from hrn_blender.photo_size import photo_size

JPEG = (b"\xff\xd8" + b"\xff\xe1" + struct.pack(">H", 10) + b"Exif\0\0\0\0" + b"\xff\xc4" + struct.pack(">H", 4) + b"\0\0"
        + b"\xff\xff\xc2" + struct.pack(">HBHH", 17, 8, 3000, 4000) + b"\0" * 12)
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 4000, 3000)
VP8X = b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + (3999).to_bytes(3, "little") + (2999).to_bytes(3, "little")
VP8L = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + (3999 | 2999 << 14).to_bytes(4, "little")
VP8 = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0" + b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 4000, 3000)
TIFF = (b"II*\0" + struct.pack("<IH", 8, 2) + struct.pack("<HHIHH", 256, 3, 1, 4000, 0)
        + struct.pack("<HHII", 257, 4, 1, 3000))
TIFF_BIG = (b"MM\0*" + struct.pack(">IH", 8, 2) + struct.pack(">HHIHH", 256, 3, 1, 4000, 0)
            + struct.pack(">HHII", 257, 4, 1, 3000))
HEIC = (b"\0\0\0\x18ftypheic" + b"..ispe\0\0\0\0" + struct.pack(">II", 512, 512) + b"..ispe\0\0\0\0"
        + struct.pack(">II", 4000, 3000))


@pytest.mark.parametrize("data", [JPEG, PNG, VP8X, VP8L, VP8, TIFF, TIFF_BIG, HEIC])
def test_size_is_read(tmp_path, data):
    path = tmp_path / "photo"
    path.write_bytes(data)
    assert photo_size(path) == (4000, 3000)


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8", b"\xff\xd8\xff\xe1", PNG[:18], TIFF[:12], JPEG[:20]])
def test_what_cannot_be_read_is_none(tmp_path, data):
    path = tmp_path / "photo"
    path.write_bytes(data)
    assert photo_size(path) is None
    assert photo_size(tmp_path / "missing") is None

"""Maps as files. Encoded in memory and written by Python, so that a full disk is told from other failures."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import cv2
import numpy as np

__all__ = ["write_exr", "write_jpeg", "write_png"]


def write_png(path: Path, image: np.ndarray) -> None:
    """(H, W) or (H, W, 3) RGB, uint8 or uint16.

    Run-length matching with the two cheap filters: a 2048 albedo takes 0.25 s instead of the default's 0.5 s and is
    not larger.
    """
    _encode(
        path,
        image,
        [
            cv2.IMWRITE_PNG_COMPRESSION,
            1,
            cv2.IMWRITE_PNG_STRATEGY,
            cv2.IMWRITE_PNG_STRATEGY_RLE,
            cv2.IMWRITE_PNG_FILTER,
            cv2.IMWRITE_PNG_FAST_FILTERS,
        ],
    )


def write_jpeg(path: Path, image: np.ndarray, quality: int = 93) -> None:
    """(H, W, 3) uint8 RGB, without chroma subsampling."""
    _encode(
        path, image, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    )


def _encode(path: Path, image: np.ndarray, options: list[int]) -> None:
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(path.suffix, image, options)
    if not done:
        raise ValueError(f"{path.name} cannot be encoded from {image.dtype} {image.shape}")
    path.write_bytes(data.tobytes())


def write_exr(path: Path, image: np.ndarray) -> None:
    """(H, W) as channel Y, or (H, W, 3) as R, G, B; float32, ZIP compression.

    Raises:
        OSError: the disk is full or cannot be written. The library names neither reason, so the file's folder is
            asked, and it overlooks a failure of its last few kilobytes, so the file is checked.
    """
    import OpenEXR

    image = np.ascontiguousarray(image, np.float32)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    try:
        OpenEXR.File(header, {"Y" if image.ndim == 2 else "RGB": image}).write(os.fspath(path))
        if not _is_whole_exr(path, blocks=-(-image.shape[0] // 16)):
            raise RuntimeError("the file was not written to its end")
    except RuntimeError as error:
        full = shutil.disk_usage(path.parent).free < image.nbytes
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error), os.fspath(path)) from error


def _is_whole_exr(path: Path, blocks: int) -> bool:
    """Whether the table of a scan line file's blocks (16 lines each with ZIP) is written and its last block ends where
    the file does. See "OpenEXR File Layout": magic and version, attributes, a zero byte, one uint64 offset per block;
    a block is its first line and its size (int32 each) and the data."""
    with open(path, "rb") as stream:
        start = stream.read(1 << 16)
        position = 8
        while start[position : position + 1] not in (b"\0", b""):
            kind = start.find(b"\0", position) + 1
            size = start.find(b"\0", kind) + 1
            if not kind or not size:
                return False
            position = size + 4 + int.from_bytes(start[size : size + 4], "little")
        table = np.frombuffer(start[position + 1 : position + 1 + 8 * blocks].ljust(8 * blocks, b"\0"), "<u8")
        if not table.all():
            return False
        last = int(table.max())
        stream.seek(last + 4)
        end = last + 8 + int.from_bytes(stream.read(4), "little")
        return stream.seek(0, os.SEEK_END) == end

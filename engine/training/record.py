"""Keeps the course of a training: tables (CSV), and TensorBoard's event files without its package.

An event file is a row of records: length, checksum, message, checksum. The messages are protocol buffers of four fields
(``tensorflow/core/util/event.proto`` and ``framework/summary.proto``, Apache-2.0), written here by hand.
"""

from __future__ import annotations

import csv
import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path

__all__ = ["EventFile", "Table", "checksum"]


class Table:
    """A CSV file that goes on after an interruption.

    Args:
        path: the file.
        columns: its header; the first is the iteration.
        upto: rows of later iterations, which were lost with an interruption, are removed.
    """

    def __init__(self, path: Path, columns: tuple[str, ...], upto: int):
        kept = []
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                kept = [row for row in csv.reader(file) if row and row[0].isdigit() and int(row[0]) <= upto]
        self._columns = columns
        self._file = path.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)
        self._writer.writerow(columns)
        self._writer.writerows(kept)
        self._file.flush()

    def add(self, values: Mapping[str, float | int]) -> None:
        self._writer.writerow(
            [value if isinstance(value := values.get(name, ""), (int, str)) else f"{value:.6g}" for name in self._columns]
        )
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class EventFile:
    """Scalars and pictures for ``tensorboard --logdir FOLDER``; a new file for each start, as TensorBoard expects."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        now = time.time()
        self._file = (folder / f"events.out.tfevents.{now:.6f}.{os.getpid()}").open("wb")
        self._write(_number64(1, now) + _bytes(3, b"brain.Event:2"))

    def scalar(self, name: str, value: float, iteration: int) -> None:
        self._summary(_bytes(1, name.encode()) + _varint(2 << 3 | 5) + struct.pack("<f", value), iteration)

    def picture(self, name: str, png: bytes, width: int, height: int, iteration: int) -> None:
        """An encoded RGB picture."""
        image = _integer(1, height) + _integer(2, width) + _integer(3, 3) + _bytes(4, png)
        self._summary(_bytes(1, name.encode()) + _bytes(4, image), iteration)

    def close(self) -> None:
        self._file.close()

    def _summary(self, value: bytes, iteration: int) -> None:
        self._write(_number64(1, time.time()) + _integer(2, iteration) + _bytes(5, _bytes(1, value)))

    def _write(self, message: bytes) -> None:
        length = struct.pack("<Q", len(message))
        self._file.write(length + checksum(length) + message + checksum(message))
        self._file.flush()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _number64(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC32C = _crc_table()
"""Checksums of single bytes (Castagnoli's polynomial)."""


def checksum(data: bytes) -> bytes:
    """CRC-32C, masked as in record files."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC32C[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)

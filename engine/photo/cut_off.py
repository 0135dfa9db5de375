"""A JPEG that ends too early: what was sent of it is a picture all the same, as every viewer shows it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

__all__ = ["goes_on_with_nothing", "load_cut_off"]

_END = b"\xff\xd9"
"""The marker with which a JPEG ends."""
_BLOCK = 16
"""Height of a row of blocks, pixels: the one in which the data end is only half there."""
_NONSENSE = bytes(np.random.default_rng(0).integers(0, 255, 1 << 16, np.uint8))  # without 255, which begins a marker
"""Data that continue no picture."""


_LEAST_ZEROS = 512
"""Bytes of zeros, a sector of a card, at the end of a file from which on they cannot be data of the picture."""


def goes_on_with_nothing(data: memoryview) -> bool:
    """Whether a JPEG ends in zeros before its end: a copy that broke off in a file that was made as long as the whole."""
    if bytes(data[-_LEAST_ZEROS:]) != b"\0" * _LEAST_ZEROS:
        return False
    return not bytes(data).rstrip(b"\0").endswith(_END)


def load_cut_off(stream: io.BytesIO, size: tuple[int, int] | None) -> tuple[Image.Image, int]:
    """The picture of a JPEG whose data end too early, and how many of its rows were decoded.

    Where the data of a baseline JPEG end tells a second decoding with nonsense behind them: from there on the pictures differ. A
    progressive one sends all of the picture several times, finer each time: only what not even the first time held is missing, and
    there the decoder repeats one colour down to the last row.

    Args:
        stream: the file.
        size: what the decoder may reduce it to, as of :meth:`PIL.Image.Image.draft`; None keeps it whole.

    Raises:
        OSError: nothing can be decoded.
    """
    data = stream.getvalue()
    data = data.rstrip(b"\0") if goes_on_with_nothing(memoryview(data)) else data
    data = data.rstrip(b"\xff")  # the first half of a marker
    image = _load(data + _END, size)
    rows = _rows(image)
    if image.info.get("progressive"):
        other = (rows != rows[-1, -1]).any((1, 2))
    else:
        same = (rows == _rows(_load(data + _NONSENSE + _END, size))).all((1, 2))
        other = np.logical_and.accumulate(same)
    count = len(rows) - int(np.argmax(other[::-1])) if other.any() else 0
    return image, count if len(rows) - count < 2 else count // _BLOCK * _BLOCK


def _load(data: bytes, size: tuple[int, int] | None) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    if size is not None:
        image.draft(None, size)
    image.load()
    return image


def _rows(image: Image.Image) -> np.ndarray:
    """(H, W, channels) of any mode."""
    pixels = np.asarray(image)
    return pixels.reshape(*pixels.shape[:2], -1)

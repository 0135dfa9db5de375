"""Mask networks that were published as TensorFlow graphs, from their users' ONNX conversions, run by OpenCV's dnn.

HRN's and ModelScope's ``segment_face`` and ModelScope's ``Matting_headparser_6_18``: one RGB picture of 0..255 in, one mask
of 0..255 out. What a conversion makes of the layout (batch or none, channels first or last, bytes or floats, any size or a
fixed one) is read from the file. ONNX files hold no program; a broken one is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import Message, reason, say

__all__ = ["MaskNetwork", "read_mask_network"]

_TYPES = {1: np.float32, 2: np.uint8, 6: np.int32, 7: np.int64, 11: np.float64}
"""ONNX's numbers of element types."""
_LARGEST = 1 << 30
"""A larger file is refused, bytes."""
_CHANNELS = 4
"""An axis of the answer that is not longer than this holds channels."""


class _Port(NamedTuple):
    """An input or output as the file declares it."""

    name: str
    element: int
    shape: tuple[int, ...]
    """0 where any size will do."""


class MaskNetwork:
    """Call it with (H, W, 3) uint8 RGB for (H, W) float32 in 0..1. Keep to one thread at a time."""

    def __init__(self, path: Path, data: bytes, source: _Port):
        self.name = path.name
        self._path, self._type = path, _TYPES[source.element]
        self._batch = len(source.shape) == 4
        place = source.shape[1:] if self._batch else source.shape
        self._first = place[0] == 3 and place[2] != 3
        self._size = place[1:] if self._first else place[:2]
        try:
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
        except cv2.error as error:
            raise _unusable(path, say("OpenCV cannot read it as a network"), error) from error

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """
        Raises:
            HrnError: CHECKPOINT_INVALID when the network cannot be run or does not answer with a mask.
        """
        height, width = (fixed or own for fixed, own in zip(self._size, picture.shape))
        shown = picture if (height, width) == picture.shape[:2] else cv2.resize(picture, (width, height))
        shown = np.ascontiguousarray(shown.transpose(2, 0, 1) if self._first else shown).astype(self._type)
        try:
            self._net.setInput(shown[None] if self._batch else shown)
            answer = np.asarray(self._net.forward())
        except cv2.error as error:
            raise _unusable(self._path, say("OpenCV cannot run it"), error) from error
        mask = _first_channel(answer.squeeze())
        if mask.ndim != 2 or min(mask.shape) < 2 or not np.isfinite(mask).all():
            raise _unusable(
                self._path, say("it answers with {shape} numbers instead of a mask", shape=" × ".join(map(str, answer.shape)))
            )
        mask = np.clip(mask.astype(np.float32) / 255, 0, 1)
        return mask if mask.shape == picture.shape[:2] else cv2.resize(mask, picture.shape[1::-1])


def read_mask_network(path: Path | str) -> MaskNetwork:
    """A network that has been tried on a grey picture.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise _unusable(path, say("it is larger than 1 GB"))
        data = path.read_bytes()
    except OSError as error:
        raise HrnError(
            ErrorCode.MODEL_MISSING, say("{path} cannot be read: {reason}.", path=path, reason=reason(error))
        ) from error
    try:
        inputs, outputs = _ports(memoryview(data))
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise _unusable(path, say("it is damaged or not an ONNX file"), error) from error
    if len(inputs) != 1:
        raise _unusable(path, say("it has {count} inputs instead of one", count=len(inputs)))
    if len(outputs) != 1:
        raise _unusable(path, say("it has {count} outputs instead of one", count=len(outputs)))
    source = inputs[0]
    if source.element not in _TYPES or len(source.shape) not in (3, 4) or 3 not in (*source.shape[-1:], source.shape[-3]):
        raise _unusable(path, say("its input is not one picture with three channels"))
    network = MaskNetwork(path, data, source)
    network(np.full((224, 224, 3), 128, np.uint8))
    return network


def _first_channel(answer: np.ndarray) -> np.ndarray:
    if answer.ndim == 3:
        return answer[..., 0] if answer.shape[-1] <= _CHANNELS else answer[0] if len(answer) <= _CHANNELS else answer
    return answer


def _unusable(path: Path, fault: Message, error: Exception | None = None) -> HrnError:
    return HrnError(
        ErrorCode.CHECKPOINT_INVALID,
        say("The file {file} cannot be used: {fault}.", file=path.name, fault=fault),
        hint="Convert the official graph again as docs/develop/networks.md says, or remove the file.",
        details={"file": str(path), **({"reason": str(error)[:500]} if error else {})},
    )


# -- the few fields of an ONNX file (Protocol Buffers) that say what goes in and out --------------------------------


def _ports(model: memoryview) -> tuple[list[_Port], list[_Port]]:
    graph = next((content for number, content in _fields(model) if number == 7), None)
    if graph is None:
        raise ValueError("no graph")
    inputs, outputs, given = [], [], set()
    for number, content in _fields(graph):
        if number == 11:
            inputs.append(_port(content))
        elif number == 12:
            outputs.append(_port(content))
        elif number == 5:  # older files list their weights among the inputs, too
            given.add(_text(next((value for field, value in _fields(content) if field == 8), b"")))
    return [port for port in inputs if port.name not in given], outputs


def _port(message: memoryview) -> _Port:
    fields = dict(_fields(message))
    tensor = dict(_fields(dict(_fields(fields.get(2, b""))).get(1, b"")))
    sizes = [dict(_fields(size)).get(1, 0) for number, size in _fields(tensor.get(2, b"")) if number == 1]
    return _Port(_text(fields.get(1, b"")), tensor.get(1, 0), tuple(size if 0 < size < 1 << 16 else 0 for size in sizes))


def _text(value) -> str:
    return bytes(value).decode("utf-8")


def _fields(message) -> Iterator[tuple[int, int | memoryview]]:
    """Number and content of each field: an integer, or the bytes of a text, list or message."""
    if isinstance(message, int):
        raise ValueError("a number instead of a message")
    message, at = memoryview(message), 0
    while at < len(message):
        key, at = _integer(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _integer(message, at)
        elif kind in (1, 5):
            value, at = 0, at + (8 if kind == 1 else 4)
        elif kind == 2:
            length, at = _integer(message, at)
            value, at = message[at : at + length], at + length
        else:
            raise ValueError("a field of an unknown kind")
        if at > len(message):
            raise ValueError("it ends too early")
        yield key >> 3, value


def _integer(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("a number without end")

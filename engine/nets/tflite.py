"""A reader for the few parts of a TensorFlow Lite file that a plain convolutional network needs.

Format: FlatBuffers (https://flatbuffers.dev/internals) with the tables of TensorFlow Lite's ``schema.fbs``. Written
here so that parts of the landmark network can be run and trained further: OpenCV's own reader of these files gives the
last outputs only.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ..wire.errors import ErrorCode, HrnError

__all__ = ["Operator", "Network", "read_network"]

_OPERATORS = {
    0: "add",
    1: "mean",
    3: "conv",
    4: "depthwise",
    6: "dequantize",
    9: "dense",
    14: "logistic",
    17: "max_pool",
    18: "multiply",
    19: "relu",
    22: "reshape",
    23: "resize",
    25: "softmax",
    32: "deconv",
    34: "pad",
    54: "prelu",
    117: "hard_swish",
}
"""Names of the operators that the networks use, by TensorFlow Lite's numbers."""
_ACTIVATIONS = {0: "", 1: "relu", 3: "relu6"}
"""What an operator may do to its own answer, by TensorFlow Lite's numbers."""
_ACTIVATION_FIELD = {"conv": 3, "depthwise": 4, "add": 0, "multiply": 0}
"""Field of an operator's options that says which."""
_TYPES = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 9: np.int8}
"""NumPy's types by TensorFlow Lite's numbers of element types."""
_SAME = 0
"""TensorFlow Lite's number of the padding that keeps the size."""


@dataclass(frozen=True)
class Operator:
    """One node of the graph."""

    kind: str
    inputs: tuple[int, ...]
    """Tensor numbers; -1 where an optional input is absent."""
    outputs: tuple[int, ...]
    stride: int = 1
    same: bool = True
    """TensorFlow's SAME padding, else VALID."""
    window: int = 1
    """Side of the pooling window."""
    activation: str = ""
    """What is done to the answer: ``relu``, ``relu6`` or nothing."""


@dataclass(frozen=True)
class Network:
    """A graph in execution order."""

    operators: tuple[Operator, ...]
    constants: dict[int, np.ndarray]
    """Tensor number -> values, weights as stored (convolutions: out, height, width, in)."""
    shapes: dict[int, tuple[int, ...]]
    """Tensor number -> shape, channels last."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def between(self, start: int, *stops: int) -> list[Operator]:
        """The operators that lead from tensor `start` to tensors `stops`, in order."""
        made_by = {operator.outputs[0]: operator for operator in self.operators}
        wanted, chosen = list(stops), set()
        while wanted:
            tensor = wanted.pop()
            if tensor == start or tensor in chosen or tensor in self.constants:
                continue
            chosen.add(tensor)
            wanted.extend(made_by[tensor].inputs)
        return [operator for operator in self.operators if operator.outputs[0] in chosen]

    def weight(self, operator: Operator, tensor: int) -> np.ndarray:
        """A constant of `operator` as float32 with channels first: (out, in, height, width), depthwise
        (channels, 1, height, width), or (channels,)."""
        values = self.constants[tensor].astype(np.float32)
        if values.ndim != 4:
            return values.reshape(-1)
        return np.ascontiguousarray(values.transpose((3, 0, 1, 2) if operator.kind == "depthwise" else (0, 3, 1, 2)))

    def padding(self, operator: Operator, kernel: int) -> tuple[int, int]:
        """Pixels before and behind a square picture; TensorFlow's SAME puts the odd one behind."""
        if not operator.same:
            return 0, 0
        side = self.shapes[operator.inputs[0]][1]
        total = max((-(-side // operator.stride) - 1) * operator.stride + kernel - side, 0)
        return total // 2, total - total // 2

    def more_channels(self, operator: Operator) -> int:
        """Channels of zeros that a ``pad`` puts behind the others."""
        return int(self.constants[operator.inputs[1]][-1, 1])


class _Table:
    """A FlatBuffers table: fields are found through the vtable in front of it."""

    def __init__(self, data: bytes, position: int):
        self.data, self.position = data, position
        self.vtable = position - struct.unpack_from("<i", data, position)[0]
        self.size = struct.unpack_from("<H", data, self.vtable)[0]

    def _at(self, field: int) -> int | None:
        slot = 4 + 2 * field
        if slot >= self.size:
            return None
        offset = struct.unpack_from("<H", self.data, self.vtable + slot)[0]
        return self.position + offset if offset else None

    def number(self, field: int, code: str, default=0):
        at = self._at(field)
        return default if at is None else struct.unpack_from("<" + code, self.data, at)[0]

    def table(self, field: int) -> _Table | None:
        at = self._at(field)
        return None if at is None else _Table(self.data, at + struct.unpack_from("<I", self.data, at)[0])

    def _vector(self, field: int) -> tuple[int, int]:
        at = self._at(field)
        if at is None:
            return 0, 0
        start = at + struct.unpack_from("<I", self.data, at)[0]
        return start + 4, struct.unpack_from("<I", self.data, start)[0]

    def numbers(self, field: int, dtype) -> np.ndarray:
        start, count = self._vector(field)
        return np.frombuffer(self.data, dtype, count, start) if count else np.zeros(0, dtype)

    def tables(self, field: int) -> list[_Table]:
        start, count = self._vector(field)
        return [_Table(self.data, at + struct.unpack_from("<I", self.data, at)[0]) for at in range(start, start + 4 * count, 4)]


def read_network(data: bytes) -> Network:
    """The graph in a ``.tflite`` file; half-precision weights that the file dequantizes become constants.

    Raises:
        HrnError: MODEL_MISSING when the bytes are not such a file or use an operator that is not listed here.
    """
    try:
        return _read(data)
    except (struct.error, IndexError, KeyError, ValueError, TypeError) as error:
        raise HrnError(
            ErrorCode.MODEL_MISSING,
            "The face landmark network could not be read.",
            hint="Run `python3 install_deps.py install` to fetch it again.",
        ) from error


def _read(data: bytes) -> Network:
    if data[4:8] != b"TFL3":
        raise ValueError("not a TensorFlow Lite file")
    model = _Table(data, struct.unpack_from("<I", data, 0)[0])
    codes = [max(code.number(0, "b"), code.number(3, "i")) for code in model.tables(1)]
    graph, buffers = model.tables(2)[0], model.tables(4)
    shapes, constants = {}, {}
    for number, tensor in enumerate(graph.tables(0)):
        shapes[number] = tuple(int(n) for n in tensor.numbers(0, "<i4"))
        raw = buffers[tensor.number(2, "I")].numbers(0, np.uint8)
        if len(raw):
            constants[number] = raw.view(_TYPES[tensor.number(1, "b")]).reshape(shapes[number])
    operators = []
    for node in graph.tables(3):
        kind = _OPERATORS[codes[node.number(0, "I")]]
        inputs = tuple(int(n) for n in node.numbers(1, "<i4"))
        outputs = tuple(int(n) for n in node.numbers(2, "<i4"))
        if kind == "dequantize":
            constants[outputs[0]] = constants[inputs[0]].astype(np.float32)
            continue
        options, extra = node.table(4), {}
        if kind in ("conv", "depthwise", "max_pool"):
            extra = {"same": options.number(0, "b") == _SAME, "stride": options.number(1, "i", 1)}
        if kind == "max_pool":
            extra["window"] = options.number(3, "i", 1)
        if kind in _ACTIVATION_FIELD and options is not None:
            extra["activation"] = _ACTIVATIONS[options.number(_ACTIVATION_FIELD[kind], "b")]
        if kind == "mean" and any(shapes[inputs[0]][1] != options.number(field, "i") for field in (3, 4)):
            raise ValueError("not the mean of the whole picture")
        operators.append(Operator(kind, inputs, outputs, **extra))
    return Network(
        tuple(operators),
        constants,
        shapes,
        tuple(int(n) for n in graph.numbers(1, "<i4")),
        tuple(int(n) for n in graph.numbers(2, "<i4")),
    )

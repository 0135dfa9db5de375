"""ONNX files written byte by byte: enough of Protocol Buffers for small graphs of known nodes, without a package for it.

Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, in the encoding of https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["FLOAT", "INT64", "constant", "message", "model", "node", "number", "port"]

FLOAT = 1
"""ONNX's number of the element type float32."""
INT64 = 7
"""ONNX's number of the element type int64."""
_TYPES = {FLOAT: np.dtype(np.float32), INT64: np.dtype(np.int64)}
"""NumPy's types of ONNX's element types."""
_OPSET = 11
"""Version of ONNX's operators that the graph uses."""


def message(field: int, value: bytes | str) -> bytes:
    """A text, a list of bytes or a message as field number `field` of another."""
    value = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def number(field: int, value: int) -> bytes:
    """A whole number as field number `field` of a message."""
    return _varint(field << 3) + _varint(value)


def port(name: str, element: int, shape: Sequence[int | str]) -> bytes:
    """An input or output; names in `shape` stand for any size."""
    sizes = b"".join(message(1, number(1, size) if isinstance(size, int) else message(2, size)) for size in shape)
    return message(1, name) + message(2, message(1, number(1, element) + message(2, sizes)))


def node(kind: str, sources: Sequence[str], target: str, **attributes: int | list[int] | str) -> bytes:
    """An operator of one output, `target`, by which it is also named."""
    out = b"".join(message(1, name) for name in sources) + message(2, target) + message(3, f"make {target}") + message(4, kind)
    for name, value in attributes.items():
        if isinstance(value, str):
            content, type_number = message(4, value), 3
        elif isinstance(value, list):
            content, type_number = b"".join(number(8, each) for each in value), 7
        else:
            content, type_number = number(3, value), 2
        out += message(5, message(1, name) + content + number(20, type_number))
    return out


def constant(name: str, values: np.ndarray, element: int = FLOAT) -> bytes:
    """Weights, or whole numbers that an operator takes as an input."""
    return (
        b"".join(number(1, size) for size in values.shape)
        + number(2, element)
        + message(8, name)
        + message(9, np.ascontiguousarray(values, _TYPES[element]).tobytes())
    )


def model(nodes: Sequence[bytes], inputs: Sequence[bytes], outputs: Sequence[bytes], constants: Sequence[bytes] = ()) -> bytes:
    """The whole file: nodes in the order of execution, ports, and the constants by which nodes name them."""
    graph = (
        b"".join(message(1, each) for each in nodes)
        + message(2, "graph")
        + b"".join(message(5, each) for each in constants)
        + b"".join(message(11, each) for each in inputs)
        + b"".join(message(12, each) for each in outputs)
    )
    return number(1, 6) + message(2, "hrn") + message(7, graph) + message(8, message(1, "") + number(2, _OPSET))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])

"""ONNX files written by hand: enough of Protocol Buffers for small graphs of known nodes."""

from __future__ import annotations

import numpy as np

FLOAT, BYTES = 1, 2
"""Element types."""


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes | str) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def port(name: str, element: int, shape) -> bytes:
    """An input or output; names in `shape` stand for any size."""
    sizes = b"".join(text(1, number(1, size) if isinstance(size, int) else text(2, size)) for size in shape)
    return text(1, name) + text(2, text(1, number(1, element) + text(2, sizes)))


def node(kind: str, sources: list[str], target: str, **attributes: int | list[int]) -> bytes:
    out = b"".join(text(1, name) for name in sources) + text(2, target) + text(3, f"make {target}") + text(4, kind)
    for name, value in attributes.items():
        many = isinstance(value, list)
        content = b"".join(number(8, each) for each in value) if many else number(3, value)
        out += text(5, text(1, name) + content + number(20, 7 if many else 2))
    return out


def weights(name: str, values: np.ndarray) -> bytes:
    return b"".join(number(1, size) for size in values.shape) + number(2, FLOAT) + text(8, name) \
        + text(9, np.ascontiguousarray(values, np.float32).tobytes())


def model(nodes: list[bytes], inputs: list[bytes], outputs: list[bytes], constants: list[bytes] = ()) -> bytes:
    graph = b"".join(text(1, each) for each in nodes) + text(2, "graph") + b"".join(text(5, each) for each in constants) \
        + b"".join(text(11, each) for each in inputs) + b"".join(text(12, each) for each in outputs)
    return number(1, 6) + text(2, "test") + text(7, graph) + text(8, text(1, "") + number(2, 11))


def green_mask(element: int = BYTES, size=("h", "w"), form: str = "hwc") -> bytes:
    """A segmenter that answers with the green channel of the picture in one of the layouts that conversions have."""
    shape = {"hwc": [*size, 3], "nhwc": [1, *size, 3], "nchw": [1, 3, *size]}[form]
    nodes = [node("Cast", ["input_image:0"], "floats", to=FLOAT)]
    source = "floats"
    if form == "hwc":
        nodes.append(node("Unsqueeze", [source], "batch", axes=[0]))
        source = "batch"
    if form != "nchw":
        nodes.append(node("Transpose", [source], "channels first", perm=[0, 3, 1, 2]))
        source = "channels first"
    last = "output_alpha:0"
    nodes.append(node("Conv", [source, "green"], "mask" if form == "hwc" else last))
    if form == "hwc":
        nodes.append(node("Squeeze", ["mask"], last, axes=[0, 1]))
    green = np.array([0, 1, 0], np.float32).reshape(1, 3, 1, 1)
    return model(nodes, [port("input_image:0", element, shape), port("green", FLOAT, green.shape)],
                 [port(last, FLOAT, list(size) if form == "hwc" else [1, 1, *size])], [weights("green", green)])

"""Mask networks as ONNX files, of known answers."""

from __future__ import annotations

import numpy as np

from engine.nets.onnx_bytes import FLOAT, constant, model, node, port

BYTES = 2
"""The element type."""


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
    return model(
        nodes,
        [port("input_image:0", element, shape), port("green", FLOAT, green.shape)],
        [port(last, FLOAT, list(size) if form == "hwc" else [1, 1, *size])],
        [constant("green", green)],
    )

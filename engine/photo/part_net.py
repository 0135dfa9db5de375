"""The network that tells a picture's parts apart: frozen fronts of two published networks, and layers that were trained here.

Fronts: MediaPipe's selfie segmenter, and EfficientNet-Lite0 (Tan and Le, "EfficientNet: Rethinking Model Scaling for
Convolutional Neural Networks", ICML 2019), both Google, Apache-2.0. They have seen millions of real photos; the layers behind
them learnt from renders of this product's heads (:mod:`engine.synthetic.part_train`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..nets.graph import Graph, Nodes
from ..nets.layers import Layer, add_layers
from ..nets.onnx_bytes import FLOAT, model, node, port
from ..nets.tflite import Network

__all__ = [
    "CLOSE",
    "FACE_LAYERS",
    "FRONTS",
    "LAYERS",
    "PARTS",
    "SIDE",
    "Front",
    "close_input",
    "fronts_as_onnx",
    "network_as_onnx",
    "unfolded",
]

SIDE = 256
"""Side of the pictures that the network sees, pixels."""

PARTS = (
    "background",
    "skin",
    "hair",
    "brows",
    "beard",
    "eyes",
    "lips",
    "glasses",
    "lens",
    "cover",
    "hat",
    "clothes",
    "other",
)
"""Names of what it tells apart."""


@dataclass(frozen=True)
class Front:
    """A published network of which parts are used as they are."""

    file: str
    """In the package that carries it."""
    sha256: str
    """The only file that is read."""
    taps: dict[str, tuple[int, int, int]]
    """Name of an answer within it -> number of its tensor, channels, side."""
    scale: float = 1.0
    """What its pixels in [0, 1] are multiplied by ..."""
    shift: float = 0.0
    """... and what is added then."""


FRONTS = {
    "selfie": Front(
        "models/selfie_segmenter.tflite",
        "191ac9529ae506ee0beefa6b2c945a172dab9d07d1e802a290a4e4038226658b",
        {"selfie16": (157, 32, 16), "selfie32": (48, 24, 32), "selfie64": (219, 16, 64), "matte": (245, 4, 128)},
    ),
    "things": Front(
        "models/efficientnet_lite0.tflite",
        "6c7ab0a6e5dcbf38a8c33b960996a55a3b4300b36a018c4545801de3a3c8bde0",
        {"things16": (140, 112, 16), "things32": (118, 40, 32), "things64": (111, 24, 64)},
        255 / 128,
        -127 / 128,
    ),
}
"""The fronts by name."""


CLOSE = 18
"""Channels of the input ``close``: see :func:`close_input`."""

LAYERS = (
    Layer("e128", ("close", "matte"), 12, 3),
    Layer("e64", ("e128",), 24, 3, 2),
    Layer("e32", ("e64",), 32, 3, 2),
    Layer("e16", ("e32",), 48, 3, 2),
    Layer("m16", ("e16", "selfie16", "things16"), 96),
    Layer("n16", ("m16",), 96, 3),
    Layer("m32", ("^n16", "e32", "selfie32", "things32"), 64),
    Layer("n32", ("m32",), 48, 3),
    Layer("m64", ("^n32", "e64", "selfie64", "things64"), 40),
    Layer("n64", ("m64",), 24, 3),
    Layer("m128", ("^n64", "e128"), 16),
    Layer("n128", ("m128",), 16, 3),
    Layer("parts", ("n128",), len(PARTS), plain=True),
)
"""The layers that were trained, in order; the last one's answers are the parts' log odds at half the picture's size."""

FACE_LAYERS = (
    Layer("e128", ("close", "matte"), 16, 3),
    Layer("e64", ("e128",), 24, 3, 2),
    Layer("e32", ("e64",), 32, 3, 2),
    Layer("e16", ("e32",), 48, 3, 2),
    Layer("m16", ("e16", "selfie16", "things16"), 96),
    Layer("n16", ("m16",), 96, 3),
    Layer("m32", ("^n16", "e32", "selfie32", "things32"), 64),
    Layer("n32", ("m32",), 48, 3),
    Layer("m64", ("^n32", "e64", "selfie64", "things64"), 40),
    Layer("n64", ("m64",), 32, 3),
    Layer("m128", ("^n64", "e128"), 20),
    Layer("n128", ("m128",), 20, 3),
    Layer("parts", ("n128",), 4 * len(PARTS), plain=True),
)
"""As :data:`LAYERS`, of the square around the face alone; the last one answers for each pixel: see :func:`unfolded`."""


def unfolded(odds: np.ndarray) -> np.ndarray:
    """(P, S, S) of the answers (4 P, S/2, S/2) of :data:`FACE_LAYERS`: four pixels of one place, row by row, all parts of each."""
    side = odds.shape[-1]
    four = odds.reshape(2, 2, len(PARTS), side, side)
    return np.ascontiguousarray(four.transpose(2, 3, 0, 4, 1)).reshape(len(PARTS), 2 * side, 2 * side)


def close_input(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(S, S, 3) uint8 and (6, S/2, S/2) places -> (18, S/2, S/2) float32: each square of four pixels, and its place."""
    half = len(picture) // 2
    pixels = picture.astype(np.float32) * np.float32(2 / 255) - 1
    squares = pixels.reshape(half, 2, half, 2, 3).transpose(1, 3, 4, 0, 2).reshape(12, half, half)
    return np.concatenate([squares, places.astype(np.float32)])


def fronts_as_onnx(networks: Mapping[str, Network]) -> bytes:
    """(1, 3, 256, 256) in [0, 1] as ``picture`` -> all taps by their names."""
    nodes, constants, taps = _fronts(networks)
    return model(nodes, [port("picture", FLOAT, (1, 3, SIDE, SIDE))], [port(n, FLOAT, s) for n, s in taps.items()], constants)


def network_as_onnx(
    networks: Mapping[str, Network], trained: Mapping[str, np.ndarray], layers: tuple[Layer, ...] = LAYERS
) -> bytes:
    """``picture`` as above and ``close``, (1, 18, 128, 128) -> (1, C, 128, 128) log odds, the last layer's answers.

    Args:
        trained: weights and biases of the layers as ``name.weight``, ``name.bias``.
        layers: :data:`LAYERS` or :data:`FACE_LAYERS`.
    """
    nodes, constants, taps = _fronts(networks)
    graph = Nodes()
    add_layers(graph, layers, ("close", *taps), trained)
    half = SIDE // 2
    inputs = [port("picture", FLOAT, (1, 3, SIDE, SIDE)), port("close", FLOAT, (1, CLOSE, half, half))]
    answer = port(layers[-1].name, FLOAT, (1, layers[-1].channels, half, half))
    return model(nodes + graph.nodes, inputs, [answer], constants + graph.constants)


def _fronts(networks: Mapping[str, Network]) -> tuple[list[bytes], list[bytes], dict[str, tuple[int, ...]]]:
    """Nodes and constants of the fronts, and the shapes of the taps by their names."""
    nodes, constants, shapes = [], [], {}
    for name, network in networks.items():
        front = FRONTS[name]
        graph = Graph(network, {network.inputs[0]: "picture"}, name)
        if front.scale != 1:
            scale, shift = (graph.constant(key, np.float32(getattr(front, key))) for key in ("scale", "shift"))
            graph.nodes.append(node("Mul", ["picture", scale], f"{name} scaled"))
            graph.nodes.append(node("Add", [f"{name} scaled", shift], f"{name} picture"))
            graph.names[network.inputs[0]] = f"{name} picture"
        graph.add(network.between(network.inputs[0], *(tap[0] for tap in front.taps.values())), "", network.weight)
        for tap, (tensor, channels, side) in front.taps.items():
            if tap == "matte":
                _matte(graph, network, tensor)
            else:
                graph.nodes.append(node("Identity", [graph.names[tensor]], tap))
            shapes[tap] = 1, channels, side, side
        nodes += graph.nodes
        constants += graph.constants
    return nodes, constants, shapes


def _matte(graph: Graph, network: Network, tensor: int) -> None:
    """The selfie segmenter's answer, its four pixels of one place as four channels."""
    last = next(operator for operator in network.operators if operator.kind == "deconv")
    kernel, bias = (network.constants[number] for number in last.inputs[1:3])
    weight = graph.constant("matte weight", kernel.reshape(4, -1)[:, :, None, None])
    shift = graph.constant("matte bias", np.repeat(bias.reshape(-1), 4))
    graph.nodes.append(node("Conv", [graph.names[tensor], weight, shift], "matte raw", kernel_shape=[1, 1]))
    graph.nodes.append(node("Sigmoid", ["matte raw"], "matte"))

"""Layers of small networks of our own: described once, trained with PyTorch, run as ONNX."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from .graph import Nodes
from .onnx_bytes import node

__all__ = ["Layer", "add_layers"]


class Layer(NamedTuple):
    """A convolution with a rectifier behind it."""

    name: str
    sources: tuple[str, ...]
    """Layers or inputs; ``^`` before a name: at twice its size."""
    channels: int
    side: int = 1
    stride: int = 1
    plain: bool = False
    """No rectifier."""


def add_layers(graph: Nodes, layers: tuple[Layer, ...], inputs: Collection[str], trained: Mapping[str, np.ndarray]) -> None:
    """Add the layers to a graph, by their names.

    Args:
        inputs: what there is besides; sources that are neither are left out.
        trained: weights and biases as ``name.weight``, ``name.bias``.
    """
    known = {*inputs, *(layer.name for layer in layers)}
    for layer in layers:
        sources = [source for source in layer.sources if source.lstrip("^") in known]
        for source in sources:
            if source.startswith("^"):
                graph.double(source[1:], source)
        joined = sources[0]
        if len(sources) > 1:
            joined = f"before {layer.name}"
            graph.nodes.append(node("Concat", sources, joined, axis=1))
        weight, bias = (trained[f"{layer.name}.{kind}"].astype(np.float32) for kind in ("weight", "bias"))
        names = [graph.constant(f"{layer.name} weight", weight), graph.constant(f"{layer.name} bias", bias)]
        options = {"kernel_shape": [layer.side] * 2, "strides": [layer.stride] * 2, "pads": [layer.side // 2] * 4}
        target = layer.name if layer.plain else f"{layer.name} raw"
        graph.nodes.append(node("Conv", [joined, *names], target, **options))
        if not layer.plain:
            graph.nodes.append(node("Relu", [target], layer.name))

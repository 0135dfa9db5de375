"""Operators of a TensorFlow Lite file written as nodes of an ONNX file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .onnx_bytes import INT64, constant, node
from .tflite import Network, Operator

__all__ = ["Graph", "Nodes"]

_PLAIN = {"relu": "Relu", "logistic": "Sigmoid", "mean": "GlobalAveragePool"}
"""Operators without weights and options, and ONNX's names of them."""
_PAIRS = {"add": "Add", "multiply": "Mul"}
"""Operators of two tensors, and ONNX's names of them."""


class Nodes:
    """Nodes and constants of an ONNX file.

    Args:
        owner: word before all names, where a file has operators of several networks.
    """

    def __init__(self, owner: str = ""):
        self._owner = owner
        self.nodes: list[bytes] = []
        self.constants: list[bytes] = []
        self._written: set[str] = set()

    def constant(self, name: str, values: np.ndarray, **element: int) -> str:
        """The name in the file of a constant, which is written once."""
        name = f"{self._owner}constant {name}"
        if name not in self._written:
            self._written.add(name)
            self.constants.append(constant(name, values, **element))
        return name

    def double(self, source: str, target: str) -> None:
        """Twice the size, bilinear, pixel centers at half."""
        scales = self.constant("twice", np.float32([1, 1, 2, 2]))
        roi = self.constant("nowhere", np.zeros(0, np.float32))
        options = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        self.nodes.append(node("Resize", [source, roi, scales], target, **options))


class Graph(Nodes):
    """Operators of a TensorFlow Lite file among the nodes.

    Args:
        names: of the tensors that are there already, by their numbers in `network`.
        owner: see :class:`Nodes`.
    """

    def __init__(self, network: Network, names: dict[int, str], owner: str = ""):
        super().__init__(owner)
        self._network, self.names = network, names

    def add(self, operators: list[Operator], prefix: str, weight: Callable[[Operator, int], np.ndarray]) -> None:
        """
        Args:
            prefix: of the names of these operators' constants, which other operators may share with other values.
            weight: as :meth:`Network.weight`.
        """
        for operator in operators:
            source, target = self.names[operator.inputs[0]], f"{self._owner}{operator.outputs[0]}"
            plain = f"{target} before {operator.activation}" if operator.activation else target
            self._add(operator, source, plain, prefix, weight)
            if operator.activation == "relu":
                self.nodes.append(node("Relu", [plain], target))
            elif operator.activation:
                self._between(plain, target, 0.0, 6.0)
            self.names[operator.outputs[0]] = target

    def _add(self, operator: Operator, source: str, target: str, prefix: str, weight) -> None:
        kind = operator.kind
        if kind in ("conv", "depthwise"):
            self._convolve(operator, source, target, prefix, weight)
        elif kind == "prelu":
            slope = weight(operator, operator.inputs[1]).reshape(-1, 1, 1)
            self.nodes.append(node("PRelu", [source, self.constant(f"{prefix}{operator.inputs[1]}", slope)], target))
        elif kind in _PAIRS:
            self.nodes.append(node(_PAIRS[kind], [source, self.names[operator.inputs[1]]], target))
        elif kind in _PLAIN:
            self.nodes.append(node(_PLAIN[kind], [source], target))
        elif kind == "hard_swish":
            self._hard_swish(source, target)
        elif kind == "resize":
            self.double(source, target)
        elif kind == "max_pool":
            square = {"kernel_shape": [operator.window] * 2, "strides": [operator.stride] * 2}
            self.nodes.append(node("MaxPool", [source], target, **square))
        else:
            pads = np.array([0, 0, 0, 0, 0, self._network.more_channels(operator), 0, 0])
            name = self.constant(f"{prefix}{operator.inputs[1]}", pads, element=INT64)
            self.nodes.append(node("Pad", [source, name], target))

    def _convolve(self, operator: Operator, source: str, target: str, prefix: str, weight) -> None:
        kernel, bias = (weight(operator, tensor) for tensor in operator.inputs[1:3])
        side = kernel.shape[-1]
        before, behind = self._network.padding(operator, side)
        names = [self.constant(f"{prefix}{tensor}", values) for tensor, values in zip(operator.inputs[1:], (kernel, bias))]
        self.nodes.append(
            node(
                "Conv",
                [source, *names],
                target,
                kernel_shape=[side, side],
                strides=[operator.stride] * 2,
                pads=[before, before, behind, behind],
                group=len(kernel) if operator.kind == "depthwise" else 1,
            )
        )

    def _between(self, source: str, target: str, least: float, most: float) -> None:
        """`source` held between two numbers."""
        bounds = [self.constant(f"{bound:g}", np.float32(bound)) for bound in (least, most)]
        self.nodes.append(node("Clip", [source, *bounds], target))

    def _hard_swish(self, source: str, target: str) -> None:
        """x * clip(x + 3, 0, 6) / 6"""
        self.nodes.append(node("Add", [source, self.constant("3", np.float32(3))], f"{target} moved"))
        self._between(f"{target} moved", f"{target} held", 0.0, 6.0)
        self.nodes.append(node("Mul", [f"{target} held", self.constant("1/6", np.float32(1 / 6))], f"{target} gate"))
        self.nodes.append(node("Mul", [source, f"{target} gate"], target))

"""The landmark network with a tail trained on renders of this head: dense landmarks, shape and perspective of a crop.

After Wood et al., "3D face reconstruction with dense landmarks" (ECCV 2022): a network that learnt from renders of a
head model where every vertex is, then a model fit to its points. Here the network also gives the most likely shape.

Network: Face Landmarker v2 (Google, Apache-2.0); its front as it is, its end and the heads behind it trained by
:mod:`engine.synthetic.train`. OpenCV's ``dnn`` runs it, as it does the landmarker's other networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from ...nets.graph import Graph
from ...nets.onnx_bytes import FLOAT, model, node, port
from ...nets.tflite import Network
from ...system.progress import SILENT, Progress

__all__ = [
    "CHEEKS",
    "DISTANCE_UNIT_MM",
    "FEATURES",
    "TAIL_START",
    "TAIL_STOP",
    "TONGUE",
    "DenseNet",
    "Guess",
    "Layers",
    "Looked",
]

TAIL_START = 408
"""Number of the landmark network's tensor of 128 x 8 x 8, from which the trained end goes on."""
TAIL_STOP = 470
"""Number of its tensor of 128 x 2 x 2, at which the trained end takes over."""


class Layers(NamedTuple):
    """Layers on the landmark network's front: convolutions, then whole ones."""

    name: str
    """The output's name."""
    start: int
    """Number of the landmark network's tensor that they read."""
    names: tuple[str, ...]
    """The layers' names, in their order."""


TONGUE = Layers("tongue", 377, ("reduce", "halve", "quarter", "mix", "answer"))
"""Those that look for a tongue, in the tensor of 128 x 16 x 16."""
CHEEKS = Layers("cheeks", 343, ("reduce", "halve", "quarter", "eighth", "mix", "answer"))
"""Those that look at a cheek, in the tensor of 64 x 32 x 32."""

DISTANCE_UNIT_MM = 800.0
"""Distance whose logarithm is 0 in the answers, mm."""

FEATURES = 512
"""Number of values of that tensor, from which the answers are worked out."""
_EXPRESSIONS = 52
"""Number of facial actions."""


class Guess(NamedTuple):
    """The network's answers for B crops: arrays, or tensors in training."""

    points: Any
    """(B, P, 2) pixels of the crop."""
    identity: Any
    """(B, K)"""
    expression: Any
    """(B, 52)"""
    view: Any
    """(B, 2): log of the distance over :data:`DISTANCE_UNIT_MM`, log of the crop's pixels per mm."""


class Looked(NamedTuple):
    """What the network makes of B crops."""

    features: np.ndarray
    """(B, 512) float32, of unit spread, from which the answers are worked out."""
    tongue: np.ndarray
    """(B,) float32: how far a tongue is out; 0 where none can be seen."""
    cheeks: np.ndarray
    """(B,) float32: how far the subject's left cheek is blown; 0 where that cannot be seen."""


class DenseNet:
    """The whole network. Several threads may call it.

    Args:
        network: the landmark network.
        trained: the state of :class:`engine.synthetic.tail.Tail` by its names.
        more: the states of :class:`engine.synthetic.tongue_net.TongueNet` and :class:`engine.synthetic.cheek_net.CheekNet`, by
            the names of :data:`TONGUE` and :data:`CHEEKS`; without them neither is seen.

    Raises:
        KeyError, ValueError, cv2.error: `trained` is of another network.
    """

    def __init__(
        self,
        network: Network,
        trained: Mapping[str, np.ndarray],
        more: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    ):
        weights, more = _float32(trained), more or {}
        added = [(layers, _float32(more[layers.name])) for layers in (TONGUE, CHEEKS) if layers.name in more]
        self._outputs = ["features", *(layers.name for layers, _ in added)]
        self._file = np.frombuffer(_as_onnx(network, weights, added), np.uint8)
        self._centre, self._spread = weights["centre"], weights["spread"]
        self._points = weights["points.weight"].T, weights["points.bias"]
        self._hidden = weights["hidden.0.weight"].T, weights["hidden.0.bias"], weights["hidden.1.weight"]
        self._shape = weights["shape.weight"].T, weights["shape.bias"]
        self._idle = [self._read()]
        # Weights that do not fit fail here; besides, a network's first run takes longer than the others.
        self(np.zeros(network.shapes[network.inputs[0]], np.uint8))

    def __call__(self, crops: np.ndarray, progress: Progress = SILENT) -> Guess:
        """(B, 256, 256, 3) uint8 RGB -> float32 arrays; `progress` as in :meth:`features`."""
        return self.answers(self.features(crops, progress))

    def features(self, crops: np.ndarray, progress: Progress = SILENT) -> np.ndarray:
        """(B, 256, 256, 3) uint8 RGB -> (B, 512) float32, of unit spread, from which the answers are worked out.

        Args:
            progress: before each crop; may raise to cancel.
        """
        return self.look(crops, progress).features

    def look(self, crops: np.ndarray, progress: Progress = SILENT) -> Looked:
        """(B, 256, 256, 3) uint8 RGB -> :meth:`features` and what else is seen.

        Args:
            progress: before each crop; may raise to cancel.
        """
        count = len(crops)
        sizes = {"features": FEATURES, TONGUE.name: 1, CHEEKS.name: 1}
        found = {name: np.zeros((count, size), np.float32) for name, size in sizes.items()}
        # OpenCV's networks hold the picture that they work on, so each thread takes one of its own.
        try:
            net = self._idle.pop()
        except IndexError:
            net = self._read()
        try:
            for number, crop in enumerate(crops):
                progress(number / count)
                net.setInput(np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32) / 255)
                for name, answer in zip(self._outputs, net.forward(self._outputs)):
                    found[name][number] = answer.reshape(-1)
        finally:
            self._idle.append(net)
        features = (found["features"] - self._centre) / self._spread
        return Looked(features, found[TONGUE.name][:, 0], found[CHEEKS.name][:, 0])

    def answers(self, features: np.ndarray) -> Guess:
        """(B, 512) of :meth:`features` -> float32 arrays."""
        weight, bias = self._points
        points = (features @ weight + bias).reshape(len(features), -1, 2) + np.float32(128)
        weight, bias, slope = self._hidden
        hidden = features @ weight + bias
        hidden = np.where(hidden > 0, hidden, slope * hidden)
        weight, bias = self._shape
        shape = np.concatenate([features, hidden], 1) @ weight + bias
        return Guess(points, *np.split(shape, [shape.shape[1] - _EXPRESSIONS - 2, shape.shape[1] - 2], 1))

    def _read(self) -> cv2.dnn.Net:
        return cv2.dnn.readNetFromONNX(self._file)


def _float32(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value.astype(np.float32) for name, value in values.items()}


def _as_onnx(
    network: Network, trained: Mapping[str, np.ndarray], added: Sequence[tuple[Layers, Mapping[str, np.ndarray]]]
) -> bytes:
    """(1, 3, 256, 256) in [0, 1] -> (1, 512): the network's front with its own weights, then the trained end; and (1, answers)
    of layers that are added on the front."""
    size = network.shapes[network.inputs[0]]
    graph = Graph(network, {network.inputs[0]: "crop"})
    graph.add(network.between(network.inputs[0], TAIL_START), "", network.weight)
    graph.add(network.between(TAIL_START, TAIL_STOP), "trained ", lambda operator, tensor: trained[f"body.weights.{tensor}"])
    graph.nodes.append(node("Flatten", [graph.names[TAIL_STOP]], "features", axis=1))
    outputs = [port("features", FLOAT, (1, FEATURES))]
    for layers, weights in added:
        _add(graph, layers, weights)
        outputs.append(port(layers.name, FLOAT, (1, len(weights[f"{layers.names[-1]}.bias"]))))
    return model(graph.nodes, [port("crop", FLOAT, (1, size[3], *size[1:3]))], outputs, graph.constants)


def _add(graph: Graph, layers: Layers, weights: Mapping[str, np.ndarray]) -> None:
    """Layers, the first convolution of which keeps the size and the others halve it, with their weights by their names."""
    at, before = graph.names[layers.start], 4
    for number, name in enumerate(layers.names):
        kernel, target = weights[f"{name}.weight"], f"{layers.name} {name}"
        inputs = [at, *(graph.constant(f"{target} {part}", weights[f"{name}.{part}"]) for part in ("weight", "bias"))]
        if kernel.ndim == 4:
            side, stride = kernel.shape[-1], 1 if number == 0 else 2
            shape = {"kernel_shape": [side] * 2, "strides": [stride] * 2, "pads": [side // 2] * 4}
            graph.nodes.append(node("Conv", inputs, target, **shape))
        else:
            if before == 4:
                graph.nodes.append(node("Flatten", [at], f"{target} flat", axis=1))
                inputs[0] = f"{target} flat"
            last = name == layers.names[-1]
            graph.nodes.append(node("Gemm", inputs, layers.name if last else target, transB=1))
            if last:
                return
        slope = weights[f"{name}_slope.weight"]
        slope = graph.constant(f"{target} slope", slope.reshape(-1, 1, 1) if kernel.ndim == 4 else slope)
        at, before = f"{target} bent", kernel.ndim
        graph.nodes.append(node("PRelu", [target, slope], at))

"""MediaPipe's face landmark network as a PyTorch module whose inner activations can be read and whose tail can be
trained further.

Network: Face Landmarker v2 (Google, Apache-2.0), 256 x 256 RGB in [0, 1] -> 478 x 3 in pixels of that crop.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .tflite import Network, Operator

__all__ = ["Backbone"]


class Backbone(nn.Module):
    """Executes the part of a :class:`Network` from tensor `start` to tensor `stop`.

    ``forward`` takes and returns (B, C, H, W) float32.
    """

    def __init__(self, network: Network, start: int, stop: int):
        super().__init__()
        self.start, self.stop = start, stop
        self.operators = _needed(network, start, stop)
        self.weights = nn.ParameterDict()
        self.pads: dict[int, int] = {}
        for operator in self.operators:
            for number in operator.inputs[1:]:
                if number in network.constants and operator.kind != "reshape":
                    if operator.kind == "pad":
                        self.pads[number] = int(network.constants[number][-1, 1])
                        continue
                    self.weights[str(number)] = nn.Parameter(_to_torch(operator, network.constants[number]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = {self.start: x}
        for operator in self.operators:
            values[operator.outputs[0]] = self._run(operator, values)
        return values[self.stop]

    def _run(self, operator: Operator, values: dict[int, torch.Tensor]) -> torch.Tensor:
        x, kind = values[operator.inputs[0]], operator.kind
        if kind in ("conv", "depthwise"):
            weight = self.weights[str(operator.inputs[1])]
            bias = self.weights[str(operator.inputs[2])]
            x, padding = _pad_same(x, weight.shape[-1], operator)
            return F.conv2d(x, weight, bias, operator.stride, padding,
                            groups=x.shape[1] if kind == "depthwise" else 1)
        if kind == "prelu":
            return F.prelu(x, self.weights[str(operator.inputs[1])])
        if kind == "add":
            return x + values[operator.inputs[1]]
        if kind == "max_pool":
            return F.max_pool2d(x, operator.window, operator.stride)
        return F.pad(x, (0, 0, 0, 0, 0, self.pads[operator.inputs[1]]))


def _needed(network: Network, start: int, stop: int) -> list[Operator]:
    """The operators between the two tensors, in order."""
    made_by = {operator.outputs[0]: operator for operator in network.operators}
    wanted, chosen = [stop], {}
    while wanted:
        number = wanted.pop()
        if number == start or number in chosen or number in network.constants:
            continue
        chosen[number] = made_by[number]
        wanted.extend(made_by[number].inputs)
    return [operator for operator in network.operators if operator.outputs[0] in chosen]


def _to_torch(operator: Operator, values) -> torch.Tensor:
    tensor = torch.from_numpy(values.copy()).float()
    if tensor.ndim != 4:
        return tensor.reshape(-1)
    return tensor.permute(3, 0, 1, 2).contiguous() if operator.kind == "depthwise" else tensor.permute(0, 3, 1, 2).contiguous()


def _pad_same(x: torch.Tensor, size: int, operator: Operator) -> tuple[torch.Tensor, int]:
    """TensorFlow's SAME padding puts the odd pixel at the end, which PyTorch's `padding` cannot say."""
    if not operator.same or size == 1:
        return x, 0
    total = max((-(-x.shape[-1] // operator.stride) - 1) * operator.stride + size - x.shape[-1], 0)
    if total % 2 == 0:
        return x, total // 2
    return F.pad(x, (total // 2, total - total // 2) * 2), 0

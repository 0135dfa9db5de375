"""MediaPipe's face landmark network as a PyTorch module, part by part, so that it can be trained further.

Network: Face Landmarker v2 (Google, Apache-2.0), 256 x 256 RGB in [0, 1] -> 478 x 3 in pixels of that crop.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from ..fit.coarse.tflite import Network, Operator

__all__ = ["Backbone"]


class Backbone(nn.Module):
    """Executes the part of a :class:`Network` from tensor `start` to tensor `stop`.

    ``forward`` takes and returns (B, C, H, W) float32.
    """

    def __init__(self, network: Network, start: int, stop: int):
        super().__init__()
        self.start, self.stop, self._network = start, stop, network
        self.operators = network.between(start, stop)
        self.weights = nn.ParameterDict()
        for operator in self.operators:
            if operator.kind in ("conv", "depthwise", "prelu"):
                for number in operator.inputs[1:]:
                    self.weights[str(number)] = nn.Parameter(torch.from_numpy(network.weight(operator, number).copy()))

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
            before, behind = self._network.padding(operator, weight.shape[-1])
            if before != behind:  # PyTorch's `padding` cannot say that
                x, before = F.pad(x, (before, behind) * 2), 0
            return F.conv2d(x, weight, bias, operator.stride, before, groups=x.shape[1] if kind == "depthwise" else 1)
        if kind == "prelu":
            return F.prelu(x, self.weights[str(operator.inputs[1])])
        if kind == "add":
            return x + values[operator.inputs[1]]
        if kind == "max_pool":
            return F.max_pool2d(x, operator.window, operator.stride)
        return F.pad(x, (0, 0, 0, 0, 0, self._network.more_channels(operator)))

"""A network of a TensorFlow Lite file as a PyTorch module, part by part, so that it can be trained further."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from ..nets.tflite import Network, Operator

__all__ = ["Backbone"]


class Backbone(nn.Module):
    """Executes the part of a :class:`Network` from tensor `start` to tensors `stops`.

    ``forward`` takes (B, C, H, W) float32 and returns as much for each stop: one tensor, or a list of several.
    """

    def __init__(self, network: Network, start: int, *stops: int):
        super().__init__()
        self.start, self.stops, self._network = start, stops, network
        self.operators = network.between(start, *stops)
        self.weights = nn.ParameterDict()
        for operator in self.operators:
            if operator.kind in ("conv", "depthwise", "prelu"):
                for number in operator.inputs[1:]:
                    self.weights[str(number)] = nn.Parameter(torch.from_numpy(network.weight(operator, number).copy()))

    def forward(self, x: torch.Tensor) -> torch.Tensor | list[torch.Tensor]:
        values = {self.start: x}
        for operator in self.operators:
            value = self._run(operator, values)
            if operator.activation:
                value = F.relu(value) if operator.activation == "relu" else value.clamp(0, 6)
            values[operator.outputs[0]] = value
        found = [values[stop] for stop in self.stops]
        return found[0] if len(found) == 1 else found

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
        if kind == "multiply":
            return x * values[operator.inputs[1]]
        if kind == "mean":
            return x.mean((2, 3), keepdim=True)
        if kind == "relu":
            return F.relu(x)
        if kind == "logistic":
            return torch.sigmoid(x)
        if kind == "hard_swish":
            return F.hardswish(x)
        if kind == "resize":
            return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        if kind == "max_pool":
            return F.max_pool2d(x, operator.window, operator.stride)
        return F.pad(x, (0, 0, 0, 0, 0, self._network.more_channels(operator)))

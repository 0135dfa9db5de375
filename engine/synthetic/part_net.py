"""What is trained of the part segmenter: the layers behind the frozen fronts, in PyTorch.

The engine runs the result with OpenCV (:class:`engine.photo.parts.PartNet`); both answer the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..photo.part_net import CLOSE, FRONTS, LAYERS, Layer

__all__ = ["PartLayers"]


class PartLayers(nn.Module):
    """All of :data:`engine.photo.part_net.LAYERS`, or others, with batch normalization before and within them.

    Args:
        fronts: names of the fronts whose taps are used.
        layers: :data:`~engine.photo.part_net.LAYERS` or :data:`~engine.photo.part_net.FACE_LAYERS`.
    """

    def __init__(self, fronts: tuple[str, ...] = tuple(FRONTS), layers: tuple[Layer, ...] = LAYERS):
        super().__init__()
        self.layers = layers
        taps = {name: tap[1] for front in fronts for name, tap in FRONTS[front].taps.items()}
        self.taps = tuple(taps)
        channels = {"close": CLOSE, **taps}
        self.scale = nn.ModuleDict({name: nn.BatchNorm2d(count) for name, count in taps.items() if name != "matte"})
        self.convolve, self.normalize = nn.ModuleDict(), nn.ModuleDict()
        self.sources = {}
        for layer in self.layers:
            sources = [source for source in layer.sources if source.lstrip("^") in channels]
            self.sources[layer.name] = sources
            count = sum(channels[source.lstrip("^")] for source in sources)
            self.convolve[layer.name] = nn.Conv2d(
                count, layer.channels, layer.side, layer.stride, layer.side // 2, bias=layer.plain
            )
            if not layer.plain:
                self.normalize[layer.name] = nn.BatchNorm2d(layer.channels)
            channels[layer.name] = layer.channels

    def forward(self, close: torch.Tensor, taps: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """(B, C, 128, 128) log odds, the last layer's answers; `taps` by name."""
        values = {"close": close}
        for name in self.taps:
            if name == "matte":
                values[name] = taps[name]
            else:
                values[name] = F.dropout2d(self.scale[name](taps[name]), 0.15, self.training)
        for layer in self.layers:
            parts = [
                F.interpolate(values[source[1:]], scale_factor=2, mode="bilinear", align_corners=False)
                if source.startswith("^")
                else values[source]
                for source in self.sources[layer.name]
            ]
            x = self.convolve[layer.name](torch.cat(parts, 1) if len(parts) > 1 else parts[0])
            values[layer.name] = x if layer.plain else F.relu(self.normalize[layer.name](x), inplace=True)
        return values[self.layers[-1].name]

    @torch.no_grad()
    def folded(self) -> dict[str, np.ndarray]:
        """Weights and biases as :func:`engine.photo.part_net.network_as_onnx` takes them: normalizations multiplied in."""
        out = {}
        for layer in self.layers:
            weight = self.convolve[layer.name].weight.double().clone()
            bias = torch.zeros(layer.channels).double() if not layer.plain else self.convolve[layer.name].bias.double().clone()
            start = 0
            for source in self.sources[layer.name]:
                name = source.lstrip("^")
                count = self._channels(name)
                if name in self.scale:
                    gain, shift = _affine(self.scale[name])
                    bias += (weight[:, start : start + count].sum((2, 3)) * shift).sum(1)
                    weight[:, start : start + count] *= gain[None, :, None, None]
                start += count
            if not layer.plain:
                gain, shift = _affine(self.normalize[layer.name])
                weight, bias = weight * gain[:, None, None, None], bias * gain + shift
            out[f"{layer.name}.weight"], out[f"{layer.name}.bias"] = weight.numpy(), bias.numpy()
        return out

    def _channels(self, name: str) -> int:
        if name == "close":
            return CLOSE
        for layer in self.layers:
            if layer.name == name:
                return layer.channels
        return next(front.taps[name][1] for front in FRONTS.values() if name in front.taps)


def _affine(norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    return gain, norm.bias.double() - gain * norm.running_mean.double()

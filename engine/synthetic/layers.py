"""Layers of our own networks in PyTorch, to be trained; the engine runs the result with OpenCV (:mod:`engine.nets.layers`)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..nets.layers import Layer

__all__ = ["Layers", "affine_of", "average"]


class Layers(nn.Module):
    """Layers with batch normalization before each rectifier.

    Args:
        layers: the network. inputs: channels of each input by its name; sources that are neither are left out.
    """

    def __init__(self, layers: tuple[Layer, ...], inputs: Mapping[str, int]):
        super().__init__()
        self.layers = layers
        self.channels = dict(inputs)
        self.convolve, self.normalize = nn.ModuleDict(), nn.ModuleDict()
        self.sources = {}
        for layer in self.layers:
            sources = [source for source in layer.sources if source.lstrip("^") in self.channels]
            self.sources[layer.name] = sources
            count = sum(self.channels[source.lstrip("^")] for source in sources)
            self.convolve[layer.name] = nn.Conv2d(
                count, layer.channels, layer.side, layer.stride, layer.side // 2, bias=layer.plain
            )
            if not layer.plain:
                self.normalize[layer.name] = nn.BatchNorm2d(layer.channels)
            self.channels[layer.name] = layer.channels

    def answers(self, values: dict[str, torch.Tensor]) -> torch.Tensor:
        """(B, C, H, W), the last layer's; `values` of the inputs by name."""
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
        """Weights and biases as :func:`engine.nets.layers.add_layers` takes them: normalizations multiplied in."""
        out = {}
        for layer in self.layers:
            convolution = self.convolve[layer.name]
            weight = convolution.weight.double()
            if layer.plain:
                bias = convolution.bias.double()
            else:
                gain, bias = affine_of(self.normalize[layer.name])
                weight = weight * gain[:, None, None, None]
            out[f"{layer.name}.weight"], out[f"{layer.name}.bias"] = weight.numpy().copy(), bias.numpy().copy()
        return out


def affine_of(norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Gain and shift of a normalization, by channel."""
    gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    return gain, norm.bias.double() - gain * norm.running_mean.double()


@torch.no_grad()
def average(kept: nn.Module, layers: nn.Module, share: float) -> None:
    """Move `kept` towards `layers`, of which it keeps that share of itself."""
    for old, new in zip(kept.state_dict().values(), layers.state_dict().values()):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - share)

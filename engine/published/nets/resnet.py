"""Residual networks (He et al., 2016) as trunks of the published face networks.

"Version 1.5": a bottleneck strides in its 3 x 3 convolution. Names are those of the common ImageNet checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from .blocks import conv_norm

__all__ = ["BasicBlock", "Bottleneck", "ResNet", "residual_layer", "resnet18", "resnet50"]


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions around which the input is added."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(inputs, width, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1 x 1, middle, 1 x 1 to four times the width; the middle is a 3 x 3 convolution unless `middle` makes another."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int, middle: Callable[[int, int], nn.Module] | None = None):
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = middle(width, stride) if middle else nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = _shortcut(inputs, outputs, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    return conv_norm(inputs, outputs, 1, stride) if stride != 1 or inputs != outputs else None


def residual_layer(
    block: Callable[[int, int, int], nn.Module], inputs: int, outputs: int, width: int, count: int, stride: int
) -> nn.Sequential:
    """`count` blocks, the first of which strides and widens."""
    return nn.Sequential(block(inputs, width, stride), *(block(outputs, width, 1) for _ in range(count - 1)))


class ResNet(nn.Module):
    """Trunk of a residual network.

    Args:
        block: :class:`BasicBlock` or :class:`Bottleneck`.
        counts: blocks in each of the four layers.
        outputs: makes a last linear layer ``fc`` of this many outputs; none by default.
    """

    def __init__(
        self, block: type[BasicBlock] | type[Bottleneck], counts: tuple[int, int, int, int], outputs: int | None = None
    ):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        inputs = 64
        for number, (width, count) in enumerate(zip((64, 128, 256, 512), counts, strict=True), 1):
            wide = width * block.expansion
            layer = residual_layer(block, inputs, wide, width, count, 1 if number == 1 else 2)
            self.add_module(f"layer{number}", layer)
            inputs = wide
        self.features = inputs
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        if outputs:
            self.fc = nn.Linear(inputs, outputs)

    def layers(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The four feature maps of strides 4, 8, 16 and 32."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        maps = []
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            maps.append(x)
        return maps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, F, 1, 1) means over the last map, or (B, outputs) with a last linear layer."""
        x = self.avgpool(self.layers(x)[-1])
        return self.fc(x.flatten(1)) if hasattr(self, "fc") else x


def resnet18(outputs: int | None = None) -> ResNet:
    """A ResNet-18 trunk, whose last map has 512 features."""
    return ResNet(BasicBlock, (2, 2, 2, 2), outputs)


def resnet50(outputs: int | None = None) -> ResNet:
    """A ResNet-50 trunk, whose last map has 2048 features."""
    return ResNet(Bottleneck, (3, 4, 6, 3), outputs)

"""Involution and the residual network made of it.

Li et al., "Involution: inverting the inherence of convolution for visual recognition" (CVPR 2021). The published CUDA
kernel is not needed: the same sums in PyTorch's own operations run everywhere.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .blocks import ConvUnit
from .resnet import Bottleneck, residual_layer

__all__ = ["Involution", "RedNet"]

_GROUP = 16
"""Channels that share a kernel."""


class Involution(nn.Module):
    """Each place of the picture predicts its own kernel: (B, C, H, W) -> (B, C, H / stride, W / stride)."""

    def __init__(self, channels: int, kernel: int, stride: int):
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv1 = ConvUnit(channels, channels // 4, 1)
        self.conv2 = ConvUnit(channels // 4, kernel**2 * channels // _GROUP, 1, norm=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, channels = x.shape[:2]
        source = F.avg_pool2d(x, self.stride) if self.stride > 1 else x
        kernels = self.conv2(self.conv1(source))
        height, width = kernels.shape[-2:]
        kernels = kernels.view(batch, channels // _GROUP, 1, self.kernel**2, height, width)
        patches = F.unfold(x, self.kernel, padding=self.kernel // 2, stride=self.stride)
        patches = patches.view(batch, channels // _GROUP, _GROUP, self.kernel**2, height, width)
        return (kernels * patches).sum(3).view(batch, channels, height, width)


def _block(inputs: int, width: int, stride: int) -> Bottleneck:
    return Bottleneck(inputs, width, stride, lambda channels, step: Involution(channels, 7, step))


class RedNet(nn.Module):
    """ "RedNet-50": (B, inputs, H, W) -> (B, 2048, H / 32, W / 32).

    ``pts_net`` is in the official file and has no use.
    """

    def __init__(self, inputs: int):
        super().__init__()
        self.stem = nn.Sequential(
            ConvUnit(inputs, 32, 3, 2), Involution(32, 3, 1), nn.BatchNorm2d(32), nn.ReLU(), ConvUnit(32, 64, 3)
        )
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = 64
        for number, (width, count) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), 1):
            layer = residual_layer(_block, channels, 4 * width, width, count, 1 if number == 1 else 2)
            self.add_module(f"layer{number}", layer)
            channels = 4 * width
        self.pts_net = nn.Sequential(nn.Linear(2048, 1024), nn.PReLU(), nn.Linear(1024, 512), nn.PReLU(), nn.Linear(512, 318))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(self.stem(x))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))

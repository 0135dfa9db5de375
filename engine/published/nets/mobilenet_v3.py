"""MobileNetV3-Large (Howard et al., 2019) as a trunk, with the names of 3DDFA-V3's small checkpoint."""

from __future__ import annotations

import torch
from torch import nn

from .blocks import conv_norm, inverted_residual

__all__ = ["MobileNetV3"]

_BLOCKS = (
    (3, 1.0, 16, False, False, 1),
    (3, 4.0, 24, False, False, 2),
    (3, 3.0, 24, False, False, 1),
    (5, 3.0, 40, True, False, 2),
    (5, 3.0, 40, True, False, 1),
    (5, 3.0, 40, True, False, 1),
    (3, 6.0, 80, False, True, 2),
    (3, 2.5, 80, False, True, 1),
    (3, 2.3, 80, False, True, 1),
    (3, 2.3, 80, False, True, 1),
    (3, 6.0, 112, True, True, 1),
    (3, 6.0, 112, True, True, 1),
    (5, 6.0, 160, True, True, 2),
    (5, 6.0, 160, True, True, 1),
    (5, 6.0, 160, True, True, 1),
)
"""Kernel, widening, outputs, squeeze-and-excite, h-swish instead of ReLU, and stride of each block, as published."""


def _multiple_of_8(value: float) -> int:
    """Nearest multiple of 8, at least 8 and never below 90 % of the value."""
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


class _SqueezeExcite(nn.Module):
    """Each channel is weighted by what the means of all channels say (Hu et al., 2018)."""

    def __init__(self, channels: int):
        super().__init__()
        narrow = _multiple_of_8(channels // 4)
        self.fc = nn.Sequential(nn.Linear(channels, narrow), nn.ReLU(), nn.Linear(narrow, channels), nn.Hardsigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc(x.mean((2, 3)))[:, :, None, None]


class _Block(nn.Module):
    """An inverted residual; one that does not widen has no first convolution and squeezes after its activation."""

    def __init__(self, inputs: int, kernel: int, widening: float, outputs: int, squeeze: bool, swish: bool, stride: int):
        super().__init__()
        hidden = _multiple_of_8(inputs * widening)

        def activation(_channels: int) -> nn.Module:
            return nn.Hardswish() if swish else nn.ReLU()

        excite = _SqueezeExcite(hidden) if squeeze else nn.Identity()
        if hidden == inputs:
            self.conv = nn.Sequential(
                *conv_norm(inputs, hidden, kernel, stride, groups=hidden),
                activation(hidden),
                excite,
                *conv_norm(hidden, outputs, 1),
            )
        else:
            self.conv = inverted_residual(inputs, hidden, outputs, kernel, stride, activation, excite)
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.skip else self.conv(x)


class MobileNetV3(nn.Module):
    """(B, 3, H, W) -> (B, 960, 1, 1)."""

    features_out = 960

    def __init__(self):
        super().__init__()
        blocks = [conv_norm(3, 16, 3, 2, then=nn.Hardswish())]
        inputs = 16
        for kernel, widening, outputs, squeeze, swish, stride in _BLOCKS:
            blocks.append(_Block(inputs, kernel, widening, outputs, squeeze, swish, stride))
            inputs = outputs
        self.features = nn.Sequential(*blocks)
        self.conv = conv_norm(inputs, self.features_out, 1, then=nn.Hardswish())
        self.avgpool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.avgpool(self.conv(self.features(x)))

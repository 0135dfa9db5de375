"""Layers that several of the published networks share; attribute names are those of their checkpoints."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["ConvUnit", "DoubleConv", "conv_norm", "inverted_residual"]


def conv_norm(
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    *,
    bias: bool = False,
    groups: int = 1,
    then: nn.Module | None = None,
) -> nn.Sequential:
    """Convolution (``.0``) that keeps the size at stride 1, batch norm (``.1``), then an activation if given."""
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=bias), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([then] if then is not None else []))


class ConvUnit(nn.Module):
    """Convolution ``conv``, batch norm ``bn``, ReLU; without norm it is a convolution with bias and nothing else."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, norm: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not norm)
        self.bn = nn.BatchNorm2d(outputs) if norm else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        return x if self.bn is None else torch.relu(self.bn(x))


class DoubleConv(nn.Module):
    """Twice 3 x 3 convolution with bias, batch norm, ReLU: the step of a U-Net (Ronneberger et al., 2015)."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = nn.Sequential(
            *conv_norm(inputs, outputs, 3, bias=True, then=nn.ReLU()),
            *conv_norm(outputs, outputs, 3, bias=True, then=nn.ReLU()),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


def inverted_residual(
    inputs: int, hidden: int, outputs: int, kernel: int, stride: int, activation, squeeze: nn.Module | None = None
) -> nn.Sequential:
    """Widen by 1 x 1, filter each channel, narrow by 1 x 1 (Sandler et al., MobileNetV2, 2018); no skip in here.

    Args:
        activation: makes an activation for a number of channels.
        squeeze: placed between the norm of the depthwise convolution and its activation.
    """
    depthwise = conv_norm(hidden, hidden, kernel, stride, groups=hidden)
    return nn.Sequential(
        *conv_norm(inputs, hidden, 1, then=activation(hidden)),
        *depthwise,
        *([squeeze] if squeeze is not None else []),
        activation(hidden),
        *conv_norm(hidden, outputs, 1),
    )

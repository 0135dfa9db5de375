"""DF_MVR's face parser: a picture of a face -> ten labels.

Yu et al., "BiSeNet: bilateral segmentation network for real-time semantic segmentation" (ECCV 2018), whose spatial
path is the stride-8 map of the ResNet-18 here.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .blocks import ConvUnit
from .resnet import resnet18

__all__ = ["LABELS", "FaceMaskNet"]

LABELS = 10
"""0 background, 1 skin; the authors do not say what the others are."""


def _mean(x: torch.Tensor) -> torch.Tensor:
    return x.mean((2, 3), keepdim=True)


class _Refinement(nn.Module):
    """Weights channels by their means."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = ConvUnit(inputs, outputs, 3)
        self.conv_atten = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.bn_atten = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        return x * torch.sigmoid(self.bn_atten(self.conv_atten(_mean(x))))


class _ContextPath(nn.Module):
    """(B, 3, H, W) -> maps of the trunk at stride 8 and of the context at stride 8 and 16."""

    def __init__(self):
        super().__init__()
        self.resnet = resnet18()
        self.arm16 = _Refinement(256, 128)
        self.arm32 = _Refinement(512, 128)
        self.conv_head32 = ConvUnit(128, 128, 3)
        self.conv_head16 = ConvUnit(128, 128, 3)
        self.conv_avg = ConvUnit(512, 128, 1)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        _, at8, at16, at32 = self.resnet.layers(image)
        context32 = self.arm32(at32) + self.conv_avg(_mean(at32))
        context16 = self.conv_head32(F.interpolate(context32, at16.shape[-2:], mode="nearest"))
        context8 = F.interpolate(self.arm16(at16) + context16, at8.shape[-2:], mode="nearest")
        return at8, self.conv_head16(context8), context16


class _Fusion(nn.Module):
    """Joins detail and context."""

    def __init__(self):
        super().__init__()
        self.convblk = ConvUnit(256, 256, 1)
        self.conv1 = nn.Conv2d(256, 64, 1, bias=False)
        self.conv2 = nn.Conv2d(64, 256, 1, bias=False)

    def forward(self, detail: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        x = self.convblk(torch.cat([detail, context], 1))
        return x + x * torch.sigmoid(self.conv2(torch.relu(self.conv1(_mean(x)))))


class _Output(nn.Module):
    def __init__(self, inputs: int, middle: int):
        super().__init__()
        self.conv = ConvUnit(inputs, middle, 3)
        self.conv_out = nn.Conv2d(middle, LABELS, 1, bias=False)

    def forward(self, x: torch.Tensor, size: torch.Size) -> torch.Tensor:
        return F.interpolate(self.conv_out(self.conv(x)), size, mode="bilinear", align_corners=True)


class FaceMaskNet(nn.Module):
    """(B, 3, H, W) RGB in -1..1 -> three (B, 10, H, W) logits; the first is the result, the others serve training."""

    def __init__(self):
        super().__init__()
        self.cp = _ContextPath()
        self.ffm = _Fusion()
        self.conv_out = _Output(256, 256)
        self.conv_out16 = _Output(128, 64)
        self.conv_out32 = _Output(128, 64)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        detail, context8, context16 = self.cp(image)
        size = image.shape[-2:]
        return (
            self.conv_out(self.ffm(detail, context8), size),
            self.conv_out16(context8, size),
            self.conv_out32(context16, size),
        )

"""RetinaFace with a ResNet-50: faces and five points of each.

Deng et al., "RetinaFace: single-shot multi-level face localisation in the wild" (CVPR 2020); the context modules are
those of Najibi et al., "SSH" (ICCV 2017). :mod:`.retinaface_detect` turns the outputs into faces.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .blocks import conv_norm
from .resnet import resnet50

__all__ = ["ANCHORS", "RetinaFaceNet"]

ANCHORS = 2
"""Anchors (one small, one large) at each place of a feature map."""
_CHANNELS = 256
"""Channels of the pyramid's maps, as published."""


class _Pyramid(nn.Module):
    """Feature pyramid (Lin et al., 2017) over strides 8, 16, 32; finest first."""

    def __init__(self):
        super().__init__()
        self.output1 = conv_norm(512, _CHANNELS, 1, then=nn.ReLU())
        self.output2 = conv_norm(1024, _CHANNELS, 1, then=nn.ReLU())
        self.output3 = conv_norm(2048, _CHANNELS, 1, then=nn.ReLU())
        self.merge1 = conv_norm(_CHANNELS, _CHANNELS, 3, then=nn.ReLU())
        self.merge2 = conv_norm(_CHANNELS, _CHANNELS, 3, then=nn.ReLU())

    def forward(self, maps: list[torch.Tensor]) -> list[torch.Tensor]:
        fine, middle, coarse = self.output1(maps[0]), self.output2(maps[1]), self.output3(maps[2])
        middle = self.merge2(middle + F.interpolate(coarse, middle.shape[-2:], mode="nearest"))
        fine = self.merge1(fine + F.interpolate(middle, fine.shape[-2:], mode="nearest"))
        return [fine, middle, coarse]


class _Context(nn.Module):
    """Windows of 3, 5 and 7 pixels side by side, the larger ones as stacked 3 x 3 convolutions."""

    def __init__(self):
        super().__init__()
        half, quarter = _CHANNELS // 2, _CHANNELS // 4
        self.conv3X3 = conv_norm(_CHANNELS, half, 3)
        self.conv5X5_1 = conv_norm(_CHANNELS, quarter, 3, then=nn.ReLU())
        self.conv5X5_2 = conv_norm(quarter, quarter, 3)
        self.conv7X7_2 = conv_norm(quarter, quarter, 3, then=nn.ReLU())
        self.conv7x7_3 = conv_norm(quarter, quarter, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shared = self.conv5X5_1(x)
        windows = [self.conv3X3(x), self.conv5X5_2(shared), self.conv7x7_3(self.conv7X7_2(shared))]
        return torch.relu(torch.cat(windows, 1))


class _Head(nn.Module):
    """`size` numbers for each anchor."""

    def __init__(self, size: int):
        super().__init__()
        self.size = size
        self.conv1x1 = nn.Conv2d(_CHANNELS, ANCHORS * size, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv1x1(x).permute(0, 2, 3, 1).flatten(1).unflatten(1, (-1, self.size))


class RetinaFaceNet(nn.Module):
    """(B, 3, H, W) RGB less ImageNet's mean over its deviation -> boxes, class logits, points.

    Outputs are (B, A, 4), (B, A, 2) (background, face) and (B, A, 10) relative to the A anchors, which lie row by row,
    finest map first; A = 10752 for 512 x 512.
    """

    def __init__(self):
        super().__init__()
        self.body = resnet50()
        self.fpn = _Pyramid()
        self.ssh1, self.ssh2, self.ssh3 = _Context(), _Context(), _Context()
        self.ClassHead = nn.ModuleList(_Head(2) for _ in range(3))
        self.BboxHead = nn.ModuleList(_Head(4) for _ in range(3))
        self.LandmarkHead = nn.ModuleList(_Head(10) for _ in range(3))

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        fine, middle, coarse = self.fpn(self.body.layers(image)[1:])
        maps = [self.ssh1(fine), self.ssh2(middle), self.ssh3(coarse)]
        boxes, classes, points = (
            torch.cat([head(x) for head, x in zip(heads, maps, strict=True)], 1)
            for heads in (self.BboxHead, self.ClassHead, self.LandmarkHead)
        )
        return boxes, classes, points

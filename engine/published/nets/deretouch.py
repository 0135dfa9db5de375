"""HRN's de-retouching network: puts back into a smooth albedo what the photo's texture shows of the skin.

Lei et al. (CVPR 2023); the network is a U-Net (Ronneberger et al., 2015). ``engine.published.basel.uv_maps.turn_off_retouching``
applies what it says.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .blocks import DoubleConv

__all__ = ["DeRetouchNet"]


class _Down(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.mpconv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(inputs, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.mpconv(x)


class _Up(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = DoubleConv(inputs, outputs)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        return self.conv(torch.cat([skip, x], 1))


class _Named(nn.Module):
    """Adds one level to the names of a module's weights."""

    def __init__(self, conv: nn.Module):
        super().__init__()
        self.conv = conv

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


class DeRetouchNet(nn.Module):
    """(B, 3, 512, 512) RGB in -1..1 -> blend layer (B, 3, 512, 512) in 0..1, where 0.5 changes nothing."""

    def __init__(self):
        super().__init__()
        self.inc = _Named(DoubleConv(3, 64))
        self.down1 = _Down(64, 128)
        self.down2 = _Down(128, 256)
        self.down3 = _Down(256, 512)
        self.down4 = _Down(512, 512)
        self.up1 = _Up(1024, 256)
        self.up2 = _Up(512, 128)
        self.up3 = _Up(256, 64)
        self.up4 = _Up(128, 64)
        self.outc = _Named(nn.Conv2d(64, 3, 1))
        for level, channels in ((4, 256), (3, 128), (2, 64), (1, 64)):  # coarser outputs, used in training only
            self.add_module(f"dsoutc{level}", _Named(nn.Conv2d(channels, 3, 1)))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        skips = [self.inc(image)]
        for down in (self.down1, self.down2, self.down3, self.down4):
            skips.append(down(skips[-1]))
        x = skips.pop()
        for up in (self.up1, self.up2, self.up3, self.up4):
            x = up(x, skips.pop())
        return torch.sigmoid(self.outc(x))

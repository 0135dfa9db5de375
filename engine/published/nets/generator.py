"""HRN's generators of the deformation and the displacement map.

Lei et al., "A hierarchical representation network for accurate and detailed face reconstruction from in-the-wild
images" (CVPR 2023), with the nine-block residual generator of Isola et al., "Image-to-image translation with
conditional adversarial networks" (CVPR 2017).
"""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["MapGenerator", "deformation_generator", "displacement_generator"]


class _Residual(nn.Module):
    """x plus two reflected 3 x 3 convolutions; nothing follows the sum."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv_block(x)


class MapGenerator(nn.Module):
    """(B, inputs, H, W) -> (B, outputs, H, W) in -1..1; H and W multiples of 4.

    Instance norms have no weights and no memory, so every convolution has a bias.
    """

    def __init__(self, inputs: int, outputs: int, width: int = 64, blocks: int = 9):
        super().__init__()
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, width, 7), nn.InstanceNorm2d(width), nn.ReLU()]
        for wide in (2 * width, 4 * width):
            layers += [nn.Conv2d(wide // 2, wide, 3, 2, 1), nn.InstanceNorm2d(wide), nn.ReLU()]
        layers += [_Residual(4 * width) for _ in range(blocks)]
        for wide in (4 * width, 2 * width):
            layers += [nn.ConvTranspose2d(wide, wide // 2, 3, 2, 1, 1), nn.InstanceNorm2d(wide // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, outputs, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x)


def deformation_generator() -> MapGenerator:
    """``mid_net``: 6 channels of texture and position at 64 x 64 -> offsets in x, y, z before scaling."""
    return MapGenerator(6, 3)


def displacement_generator() -> MapGenerator:
    """``high_net``: 9 channels of texture, position and deformation at 256 x 256 -> displacement before scaling."""
    return MapGenerator(9, 1)

"""The coarse network: one face crop -> coefficients of a 3D morphable model.

Deng et al., "Accurate 3D face reconstruction with weakly-supervised learning" (CVPRW 2019). HRN, ModelScope's face and
head models and 3DDFA-V3 use the same network with their own weights.
"""

from __future__ import annotations

import torch
from torch import nn

from .mobilenet_v3 import MobileNetV3
from .resnet import resnet18, resnet50

__all__ = ["COEFFICIENTS", "CoarseNet", "coefficient_heads"]

COEFFICIENTS = (80, 64, 80, 3, 27, 2, 1)
"""Outputs of the seven heads: identity, expression, texture, angles, lighting, shift in x and y, shift in z."""


def _backbone(name: str, outputs: int | None) -> tuple[nn.Module, int]:
    if name == "mobilenet_v3":
        return MobileNetV3(), MobileNetV3.features_out
    net = {"resnet18": resnet18, "resnet50": resnet50}[name](outputs)
    return net, net.features


def coefficient_heads(features: int, sizes: tuple[int, ...]) -> nn.ModuleList:
    """One 1 x 1 convolution a group of coefficients; they start at zero, the mean face in front of the camera."""
    heads = nn.ModuleList(nn.Conv2d(features, size, 1) for size in sizes)
    for head in heads:
        nn.init.zeros_(head.weight)
        nn.init.zeros_(head.bias)
    return heads


class CoarseNet(nn.Module):
    """(B, 3, 224, 224) RGB in 0..1, cropped by five points to a face width of about 102 -> (B, 257).

    :mod:`engine.published.basel.coefficients` names the parts of the result.

    Args:
        backbone: "resnet50" (Deep3D, HRN, ModelScope, 3DDFA-V3), "resnet18" (Deep3D) or "mobilenet_v3" (3DDFA-V3).
        last_fc: one linear layer instead of seven heads (Deep3D's ``--use_last_fc``); residual networks only.
    """

    def __init__(self, backbone: str = "resnet50", *, last_fc: bool = False):
        super().__init__()
        self.backbone, features = _backbone(backbone, sum(COEFFICIENTS) if last_fc else None)
        if not last_fc:
            self.final_layers = coefficient_heads(features, COEFFICIENTS)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.backbone(image)
        if hasattr(self, "final_layers"):
            x = torch.cat([head(x) for head in self.final_layers], 1)
        return x.flatten(1)

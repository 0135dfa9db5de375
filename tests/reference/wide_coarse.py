"""A coarse network of ModelScope's head model that nothing uses, there or here."""

from __future__ import annotations

import torch
from torch import nn

from engine.published.nets.coarse import coefficient_heads
from engine.published.nets.resnet import resnet50

__all__ = ["WideCoarseNet"]


class WideCoarseNet(nn.Module):
    """The variant of 264 outputs that ModelScope's head model carries in its sources without using it.

    Heads: 80 identity, 51 expression, 100 texture, 3 angles, 27 lighting, 2 and 1 shift.
    """

    def __init__(self):
        super().__init__()
        self.backbone = resnet50()
        self.final_layers2 = coefficient_heads(self.backbone.features, (80, 51, 100, 3, 27, 2, 1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(B, 3, 224, 224) RGB in 0..1 -> (B, 264)."""
        x = self.backbone(image)
        return torch.cat([head(x) for head in self.final_layers2], 1).flatten(1)

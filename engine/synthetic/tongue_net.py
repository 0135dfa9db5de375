"""Layers on the landmark network's front that see a tongue, in PyTorch; the engine runs them with OpenCV
(:class:`engine.fit.coarse.network.DenseNet`)."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["TongueNet"]


class TongueNet(nn.Module):
    """(B, 128, 16, 16) activations of the front -> (B, answers).

    Args:
        answers: number of values; the first is how far the tongue is out. The others are company in training and not shipped.
    """

    def __init__(self, answers: int):
        super().__init__()
        self.reduce, self.reduce_slope = nn.Conv2d(128, 32, 1), nn.PReLU(32)
        self.halve, self.halve_slope = nn.Conv2d(32, 48, 3, 2, 1), nn.PReLU(48)
        self.quarter, self.quarter_slope = nn.Conv2d(48, 64, 3, 2, 1), nn.PReLU(64)
        self.mix, self.mix_slope = nn.Linear(1024, 64), nn.PReLU(64)
        self.answer = nn.Linear(64, answers)

    def forward(self, activations: torch.Tensor) -> torch.Tensor:
        """(B, answers)"""
        x = self.reduce_slope(self.reduce(activations))
        x = self.quarter_slope(self.quarter(self.halve_slope(self.halve(x))))
        x = nn.functional.dropout(x.flatten(1), 0.3, self.training)
        return self.answer(self.mix_slope(self.mix(x)))

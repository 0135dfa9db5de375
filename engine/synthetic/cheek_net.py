"""Layers on the landmark network's front that see whether a cheek is blown, in PyTorch; the engine runs them with OpenCV
(:class:`engine.fit.coarse.network.DenseNet`)."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

__all__ = ["FROM", "CheekNet"]

FROM = 8
"""First column of the activations that counts: they hold the picture's right half, where the subject's left side is, and a little
of the other one."""
_COLUMNS = 2
"""Columns of the last convolution's four that the answers are worked out from: no column before :data:`FROM` takes part."""
_ROWS = 4
"""Its rows."""
_CHANNELS = 64
"""Its channels."""


class CheekNet(nn.Module):
    """(B, 64, 32, 32) activations of the front, or of them only those from column :data:`FROM` on, -> (B, answers).

    Args:
        answers: number of values.
    """

    def __init__(self, answers: int):
        super().__init__()
        self.reduce, self.reduce_slope = nn.Conv2d(64, 24, 1), nn.PReLU(24)
        self.halve, self.halve_slope = nn.Conv2d(24, 40, 3, 2, 1), nn.PReLU(40)
        self.quarter, self.quarter_slope = nn.Conv2d(40, 56, 3, 2, 1), nn.PReLU(56)
        self.eighth, self.eighth_slope = nn.Conv2d(56, _CHANNELS, 3, 2, 1), nn.PReLU(_CHANNELS)
        self.mix, self.mix_slope = nn.Linear(_CHANNELS * _ROWS * _COLUMNS, 64), nn.PReLU(64)
        self.answer = nn.Linear(64, answers)

    def forward(self, activations: torch.Tensor) -> torch.Tensor:
        """(B, answers)"""
        x = self.reduce_slope(self.reduce(activations))
        x = self.quarter_slope(self.quarter(self.halve_slope(self.halve(x))))
        x = self.eighth_slope(self.eighth(nn.functional.dropout2d(x, 0.1, self.training)))
        x = nn.functional.dropout(x[..., -_COLUMNS:].flatten(1), 0.3, self.training)
        return self.answer(self.mix_slope(self.mix(x)))

    def state(self) -> dict[str, np.ndarray]:
        """The weights by their names, with those of columns that do not count, which are 0."""
        values = {name: value.detach().numpy() for name, value in self.state_dict().items()}
        used = values["mix.weight"].reshape(-1, _CHANNELS, _ROWS, _COLUMNS)
        unused = np.zeros((*used.shape[:3], 4 - _COLUMNS), used.dtype)
        return values | {"mix.weight": np.concatenate([unused, used], -1).reshape(len(used), -1)}

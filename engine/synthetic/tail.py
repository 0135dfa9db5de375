"""What is trained: the end of the landmark network with heads for dense landmarks, shape and perspective, in PyTorch.

The engine runs the result with OpenCV (:class:`engine.fit.coarse.network.DenseNet`); both answer the same.
"""

from __future__ import annotations

import torch
from torch import nn

from ..fit.coarse.network import FEATURES, TAIL_START, TAIL_STOP, Guess
from ..nets.tflite import Network
from .backbone import Backbone

__all__ = ["Tail"]


class Tail(nn.Module):
    """The layers that are trained: from the 8 x 8 activations on."""

    def __init__(self, network: Network, points: int, identities: int, expressions: int, hidden: int = 192):
        super().__init__()
        self.body = Backbone(network, TAIL_START, TAIL_STOP)
        self.count = points
        self.register_buffer("centre", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.points = nn.Linear(FEATURES, 2 * points)
        self.hidden = nn.Sequential(nn.Linear(FEATURES, hidden), nn.PReLU())
        self.shape = nn.Linear(FEATURES + hidden, identities + expressions + 2)
        self.sizes = identities, expressions, 2
        nn.init.zeros_(self.shape.weight)
        nn.init.zeros_(self.shape.bias)

    def forward(self, activations: torch.Tensor) -> Guess:
        """(B, 128, 8, 8) -> :class:`Guess` of tensors."""
        features = (self.body(activations).flatten(1) - self.centre) / self.spread
        points = self.points(features).view(-1, self.count, 2) + 128
        features = nn.functional.dropout(features, 0.1, self.training)
        shape = self.shape(torch.cat([features, self.hidden(features)], 1))
        return Guess(points, *shape.split(self.sizes, 1))

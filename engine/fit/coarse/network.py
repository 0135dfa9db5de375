"""The landmark network with a tail trained on renders of this head: dense landmarks, shape and perspective of a crop.

After Wood et al., "3D face reconstruction with dense landmarks" (ECCV 2022): a network that learnt from renders of a
head model where every vertex is, then a model fit to its points. Here the network also gives the most likely shape.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from .backbone import Backbone
from .tflite import Network

__all__ = ["FEATURES", "TAIL_START", "TAIL_STOP", "Guess", "Tail"]

TAIL_START, TAIL_STOP = 408, 470
"""Tensors of the landmark network: 128 x 8 x 8 and 128 x 2 x 2."""

FEATURES = 512


class Guess(NamedTuple):
    """For B crops."""

    points: torch.Tensor
    """(B, P, 2) pixels of the crop."""
    identity: torch.Tensor
    """(B, K)"""
    expression: torch.Tensor
    """(B, 52)"""
    view: torch.Tensor
    """(B, 2): log of the distance over 800 mm, log of the crop's pixels per mm."""


class Tail(nn.Module):
    """From the 8 x 8 activations on."""

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
        """(B, 128, 8, 8) -> :class:`Guess`."""
        features = (self.body(activations).flatten(1) - self.centre) / self.spread
        points = self.points(features).view(-1, self.count, 2) + 128
        features = nn.functional.dropout(features, 0.1, self.training)
        shape = self.shape(torch.cat([features, self.hidden(features)], 1))
        return Guess(points, *shape.split(self.sizes, 1))

"""What is trained of the part segmenter: the layers behind the frozen fronts, in PyTorch.

The engine runs the result with OpenCV (:class:`engine.photo.parts.PartNet`); both answer the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..nets.layers import Layer
from ..photo.part_net import CLOSE, FRONTS, LAYERS
from .layers import Layers, affine_of

__all__ = ["PartLayers"]


class PartLayers(Layers):
    """All of :data:`engine.photo.part_net.LAYERS`, or others, with batch normalization before and within them.

    Args:
        fronts: names of the fronts whose taps are used.
        layers: :data:`~engine.photo.part_net.LAYERS` or :data:`~engine.photo.part_net.FACE_LAYERS`.
    """

    def __init__(self, fronts: tuple[str, ...] = tuple(FRONTS), layers: tuple[Layer, ...] = LAYERS):
        taps = {name: tap[1] for front in fronts for name, tap in FRONTS[front].taps.items()}
        super().__init__(layers, {"close": CLOSE, **taps})
        self.taps = tuple(taps)
        self.scale = nn.ModuleDict({name: nn.BatchNorm2d(count) for name, count in taps.items() if name != "matte"})

    def forward(self, close: torch.Tensor, taps: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """(B, C, 128, 128) log odds, the last layer's answers; `taps` by name."""
        values = {"close": close}
        for name in self.taps:
            if name == "matte":
                values[name] = taps[name]
            else:
                values[name] = F.dropout2d(self.scale[name](taps[name]), 0.15, self.training)
        return self.answers(values)

    @torch.no_grad()
    def folded(self) -> dict[str, np.ndarray]:
        """Weights and biases as :func:`engine.photo.part_net.network_as_onnx` takes them: normalizations multiplied in."""
        out = super().folded()
        for layer in self.layers:
            weight, bias = out[f"{layer.name}.weight"], out[f"{layer.name}.bias"]
            start = 0
            for source in self.sources[layer.name]:
                name = source.lstrip("^")
                part = weight[:, start : start + self.channels[name]]
                start += self.channels[name]
                if name in self.scale:
                    gain, shift = (values.numpy() for values in affine_of(self.scale[name]))
                    bias += part.sum((2, 3)) @ shift
                    part *= gain[None, :, None, None]
        return out

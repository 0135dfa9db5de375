"""The network of 106 facial points that HRN and 3DDFA-V3 crop with, and their crop in two passes.

The file is ``large_base_net.pth``, for which the references name no paper. Blocks: Sandler et al., MobileNetV2 (2018).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import torch
from torch import nn

from .blocks import conv_norm, inverted_residual

__all__ = ["Landmark106Net", "find_106_points", "points_of_crop", "soft_argmax"]

CROP = 224
"""Side of the crop that the network sees, pixels, as published."""
_MARGIN = 1.35
"""Side of the crop over the longer side of the face box."""
_MEANS = (103.94, 116.78, 123.68)
"""Taken off R, G, B and the colour outside of the picture, though they are the means of B, G, R: the published
weights expect it so."""


class _Inverted(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, widening: int, skip: bool):
        super().__init__()
        self.conv = inverted_residual(inputs, inputs * widening, outputs, 3, stride, nn.PReLU)
        self.skip = skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.skip else self.conv(x)


_BLOCKS = (
    (64, 64, 1, 2, False),
    (64, 64, 2, 2, False),
    *[(64, 64, 1, 2, True)] * 4,
    (64, 128, 2, 2, False),
    (128, 128, 1, 4, False),
    *[(128, 128, 1, 4, True)] * 5,
    (128, 128, 1, 2, False),
    (128, 128, 2, 2, False),
    (128, 128, 1, 2, False),
)
"""Inputs, outputs, stride, widening and skip of block2 to block17, as published."""


class Landmark106Net(nn.Module):
    """Crop -> points.

    ``forward`` takes (B, 3, 224, 224) RGB of 0..255 less (103.94, 116.78, 123.68), over 255, and gives (B, 212):
    x0, y0, x1, ... in fractions of the crop.
    """

    def __init__(self):
        super().__init__()
        self.block1 = conv_norm(3, 64, 3, 2, then=nn.PReLU(64))
        for number, block in enumerate(_BLOCKS, 2):
            self.add_module(f"block{number}", _Inverted(*block))
        self.block18 = conv_norm(128, 256, 3, then=nn.PReLU(256))
        self.block19 = nn.Conv2d(256, 106, 3, 1, 1, bias=False)

    def heat_maps(self, image: torch.Tensor) -> torch.Tensor:
        """(B, 3, 224, 224) -> (B, 106, 14, 14) logits; a map's row is x of the point and its column is y."""
        for block in self.children():
            image = block(image)
        return image

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return soft_argmax(self.heat_maps(image))


def soft_argmax(logits: torch.Tensor) -> torch.Tensor:
    """(B, P, R, C) logits -> (B, 2 P): the expected row over R, then the expected column over C, of each point."""
    rows, columns = logits.shape[-2:]
    share = torch.softmax(logits.flatten(2), 2).view(logits.shape)
    row = (share.sum(3) * torch.arange(rows).to(share)).sum(2) / rows
    column = (share.sum(2) * torch.arange(columns).to(share)).sum(2) / columns
    return torch.stack([row, column], 2).flatten(1)


def points_of_crop(net: Landmark106Net, crop: np.ndarray) -> np.ndarray:
    """(224, 224, 3) uint8 RGB -> (106, 2) float32 pixels x, y of the crop, y down."""
    weight = net.block19.weight
    values = (crop.astype(np.float32) - np.float32(_MEANS)) / 255
    image = torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1))[None]).to(weight)
    with torch.no_grad():
        return net(image)[0].float().cpu().numpy().reshape(106, 2) * CROP


def find_106_points(
    predict: Callable[[np.ndarray], np.ndarray], image: np.ndarray, boxes: Sequence[Sequence[float]]
) -> np.ndarray:
    """The points of each face in two passes: in a crop around its box, then in one around the first points.

    Args:
        predict: a crop (224, 224, 3) uint8 RGB -> (106, 2) pixels in it; :func:`points_of_crop` with a network.
        image: (H, W, 3) uint8 RGB.
        boxes: x1, y1, x2, y2 of the faces in pixels, y down; they may leave the picture.

    Returns:
        (faces, 106, 2) float64 pixels of the image, y down.
    """
    found = np.empty((len(boxes), 106, 2))
    for number, box in enumerate(boxes):
        for _ in range(2):
            crop, corner, scale = _crop(image, box)
            found[number] = predict(crop) * scale + corner
            box = (*found[number].min(0), *found[number].max(0))
    return found


def _crop(image: np.ndarray, box: Sequence[float]) -> tuple[np.ndarray, np.ndarray, float]:
    """A square of 1.35 times the box as 224 x 224 pixels, its exact corner and its pixels per pixel of the crop.

    The square that is cut out is the exact one rounded towards zero, as the published points expect it.
    """
    x1, y1, x2, y2 = box
    side = max(x2 - x1 + 1, y2 - y1 + 1) * _MARGIN
    corner = np.array([(x1 + x2) / 2 - side / 2, (y1 + y2) / 2 - side / 2])
    left, top, right, bottom = (int(value) for value in (*corner, *(corner + side)))
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    height, width = image.shape[:2]
    square = np.empty((bottom - top, right - left, 3), np.uint8)
    square[:] = np.round(_MEANS)
    x, y = slice(max(left, 0), min(right, width)), slice(max(top, 0), min(bottom, height))
    if x.start < x.stop and y.start < y.stop:
        square[y.start - top : y.stop - top, x.start - left : x.stop - left] = image[y, x]
    return cv2.resize(square, (CROP, CROP), interpolation=cv2.INTER_LINEAR), corner, side / CROP

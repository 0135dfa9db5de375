"""ArcFace's face recognition network, which training uses to compare a render with the photo.

Deng et al., "ArcFace: additive angular margin loss for deep face recognition" (CVPR 2019); residual blocks of
Duta et al., "Improved residual networks" (2020).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .blocks import conv_norm
from .resnet import residual_layer

__all__ = ["ArcFaceNet", "face_features", "warp_face"]

_SIZE = 112
"""Side of the crop that the network sees, pixels, as published."""


class _Block(nn.Module):
    """Norm before the first convolution, PReLU between both, nothing after the sum."""

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.prelu = nn.PReLU(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample = conv_norm(inputs, width, 1, stride) if stride != 1 else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        y = self.bn3(self.conv2(y))
        return y + (x if self.downsample is None else self.downsample(x))


class ArcFaceNet(nn.Module):
    """ "iresnet50": (B, 3, 112, 112) RGB in -1..1 -> (B, 512) features, not normalised."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.prelu = nn.PReLU(64)
        inputs = 64
        for number, (width, count) in enumerate(((64, 3), (128, 4), (256, 14), (512, 3)), 1):
            self.add_module(f"layer{number}", residual_layer(_Block, inputs, width, width, count, 2))
            inputs = width
        self.bn2 = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs * 7 * 7, 512)
        self.features = nn.BatchNorm1d(512)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.prelu(self.bn1(self.conv1(image)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.features(self.fc(self.bn2(x).flatten(1)))


def warp_face(image: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """The 112 x 112 crop that the network was trained on; outside of the image is 0.

    Args:
        image: (B, 3, H, W) in 0..1.
        matrix: (B, 2, 3) from pixels of the image to pixels of the crop, the centre of the first pixel at 0.
    """
    matrix = torch.cat([matrix, matrix.new_tensor([[[0, 0, 1]]]).expand(len(matrix), 1, 3)], 1).to(image.dtype)
    crop = _to_grid(_SIZE, _SIZE).to(matrix)
    picture = _to_grid(*image.shape[-2:]).to(matrix)
    back = torch.linalg.inv(crop @ matrix @ torch.linalg.inv(picture))
    grid = F.affine_grid(back[:, :2], [len(image), 3, _SIZE, _SIZE], align_corners=True)
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


def _to_grid(height: int, width: int) -> torch.Tensor:
    """(3, 3) from pixels to -1..1 between the centres of the outermost; float32 always, as in published training."""
    matrix = torch.tensor([[1.0, 0, -1], [0, 1, -1], [0, 0, 1]])
    matrix[0, 0], matrix[1, 1] = 2 / (width - 1), 2 / (height - 1)
    return matrix


def face_features(net: ArcFaceNet, image: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """(B, 512) features of length 1 of faces in (B, 3, H, W) RGB 0..1; `matrix` as in :func:`warp_face`."""
    return F.normalize(net(2 * warp_face(image, matrix) - 1), dim=-1)

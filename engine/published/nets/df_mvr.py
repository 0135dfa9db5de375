"""DF_MVR: three views of a face -> one set of face model coefficients and a pose for each view.

Zhao et al., "From 2D images to 3D model: weakly supervised multi-view face reconstruction with deep fusion" (2022):
three U-Nets joined by attention (Oktay et al., "Attention U-Net", 2018) before a network of involutions.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .bisenet import FaceMaskNet
from .blocks import DoubleConv, conv_norm
from .involution import RedNet

__all__ = ["VIEWS", "MultiViewNet"]

VIEWS = ("lt", "ft", "rt")
"""Left, front and right; the order of the inputs and the endings of names."""
_WIDTHS = (64, 128, 256, 512, 1024)
"""Channels of a U-Net's levels, finest first, as published."""
_SHARED = {"id": 80, "exp": 64, "color": 80, "gamma": 27}
"""Number of coefficients of each kind that all views share, by the checkpoint's names."""
_POSED = {"rotate": 3, "offset_xy": 2, "offset_z": 1}
"""Number of coefficients of each kind that every view has of its own."""


class _Attention(nn.Module):
    """Weighs every place of a skip connection by what the coarser level says."""

    def __init__(self, channels: int):
        super().__init__()
        self.W_g = conv_norm(channels, channels // 2, 1, bias=True)
        self.W_x = conv_norm(channels, channels // 2, 1, bias=True)
        self.psi = conv_norm(channels // 2, 1, 1, bias=True, then=nn.Sigmoid())

    def forward(self, gate: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        return skip * self.psi(torch.relu(self.W_g(gate) + self.W_x(skip)))


class _ViewFusion(nn.Module):
    """Three views of (B, 4, H, W) -> fused features (B, 256, H, W).

    ``conv9`` is in the official file and has no use: the last level stays a concatenation.
    """

    def __init__(self):
        super().__init__()
        for view in range(3):
            inputs = 4
            for level, width in enumerate(_WIDTHS, 1):
                self.add_module(f"conv{level}_{view}", DoubleConv(inputs, width))
                inputs = width
        inputs = 3 * _WIDTHS[-1]
        for number, width in enumerate(reversed(_WIDTHS[:-1]), 6):
            self.add_module(f"up{number}", nn.ConvTranspose2d(inputs, width, 2, 2))
            self.add_module(f"conv{number}", DoubleConv(4 * width, width))
            inputs = width
        for view in range(3):
            for level, width in enumerate(_WIDTHS[:-1], 1):
                self.add_module(f"att{level}_{view}", _Attention(width))

    def _encode(self, image: torch.Tensor, view: int) -> list[torch.Tensor]:
        maps = [self.get_submodule(f"conv1_{view}")(image)]
        for level in range(2, len(_WIDTHS) + 1):
            maps.append(self.get_submodule(f"conv{level}_{view}")(F.max_pool2d(maps[-1], 2)))
        return maps

    def forward(self, views: list[torch.Tensor]) -> torch.Tensor:
        encoded = [self._encode(image, view) for view, image in enumerate(views)]
        x = torch.cat([maps.pop() for maps in encoded], 1)
        for number in (6, 7, 8, 9):
            up = self.get_submodule(f"up{number}")(x)
            level = 10 - number
            skips = [self.get_submodule(f"att{level}_{view}")(up, maps.pop()) for view, maps in enumerate(encoded)]
            x = torch.cat([up, *skips], 1)
            if level > 1:
                x = self.get_submodule(f"conv{number}")(x)
        return x


class _Regressor(nn.Module):
    """(B, 256, H, W) -> coefficients by name."""

    def __init__(self):
        super().__init__()
        self.rednet = RedNet(256)
        sizes = _SHARED | {f"{name}_{view}": size for view in VIEWS for name, size in _POSED.items()}
        for name, size in sizes.items():
            self.add_module(f"conv2_{name}", nn.Conv2d(2048, size, 1))

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.rednet(x).mean((2, 3), keepdim=True)

        def head(name: str) -> torch.Tensor:
            return self.get_submodule(f"conv2_{name}")(features).flatten(1)

        found = {f"face_{name}": head(name) for name in _SHARED}
        for view in VIEWS:
            found[f"face_rotate_{view}"] = head(f"rotate_{view}")
            found[f"face_offset_xyz_{view}"] = torch.cat([head(f"offset_xy_{view}"), head(f"offset_z_{view}")], 1)
        return found


class MultiViewNet(nn.Module):
    """Left, front and right view -> one face.

    ``forward`` takes three (B, 4, 224, 224): RGB in -1..1 and the labels of ``mask_model`` (0..9 as numbers), and gives
    ``face_id`` (B, 80), ``face_exp`` (B, 64), ``face_color`` (B, 80), ``face_gamma`` (B, 27) and for each view of
    :data:`VIEWS` ``face_rotate_*`` (B, 3) radians and ``face_offset_xyz_*`` (B, 3) decimetres.
    """

    def __init__(self):
        super().__init__()
        self.uuunet = _ViewFusion()
        self.rednet_fc = _Regressor()
        self.mask_model = FaceMaskNet()

    def forward(self, left: torch.Tensor, front: torch.Tensor, right: torch.Tensor) -> dict[str, torch.Tensor]:
        return self.rednet_fc(self.uuunet([left, front, right]))

    def labels(self, image: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) RGB in -1..1 -> (B, H, W) int64 labels 0..9 of the face's parts."""
        return self.mask_model(image)[0].argmax(1)

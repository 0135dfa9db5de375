"""HRN's maps in UV space: albedo, texture sampled from the picture, validity, and colours.

All maps are (B, C, S, S) with row 0 at the top; pictures are (B, C, H, W) in 0..1.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch.nn.functional import interpolate

from .camera import ALIGNED_CAMERA, CropCamera
from .files import AlbedoBasis
from .lighting import shade
from .uv_raster import MAP_SIZE

__all__ = [
    "albedo_map",
    "apply_offsets",
    "grey_level",
    "resize",
    "sample_picture",
    "shade_map",
    "smooth_mask",
    "turn_off_retouching",
]


def resize(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Bilinear, not aligned at corners, not antialiased: the resize of every map between stages."""
    return interpolate(maps, size=(size, size), mode="bilinear", align_corners=False)


def albedo_map(basis: AlbedoBasis, texture: torch.Tensor, size: int | None = MAP_SIZE) -> torch.Tensor:
    """(B, 80) texture coefficients -> (B, 3, size, size) albedo, 0..1 not clipped; `size` None keeps the basis' own."""
    matrix = torch.from_numpy(basis.basis).to(texture.device)
    flat = (texture @ matrix.T.to(texture) + torch.from_numpy(basis.mean).to(texture)) / 255
    full = flat.reshape(-1, basis.size, basis.size, 3).permute(0, 3, 1, 2)
    return full if size is None else resize(full, size)


def sample_picture(
    picture: torch.Tensor, position: torch.Tensor, *, camera: CropCamera = ALIGNED_CAMERA, corrected: bool = False
) -> torch.Tensor:
    """Texture of a picture at projected positions. There is no visibility test; uncovered texels take the picture's
    bottom left pixel.

    The released method exchanges the two vertical weights of the bilinear rule, which makes the sampled value jump at
    every whole row. `corrected` uses the ordinary rule.

    Args:
        picture: (B, C, H, W), aligned crop of any size.
        position: (B, 3, S, S) map of camera coordinates, 0 where uncovered.
        camera: of the 224-pixel crop.
        corrected: see above.

    Returns:
        (B, C, S, S).
    """
    height, width = picture.shape[2:]
    # Zero over zero where nothing is covered: not a number, then 0.
    xy = torch.nan_to_num(camera.project(position.permute(0, 2, 3, 1)), nan=0.0)
    x, y = xy[..., 0] * width / (2 * camera.centre), xy[..., 1] * height / (2 * camera.centre)
    row = height - 1 - y
    top, left = torch.floor(row), torch.floor(x)
    down, right = (row - top).unsqueeze(1), (x - left).unsqueeze(1)
    if not corrected:
        down = 1 - down

    def at(dr, dc):
        r, c = (top.long() + dr).clamp(0, height - 1), (left.long() + dc).clamp(0, width - 1)
        batch = torch.arange(len(picture), device=picture.device)[:, None, None]
        return picture.permute(0, 2, 3, 1)[batch, r, c].permute(0, 3, 1, 2)

    return (1 - right) * ((1 - down) * at(0, 0) + down * at(1, 0)) + right * ((1 - down) * at(0, 1) + down * at(1, 1))


def shade_map(albedo: torch.Tensor, normals: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
    """(B, 3, S, S) albedo and normals, (B, 27) light -> (B, 3, S, S) colours, not clipped."""
    size = albedo.shape[2:]
    flat = (maps.permute(0, 2, 3, 1).reshape(len(maps), -1, 3) for maps in (albedo, normals))
    return shade(*flat, gamma).reshape(len(albedo), *size, 3).permute(0, 3, 1, 2)


def grey_level(colors: torch.Tensor, mean: float = 0.6) -> torch.Tensor:
    """Scales each channel so that its mean over all texels, uncovered ones included, is `mean` (for grey pictures)."""
    return colors * (mean / colors.mean((2, 3), keepdim=True))


def smooth_mask(mask: torch.Tensor) -> torch.Tensor:
    """(1, 1, S, S) validity -> eroded by 3 x 3, then blurred by an 11 x 11 box."""
    array = mask[0, 0].detach().cpu().numpy()
    soft = cv2.blur(cv2.erode(array, np.ones((3, 3), np.uint8)), (11, 11))
    return torch.from_numpy(soft).to(mask)[None, None]


def turn_off_retouching(albedo: torch.Tensor, texture: torch.Tensor, blend: torch.Tensor) -> torch.Tensor:
    """Puts the skin's marks, which smooth albedo lacks, back by the ratio of a picture to its retouched version.

    Args:
        albedo: (B, 3, 256, 256).
        texture: (B, 3, 256, 256) in -1..1.
        blend: (B, 3, S, S) of the de-retouching network, fed with the texture at its size.

    Returns:
        (B, 3, 256, 256), not clipped.
    """
    level = (texture + 1) / 2
    b = resize(blend, texture.shape[-1])
    smooth = (1 - 2 * b) * level * level + 2 * b * level
    guard = 1 / (smooth**3 * 1e6 + 1e-6)
    return albedo * (level + guard) / (smooth + guard)


def apply_offsets(offsets: torch.Tensor, uv: torch.Tensor) -> torch.Tensor:
    """Reads a map at the vertices: bilinear between texels counted from whole numbers, borders clamped.

    This is half a texel off from the convention of :mod:`engine.published.basel.uv_raster`, as released.

    Args:
        offsets: (B, C, h, w), row 0 at the top.
        uv: (N, 2), v upwards.

    Returns:
        (B, N, C).
    """
    height, width = offsets.shape[2:]
    x, y = uv[:, 0] * width, uv[:, 1] * height
    column, line = torch.floor(x), torch.floor(y)
    right, up = (x - column).to(offsets), (y - line).to(offsets)

    flat, batch = offsets.flatten(2), offsets.shape[:2]

    def at(dr, dc):
        r = (height - line.long() + dr).clamp(0, height - 1)
        c = (column.long() + dc).clamp(0, width - 1)
        return r * width + c

    # All at once, and `gather`: several times as fast as indexing by two numbers, gradients included.
    texels = torch.stack([at(-1, 0), at(0, 0), at(-1, 1), at(0, 1)]).view(-1)
    above, below, above_next, below_next = flat.gather(2, texels.expand(*batch, -1)).view(*batch, 4, -1).unbind(2)
    out = (1 - right) * (up * above + (1 - up) * below) + right * (up * above_next + (1 - up) * below_next)
    return out.permute(0, 2, 1)

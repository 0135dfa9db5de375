"""HRN's moving picture: the steps of the reconstruction, beside the finished face as it turns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from ...wire.atomic import write_whole
from ..basel import uv_maps
from ..basel.pose import rotate, rotation_matrix
from ..basel.rendering import rasterize_crop, render_texture
from ..basel.uv_maps import apply_offsets
from .detail import detail_normals
from .face import HrnFace
from .stages import HrnModel

__all__ = ["write_turning"]

FRAMES, _MILLISECONDS = 30, 40
_YAW, _PITCH = 3.14 / 6, 3.14 / 36
"""The face turns from one of the first to the other, held at the second; radians."""
_SIZE, _GREY = 512, 0.8


@torch.no_grad()
def write_turning(path: Path, strip: np.ndarray, found: HrnFace, model: HrnModel) -> None:
    """Writes the ``.gif``, 25 pictures a second: six tiles side by side, of which the last two move.

    Args:
        strip: (S, S tiles, 3) uint8 of :mod:`.output`: its input and its three grey faces stand still.
    Raises:
        HrnError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    side = len(strip)
    still = [strip[:, :side], strip[:, 2 * side : 5 * side]]
    pictures = [
        Image.fromarray(
            np.concatenate([*still, *(cv2.resize(tile, (side, side), interpolation=cv2.INTER_AREA) for tile in tiles)], 1)
        )
        for tiles in _tiles(found, model, FRAMES)
    ]
    # One palette for all, so that what stands still does not flicker.
    sample = Image.fromarray(
        np.concatenate([np.asarray(picture)[::2, ::2] for picture in pictures[:: len(pictures) // 3 or 1]])
    )
    palette = sample.quantize(256, Image.Quantize.MEDIANCUT)
    pictures = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    write_whole(
        path,
        lambda file: pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=_MILLISECONDS, loop=0),
    )


def _tiles(found: HrnFace, model: HrnModel, frames: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield for each frame the face in grey, lit from where the light was, and with its texture; (512, 512, 3) uint8."""
    coefficients, levels = found.base.coefficients, found.detail.levels
    shape = model.face.shape(coefficients.identity, coefficients.expression)
    shape = shape + apply_offsets(levels.deformation, model.uv)
    # Maps turn with the points they are drawn of.
    places, normals = model.raster(shape), model.raster(model.face.normals(shape))
    grey = torch.full_like(found.texture, _GREY)
    for yaw in np.linspace(-_YAW, _YAW, frames):
        rotation = rotation_matrix(torch.tensor([[_PITCH, yaw, 0]], dtype=torch.float32))
        fine = detail_normals(
            _turned(places, rotation), _turned(normals, rotation), levels.displacement, corrected=model.corrected
        )
        textures = torch.cat([uv_maps.shade_map(grey, fine, coefficients.gamma), found.texture], 1)
        fragments = rasterize_crop(model.face.camera.to_camera(rotate(shape, rotation)), model.face.triangles, _SIZE)
        pictures = render_texture(fragments, model.uv, textures)[0].permute(1, 2, 0).numpy()
        pictures = (255 * pictures).clip(0, 255).astype(np.uint8)
        yield pictures[..., :3], pictures[..., 3:]


def _turned(maps: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
    """(B, 3, S, S) vectors -> the same rotated by (B, 3, 3)."""
    return torch.einsum("bij,bjrc->birc", rotation, maps)

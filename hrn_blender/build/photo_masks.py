"""Masks over photos: the photo as a picture whose alpha says what was painted away."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from .camera import HEIGHT_PROPERTY, WIDTH_PROPERTY
from .hair_games.png import png_bytes

__all__ = ["mask_png", "painted_photo"]


def painted_photo(camera: bpy.types.Object, kind: str, mask: Path | None = None) -> bpy.types.Image:
    """A new picture to paint on: the photo, whose alpha says what was painted away.

    Args:
        mask: an 8-bit grey PNG that says what is painted away already, of the photo's size.

    Raises:
        HrnError: ``BUNDLE_INVALID``: the photo is gone.
    """
    photo = next((background.image for background in camera.data.background_images if background.image is not None), None)
    size = (camera[WIDTH_PROPERTY], camera[HEIGHT_PROPERTY])
    if photo is None or tuple(photo.size) != size:
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            say("The photo of {camera} cannot be found.", camera=camera.name),
            hint="Bring the head's folder back to where it was.",
        )
    pixels = _pixels(photo)
    pixels[3::4] = 1.0
    if mask is not None:
        painted = bpy.data.images.load(str(mask), check_existing=False)
        painted.colorspace_settings.name = "Non-Color"
        if tuple(painted.size) == size:
            pixels[3::4] = 1 - _pixels(painted)[::4]
        bpy.data.images.remove(painted)
    image = bpy.data.images.new(f"{camera.name} {kind}", *size, alpha=True)
    image.alpha_mode = "STRAIGHT"
    image.pixels.foreach_set(pixels)
    image.update()
    image.pack()
    return image


def _pixels(image: bpy.types.Image) -> np.ndarray:
    """(H * W * 4,) float32, bottom row first."""
    values = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(values)
    return values


def mask_png(image: bpy.types.Image) -> bytes:
    """An 8-bit grey PNG of what was painted away of `image`: 255 where its alpha is gone."""
    width, height = image.size
    gone = np.round(255 * (1 - _pixels(image).reshape(height, width, 4)[::-1, :, 3])).astype(np.uint8)
    return png_bytes(gone)

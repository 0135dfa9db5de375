"""Pictures with more than 8 bits a channel, converted to sRGB before they are rounded to 8.

Pillow keeps 8 bits of most of them, which is too few for the dark half of a picture whose levels are linear: sRGB's lowest quarter
is then 13 levels. OpenCV reads the samples as they are; curves and primaries of the profile are applied to them here.
"""

from __future__ import annotations

import struct

import cv2
import numpy as np
from PIL import Image

from ..wire.color import linear_to_srgb
from .profile import Shaper, apply_profile, changes_colors, shaper_of
from .tiff import Ifd, one_channel, starting_with

__all__ = ["as_srgb", "png_samples", "tiff_samples", "white_of"]

_ROWS = 256
"""Rows that are converted at a time."""
_FLOAT_STEPS = 1 << 16
"""Levels at which a profile's curve is computed for floating-point samples."""
_PNG_DEPTH = slice(16, 26)
"""Where the first bytes of a PNG tell its size, its bits and its channels (PNG 1.2, 11.2.2)."""


def png_samples(data: bytes | memoryview) -> np.ndarray | None:
    """(h, w[, 3 or 4]) uint16 samples of a PNG with 16 bits; None where it has fewer or cannot be read."""
    if len(data) < 26 or bytes(data[_PNG_DEPTH])[8] != 16:
        return None
    return _red_first(_decoded(data))


def tiff_samples(data: bytes, ifd: Ifd) -> np.ndarray | None:
    """(h, w[, 3 or 4]) samples of a picture in a TIFF, of any type, its planes together; None where it cannot be read."""
    try:
        if ifd.separate:
            planes = [_decoded(one_channel(data, ifd, channel)) for channel in range(3)]
            samples = None if any(plane is None or plane.ndim != 2 for plane in planes) else np.stack(planes, -1)
        else:
            samples = _red_first(_decoded(starting_with(data, ifd)))
    except (struct.error, KeyError):
        return None
    if samples is None or samples.shape[:2][::-1] != ifd.size or (samples.ndim == 3) != (ifd.channels > 1):
        return None
    return samples


def _decoded(data: bytes | memoryview) -> np.ndarray | None:
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    finally:
        cv2.utils.logging.setLogLevel(level)


def _red_first(samples: np.ndarray | None) -> np.ndarray | None:
    """OpenCV's order of channels turned, alpha last; None for what has neither one, three nor four."""
    if samples is None or samples.ndim == 2:
        return samples
    if samples.shape[2] not in (3, 4):
        return None
    return samples[..., [2, 1, 0, 3][: samples.shape[2]]]


def white_of(samples: np.ndarray) -> float:
    """The sample that is white: whole numbers by their type's range, floats by the least of 1, 255 and 65535 that holds them."""
    if samples.dtype.kind != "f":
        return float(np.iinfo(samples.dtype).max)
    top = float(np.nanmax(samples)) if samples.size and not np.isnan(samples).all() else 1.0
    white = next((w for w in (1.0, 255.0, 65535.0) if top <= w), top)
    return white if np.isfinite(white) else 1.0


def as_srgb(samples: np.ndarray, profile: bytes | None = None, gamma: float | None = None) -> Image.Image:
    """A picture of mode L, LA, RGB or RGBA in sRGB.

    Args:
        samples: (h, w[, 3 or 4]) of any type; a fourth channel is alpha.
        profile: ICC profile of its levels. gamma: of a PNG without one, the power by which its levels come from light.
    """
    white = white_of(samples)
    mode = "L" if samples.ndim == 2 else "RGB"
    shaper = shaper_of(profile, mode) if profile and changes_colors(profile, mode) else None
    power = None if profile or gamma is None or not changes_colors(gamma, mode) else 1 / gamma
    out = np.empty(samples.shape[:2] + ((4,) if samples.ndim == 3 and samples.shape[2] == 4 else samples.shape[2:3]), np.uint8)
    # One table for whole numbers of few bits; floats are rounded to as many levels.
    levels = int(white) + 1 if samples.dtype.kind != "f" and white < _FLOAT_STEPS else _FLOAT_STEPS
    light = np.linspace(0, 1, levels)
    tables = None
    if shaper is not None:
        tables = [curve(light).astype(np.float32) for curve in shaper.curves]
    elif power is not None:
        tables = [(light**power).astype(np.float32)]
    for start in range(0, len(samples), _ROWS):
        part = samples[start : start + _ROWS]
        share = np.clip(np.nan_to_num(part.astype(np.float32) / np.float32(white), posinf=1.0), 0, 1)
        color = share[..., :3] if share.ndim == 3 else share
        if tables is not None:
            color = _in_srgb(color, tables, shaper, levels)
        done = out[start : start + _ROWS]
        if share.ndim == 3:
            done[..., :3] = color * 255 + 0.5
            done[..., 3:] = share[..., 3:] * 255 + 0.5
        else:
            done[...] = color * 255 + 0.5
    image = Image.fromarray(out)
    if shaper is None and profile and mode == "RGB" and changes_colors(profile, mode):
        image = _by_tables(image, profile)
    return image


def _in_srgb(color: np.ndarray, tables: list[np.ndarray], shaper: Shaper | None, levels: int) -> np.ndarray:
    """(h, w[, 3]) in [0, 1]: levels through curves, primaries and sRGB's curve."""
    place = (color * (levels - 1) + 0.5).astype(np.int32)
    if color.ndim == 2:
        return linear_to_srgb(tables[0][place])
    linear = np.stack([tables[min(channel, len(tables) - 1)][place[..., channel]] for channel in range(3)], -1)
    return linear_to_srgb(linear @ shaper.matrix.T if shaper is not None else linear)


def _by_tables(image: Image.Image, profile: bytes) -> Image.Image:
    """A picture whose profile holds tables instead of curves: by 8 bits."""
    if image.mode != "RGBA":
        return apply_profile(image, profile)
    done = apply_profile(image.convert("RGB"), profile)
    done.putalpha(image.getchannel("A"))
    return done

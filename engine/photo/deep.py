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
from .exif import turned
from .profile import Shaper, apply_profile, changes_colors, shaper_of
from .tiff import Ifd, one_channel, unturned

__all__ = ["as_srgb", "is_light", "png_samples", "tiff_samples", "white_of"]

_ROWS = 256
"""Rows that are converted at a time."""
_FLOAT_STEPS = 1 << 16
"""Levels at which a profile's curve is computed for floating-point samples."""
_OVER = 1.1
"""How far above white nearly all samples may lie and still be levels."""
_BRIGHTEST = 32.0
"""Largest light, over white, of a scene; what is larger is 8-bit levels in floating point."""
_MOST_ROWS = 512
"""Rows that tell the brightest samples."""
_PNG_DEPTH = slice(16, 26)
"""Where the first bytes of a PNG tell its size, its bits and its channels (PNG 1.2, 11.2.2)."""


def png_samples(data: bytes | memoryview) -> np.ndarray | None:
    """(h, w[, 3 or 4]) uint16 samples of a PNG with 16 bits; None where it has fewer or cannot be read."""
    if len(data) < 26 or bytes(data[_PNG_DEPTH])[8] != 16:
        return None
    return _red_first(_decoded(data))


def tiff_samples(data: bytes, ifd: Ifd) -> np.ndarray | None:
    """(h, w[, 3 or 4]) samples of a picture in a TIFF, of any type, its planes together, 0 for black, turned as its tag says; None
    where it cannot be read."""
    try:
        if ifd.separate:
            planes = [_decoded(one_channel(data, ifd, channel)) for channel in range(3)]
            samples = None if any(plane is None or plane.ndim != 2 for plane in planes) else np.stack(planes, -1)
        else:
            samples = _red_first(_decoded(unturned(data, ifd)))
    except (struct.error, KeyError):
        return None
    if samples is None or samples.shape[:2][::-1] != ifd.size or (samples.ndim == 3) != (ifd.channels > 1):
        return None
    if ifd.negative and samples.dtype.kind == "u":
        samples = np.iinfo(samples.dtype).max - samples
    return turned(samples, ifd.orientation)


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


def white_of(samples: np.ndarray, described: bool = False) -> float:
    """The sample that is white.

    Of whole numbers their type's largest, or, where the file does not describe its levels, that of 10 or 12 bits if it holds no
    more; of floats the least of 1, 255 and 65535 that next to all of them lie below: resampling leaves some that are larger. A
    scene's light (:func:`is_light`) has its brightest for white.

    Args:
        described: whether a profile, or a PNG's gamma, says what the levels are.
    """
    if samples.dtype.kind != "f":
        whole = float(np.iinfo(samples.dtype).max)
        most = int(samples.max(initial=0))
        return next((w for w in (1023.0, 4095.0) if not described and samples.dtype.itemsize == 2 and 255 < most <= w), whole)
    top = _most(samples)
    if is_light(samples):
        return top
    return next((w for w in (1.0, 255.0, 65535.0) if top <= _OVER * w), top)


def is_light(samples: np.ndarray) -> bool:
    """Whether floating-point samples are a scene's light, as renderers and HDR programs store it: more of it than white has."""
    return samples.dtype.kind == "f" and _OVER < _most(samples) <= _BRIGHTEST


def _most(samples: np.ndarray) -> float:
    """What all but 1 % of the color samples lie below; 1 where none is finite."""
    color = samples[..., :3] if samples.ndim == 3 else samples
    few = color[:: max(1, len(color) // _MOST_ROWS)]
    few = few[np.isfinite(few)]
    return float(np.quantile(few, 0.99)) if few.size else 1.0


def as_srgb(samples: np.ndarray, profile: bytes | None = None, gamma: float | None = None) -> Image.Image:
    """A picture of mode L, LA, RGB or RGBA in sRGB.

    Args:
        samples: (h, w[, 3 or 4]) of any type; a fourth channel is alpha.
        profile: ICC profile of its levels. gamma: of a PNG without one, the power by which its levels come from light.
    """
    white = white_of(samples, bool(profile) or gamma is not None)
    mode = "L" if samples.ndim == 2 else "RGB"
    shaper = shaper_of(profile, mode) if profile and changes_colors(profile, mode) else None
    power = None if profile or gamma is None or not changes_colors(gamma, mode) else 1 / gamma
    scene = is_light(samples)
    if not profile and scene:
        power = 1.0
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
        share = part.astype(np.float32)
        share /= np.float32(white) if share.ndim == 2 else np.float32([white] * 3 + [1.0 if scene else white])[: share.shape[2]]
        share = np.clip(np.nan_to_num(share, posinf=1.0), 0, 1)
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

"""The depth that phones store beside a portrait, and the calibration of the camera that saw it.

Apple's phones write an auxiliary image of type *depth* into a HEIC (ISO/IEC 23008-12, 6.5.8), and one more picture behind a JPEG
(CIPA DC-007, *multi-picture format*), each with a packet that describes it (:mod:`.apple_depth`). Android's write a map into, or
behind, a JPEG (:mod:`.google_depth`).
"""

from __future__ import annotations

import io
import logging
from typing import NamedTuple

import numpy as np
from PIL import Image

from .apple_depth import calibrated_focal, described, is_described, metres
from .exif import ORIENTATION, UPRIGHT
from .google_depth import google_depth
from .jpeg_streams import appended_pictures
from .mattes import UNREADABLE, alike, upright_like
from .weights import WEIGHTS

__all__ = ["PhoneDepth", "read_depth"]

_log = logging.getLogger(__name__)

_MOST_PIXELS = 1 << 24
"""A larger depth image is not read: phones write less than a megapixel."""


class PhoneDepth(NamedTuple):
    """What a phone measured beside a photo; each None where the file does not say."""

    mm: np.ndarray | None = None
    """(h, w) float32 over the whole upright photo, at a size of its own: distance to what is seen, along the axis; only where the
    phone calls it absolute, or states its unit. Not a number where it saw none."""
    focal: float | None = None
    """Focal length of the camera, in long sides of the photo."""


def read_depth(image: Image.Image, data: bytes | memoryview) -> PhoneDepth:
    """The depth beside a photo; nothing where there is none, or what there is cannot be read: it must not cost the photo.

    Args:
        image: the opened file. data: its bytes.
    """
    try:
        if image.format == "HEIF":
            return _of_heif(image, data)
        if image.format in ("JPEG", "MPO"):
            return _of_jpeg(image, bytes(data))
    except UNREADABLE as error:
        _log.warning("the depth beside the photo cannot be read: %s", error)
    return PhoneDepth()


def _of_heif(image: Image.Image, data: bytes | memoryview) -> PhoneDepth:
    pictures = image.info.get("depth_images")
    about = next(described(bytes(data)), None) if pictures else None
    if about is None:
        return PhoneDepth()
    mm = None
    if pictures[0].mode == "L":
        _check(pictures[0].size)
        levels = upright_like(pictures[0].to_pillow(), image.size, image.info.get("original_orientation"))
        mm = None if levels is None else _millimetres(metres(about, np.asarray(levels)))
    return PhoneDepth(mm, calibrated_focal(about, image.size))


def _of_jpeg(image: Image.Image, data: bytes) -> PhoneDepth:
    found = google_depth(image, data)
    if found is not None:
        made_for = found.size()
        if made_for is not None and not alike(sorted(made_for), sorted(image.size)):
            return PhoneDepth()  # cut afterwards
        picture = found.picture()
        _check(picture.size)
        return PhoneDepth(_millimetres(found.metres(_as_seen(picture, image))), found.focal(image.size))
    if not is_described(data):
        return PhoneDepth()
    for one in appended_pictures(data):
        about = next(described(one), None)
        if about is not None:
            picture = Image.open(io.BytesIO(one), formats=("JPEG", "PNG"))
            _check(picture.size)
            levels = np.asarray(_as_seen(picture.convert("L"), image))
            mm = _millimetres(metres(about, levels)) if alike(picture.size, image.size) else None
            return PhoneDepth(mm, calibrated_focal(about, image.size))
    return PhoneDepth()


def _as_seen(picture: Image.Image, photo: Image.Image) -> Image.Image:
    """A map that lies as the photo's pixels are stored, turned upright as the photo is by its tag."""
    turn = UPRIGHT.get(photo.getexif().get(ORIENTATION, 1))
    return picture if turn is None else picture.transpose(turn)


def _check(size: tuple[int, int]) -> None:
    """
    Raises:
        ValueError: it is too large to be a phone's.
    """
    if size[0] * size[1] > _MOST_PIXELS:
        raise ValueError(f"{size[0]} x {size[1]} pixels")


def _millimetres(depth: np.ndarray | None) -> np.ndarray | None:
    """(h, w) float32 mm of metres, not a number beyond what phones measure."""
    if depth is None:
        return None
    nearest, farthest = WEIGHTS.depth.range_m
    return np.where((depth >= nearest) & (depth <= farthest), depth, np.nan).astype(np.float32) * np.float32(1000)

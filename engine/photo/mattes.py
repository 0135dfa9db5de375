"""The mattes that phones store beside a portrait in a HEIC file: who stands in front, and their hair.

Apple's phones write them as auxiliary images (ISO/IEC 23008-12, 6.5.8) with names of their own, at about half the photo's
size, turned as the photo is; Apple documents them as AVPortraitEffectsMatte and AVSemanticSegmentationMatte.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence

import numpy as np
from PIL import Image

from .exif import UPRIGHT

__all__ = ["HAIR", "PERSON", "UNREADABLE", "alike", "read_mattes", "upright_like"]

_log = logging.getLogger(__name__)

UNREADABLE = (ValueError, RuntimeError, OSError, EOFError, NotImplementedError, SyntaxError)
"""What readers raise where an image beside the photo is damaged: it must not cost the photo."""
PERSON = "person"
"""Name of the matte of the people in front."""
HAIR = "hair"
"""Name of the matte of their hair."""
_ENDS = {"aux:portraiteffectsmatte": PERSON, "aux:semantichairmatte": HAIR}
"""How the auxiliary images' types end -> matte. Before stands ``urn:com:apple:photo:`` and the year of the definition."""
_MOST_PIXELS = 1 << 26
"""A larger matte is not read: phones write them smaller than the photo."""
_SAME_ASPECT = 0.02
"""How far the ratios of the sides of a matte and its photo may differ, for they are rounded to whole pixels."""


def read_mattes(image: Image.Image, data: bytes | memoryview) -> dict[str, np.ndarray]:
    """Name -> (h, w) uint8 alpha over the whole upright photo, at a size of its own; empty where the file has none.

    A matte that cannot be read, or is of another shape than the photo, is left out: it must not cost the photo.

    Args:
        image: the opened file.
        data: its bytes.
    """
    listed = image.info.get("aux") if image.format == "HEIF" else None
    wanted = {name: ids[0] for kind, ids in (listed or {}).items() for end, name in _ENDS.items() if kind.endswith(end)}
    found = {}
    for name, number in wanted.items():
        try:
            matte = upright_like(_decoded(data, number), image.size, image.info.get("original_orientation"))
        except UNREADABLE as error:
            _log.warning("the matte of the %s beside the photo cannot be read: %s", name, error)
            continue
        if matte is not None:
            found[name] = np.asarray(matte, np.uint8)
    return found


def _decoded(data: bytes | memoryview, number: int) -> Image.Image:
    """The auxiliary image with an item number, as a grey picture."""
    import pillow_heif

    matte = pillow_heif.open_heif(io.BytesIO(data)).get_aux_image(number)
    if matte.size[0] * matte.size[1] > _MOST_PIXELS:
        raise ValueError(f"{matte.size[0]} x {matte.size[1]} pixels")
    return matte.to_pillow().convert("L")


def upright_like(matte: Image.Image, size: tuple[int, int], orientation: int | None) -> Image.Image | None:
    """An auxiliary image turned as its photo was; None where it is of another shape.

    The reader turns an image by its own properties. One without any lies as the sensor does, across an upright photo.

    Args:
        size: (width, height) of the upright photo.
        orientation: what its EXIF block says about how it was turned.
    """
    if not alike(matte.size, size) and orientation in UPRIGHT:
        matte = matte.transpose(UPRIGHT[orientation])
    return matte if alike(matte.size, size) else None


def alike(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two pictures have the same ratio of sides."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) < _SAME_ASPECT

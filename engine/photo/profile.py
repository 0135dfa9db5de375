"""Colours of a file with a colour profile, as sRGB."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms

from ..wire.color import linear_to_srgb

__all__ = ["Shaper", "apply_gamma", "apply_profile", "changes_colors", "lab_to_srgb", "shaper_of"]

_STEPS = np.array([0, 32, 64, 96, 128, 160, 192, 224, 255], np.uint8)
"""Levels of each channel at which a profile is compared with sRGB."""
_SAME = 3
"""Largest difference, levels, of a profile that is sRGB's: its own curve is described in several ways."""
_BROKEN = (ImageCms.PyCMSError, OSError, ValueError, TypeError, IndexError, ZeroDivisionError)
"""What is raised on a profile that is broken, or not for the picture."""
_SRGB_GAMMA = 1 / 2.2
"""The gAMA of a PNG whose levels are sRGB's."""
_LIKE_SRGB = 0.03
"""Largest difference to it of a gamma that changes nothing."""


def apply_gamma(image: Image.Image, gamma: float) -> Image.Image:
    """The image of a PNG without a profile that says by which power its levels come from light (PNG 1.2, 4.2.2.1), in sRGB.

    Args:
        gamma: the power; 1 for linear levels.
    """
    if not changes_colors(gamma, image.mode):
        return image
    levels = np.round(255 * linear_to_srgb((np.arange(256) / 255) ** (1 / gamma))).astype(int).tolist()
    return image.point(levels * len(image.getbands()))


def apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """The image in sRGB; as it was where the profile is broken, foreign to its mode, or changes nothing.

    What a profile is called says nothing: "sRGB (linear)" is not sRGB. Its curves and primaries are asked, by colours.
    """
    try:
        if not changes_colors(profile, image.mode):
            return image
        return _converted(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except _BROKEN:
        return image


def changes_colors(described: bytes | float, mode: str) -> bool:
    """Whether a profile, or a PNG's gamma, is another one than sRGB's; False where the profile is broken.

    Args:
        mode: of the picture; a profile for one other than RGB always is.
    """
    if not isinstance(described, bytes):
        return 0.1 <= described <= 2.0 and abs(described - _SRGB_GAMMA) > _LIKE_SRGB
    if mode != "RGB":
        return True
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(described))
        known = Image.fromarray(np.stack(np.meshgrid(_STEPS, _STEPS, _STEPS), -1).reshape(len(_STEPS), -1, 3))
        return bool(np.abs(np.asarray(_converted(known, source), int) - np.asarray(known, int)).max() > _SAME)
    except _BROKEN:
        return False


class Shaper(NamedTuple):
    """A profile of curves and primaries (ICC.1:2022, 8.3.3), for pictures of more bits than its reader takes."""

    curves: tuple[Callable[[np.ndarray], np.ndarray], ...]
    """Level in [0, 1] -> light, for each channel."""
    matrix: np.ndarray
    """(3, 3) from its primaries to linear sRGB."""


def shaper_of(profile: bytes, mode: str) -> Shaper | None:
    """The curves and primaries of a profile; None where it is broken, of another mode, or made of tables.

    Args:
        mode: ``RGB`` or ``L``.
    """
    names = (b"kTRC",) if mode == "L" else (b"rTRC", b"gTRC", b"bTRC")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
        if source.xcolor_space.strip() != ("GRAY" if mode == "L" else "RGB"):
            return None
        tags = {
            name: (place, size)
            for name, place, size in (
                struct.unpack_from(">4sII", profile, 132 + 12 * number)
                for number in range(struct.unpack_from(">I", profile, 128)[0])
            )
        }
        if b"A2B0" in tags or any(name not in tags for name in names):
            return None
        curves = tuple(_curve(profile[place : place + size]) for place, size in (tags[name] for name in names))
        return Shaper(curves, np.eye(3) if mode == "L" else np.linalg.solve(_primaries(_srgb()), _primaries(source)))
    except (*_BROKEN, struct.error, AttributeError, np.linalg.LinAlgError):
        return None


def _srgb() -> ImageCms.core.CmsProfile:
    return ImageCms.createProfile("sRGB")


def _primaries(profile: ImageCms.core.CmsProfile) -> np.ndarray:
    """(3, 3) columns are red, green and blue in XYZ for D50."""
    return np.array([getattr(profile, f"{name}_colorant")[0] for name in ("red", "green", "blue")]).T


def _curve(data: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """A curve of type ``curv`` or ``para`` (ICC.1:2022, 10.6 and 10.18)."""
    kind = data[:4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", data, 8)
        values = np.frombuffer(data, ">u2", count, 12).astype(float)
        if count < 2:
            gamma = values[0] / 256 if count else 1.0
            return lambda level: level**gamma
        return lambda level: np.interp(level, np.linspace(0, 1, count), values / 65535)
    if kind != b"para":
        raise ValueError(f"a curve of kind {kind!r}")
    (function,) = struct.unpack_from(">H", data, 8)
    g, *rest = (number / 65536 for number in struct.unpack_from(f">{(1, 3, 4, 5, 7)[function]}i", data, 12))
    a, b, c, d, e, f = _parameters(function, rest)

    def curve(level: np.ndarray) -> np.ndarray:
        return np.where(level >= d, np.maximum(a * level + b, 0) ** g + e, c * level + f)

    return curve


def _parameters(function: int, rest: list[float]) -> tuple[float, ...]:
    """a, b, c, d, e, f of ``(a x + b)^g + e`` from d on and ``c x + f`` below."""
    if function == 0:
        return 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    a, b = rest[:2]
    if function == 1:
        return a, b, 0.0, -b / a, 0.0, 0.0
    if function == 2:
        return a, b, 0.0, -b / a, rest[2], rest[2]
    c, d = rest[2:4]
    return (a, b, c, d, 0.0, 0.0) if function == 3 else (a, b, c, d, *rest[4:6])


def _converted(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    return ImageCms.profileToProfile(
        image,
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def lab_to_srgb(image: Image.Image) -> Image.Image:
    """A picture in CIE Lab as sRGB."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")

"""Colours of a file with a colour profile, as sRGB."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

from ..wire.color import linear_to_srgb

__all__ = ["apply_gamma", "apply_profile", "lab_to_srgb"]

_STEPS = np.array([0, 32, 64, 96, 128, 160, 192, 224, 255], np.uint8)
"""Levels of each channel at which a profile is compared with sRGB."""
_SAME = 3
"""Largest difference, levels, of a profile that is sRGB's: its own curve is described in several ways."""


_SRGB_GAMMA = 1 / 2.2
"""The gAMA of a PNG whose levels are sRGB's."""
_LIKE_SRGB = 0.03
"""Largest difference to it of a gamma that changes nothing."""


def apply_gamma(image: Image.Image, gamma: float) -> Image.Image:
    """The image of a PNG without a profile that says by which power its levels come from light (PNG 1.2, 4.2.2.1), in sRGB.

    Args:
        gamma: the power; 1 for linear levels.
    """
    if not 0.1 <= gamma <= 2.0 or abs(gamma - _SRGB_GAMMA) <= _LIKE_SRGB:
        return image
    levels = np.round(255 * linear_to_srgb((np.arange(256) / 255) ** (1 / gamma))).astype(int).tolist()
    return image.point(levels * len(image.getbands()))


def apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """The image in sRGB; as it was where the profile is broken, foreign to its mode, or changes nothing.

    What a profile is called says nothing: "sRGB (linear)" is not sRGB. Its curves and primaries are asked, by colours.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "RGB":
            known = Image.fromarray(np.stack(np.meshgrid(_STEPS, _STEPS, _STEPS), -1).reshape(len(_STEPS), -1, 3))
            changed = np.abs(np.asarray(_converted(known, source), int) - np.asarray(known, int)).max()
            if changed <= _SAME:
                return image
        return _converted(image, source)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image


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

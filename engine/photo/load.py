"""Read a photo file of any common kind as upright 8-bit sRGB, within a bounded amount of memory."""

from __future__ import annotations

import functools
import hashlib
import importlib
import io
import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from ..types import Photo
from ..wire.errors import ErrorCode, HrnError
from ..wire.formats import PHOTO_FORMATS
from ..wire.messages import reason, say
from .exif import UPRIGHT, focal_from_exif
from .mattes import read_mattes

__all__ = ["MAX_FILE_BYTES", "MAX_PIXELS", "WORKING_SIDE", "load_photo"]

MAX_PIXELS = 105_000_000
"""Most pixels of a photo: cameras sold as "100 megapixels" record up to 102."""

MAX_FILE_BYTES = 1 << 30
"""Most bytes of a file, with room for 105 megapixels of uncompressed 16-bit RGBA; a longer file is not a photo."""

WORKING_SIDE = 4096
"""Longest side of a photo in memory, unless a small face asks for more (see :func:`engine.photo.observe`)."""

_BACKGROUND = (128, 128, 128)
"""What shows through transparent pixels: neutral, so that it is not taken for skin."""

_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    OverflowError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers raise on broken data."""


def load_photo(path: str | os.PathLike, max_side: int = WORKING_SIDE) -> Photo:
    """An upright sRGB photo from a file of any kind in :data:`engine.wire.formats.PHOTO_FORMATS`, whatever its name.

    Applies the EXIF orientation, converts an embedded colour profile (also grey and CMYK) to sRGB, lays transparency
    over neutral grey, scales 16-bit and float samples to 8 bits, and takes the first picture of a file with several.
    Mattes that a phone stored beside it come along (:mod:`.mattes`).
    A photo with a longer side than `max_side` is reduced to it, JPEG already while decoding; ``Photo.scale`` says by
    how much. Peak memory is about 9 bytes per pixel of the decoded picture.

    Args:
        path: the file; any characters that the file system allows.
        max_side: longest side of the result in pixels.

    Raises:
        HrnError: ``PHOTO_UNREADABLE``, ``NOT_AN_IMAGE``, ``IMAGE_DAMAGED`` or ``IMAGE_TOO_LARGE``. Sizes are taken
            from the header, before anything is decoded.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise HrnError(ErrorCode.PHOTO_UNREADABLE, say("{file} is not a file.", file=path.name or path))
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size == 0:
                raise HrnError(ErrorCode.NOT_AN_IMAGE, say("{file} is empty.", file=path.name))
            if size > MAX_FILE_BYTES:
                raise HrnError(
                    ErrorCode.IMAGE_TOO_LARGE,
                    say("{file} is {size:.1f} GB large, which is too much.", file=path.name, size=size / 2**30),
                )
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            stream.seek(0)
            data = io.BytesIO(stream.read())
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise HrnError(
            ErrorCode.PHOTO_UNREADABLE, say("{file} cannot be read: {reason}.", file=path.name or path, reason=reason(error))
        ) from error
    return _decode(data, path.name, digest, max_side)


def _decode(stream: io.BytesIO, name: str, digest: str, max_side: int) -> Photo:
    with warnings.catch_warnings():
        # The limit below is ours; Pillow also warns about EXIF oddities that do not matter to users.
        warnings.simplefilter("ignore")
        image = _open(stream, name)
        try:
            full = image.size
            if min(full) < 1 or full[0] * full[1] > MAX_PIXELS:
                raise HrnError(
                    ErrorCode.IMAGE_TOO_LARGE,
                    say(
                        "{file} has {width} × {height} pixels, more than {most} megapixels.",
                        file=name,
                        width=full[0],
                        height=full[1],
                        most=MAX_PIXELS // 10**6,
                    ),
                    details={"width": full[0], "height": full[1]},
                )
            factor = min(1.0, max_side / max(full))
            target = tuple(max(1, round(side * factor)) for side in full)
            if image.format in ("JPEG", "MPO") and factor <= 0.5:
                image.draft(None, tuple(2 * side for side in target))  # keeps twice the size for a clean resize
            mattes = read_mattes(image, stream.getbuffer())
            image.load()
            exif = image.getexif()
            focal = focal_from_exif(exif, *target)
            orientation = exif.get(0x0112, 1)
            profile = image.info.get("icc_profile")
            if image.size != target and factor < 1:
                image = _resize(image, target)
            image = _to_srgb(image, profile)
            # The readers of TIFF and HEIC have turned the picture themselves and cleared the tag.
            transpose = UPRIGHT.get(orientation)
            if transpose is not None:
                image = image.transpose(transpose)
            pixels = np.asarray(image, np.uint8)
        except MemoryError as error:
            raise HrnError(ErrorCode.OUT_OF_MEMORY, say("There is not enough memory to decode {file}.", file=name)) from error
        except _DAMAGE as error:
            if isinstance(error, HrnError):
                raise
            raise HrnError(
                ErrorCode.IMAGE_DAMAGED, say("{file} is cut off or damaged.", file=name), details={"reason": str(error)[:200]}
            ) from error
    scale = max(target) / max(full)
    return Photo(np.ascontiguousarray(pixels), name, digest, focal, scale, mattes)


@functools.cache
def _readable() -> tuple[str, ...]:
    """The formats that Pillow may try, with their readers imported."""
    for one in PHOTO_FORMATS:
        for reader in one.readers:
            importlib.import_module(reader)
    return tuple(one.pillow for one in PHOTO_FORMATS)


def _open(stream: BinaryIO, name: str) -> Image.Image:
    """The image with only its header read."""
    head = stream.read(16)
    stream.seek(0)
    try:
        return Image.open(stream, formats=_readable())
    except Image.DecompressionBombError as error:
        raise HrnError(
            ErrorCode.IMAGE_TOO_LARGE, say("{file} has more than {most} megapixels.", file=name, most=MAX_PIXELS // 10**6)
        ) from error
    except (UnidentifiedImageError, *_DAMAGE) as error:
        known = any(head[at : at + len(magic)] == magic for one in PHOTO_FORMATS for at, magic in one.magic)
        if "too large" in str(error).lower():
            raise HrnError(
                ErrorCode.IMAGE_TOO_LARGE, say("{file} unpacks to more data than a photo can contain.", file=name)
            ) from error
        if known:
            raise HrnError(ErrorCode.IMAGE_DAMAGED, say("{file} is cut off or damaged.", file=name)) from error
        raise HrnError(
            ErrorCode.NOT_AN_IMAGE, say("{file} is not a picture in a format that can be read.", file=name)
        ) from error


def _resize(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    if image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    if image.mode.startswith("I"):
        image = _to_8bit(image)
    return image.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _to_8bit(image: Image.Image) -> Image.Image:
    """Grey pictures with 16-bit, 32-bit or float samples as mode L; Pillow itself would clip them at 255."""
    samples = np.asarray(image)
    if samples.dtype.kind == "f":
        top = float(np.nanmax(samples)) if samples.size else 1.0
        white = next((w for w in (1.0, 255.0, 65535.0) if top <= w), top)
    elif image.mode.startswith("I;16"):
        white = 65535.0
    else:  # mode I: 16 bits in most files
        white = 65535.0 if samples.max(initial=0) > 255 else 255.0
    scaled = np.nan_to_num(samples.astype(np.float32) * np.float32(255.0 / white))
    return Image.fromarray(np.clip(scaled + 0.5, 0, 255).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Mode RGB in sRGB: palette, alpha, grey, CMYK, Lab and deep samples resolved, colour profile applied."""
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode in ("PA", "La", "RGBa"):
        image = image.convert("RGBA")
    elif image.mode in ("I", "F") or image.mode.startswith("I;"):
        image, profile = _to_8bit(image), None
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode in ("RGB", "L") and "transparency" in image.info:
        image = image.convert("RGBA")

    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if alpha is not None:
        image = image.convert("RGB" if image.mode == "RGBA" else "L")
    if profile:
        image = _apply_profile(image, profile)
    if image.mode == "LAB" or image.mode not in ("RGB", "L", "CMYK", "YCbCr", "HSV", "RGBX"):
        image = _lab_to_srgb(image) if image.mode == "LAB" else image.convert("RGB")
    if image.mode != "RGB":
        image = image.convert("RGB")
    if alpha is not None and alpha.getextrema()[0] < 255:
        backdrop = Image.new("RGB", image.size, _BACKGROUND)
        backdrop.paste(image, mask=alpha)
        image = backdrop
    return image


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """The image in sRGB; as it was when the profile is broken, foreign to its mode, or sRGB itself."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "RGB" and "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        return ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image


def _lab_to_srgb(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")

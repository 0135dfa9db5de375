"""Read a photo file of any common kind as upright 8-bit sRGB, within a bounded amount of memory."""

from __future__ import annotations

import hashlib
import io
import os
import warnings

import numpy as np
from PIL import Image

from ..types import Photo
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import Message, reason, say
from ..wire.photo_paths import photo_path
from .code_points import apply_code_points, code_points
from .cut_off import goes_on_with_nothing, load_cut_off
from .deep import as_srgb
from .exif import ORIENTATION, UPRIGHT, focal_from_exif
from .mattes import read_mattes
from .opening import DAMAGE, MAX_PIXELS, Opened, damaged, open_picture, too_large
from .phone_depth import read_depth
from .profile import apply_gamma, apply_profile, lab_to_srgb

__all__ = ["MAX_FILE_BYTES", "MAX_PIXELS", "WORKING_SIDE", "load_photo"]

MAX_JPEG_PIXELS = 420_000_000
"""Most pixels of a JPEG, which is decoded at a half or a quarter of its size: phones sell 108 and 200 megapixels."""

MAX_FILE_BYTES = 1 << 30
"""Most bytes of a file, with room for 105 megapixels of uncompressed 16-bit RGBA; a longer file is not a photo."""

WORKING_SIDE = 4096
"""Longest side of a photo in memory, unless a small face asks for more (see :func:`engine.photo.observe`)."""

_BACKGROUND = (128, 128, 128)
"""What shows through transparent pixels: neutral, so that it is not taken for skin."""


def load_photo(path: str | os.PathLike, max_side: int = WORKING_SIDE) -> Photo:
    """An upright sRGB photo from a file of any kind in :data:`engine.wire.formats.PHOTO_FORMATS`, whatever its name.

    Applies the EXIF orientation, converts an embedded colour profile (also grey and CMYK) to sRGB, lays transparency
    over neutral grey, scales 16-bit and float samples to 8 bits, and takes the first picture of a file with several, of a
    TIFF its largest, of a camera raw its preview. A JPEG that ends too early is decoded as far as it goes (`decoded`).
    Mattes and depth that a phone stored beside it come along (:mod:`.mattes`, :mod:`.phone_depth`).
    A photo with a longer side than `max_side` is reduced to it, JPEG already while decoding; ``Photo.scale`` says by
    how much. Peak memory is about 9 bytes per pixel of the decoded picture.

    Args:
        path: the file; any characters that the file system allows.
        max_side: longest side of the result in pixels.

    Raises:
        HrnError: ``PHOTO_UNREADABLE``, ``NOT_AN_IMAGE``, ``IMAGE_DAMAGED`` or ``IMAGE_TOO_LARGE``. Sizes are taken
            from the header, before anything is decoded.
    """
    path = photo_path(path)
    try:
        if path.exists() and not path.is_file():
            raise HrnError(ErrorCode.PHOTO_UNREADABLE, say("{path} is not a file.", path=path))
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
            ErrorCode.PHOTO_UNREADABLE, say("{path} cannot be read: {reason}.", path=path, reason=reason(error))
        ) from error
    return _decode(data, path.name, digest, max_side)


def _decode(stream: io.BytesIO, name: str, digest: str, max_side: int) -> Photo:
    with warnings.catch_warnings():
        # The limits below are ours; Pillow also warns about EXIF oddities that do not matter to users.
        warnings.simplefilter("ignore")
        opened = open_picture(stream, name)
        image, stream = opened.image, opened.stream
        try:
            full = image.size
            factor = min(1.0, max_side / max(full), _least_reduction(image, name))
            target = tuple(max(1, round(side * factor)) for side in full)
            draft = None
            if image.format in ("JPEG", "MPO") and factor <= 0.5:
                # Twice the size is kept for a clean resize, of a picture that fits into memory so.
                huge = full[0] * full[1] > MAX_PIXELS
                draft = target if huge else tuple(2 * side for side in target)
                image.draft(None, draft)
            mattes = read_mattes(image, stream.getbuffer())
            depth = read_depth(image, stream.getbuffer())
            profile = image.info.get("icc_profile")
            gamma = image.info.get("gamma") if image.format == "PNG" and "srgb" not in image.info else None
            stated = code_points(stream.getbuffer(), image.format)
            if stated is not None and (image.format == "PNG" or not profile):
                profile = gamma = None
            else:
                stated = None
            samples = _samples(opened) if stated is None else None
            if samples is not None:
                image, part, remarks = as_srgb(samples, profile, gamma), None, ()
                profile = gamma = None
            else:
                image, part, remarks = _loaded(image, stream, name, draft)
            exif = opened.image.getexif()
            focal = depth.focal * max(target) if depth.focal else focal_from_exif(exif, *target)
            turned = samples is not None and opened.image.format == "TIFF"  # as its reader turned them
            orientation = opened.orientation if turned else exif.get(ORIENTATION, opened.orientation)
            if image.size != target and factor < 1:
                image = _resize(image, target)
            image = _to_srgb(image, profile, gamma)
            if stated is not None:
                image = apply_code_points(image, stated)
            decoded = None
            if part is not None:
                image, mask = _without_rest(image, part)
                decoded = _upright(mask, orientation).getbbox()
            pixels = np.asarray(_upright(image, orientation), np.uint8)
        except MemoryError as error:
            raise HrnError(ErrorCode.OUT_OF_MEMORY, say("There is not enough memory to decode {file}.", file=name)) from error
        except DAMAGE as error:
            if isinstance(error, HrnError):
                raise
            raise opened.failure or damaged(name, error) from error
    scale = max(target) / max(full)
    remarks = (*opened.remarks, *remarks)
    return Photo(np.ascontiguousarray(pixels), name, digest, focal, scale, mattes, depth.mm, decoded, remarks)


def _least_reduction(image: Image.Image, name: str) -> float:
    """By how much a picture must be reduced while it is decoded to fit into memory: 1 for most.

    Raises:
        HrnError: ``IMAGE_TOO_LARGE``.
    """
    pixels = image.size[0] * image.size[1]
    reducible = image.format in ("JPEG", "MPO")
    most = MAX_JPEG_PIXELS if reducible else MAX_PIXELS
    if min(image.size) < 1 or pixels > most:
        raise too_large(name, image.size, most)
    return 1.0 if pixels <= MAX_PIXELS else 0.5 if pixels <= 4 * MAX_PIXELS else 0.25


def _samples(opened: Opened) -> np.ndarray | None:
    """(h, w[, 3 or 4]) samples of a picture with more than 8 bits; None of one that Pillow reads as well."""
    if opened.deep is None or "transparency" in opened.image.info:
        return None
    samples = opened.deep()
    return samples if samples is not None and samples.shape[1::-1] == opened.image.size else None


def _loaded(
    image: Image.Image, stream: io.BytesIO, name: str, draft: tuple[int, int] | None
) -> tuple[Image.Image, float | None, tuple[tuple[str, Message], ...]]:
    """The decoded picture, and the share of its height that was decoded, from the top: None for all of a whole file."""
    try:
        if image.format == "JPEG" and goes_on_with_nothing(stream.getbuffer()):
            raise OSError("truncated")
        image.load()
    except OSError as error:
        if image.format not in ("JPEG", "MPO") or "truncated" not in str(error):
            raise
        image, rows = load_cut_off(stream, draft)
        if rows < 1:
            raise
        part = rows / image.size[1]
        remark = say("{file} ends too early, but its picture is all there.", file=name)
        if part < 1:
            remark = say(
                "{file} ends too early: only {percent:.0f} % of the picture is there. Copy it from the camera again.",
                file=name,
                percent=100 * part,
            )
        return image, part, (("cut_off", remark),)
    return image, None, ()


def _without_rest(image: Image.Image, part: float) -> tuple[Image.Image, Image.Image]:
    """The picture with a neutral colour where nothing was decoded, and a mask of what was."""
    rows = round(part * image.size[1])
    mask = Image.new("L", image.size)
    mask.paste(255, (0, 0, image.size[0], rows))
    image.paste(_BACKGROUND, (0, rows, *image.size))
    return image, mask


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    """The picture turned by its tag. (The readers of TIFF and HEIC have turned it themselves and cleared the tag.)"""
    turn = UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def _resize(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    if image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    if image.mode.startswith("I"):
        image = _to_8bit(image)
    return image.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _to_8bit(image: Image.Image) -> Image.Image:
    """Grey pictures with 16-bit, 32-bit or float samples as mode L; Pillow itself would clip them at 255."""
    samples = np.asarray(image)
    if image.mode == "I":  # 16 bits in most files
        samples = samples.clip(0, 65535).astype(np.uint16 if samples.max(initial=0) > 255 else np.uint8)
    return as_srgb(samples)


def _to_srgb(image: Image.Image, profile: bytes | None, gamma: float | None = None) -> Image.Image:
    """Mode RGB in sRGB: palette, alpha, grey, CMYK, Lab and deep samples resolved, colour profile or a PNG's gamma applied."""
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
        image = apply_profile(image, profile)
    elif gamma is not None and image.mode in ("RGB", "L"):
        image = apply_gamma(image, gamma)
    if image.mode == "LAB" or image.mode not in ("RGB", "L", "CMYK", "YCbCr", "HSV", "RGBX"):
        image = lab_to_srgb(image) if image.mode == "LAB" else image.convert("RGB")
    if image.mode != "RGB":
        image = image.convert("RGB")
    if alpha is not None and alpha.getextrema()[0] < 255:
        backdrop = Image.new("RGB", image.size, _BACKGROUND)
        backdrop.paste(image, mask=alpha)
        image = backdrop
    return image

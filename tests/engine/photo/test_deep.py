"""Pictures of 16 bits and of floating-point numbers are converted before they are rounded: dark levels stay apart."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from engine.photo import load_photo
from engine.photo.profile import shaper_of
from engine.wire.color import linear_to_srgb, srgb_to_linear
from engine.wire.errors import ErrorCode, HrnError

RAMP = np.linspace(0, 0.25, 256)
"""The dark quarter of sRGB: 64 levels."""


def profile_of(*curve: float, kind: int = 0) -> bytes:
    """sRGB's primaries with a parametric curve, or with a table of as many levels as are given (`kind` -1)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    if kind >= 0:
        data = struct.pack(f">4s4xHH{len(curve)}i", b"para", kind, 0, *(round(v * 65536) for v in curve))
    else:
        levels = [round(v * 65535) for v in curve]
        data = struct.pack(">4s4xI", b"curv", len(levels)) + struct.pack(f">{len(levels)}H", *levels)
    place = len(profile)
    profile += data + b"\0" * (-len(data) % 4)
    for entry in range(struct.unpack_from(">I", profile, 128)[0]):
        if profile[132 + 12 * entry : 136 + 12 * entry] in (b"rTRC", b"gTRC", b"bTRC", b"kTRC"):
            struct.pack_into(">II", profile, 136 + 12 * entry, place, len(data))
    struct.pack_into(">I", profile, 0, len(profile))
    return bytes(profile)


def samples_of(levels: np.ndarray, channels: int, kind: str) -> np.ndarray:
    out = np.repeat(np.tile(levels, (8, 1))[..., None], channels, 2)
    return out.astype(kind) if kind == "float32" else np.round(out * 65535).astype(kind)


def png(samples: np.ndarray, *, profile: bytes | None = None, gamma: float | None = None) -> bytes:
    """A PNG of 16 bits."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, channels = samples.shape
    data = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0))
    if gamma is not None:
        data += chunk(b"gAMA", struct.pack(">I", round(100000 * gamma)))
    if profile is not None:
        data += chunk(b"iCCP", b"p\0\0" + zlib.compress(profile))
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return b"\x89PNG\r\n\x1a\n" + data + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def tiff(samples: np.ndarray, profile: bytes | None) -> bytes:
    """A TIFF, deflated, of one strip."""
    height, width, channels = samples.shape
    strip = zlib.compress(samples.tobytes())
    bits = samples.dtype.itemsize * 8
    tags = [(256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * channels), (259, 3, [8])]
    tags += [(262, 3, [2 if channels > 1 else 1]), (273, 4, [8]), (277, 3, [channels]), (278, 4, [height])]
    tags += [(279, 4, [len(strip)]), (284, 3, [1])]
    if channels == 4:
        tags.append((338, 3, [2]))
    tags.append((339, 3, [3 if samples.dtype.kind == "f" else 1] * channels))
    if profile is not None:
        tags.append((34675, 7, list(profile)))
    blob, entries = bytearray(strip + b"\0" * (len(strip) % 2)), b""
    for tag, kind, values in tags:
        raw = struct.pack(f"<{len(values)}{ {3: 'H', 4: 'I', 7: 'B'}[kind] }", *values)
        if len(raw) > 4:
            place = 8 + len(blob)
            blob += raw + b"\0" * (len(raw) % 2)
            raw = struct.pack("<I", place)
        entries += struct.pack("<HHI", tag, kind, len(values)) + raw.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<I", 8 + len(blob)) + bytes(blob) + struct.pack("<H", len(tags)) + entries + b"\0" * 4


def loaded(tmp_path, data: bytes) -> np.ndarray:
    path = tmp_path / "a.bin"
    path.write_bytes(data)
    return load_photo(path).pixels.astype(int)


@pytest.mark.parametrize(
    "container, kind, channels",
    [("tiff", "float32", 3), *((one, "uint16", channels) for one in ("png", "tiff", "gamma") for channels in (1, 3, 4))],
)
def test_dark_linear_levels_stay_apart(tmp_path, container, kind, channels):
    """Through 8 bits the quarter would have 14 of its 64 levels."""
    levels = srgb_to_linear(RAMP, float)
    samples = samples_of(levels, channels, kind)
    if channels == 4:
        samples[..., 3] = 65535
    if kind == "float32":  # what is white must be there
        samples[0, :4] = 1.0
    profile = profile_of(1.0)
    if channels == 1 and container != "gamma":
        grey = bytearray(profile)
        grey[16:20] = b"GRAY"
        profile = bytes(grey).replace(b"rTRC", b"kTRC", 1)
    said = {"gamma": 1.0} if container == "gamma" else {"profile": profile}
    data = tiff(samples, profile) if container == "tiff" else png(samples, **said)
    seen = loaded(tmp_path, data)[4]
    assert np.abs(seen - 255 * RAMP[:, None]).max() <= 1
    assert len(np.unique(seen[:, 1])) >= 63


def test_samples_without_a_profile_are_rounded(tmp_path):
    samples = samples_of(RAMP, 3, "uint16")
    for data in (png(samples), tiff(samples, None)):
        assert np.abs(loaded(tmp_path, data)[4] - 255 * RAMP[:, None]).max() <= 0.5 + 1e-2


def test_wide_primaries(tmp_path):
    """As 8 bits through the library that knows all profiles."""
    profile = bytearray(profile_of(1.8))
    for entry in range(struct.unpack_from(">I", profile, 128)[0]):
        tag, place = struct.unpack_from(">4sI", profile, 132 + 12 * entry)
        wide = {b"rXYZ": (0.7977, 0.288, 0.0), b"gXYZ": (0.1352, 0.7119, 0.0), b"bXYZ": (0.0313, 0.0001, 0.8249)}.get(tag)
        if wide:
            struct.pack_into(">3i", profile, place + 8, *(round(v * 65536) for v in wide))
    colors = np.random.default_rng(3).integers(60, 200, (8, 16, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(colors).save(stream, "PNG", icc_profile=bytes(profile))
    coarse = loaded(tmp_path, stream.getvalue())
    fine = loaded(tmp_path, png(colors.astype(np.uint16) * 257, profile=bytes(profile)))
    assert np.abs(fine - coarse).max() <= 3 and np.abs(fine - colors).mean() > 5


@pytest.mark.parametrize(
    "kind, numbers, meant",
    [
        (0, (2.2,), lambda x: x**2.2),
        (1, (2.0, 1.25, -0.25), lambda x: np.maximum(1.25 * x - 0.25, 0) ** 2),
        (2, (2.0, 0.75, -0.15, 0.1), lambda x: np.maximum(0.75 * x - 0.15, 0) ** 2 + 0.1),
        (3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), lambda x: srgb_to_linear(x, float)),
        (4, (2.0, 0.9, 0.0, 0.5, 0.3, 0.05, 0.02), lambda x: np.where(x >= 0.3, (0.9 * x) ** 2 + 0.05, 0.5 * x + 0.02)),
        (-1, (), lambda x: x),
        (-1, (0, 0.1, 0.5, 1), lambda x: np.interp(x, [0, 1 / 3, 2 / 3, 1], [0, 0.1, 0.5, 1])),
    ],
)
def test_curves(kind, numbers, meant):
    shaper = shaper_of(profile_of(*numbers, kind=kind), "RGB")
    level = np.linspace(0, 1, 50)
    assert len(shaper.curves) == 3 and np.abs(shaper.matrix - np.eye(3)).max() < 1e-3
    assert all(np.abs(curve(level) - meant(level)).max() < 1e-3 for curve in shaper.curves)


def test_what_is_no_profile_of_curves():
    good = profile_of(1.0)
    assert shaper_of(good, "L") is None
    assert shaper_of(good[:200], "RGB") is None and shaper_of(b"", "RGB") is None
    assert shaper_of(good.replace(b"rTRC", b"xTRC", 1), "RGB") is None


def test_transparency_shows_grey(tmp_path):
    samples = samples_of(np.full(16, 0.5), 4, "uint16")
    samples[..., 3] = 0
    samples[:, 8:, 3] = 65535
    for data in (png(samples), tiff(samples, None)):
        seen = loaded(tmp_path, data)
        assert (seen[:, :8] == 128).all() and (np.abs(seen[:, 8:] - 127.5) <= 1).all()


@pytest.mark.parametrize("make", [png, lambda samples: tiff(samples, None)])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_one_that_ends_too_early_is_damaged(tmp_path, make, share):
    noise = np.random.default_rng(1).integers(0, 65535, (64, 64, 3)).astype(np.uint16)
    data = make(noise)
    with pytest.raises(HrnError) as caught:
        loaded(tmp_path, data[: int(share * len(data))])
    assert caught.value.code in (ErrorCode.IMAGE_DAMAGED, ErrorCode.NOT_AN_IMAGE)


def test_turned_and_reduced_like_any_other(tmp_path):
    ramp = linear_to_srgb(np.linspace(0, 1, 64))
    samples = samples_of(ramp, 3, "uint16")
    code = cv2.imencode(".tif", samples)[1].tobytes()
    (tmp_path / "plain.tif").write_bytes(code)
    with Image.open(tmp_path / "plain.tif") as image:
        exif = image.getexif()
        exif[0x0112] = 6
    stream = io.BytesIO()
    Image.fromarray(np.uint8(samples >> 8)).save(stream, "PNG", exif=exif)
    chunk = stream.getvalue()[stream.getvalue().index(b"eXIf") - 4 :]
    chunk = chunk[: 12 + struct.unpack(">I", chunk[:4])[0]]
    data = png(samples)
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    photo = load_photo(tmp_path / "a.png")
    assert photo.size == (8, 64) and np.abs(photo.pixels[:, 4, 0] - 255 * ramp).max() <= 1
    assert load_photo(tmp_path / "a.png", max_side=32).size == (4, 32)

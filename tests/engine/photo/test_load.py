"""Photo files of every kind become upright sRGB, or a clear error."""

from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest

pytest.importorskip("PIL")
from PIL import Image, ImageCms

from engine.photo import load as loading
from engine.photo.load import load_photo
from engine.wire.errors import ErrorCode, HrnError

RED, GREEN, BLUE = (200, 40, 30), (40, 180, 60), (30, 60, 190)


def quarters(size=(64, 48)) -> Image.Image:
    """Red top left, green top right, blue bottom left, grey bottom right."""
    w, h = size
    image = Image.new("RGB", size, (128, 128, 128))
    image.paste(RED, (0, 0, w // 2, h // 2))
    image.paste(GREEN, (w // 2, 0, w, h // 2))
    image.paste(BLUE, (0, h // 2, w // 2, h))
    return image


def corner_colors(pixels: np.ndarray) -> list[tuple[int, ...]]:
    h, w = pixels.shape[:2]
    return [tuple(int(c) for c in pixels[y, x]) for y, x in ((h // 4, w // 4), (h // 4, 3 * w // 4), (3 * h // 4, w // 4))]


def assert_quarters(pixels: np.ndarray, tolerance: int):
    for seen, meant in zip(corner_colors(pixels), (RED, GREEN, BLUE)):
        assert np.abs(np.subtract(seen, meant)).max() <= tolerance, (seen, meant)


def code_of(path) -> ErrorCode:
    with pytest.raises(HrnError) as caught:
        load_photo(path)
    assert caught.value.message and caught.value.hint
    return caught.value.code


@pytest.mark.parametrize(
    "name, tolerance, options",
    [
        ("a.jpg", 6, {"quality": 95, "subsampling": 0}),
        ("a.jpeg", 6, {"quality": 95, "progressive": True}),
        ("a.png", 0, {}),
        ("a.webp", 0, {"lossless": True}),
        ("a.tif", 0, {}),
        ("b.tiff", 0, {"compression": "tiff_lzw"}),
        ("a.bmp", 0, {}),
        ("a.heic", 8, {"quality": 95}),
        ("a.avif", 12, {"quality": 95}),
    ],
)
def test_formats(tmp_path, name, tolerance, options):
    import pillow_heif

    pillow_heif.register_heif_opener()
    quarters().save(tmp_path / name, **options)
    photo = load_photo(tmp_path / name)
    assert photo.pixels.dtype == np.uint8 and photo.pixels.shape == (48, 64, 3) and photo.size == (64, 48)
    assert photo.pixels.flags.c_contiguous and photo.name == name and photo.scale == 1 and photo.focal_px is None
    assert_quarters(photo.pixels, tolerance)


def test_hash_is_of_the_file(tmp_path):
    import hashlib

    quarters().save(tmp_path / "a.png")
    assert load_photo(tmp_path / "a.png").sha256 == hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_orientation(tmp_path, orientation, suffix):
    """The stored picture is turned so that the tag turns it back."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = quarters() if undo is None else quarters().transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"a{suffix}", exif=exif, quality=95)
    photo = load_photo(tmp_path / f"a{suffix}")
    assert photo.size == (64, 48)
    assert_quarters(photo.pixels, 12)


def test_heic_is_turned_by_its_container_only(tmp_path):
    """ISO 23008-12: a HEIC's own rotation counts, the EXIF tag beside it is a remark; applying both turns twice."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    quarters().save(tmp_path / "a.heic", exif=exif, quality=95)
    photo = load_photo(tmp_path / "a.heic")
    assert photo.size == (64, 48)
    assert_quarters(photo.pixels, 12)


def test_grey_palette_bilevel(tmp_path):
    ramp = Image.fromarray(np.tile(np.arange(64, dtype=np.uint8) * 4, (8, 1)))
    ramp.save(tmp_path / "l.png")
    seen = load_photo(tmp_path / "l.png").pixels
    assert (seen == np.asarray(ramp)[..., None]).all()
    quarters().quantize(8).save(tmp_path / "p.png")
    assert_quarters(load_photo(tmp_path / "p.png").pixels, 3)
    ramp.convert("1").save(tmp_path / "one.tif")
    assert set(np.unique(load_photo(tmp_path / "one.tif").pixels)) <= {0, 255}


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (8, 1))
    for name in ("a.png", "a.tif"):
        Image.fromarray(ramp).save(tmp_path / name)
        seen = load_photo(tmp_path / name).pixels[..., 0].astype(int)
        assert np.abs(seen - ramp / 257).max() <= 1
    Image.fromarray(np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(8, 0)).save(tmp_path / "f.tif")
    seen = load_photo(tmp_path / "f.tif").pixels[..., 0].astype(int)
    assert np.abs(seen - np.linspace(0, 255, 64)).max() <= 1
    (tmp_path / "rgb16.png").write_bytes(_png(64, 8, depth=16, color=2, rows=np.repeat(ramp[..., None], 3, 2)))
    seen = load_photo(tmp_path / "rgb16.png").pixels.astype(int)
    assert np.abs(seen[..., 1] - ramp / 257).max() <= 1


def test_alpha_shows_neutral_grey(tmp_path):
    image = quarters().convert("RGBA")
    image.paste((255, 0, 255, 0), (32, 0, 64, 24))
    image.paste((*RED, 128), (0, 0, 32, 24))
    image.save(tmp_path / "a.png")
    left, right, _ = corner_colors(load_photo(tmp_path / "a.png").pixels)
    assert right == (128, 128, 128)
    assert np.abs(np.subtract(left, np.add(RED, 128) / 2)).max() <= 1
    Image.new("LA", (8, 8), (200, 0)).save(tmp_path / "la.png")
    assert (load_photo(tmp_path / "la.png").pixels == 128).all()
    palette = quarters().quantize(8)
    palette.save(tmp_path / "p.png", transparency=palette.getpixel((2, 2)))
    assert corner_colors(load_photo(tmp_path / "p.png").pixels)[0] == (128, 128, 128)


def test_cmyk(tmp_path):
    quarters().convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert_quarters(load_photo(tmp_path / "a.jpg").pixels, 8)
    quarters().convert("CMYK").save(tmp_path / "a.tif")
    assert_quarters(load_photo(tmp_path / "a.tif").pixels, 2)


def test_embedded_profile_is_converted(tmp_path):
    """Linear-light pixels tagged with a linear profile come out in sRGB."""
    profile = _linear_profile()
    linear = Image.new("RGB", (8, 8), (55, 55, 55))
    for name in ("a.png", "a.jpg", "a.tif"):
        linear.save(tmp_path / name, icc_profile=profile)
        value = int(load_photo(tmp_path / name).pixels[4, 4, 1])
        assert abs(value - 128) <= 3, name
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    linear.save(tmp_path / "s.png", icc_profile=srgb)
    assert load_photo(tmp_path / "s.png").pixels[4, 4, 1] == 55
    linear.save(tmp_path / "broken.png", icc_profile=b"no profile at all")
    assert load_photo(tmp_path / "broken.png").pixels[4, 4, 1] == 55


@pytest.mark.parametrize(
    "tags, size, expected",
    [
        ({0xA405: 50}, (600, 400), 50 / 43.2666 * 721.11),  # 3:2, diagonal rule: the same as 50/36 * 600
        ({0xA405: 26}, (400, 300), 26 / 43.2666 * 500),  # 4:3 phone
        ({0xA405: 70}, (256, 256), 70 / 36 * 256),  # square: a render or crop, 36 mm across
        ({0x920A: 4.25, 0xA405: 0, 0xA20E: 400.0, 0xA210: 4}, (400, 300), 4.25 * 400),  # pixels per millimetre
        ({0x920A: 50.0, 0xA20E: 3000.0, 0xA210: 3, 0xA002: 1200, 0xA003: 800}, (600, 400), 50 * 300 / 2),  # halved photo
        ({0x920A: 50.0, 0xA20E: 3000.0, 0xA210: 3, 0xA002: 1200, 0xA003: 800}, (500, 480), None),  # cropped
        ({0x920A: 50.0}, (600, 400), None),
        ({0xA405: 60000}, (600, 400), None),
        ({}, (600, 400), None),
    ],
)
def test_focal_length(tmp_path, tags, size, expected):
    exif = Image.Exif()
    exif.get_ifd(0x8769).update(tags)
    Image.new("RGB", size, RED).save(tmp_path / "a.jpg", exif=exif)
    focal = load_photo(tmp_path / "a.jpg").focal_px
    assert focal == (None if expected is None else pytest.approx(expected, rel=1e-3))


def test_focal_length_follows_orientation_and_reduction(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0xA405] = 36
    Image.new("RGB", (600, 400), RED).save(tmp_path / "a.jpg", exif=exif)
    photo = load_photo(tmp_path / "a.jpg")
    assert photo.size == (400, 600) and photo.focal_px == pytest.approx(600, rel=1e-3)
    photo = load_photo(tmp_path / "a.jpg", max_side=150)
    assert photo.size == (100, 150) and photo.scale == 0.25 and photo.focal_px == pytest.approx(150, rel=1e-3)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_reduction_keeps_the_picture(tmp_path, suffix):
    quarters((1200, 900)).save(tmp_path / f"a{suffix}", quality=95)
    photo = load_photo(tmp_path / f"a{suffix}", max_side=100)
    assert photo.size == (100, 75) and photo.scale == pytest.approx(1 / 12)
    assert_quarters(photo.pixels, 6)


def test_unicode_and_spaces(tmp_path):
    folder = tmp_path / "Ünï cödé 写真 😀"
    folder.mkdir()
    quarters().save(folder / "mein foto ü.png")
    assert load_photo(folder / "mein foto ü.png").name == "mein foto ü.png"
    assert load_photo(str(folder / "mein foto ü.png")).size == (64, 48)


def test_unreadable(tmp_path):
    assert code_of(tmp_path / "missing.jpg") == ErrorCode.PHOTO_UNREADABLE
    assert code_of(tmp_path) == ErrorCode.PHOTO_UNREADABLE
    assert code_of("a\0b.jpg") == ErrorCode.PHOTO_UNREADABLE
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")  # opening it would wait for ever
        assert code_of(tmp_path / "pipe.jpg") == ErrorCode.PHOTO_UNREADABLE


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_forbidden(tmp_path):
    quarters().save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    assert code_of(tmp_path / "a.png") == ErrorCode.PHOTO_UNREADABLE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello, this is text",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"PK\x03\x04" + bytes(100),
        bytes(1000),
    ],
)
def test_not_an_image(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    assert code_of(tmp_path / "a.jpg") == ErrorCode.NOT_AN_IMAGE


@pytest.mark.parametrize(
    "suffix, options",
    [
        (".png", {}),
        (".tif", {"compression": "tiff_lzw"}),
        (".tif", {}),
        (".webp", {}),
        (".heic", {}),
    ],
)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
def test_truncated(tmp_path, suffix, options, part):
    import pillow_heif

    pillow_heif.register_heif_opener()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8))
    file = tmp_path / f"a{suffix}"
    noise.save(file, **options)
    data = file.read_bytes()
    file.write_bytes(data[: max(20, int(len(data) * part))])
    assert code_of(file) == ErrorCode.IMAGE_DAMAGED


def test_flipped_bytes_never_crash(tmp_path):
    """Any damage ends in an error of the list or in a picture."""
    rng = np.random.default_rng(1)
    for suffix in (".jpg", ".png", ".tif", ".webp"):
        buffer = io.BytesIO()
        quarters().save(buffer, {".jpg": "JPEG", ".png": "PNG", ".tif": "TIFF", ".webp": "WEBP"}[suffix])
        for _ in range(40):
            data = bytearray(buffer.getvalue())
            for at in rng.integers(0, len(data), 6):
                data[at] = rng.integers(0, 256)
            (tmp_path / f"x{suffix}").write_bytes(data)
            try:
                assert load_photo(tmp_path / f"x{suffix}").pixels.ndim == 3
            except HrnError as error:
                assert error.code in (ErrorCode.IMAGE_DAMAGED, ErrorCode.NOT_AN_IMAGE, ErrorCode.IMAGE_TOO_LARGE)


def test_bombs_are_refused_by_their_header(tmp_path, monkeypatch):
    def explode(*_args, **_kwargs):
        raise AssertionError("decoded a picture that is too large")

    monkeypatch.setattr(Image.Image, "load", explode)
    (tmp_path / "a.png").write_bytes(_png(100_000, 100_000, depth=8, color=2, rows=None))
    assert code_of(tmp_path / "a.png") == ErrorCode.IMAGE_TOO_LARGE
    (tmp_path / "b.png").write_bytes(_png(15_000, 10_000, depth=1, color=0, rows=None))
    assert code_of(tmp_path / "b.png") == ErrorCode.IMAGE_TOO_LARGE
    (tmp_path / "c.tif").write_bytes(_tiff_header(20_000, 20_000))
    assert code_of(tmp_path / "c.tif") == ErrorCode.IMAGE_TOO_LARGE


def test_text_bomb(tmp_path):
    """A PNG whose compressed text chunk unpacks to hundreds of megabytes."""
    text = b"Comment\0\0" + zlib.compress(bytes(80 << 20), 9)
    (tmp_path / "a.png").write_bytes(
        _png(8, 8, depth=8, color=2, rows=np.zeros((8, 8, 3), np.uint8), extra=_chunk(b"zTXt", text))
    )
    assert code_of(tmp_path / "a.png") in (ErrorCode.IMAGE_TOO_LARGE, ErrorCode.IMAGE_DAMAGED)


def test_long_files_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "MAX_FILE_BYTES", 1000)
    (tmp_path / "a.jpg").write_bytes(bytes(2000))
    assert code_of(tmp_path / "a.jpg") == ErrorCode.IMAGE_TOO_LARGE


def test_limit_is_for_the_pixels(tmp_path, monkeypatch):
    quarters().save(tmp_path / "a.png")
    monkeypatch.setattr(loading, "MAX_PIXELS", 64 * 48)
    assert load_photo(tmp_path / "a.png").size == (64, 48)
    monkeypatch.setattr(loading, "MAX_PIXELS", 64 * 48 - 1)
    assert code_of(tmp_path / "a.png") == ErrorCode.IMAGE_TOO_LARGE


def test_global_state_is_left_alone(tmp_path):
    from PIL import ImageFile

    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    quarters().save(tmp_path / "a.png")
    load_photo(tmp_path / "a.png")
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) == before


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *, depth: int, color: int, rows: np.ndarray | None, extra: bytes = b"") -> bytes:
    raw = b"" if rows is None else b"".join(b"\0" + row.astype(">u2" if depth == 16 else "u1").tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", zlib.compress(raw)) + _chunk(b"IEND", b"")


def _tiff_header(width: int, height: int) -> bytes:
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 200),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, 10),
    ]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + body + bytes(300)


def _linear_profile() -> bytes:
    """A minimal ICC v2 display profile: sRGB's primaries with a linear curve."""

    def tag(kind: bytes, data: bytes) -> bytes:
        return kind + bytes(4) + data

    def xyz(*values: float) -> bytes:
        return tag(b"XYZ ", b"".join(struct.pack(">i", round(v * 65536)) for v in values))

    text = b"linear test\0"
    entries = {
        b"desc": tag(b"desc", struct.pack(">I", len(text)) + text + bytes(78)),
        b"cprt": tag(b"text", b"none\0\0\0\0"),
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.4360, 0.2225, 0.0139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
        b"rTRC": tag(b"curv", struct.pack(">I", 0)),
        b"gTRC": tag(b"curv", struct.pack(">I", 0)),
        b"bTRC": tag(b"curv", struct.pack(">I", 0)),
    }
    offset = 128 + 4 + 12 * len(entries)
    table, body = b"", b""
    for name, data in entries.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += data
    size = offset + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ") + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">iii", 63190, 65536, 54061) + bytes(48)
    return header[:128] + struct.pack(">I", len(entries)) + table + body

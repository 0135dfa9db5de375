"""Files as people have them: cut off, raw, deep, huge, of other kinds. Each is read, or its sentence says what it is."""

from __future__ import annotations

import dataclasses
import io
import os
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from engine.photo import Landmarker, load_photo, observe, photo_warnings
from engine.photo import load as loading
from engine.photo.kinds import kind_of
from engine.photo.tiff import read_ifds
from engine.wire.color import srgb_to_linear
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.photo_paths import photo_path

SIZE = (96, 64)


def picture(size=SIZE) -> Image.Image:
    """Waves in three colours: no two rows alike, nothing plain."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    waves = [np.sin(x / 9 + k) * np.cos(y / 7 - k) + 0.2 * np.sin(x * y / 50) for k in range(3)]
    return Image.fromarray(np.uint8(np.clip(np.stack(waves, -1) * 80 + 120, 0, 255)))


def jpeg(image: Image.Image, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **{"quality": 95, **options})
    return stream.getvalue()


def error_of(path) -> HrnError:
    with pytest.raises(HrnError) as caught:
        load_photo(path)
    return caught.value


def tiff(pictures, order="<", sub=()) -> bytes:
    """A TIFF with these pictures one after the other, and those of `sub` in a tree below the first.

    Each picture is (tags, list of strips); offsets and counts of the strips are filled in.
    """
    blob, tables = bytearray(), []

    def table(tags, strips, following, children):
        places = []
        for strip in strips:
            places.append(8 + len(blob))
            blob.extend(strip + b"\0" * (len(strip) % 2))
        tags = {**tags, 273: (4, places), 279: (4, [len(strip) for strip in strips])}
        if children:
            tags[330] = 4, children
        raws = []
        for tag, (kind, values) in sorted(tags.items()):
            raw = struct.pack(f"{order}{len(values)}{ {1: 'B', 3: 'H', 4: 'I', 7: 'B'}[kind] }", *values)
            if len(raw) > 4:
                place = 8 + len(blob)
                blob.extend(raw + b"\0" * (len(raw) % 2))
                raw = struct.pack(order + "I", place)
            raws.append(struct.pack(order + "HHI", tag, kind, len(values)) + raw.ljust(4, b"\0"))
        place = 8 + len(blob)
        blob.extend(struct.pack(order + "H", len(raws)) + b"".join(raws) + struct.pack(order + "I", following))
        return place

    children = [table(*one, 0, []) for one in sub]
    for number, one in enumerate(reversed(pictures)):
        last = number == len(pictures) - 1
        tables.append(table(*one, tables[-1] if tables else 0, children if last else []))
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", tables[-1]) + bytes(blob)


def plain(samples: np.ndarray, order="<", separate=False, packed=False, **more):
    """Tags and strips of an uncompressed or deflated picture."""
    height, width, channels = samples.shape
    planes = [samples[..., k] for k in range(channels)] if separate else [samples]
    data = [np.ascontiguousarray(plane, plane.dtype.newbyteorder(order)).tobytes() for plane in planes]
    tags = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [samples.dtype.itemsize * 8] * channels),
        259: (3, [8 if packed else 1]),
        262: (3, [2 if channels > 1 else 1]),
        277: (3, [channels]),
        278: (4, [height]),
        284: (3, [2 if separate else 1]),
        339: (3, [3 if samples.dtype.kind == "f" else 1] * channels),
        **{int(tag[1:]): value for tag, value in more.items()},
    }
    return tags, [zlib.compress(one) if packed else one for one in data]


def bigtiff(pictures: list[np.ndarray], order: str) -> bytes:
    """A BigTIFF with these (h, w, 3) samples one after the other, not packed."""
    magic = b"II+\0\x08\0\0\0" if order == "<" else b"MM\0+\0\x08\0\0"
    blob, link = bytearray(magic + bytes(8)), 8
    for samples in pictures:
        strip = len(blob)
        blob += np.ascontiguousarray(samples, samples.dtype.newbyteorder(order)).tobytes()
        height, width, bits = *samples.shape[:2], samples.dtype.itemsize * 8
        tags = [(256, width), (257, height), (258, [bits] * 3), (259, 1), (262, 2), (273, strip), (277, 3), (278, height)]
        tags += [(279, len(blob) - strip), (284, 1), (339, [3 if samples.dtype.kind == "f" else 1] * 3)]
        struct.pack_into(order + "Q", blob, link, len(blob))
        blob += struct.pack(order + "Q", len(tags))
        for tag, value in tags:
            many = isinstance(value, list)
            raw = struct.pack(order + "3H", *value) if many else struct.pack(order + "Q", value)
            blob += struct.pack(order + "HHQ", tag, 3 if many else 16, 3 if many else 1) + raw.ljust(8, b"\0")
        link = len(blob)
        blob += bytes(8)
    return bytes(blob)


def close(seen: np.ndarray, meant: Image.Image, tolerance: float) -> bool:
    return seen.shape[1::-1] == meant.size and np.abs(seen.astype(int) - np.asarray(meant, int)).mean() <= tolerance


class TestCutOff:
    @pytest.mark.parametrize("lost", [1, 2, 64, "5 %", "40 %"])
    @pytest.mark.parametrize("progressive", [False, True])
    def test_what_is_there_is_used(self, tmp_path, lost, progressive):
        meant = picture((192, 256))
        data = jpeg(meant, progressive=progressive)
        count = lost if isinstance(lost, int) else len(data) * int(lost[:-2]) // 100
        (tmp_path / "a.jpg").write_bytes(data[:-count])
        photo = load_photo(tmp_path / "a.jpg")
        left, top, right, bottom = photo.decoded
        assert photo.size == meant.size and (left, top, right) == (0, 0, 192)
        assert bottom >= 256 - 48 if count <= 64 or progressive else 100 < bottom < 256
        seen = photo.pixels[:bottom]
        assert close(seen, meant.crop((0, 0, 192, bottom)), 40 if progressive else 4)
        assert (photo.pixels[bottom:] == 128).all()
        ((code, message),) = photo.remarks
        assert code == "cut_off" and "a.jpg ends too early" in message

    @pytest.mark.parametrize("orientation, side", [(3, "top"), (6, "left"), (8, "right")])
    def test_the_part_that_is_there_turns_with_the_photo(self, tmp_path, orientation, side):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = jpeg(picture((192, 256)), exif=exif)
        (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
        photo = load_photo(tmp_path / "a.jpg")
        left, top, right, bottom = photo.decoded
        width, height = photo.size
        missing = {"top": top > 0, "left": left > 0, "right": right < width, "bottom": bottom < height}
        assert [name for name, holds in missing.items() if holds] == [side]

    @pytest.mark.parametrize("progressive", [False, True])
    def test_a_plain_bottom_is_not_missing(self, tmp_path, progressive):
        """A studio's backdrop is of one colour, too."""
        meant = picture((192, 256))
        meant.paste((240, 240, 240), (0, 128, 192, 256))
        (tmp_path / "a.jpg").write_bytes(jpeg(meant, progressive=progressive)[:-2])
        photo = load_photo(tmp_path / "a.jpg")
        assert close(photo.pixels[:120], meant.crop((0, 0, 192, 120)), 2)
        assert progressive or photo.decoded == (0, 0, 192, 256)

    @pytest.mark.parametrize("progressive", [False, True])
    def test_a_copy_that_went_on_with_nothing_is_cut_off(self, tmp_path, progressive):
        """As cards and downloads leave files that broke off: as long as they should be, the rest zeros."""
        meant = picture((192, 256))
        data = jpeg(meant, progressive=progressive)
        half = len(data) // 2
        (tmp_path / "a.jpg").write_bytes(data[:half] + b"\0" * (len(data) - half))
        (tmp_path / "b.jpg").write_bytes(data[:half])
        filled, short = load_photo(tmp_path / "a.jpg"), load_photo(tmp_path / "b.jpg")
        assert filled.decoded == short.decoded and (filled.pixels == short.pixels).all()
        assert [code for code, _ in filled.remarks] == ["cut_off"]
        (tmp_path / "c.jpg").write_bytes(data + b"\0" * 5000)
        assert load_photo(tmp_path / "c.jpg").decoded is None

    def test_nothing_but_a_header_is_damage(self, tmp_path):
        data = jpeg(picture())
        (tmp_path / "a.jpg").write_bytes(data[: data.index(b"\xff\xda") + 4])
        assert error_of(tmp_path / "a.jpg").code is ErrorCode.IMAGE_DAMAGED

    @pytest.mark.parametrize("rows, code", [(0.95, None), (0.12, ErrorCode.IMAGE_DAMAGED)])
    def test_the_face_must_lie_in_it(self, portrait, tmp_path, rows, code):
        """Of the portrait the face ends at 45 % of its height."""
        with Image.open(portrait) as image:
            data = jpeg(image.convert("RGB"), quality=80, restart_marker_rows=1)
        (tmp_path / "a.jpg").write_bytes(data[: int(rows * len(data))])
        with Landmarker() as landmarker:
            if code is None:
                photo, observation = observe(tmp_path / "a.jpg", landmarker)
                assert "cut_off" in {warning["code"] for warning in photo_warnings(photo, observation)}
            else:
                with pytest.raises(HrnError) as caught:
                    observe(tmp_path / "a.jpg", landmarker)
                assert caught.value.code in (code, ErrorCode.NO_FACE)


class TestTiff:
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("separate", [False, True])
    @pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
    def test_samples_of_every_kind(self, tmp_path, order, packed, separate, kind):
        meant = picture()
        level = np.asarray(meant) / 255
        samples = level.astype(kind) if kind == "float32" else np.round(level * np.iinfo(kind).max).astype(kind)
        (tmp_path / "a.tif").write_bytes(tiff([plain(samples, order, separate, packed)], order))
        assert close(load_photo(tmp_path / "a.tif").pixels, meant, 1)

    def test_transparency_in_deep_samples(self, tmp_path):
        samples = np.dstack([np.asarray(picture()) / 255, np.ones(SIZE[::-1])]).astype(np.float32)
        (tmp_path / "a.tif").write_bytes(tiff([plain(samples, t338=(3, [2]))]))
        assert close(load_photo(tmp_path / "a.tif").pixels, picture(), 1)

    def test_half_floats_get_a_true_sentence(self, tmp_path):
        (tmp_path / "a.tif").write_bytes(tiff([plain((np.asarray(picture()) / 255).astype(np.float16))]))
        error = error_of(tmp_path / "a.tif")
        assert error.code is ErrorCode.NOT_AN_IMAGE and "16-bit floating-point" in error.message and "8 or 16" in error.hint

    def test_a_compression_that_is_not_read_is_named(self, tmp_path):
        tags, strips = plain(np.asarray(picture()))
        (tmp_path / "a.tif").write_bytes(tiff([({**tags, 259: (3, [50001])}, [b"RIFF1234WEBP"])]))
        error = error_of(tmp_path / "a.tif")
        assert error.code is ErrorCode.NOT_AN_IMAGE and "WebP" in error.message

    def test_the_largest_picture_is_taken(self, tmp_path):
        small = picture().resize((24, 16))
        for name, file in {
            "thumbnail first": tiff([plain(np.asarray(small), t254=(4, [1])), plain(np.asarray(picture()))]),
            "in a tree": tiff([plain(np.asarray(small))], sub=[plain(np.asarray(picture()))]),
            "with a larger mask": tiff([plain(np.asarray(picture())), plain(np.asarray(picture((200, 200))), t254=(4, [4]))]),
        }.items():
            (tmp_path / "a.tif").write_bytes(file)
            assert close(load_photo(tmp_path / "a.tif").pixels, picture(), 0), name

    def test_of_pages_the_first_is_taken(self, tmp_path):
        pages = [picture(), picture((100, 64))]
        (tmp_path / "a.tif").write_bytes(tiff([plain(np.asarray(page)) for page in pages]))
        assert load_photo(tmp_path / "a.tif").size == SIZE

    @pytest.mark.parametrize("seed", range(20))
    def test_damage_never_ends_in_another_error(self, tmp_path, seed):
        random = np.random.default_rng(seed)
        data = np.frombuffer(tiff([plain((np.asarray(picture()) / 255).astype(np.float32), separate=seed % 2 == 1)]), np.uint8)
        data = data.copy()
        where = random.integers(0, len(data), 40) if seed % 3 else len(data) - random.integers(1, 200, 12)
        data[where] = random.integers(0, 256, len(where))
        (tmp_path / "a.tif").write_bytes(data[: len(data) - seed].tobytes())
        try:
            load_photo(tmp_path / "a.tif")
        except HrnError as error:
            assert error.code is not ErrorCode.INTERNAL

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
    def test_bigtiff(self, tmp_path, order, kind):
        """With a thumbnail before it, as programs for panoramas write."""
        level = np.asarray(picture()) / 255
        samples = level.astype(kind) if kind == "float32" else np.round(level * np.iinfo(kind).max).astype(kind)
        (tmp_path / "a.tif").write_bytes(bigtiff([np.asarray(picture((24, 16))), samples], order))
        assert close(load_photo(tmp_path / "a.tif").pixels, picture(), 1)

    @pytest.mark.parametrize("kind", ["uint16", "float32"])
    @pytest.mark.parametrize("orientation, turns", [(3, 2), (6, 1), (8, 3)])
    def test_deep_samples_are_turned(self, tmp_path, kind, orientation, turns):
        level = np.ascontiguousarray(np.rot90(np.asarray(picture()) / 255, turns))
        samples = level.astype(kind) if kind == "float32" else np.round(level * 65535).astype(kind)
        (tmp_path / "a.tif").write_bytes(tiff([plain(samples, t274=(3, [orientation]))]))
        assert close(load_photo(tmp_path / "a.tif").pixels, picture(), 1)

    def test_planes_in_tiles(self, tmp_path):
        """Two tiles for each of three planes, the second one reaching beyond the picture."""
        samples = np.asarray(picture()).astype(np.uint16) * 257
        wide = np.pad(samples, ((0, 0), (0, 32), (0, 0)))
        tiles = [np.ascontiguousarray(wide[:, x : x + 64, k]).tobytes() for k in range(3) for x in (0, 64)]
        tags, _ = plain(samples, separate=True, t322=(4, [64]), t323=(4, [64]))
        data = bytearray(tiff([({tag: value for tag, value in tags.items() if tag != 278}, tiles)]))
        place = read_ifds(bytes(data))[0].offset
        for at in range(place + 2, place + 2 + 12 * struct.unpack_from("<H", data, place)[0], 12):
            tag = struct.unpack_from("<H", data, at)[0]
            struct.pack_into("<H", data, at, {273: 324, 279: 325}.get(tag, tag))
        (tmp_path / "a.tif").write_bytes(data)
        assert close(load_photo(tmp_path / "a.tif").pixels, picture(), 1)

    def test_grey_with_white_for_nothing(self, tmp_path):
        grey = picture().convert("L")
        samples = 65535 - np.asarray(grey).astype(np.uint16)[..., None] * 257
        (tmp_path / "a.tif").write_bytes(tiff([plain(samples, t262=(3, [0]))]))
        assert close(load_photo(tmp_path / "a.tif").pixels[..., 0], grey, 1)

    @pytest.mark.parametrize("bits", [10, 12])
    def test_a_sensors_bits_in_16(self, tmp_path, bits):
        samples = np.asarray(picture()).astype(np.uint16) << (bits - 8)
        (tmp_path / "a.tif").write_bytes(tiff([plain(samples)]))
        assert close(load_photo(tmp_path / "a.tif").pixels, picture(), 2)

    def test_floats_that_overshoot_and_a_scenes_light(self, tmp_path):
        """Resampled levels are a little more than 1 here and there; four times white is light, not levels."""
        level = np.asarray(picture()).astype(np.float32) / 255
        over = level.copy()
        over[0, :5] = 1.3
        (tmp_path / "a.tif").write_bytes(tiff([plain(over)]))
        assert close(load_photo(tmp_path / "a.tif").pixels[1:], picture().crop((0, 1, *SIZE)), 1)
        (tmp_path / "a.tif").write_bytes(tiff([plain(4 * srgb_to_linear(level))]))
        seen = load_photo(tmp_path / "a.tif").pixels.astype(float)
        assert np.corrcoef(seen.ravel(), level.ravel())[0, 1] > 0.99 and np.quantile(seen, 0.99) > 240

    def test_a_circle_of_pictures_ends(self):
        data = bytearray(tiff([plain(np.asarray(picture()))]))
        place = read_ifds(bytes(data))[0].offset
        count = struct.unpack_from("<H", data, place)[0]
        struct.pack_into("<I", data, place + 2 + 12 * count, place)
        assert len(read_ifds(bytes(data))) == 1


class TestStatedByNumbers:
    """Colors that are told by H.273's numbers: HDR pictures of cameras and screenshots."""

    def pq(self, image: Image.Image, to: tuple = ()) -> Image.Image:
        """The same look in the levels of PQ; to: (3, 3) from sRGB's primaries to the file's."""
        light = srgb_to_linear(np.asarray(image) / 255) @ np.array(to or np.eye(3)).T * 203 / 10000
        root = light.clip(0) ** 0.1593017578125
        level = ((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root)) ** 78.84375
        return Image.fromarray(np.uint8(np.round(255 * level)))

    WIDE = ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956))
    """From sRGB's primaries to BT.2020's (BT.2087)."""

    def heic(self, image: Image.Image, primaries: int, transfer: int) -> bytes:
        import pillow_heif

        stream = io.BytesIO()
        pillow_heif.from_pillow(image).save(stream, quality=100, chroma=444)
        data = bytearray(stream.getvalue())
        struct.pack_into(">2H", data, data.index(b"colrnclx") + 8, primaries, transfer)
        return bytes(data)

    def test_heic(self, tmp_path):
        soft = picture().resize((192, 128))
        (tmp_path / "a.HIF").write_bytes(self.heic(self.pq(soft, self.WIDE), 9, 16))
        assert close(load_photo(tmp_path / "a.HIF").pixels, soft, 6)
        (tmp_path / "b.heic").write_bytes(self.heic(soft, 1, 13))
        assert close(load_photo(tmp_path / "b.heic").pixels, soft, 2)

    @pytest.mark.parametrize("profile", [None, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()])
    def test_png(self, tmp_path, profile):
        """What the chunk says goes before a profile."""
        stream = io.BytesIO()
        self.pq(picture()).save(stream, "PNG", icc_profile=profile)
        data, chunk = stream.getvalue(), b"cICP\x01\x10\0\1"
        chunk = struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
        assert close(load_photo(tmp_path / "a.png").pixels, picture(), 3)


class TestRaw:
    def raw(self, sensor: tuple[int, int], preview: bytes | None, thumbnail=(24, 16), orientation=1) -> bytes:
        mosaic = np.zeros((sensor[1], sensor[0], 1), np.uint16)
        tags, strips = plain(mosaic, packed=True, t33421=(3, [2, 2]))
        below = [({**tags, 262: (3, [32803])}, strips)]
        if preview is not None:
            size = Image.open(io.BytesIO(preview)).size
            below.append(({256: (4, [size[0]]), 257: (4, [size[1]]), 259: (3, [6]), 262: (3, [6])}, [preview]))
        first = plain(np.asarray(picture(thumbnail)), t254=(4, [1]), t274=(3, [orientation]), t50706=(1, [1, 4, 0, 0]))
        return tiff([first], sub=below)

    def test_its_large_preview_is_used_and_said(self, tmp_path):
        meant = picture((1200, 800))
        (tmp_path / "a.dng").write_bytes(self.raw((1500, 1000), jpeg(meant), orientation=6))
        photo = load_photo(tmp_path / "a.dng")
        assert photo.size == (800, 1200) and close(np.rot90(photo.pixels), meant, 4)
        ((code, message),) = photo.remarks
        assert code == "raw_preview" and "camera raw" in message and "1200 × 800" in message

    @pytest.mark.parametrize("preview", [None, (160, 120)])
    def test_without_one_it_says_what_it_is_and_what_to_do(self, tmp_path, preview):
        (tmp_path / "a.dng").write_bytes(self.raw((3000, 2000), None if preview is None else jpeg(picture(preview))))
        error = error_of(tmp_path / "a.dng")
        assert error.code is ErrorCode.NOT_AN_IMAGE and "camera raw" in error.message and "export a JPEG" in error.hint

    @pytest.mark.parametrize(
        "tags, named",
        [
            ({}, "(DNG)"),
            ({271: b"NIKON CORPORATION\0"}, "(Nikon)"),
            ({271: b"SONY\0"}, "(Sony)"),
            ({271: b"\xff\0"}, "raw file,"),
        ],
    )
    def test_what_is_a_tiff_inside_says_who_made_it(self, tmp_path, tags, named):
        mosaic = plain(np.zeros((200, 300, 1), np.uint16), packed=True, t33421=(3, [2, 2]))
        said = {tag: (1, list(text)) for tag, text in tags.items()} or {50706: (1, [1, 4, 0, 0])}
        first, strips = plain(np.asarray(picture((24, 16))), t254=(4, [1]))
        (tmp_path / "a.tif").write_bytes(
            tiff([({**first, **said}, strips)], sub=[({**mosaic[0], 262: (3, [32803])}, mosaic[1])])
        )
        assert named in error_of(tmp_path / "a.tif").message

    def test_other_makers(self, tmp_path):
        """Whatever lies around it: the preview is found by its own first bytes."""
        large = jpeg(picture((1200, 800)))
        for head in (b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"IIU\0\x18\0\0\0", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom"):
            (tmp_path / "a").write_bytes(head + b"\x55" * 500 + jpeg(picture((160, 120))) + b"\0" * 9 + large)
            assert load_photo(tmp_path / "a").size == (1200, 800)
            (tmp_path / "b").write_bytes(head + b"\x55" * 500)
            assert "camera raw" in error_of(tmp_path / "b").message


KINDS = {
    "video": [
        b"OggS\0\2" + bytes(20) + b"\1\x1e\x80theora" + bytes(40),
        b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 40,
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 40,
    ]
    + [(b"G" + b"\xff" * 187) * 3, (b"\0\0\0\1G" + b"\xff" * 187) * 3]
    + [b"RIFF\0\0\0\0AVI LIST", b"\x1aE\xdf\xa3" + b"\0" * 40, b"\0\0\0\x08wide\0\0\0\0mdat"],
    "JPEG XL": [b"\xff\x0a" + b"\0" * 40, b"\0\0\0\x0cJXL \r\n\x87\n"],
    "JPEG 2000": [b"\0\0\0\x0cjP  \r\n\x87\n"],
    "TGA": [bytes((0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 44, 1, 104, 1, 24, 32)) + b"\x80" * 40]
    + [bytes((5, 1, 9, 0, 0, 0, 1, 24, 0, 0, 0, 0, 44, 1, 104, 1, 8, 0)) + b"\x80" * 40],
    "PCX": [b"\x0a\5\1\x08" + b"\0" * 60],
    "SGI": [b"\x01\xda\1\1\0\3" + b"\0" * 60],
    "QOI": [b"qoif" + b"\0" * 40],
    "icon": [b"icns" + b"\x80" * 40],
    "packed file": [b"\x1f\x8b\x08" + b"\xe0" * 40],
    "PPM": [b"P6\n2 2\n255\n" + b"\0" * 12],
    "PDF": [b"%PDF-1.7\n"],
    "OpenEXR": [b"\x76\x2f\x31\x01\x02\0\0\0"],
    "SVG": [b'<svg xmlns="http://www.w3.org/2000/svg"/>', b'<?xml version="1.0"?>\n<!-- me -->\n<svg width="3"/>'],
    "web page": [
        b"<!-- saved -->\n<html>",
        b'<?xml version="1.0"?>\n<!DOCTYPE html>\n<html>',
        "\ufeff<html>".encode("utf-16-le"),
    ]
    + [b"<!DOCTYPE html><html>", b"\n  <html lang=en>", b"\xef\xbb\xbf<html>"],
    "Photoshop": [b"8BPS\0\1"],
    "ZIP": [b"PK\x03\x04"],
    "text file": [
        b"hello",
        "姓名".encode(),
        "\ufeffhello you".encode("utf-16-le"),
        "Gr\xfc\xdfe aus K\xf6ln".encode("latin-1") * 3,
    ],
    "shortcut": [
        b"[InternetShortcut]\r\nURL=https://a.b/c.jpg",
        b'<?xml version="1.0"?><plist version="1.0"><dict><key>URL</key>',
    ],
    "nothing but zeros": [bytes(4000)],
    "JPEG-LS": [b"\xff\xd8\xff\xf7\0\x0b" + b"\0" * 40],
    "JPEG picture of 12 bits": [b"\xff\xd8\xff\xc1\0\x11\x0c\0\x40\0\x60\3\1\x11\0\2\x11\1\3\x11\1" + b"\0" * 40],
    "DPX": [b"SDPX\0\0\x08\0" + b"\0" * 40],
    "DjVu": [b"AT&TFORM" + b"\0" * 40],
    "sound": [b"RIFF\0\0\0\0WAVEfmt ", b"\xff\xfb\x90\x64" + b"\0" * 40, b"\0\0\0\x20ftypM4A \0\0\2\0M4A mp42" + b"\0" * 40],
    "PFM": [b"PF\n2 2\n-1.0\n" + b"\0" * 48],
    "JPEG XR": [b"II\xbc\1" + b"\0" * 40],
    "metafile": [b"\1\0\0\0" + b"\0" * 36 + b" EMF" + b"\0" * 40],
    "office document": [b"{\\rtf1\\ansi me}", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 40],
    "3D model": [b"glTF\2\0\0\0" + b"\0" * 40, b"ply\nformat ascii 1.0\n", b"solid head\n facet normal 0 0 1\n"],
    "program": [b"MZ\x90\0" + b"\0" * 40],
    "macOS": [b"\0\5\x16\7\0\2\0\0Mac OS X        " + b"\0" * 40],
    "Git LFS": [b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n"],
    "DICOM": [b"\0" * 128 + b"DICM"],
}


@pytest.mark.parametrize("kind, data", [(kind, data) for kind, examples in KINDS.items() for data in examples])
def test_what_is_not_a_photo_is_called_by_its_kind(tmp_path, kind, data):
    (tmp_path / "holiday.jpg").write_bytes(data)
    error = error_of(tmp_path / "holiday.jpg")
    assert error.code is ErrorCode.NOT_AN_IMAGE and kind in error.message and "holiday.jpg" in error.message and error.hint


def test_no_photo_is_taken_for_something_else(tmp_path):
    import pillow_heif

    pillow_heif.register_heif_opener()
    for name in ("JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF", "BMP", "GIF", "MPO"):
        stream = io.BytesIO()
        picture().save(stream, name)
        assert kind_of(stream.getvalue()[:512]) is None, name


@pytest.mark.parametrize("data", [b"\xff" * 600, np.random.default_rng(4).bytes(600)])
def test_what_nobody_knows_is_not_called_a_text(tmp_path, data):
    (tmp_path / "a.jpg").write_bytes(data)
    assert "not a picture in a format that can be read" in error_of(tmp_path / "a.jpg").message


def test_gif_is_read(tmp_path):
    picture().quantize(255).save(tmp_path / "a.gif", save_all=True, append_images=[Image.new("P", SIZE)])
    assert close(load_photo(tmp_path / "a.gif").pixels, picture(), 12)


class TestProfiles:
    """What a profile is called says nothing about what it does."""

    def saved(self, tmp_path, gamma, name):
        """A picture whose levels are those of this gamma, with a profile that says so, under the name of sRGB."""
        srgb = np.asarray(picture()) / 255
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        stored = Image.fromarray(np.uint8(np.round(255 * (linear ** (1 / gamma) if gamma else srgb))))
        profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
        if gamma:
            count = struct.unpack_from(">I", profile, 128)[0]
            for entry in range(count):
                tag, place = struct.unpack_from(">4sI", profile, 132 + 12 * entry)
                if tag in (b"rTRC", b"gTRC", b"bTRC"):  # parametric: type 0 has the gamma alone
                    assert profile[place : place + 4] == b"para"
                    struct.pack_into(">HHi", profile, place + 8, 0, 0, round(gamma * 65536))
        stored.save(tmp_path / name, icc_profile=bytes(profile))
        return load_photo(tmp_path / name).pixels

    @pytest.mark.parametrize("gamma", [1.0, 1.8])
    def test_curves_count(self, tmp_path, gamma):
        seen = self.saved(tmp_path, gamma, "linear_srgb.png")
        assert close(seen, picture(), 2.5)

    @pytest.mark.parametrize("gamma, chunk, tolerance", [(1.0, b"gAMA", 2.5), (2.2, b"gAMA", 0), (1.0, b"sRGB", None)])
    def test_a_png_without_one_states_its_gamma(self, tmp_path, gamma, chunk, tolerance):
        """What it says of sRGB counts more."""
        srgb = np.asarray(picture()) / 255
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        stored = linear if gamma == 1 else srgb
        stream = io.BytesIO()
        Image.fromarray(np.uint8(np.round(255 * stored))).save(stream, "PNG")
        data, said = stream.getvalue(), b""
        for kind, content in ((b"gAMA", struct.pack(">I", round(100000 / gamma))), (b"sRGB", b"\0")):
            if kind == b"gAMA" or chunk == kind:
                said += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        (tmp_path / "a.png").write_bytes(data[:33] + said + data[33:])
        seen = load_photo(tmp_path / "a.png").pixels
        if tolerance is None:
            assert (seen == np.uint8(np.round(255 * stored))).all()
        else:
            assert close(seen, picture(), tolerance)

    def test_srgb_itself_stays_to_the_bit(self, tmp_path):
        assert close(self.saved(tmp_path, None, "a.png"), picture(), 0)

    def test_the_report(self, shared_dir):
        inputs = shared_dir / "review" / "inputs"
        seen, meant = (load_photo(inputs / name).pixels.mean((0, 1)) for name in ("linear_srgb.png", "base.jpg"))
        assert np.abs(seen - meant).max() < 2


class TestHuge:
    """Phones record 108 and 200 megapixels."""

    @pytest.mark.parametrize("factor, share", [(0.9, 1), (0.4, 2), (0.2, 4)])
    def test_a_jpeg_is_reduced_while_it_is_decoded(self, tmp_path, monkeypatch, factor, share):
        meant = picture((800, 600))
        meant.save(tmp_path / "a.jpg", quality=95)
        monkeypatch.setattr(loading, "MAX_PIXELS", int(800 * 600 * factor) if factor < 0.9 else 800 * 600)
        monkeypatch.setattr(loading, "MAX_JPEG_PIXELS", 800 * 600)
        photo = load_photo(tmp_path / "a.jpg")
        assert photo.size == (800 // share, 600 // share) and photo.scale == pytest.approx(1 / share)
        assert close(photo.pixels, meant.resize(photo.size, Image.Resampling.BOX), 4)

    def test_200_megapixels_by_their_header(self, tmp_path):
        """Without unpacking them here: the header of a small picture says so."""
        data = bytearray(jpeg(picture()))
        place = data.index(b"\xff\xc0")
        struct.pack_into(">HH", data, place + 5, 12240, 16320)
        (tmp_path / "a.jpg").write_bytes(data)
        try:
            assert load_photo(tmp_path / "a.jpg").size == (4096, 3072)
        except HrnError as error:
            assert error.code is ErrorCode.IMAGE_DAMAGED  # its data end too early for anything to be there

    def test_what_cannot_be_reduced_is_refused(self, tmp_path, monkeypatch):
        picture().save(tmp_path / "a.png")
        monkeypatch.setattr(loading, "MAX_PIXELS", 96 * 64 - 1)
        assert error_of(tmp_path / "a.png").code is ErrorCode.IMAGE_TOO_LARGE


class TestPaths:
    @pytest.mark.parametrize("around", ['"{}"', "'{}'", "“{}”", " {} ", "file://{}", "FILE://{}", "<{}>"])
    @pytest.mark.skipif(sys.platform == "win32", reason="addresses of files have drives there")
    def test_what_was_pasted_is_understood(self, tmp_path, around):
        picture().save(tmp_path / "me.png")
        assert load_photo(around.format(tmp_path / "me.png")).name == "me.png"

    @pytest.mark.skipif(sys.platform == "win32", reason="addresses of files have drives there")
    def test_spaces_in_an_address(self, tmp_path):
        picture().save(tmp_path / "my face.png")
        assert load_photo(f"file://{tmp_path}/my%20face.png").name == "my face.png"

    def test_a_file_that_is_called_so_is_taken_as_it_is(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        picture().save(tmp_path / "'me.png'", "PNG")
        assert photo_path("'me.png'").name == "'me.png'"

    @pytest.mark.parametrize(
        "address", ["https://example.org/a/me.jpg", '"http://example.org/me.jpg"', "data:image/png;base64,AA"]
    )
    def test_an_address_says_all_of_itself(self, address):
        error = error_of(address)
        assert error.code is ErrorCode.PHOTO_UNREADABLE and address.strip('"') in error.message and "Save" in error.hint

    def test_the_whole_path_is_named(self, tmp_path):
        assert str(tmp_path / "no" / "me.jpg") in error_of(tmp_path / "no" / "me.jpg").message

    @pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
    def test_a_name_that_is_not_text(self, tmp_path):
        path = os.fsencode(tmp_path) + b"/\xff\xfe.jpg"
        with open(path, "wb") as stream:
            stream.write(jpeg(picture()))
        error = error_of(os.fsdecode(path))
        assert error.code is ErrorCode.PHOTO_UNREADABLE and "UTF-8" in error.message
        error.to_json()["message"].encode()


@pytest.mark.parametrize(
    "name, size", [("float_rgb.tif", (300, 180)), ("jpeg_without_eoi.jpg", (600, 720)), ("saved_by_chrome.jfif", (600, 720))]
)
def test_the_reports_themselves(shared_dir, name, size):
    photo = load_photo(shared_dir / "review" / "inputs" / name)
    assert photo.size == size and (photo.decoded or (0, 0, *size)) == (0, 0, *size)


def test_the_reported_raw(shared_dir):
    assert "camera raw" in error_of(shared_dir / "review" / "inputs" / "raw_with_preview.dng").message


def test_photos_without_remarks_stay_as_they_were(tmp_path):
    picture().save(tmp_path / "a.png")
    photo = load_photo(tmp_path / "a.png")
    assert photo.decoded is None and photo.remarks == () and dataclasses.replace(photo, scale=0.5).scale == 0.5

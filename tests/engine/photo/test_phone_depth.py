"""The depth of a phone's portrait tells the distance, its calibration the lens, and both together how large the person is."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("pillow_heif")
from PIL import Image

from engine.fit import fit_coarse
from engine.fit.coarse.distance import measured_distance
from engine.photo import Landmarker, observe
from engine.photo.load import load_photo
from engine.wire.settings import Settings
from support.heic_mattes import with_depth
from support.jpeg_depth import apple_jpeg, depthmap_jpeg, dynamic_depth_jpeg

SIZE = (400, 300)


def scene() -> tuple[Image.Image, np.ndarray]:
    """A red rectangle at 0.5 m in front of grey at 2 m; the depth at half the size."""
    photo, metres = Image.new("RGB", SIZE, (128, 128, 128)), np.full((150, 200), 2.0)
    photo.paste((220, 30, 30), (40, 20, 240, 200))
    metres[10:100, 20:120] = 0.5
    return photo, metres


def written(tmp_path, data: bytes, **options):
    path = tmp_path / "portrait.heic"
    path.write_bytes(data)
    return load_photo(path, **options)


def lies_on_the_photo(photo) -> bool:
    """Whether the rectangle of :func:`scene` is near where it is red, and the rest is far."""
    depth = np.asarray(Image.fromarray(photo.depth_mm).resize(photo.size))
    red = photo.pixels[..., 0].astype(int) - photo.pixels[..., 1] > 80
    return (np.abs(depth[red] / 500 - 1) < 0.1).mean() > 0.95 and (np.abs(depth[~red] / 2000 - 1) < 0.1).mean() > 0.95


@pytest.mark.parametrize("kind", ["disparity", "depth"])
@pytest.mark.parametrize("orientation, turned", [(1, True), (3, True), (6, True), (8, True), (6, False)])
def test_metres_lie_on_the_upright_photo(tmp_path, kind, orientation, turned):
    photo = written(tmp_path, with_depth(*scene(), kind, orientation=orientation, turned=turned))
    assert lies_on_the_photo(photo)


JPEGS = {
    "in its packet": lambda photo, metres, way: depthmap_jpeg(photo, metres, way, extended=False),
    "in a longer one": lambda photo, metres, way: depthmap_jpeg(photo, metres + NOISE, way, deep=True),
    "evenly": lambda photo, metres, way: depthmap_jpeg(photo, metres, way, form="RangeLinear", mime="image/jpeg"),
    "in mm": lambda photo, metres, way: depthmap_jpeg(photo, 1000 * metres, way, units="mm", form="RangeLinear"),
    "behind it": lambda photo, metres, way: dynamic_depth_jpeg(photo, metres, way),
    "behind a gain map": lambda photo, metres, way: dynamic_depth_jpeg(photo, metres, way, gain_map=True, mime="image/jpeg"),
    "not where it says": lambda photo, metres, way: dynamic_depth_jpeg(photo, metres, way, gain_map=True, wrong_length=7),
    "of an iPhone": lambda photo, metres, way: apple_jpeg(photo, metres, way),
}
"""How a JPEG may hold a depth map; all as the sensor lies."""
NOISE = np.random.default_rng(0).normal(0, 0.005, (150, 200))
"""A map that needs more than one segment."""


@pytest.mark.parametrize("way", JPEGS)
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_metres_beside_a_jpeg(tmp_path, way, orientation):
    photo = written(tmp_path, JPEGS[way](*scene(), orientation))
    assert lies_on_the_photo(photo)
    assert written(tmp_path, JPEGS[way](*scene(), orientation), max_side=100).depth_mm.shape == photo.depth_mm.shape


@pytest.mark.parametrize(
    "data",
    [
        depthmap_jpeg(*scene(), units=None),
        dynamic_depth_jpeg(*scene(), units="Diopters"),
        depthmap_jpeg(*scene(), made_for=(400, 400)),
        apple_jpeg(*scene(), accuracy="relative"),
    ],
    ids=["no unit", "another unit", "cut afterwards", "relative"],
)
def test_depth_without_a_scale_is_left_out(tmp_path, caplog, data):
    with caplog.at_level(logging.WARNING):
        assert written(tmp_path, data).depth_mm is None
    assert not caplog.records


def test_the_lens_beside_a_jpeg(tmp_path):
    assert written(tmp_path, dynamic_depth_jpeg(*scene(), focal=380.0, orientation=6)).focal_px == pytest.approx(380)
    assert written(tmp_path, apple_jpeg(*scene(), focal=760, reference=(800, 600))).focal_px == pytest.approx(380)


@pytest.mark.parametrize(
    "data, old, new",
    [
        (dynamic_depth_jpeg(*scene()), b"\x89PNG", b"\x89PNH"),
        (dynamic_depth_jpeg(*scene()), b"<DepthMap:Near>0", b"<DepthMap:Near>x"),
        (dynamic_depth_jpeg(*scene()), b"android/depthmap</", b"android/nowhere_</"),
        (depthmap_jpeg(*scene()), b'GDepth:Data="iVBOR', b'GDepth:Data="iVBOX'),
        (depthmap_jpeg(*scene(), extended=False), b"</rdf:RDF>", b"</rdf:RDX>"),
    ],
)
def test_broken_depth_does_not_cost_the_jpeg(tmp_path, data, old, new):
    photo = written(tmp_path, data.replace(old, new))
    assert old in data and photo.size == SIZE


def test_only_what_the_phone_calls_absolute_is_metres(tmp_path):
    photo = written(tmp_path, with_depth(*scene(), accuracy="relative", focal=500))
    assert photo.depth_mm is None and photo.focal_px == pytest.approx(500)


@pytest.mark.parametrize("orientation", [1, 6])
def test_the_lens_is_the_calibrated_one(tmp_path, orientation):
    """Whatever the size for which it was calibrated, and however the photo is turned or reduced."""
    data = with_depth(*scene(), focal=1000, reference=(800, 600), orientation=orientation)
    assert written(tmp_path, data).focal_px == pytest.approx(500)
    assert written(tmp_path, data, max_side=200).focal_px == pytest.approx(250)


def test_the_lens_of_another_picture_is_not_taken(tmp_path):
    assert written(tmp_path, with_depth(*scene(), focal=1000, reference=(800, 800))).focal_px is None
    assert written(tmp_path, with_depth(*scene(), focal=1, reference=(800, 600))).focal_px is None


@pytest.mark.parametrize("old, new", [(b"<apdi:FloatMaxValue>", b"<apdi:FloatMaxValue>x"), (b"</rdf:RDF>", b"</rdf:RDX>")])
def test_what_is_broken_does_not_cost_the_photo(tmp_path, caplog, old, new):
    with caplog.at_level(logging.WARNING):
        photo = written(tmp_path, with_depth(*scene(), focal=500).replace(old, new))
    assert photo.size == SIZE and photo.depth_mm is None


@pytest.fixture(scope="module")
def face(portrait, tmp_path_factory):
    """The portrait as a phone would store it, in front of a wall."""
    picture = Image.open(portrait).convert("RGB")
    with Landmarker() as landmarker:
        photo, found = observe(portrait, landmarker)
    x, y = found.landmarks.mean(0) / 512
    rows, columns = (np.mgrid[:256, :256] + 0.5) / 256
    near = np.hypot(columns - x, rows - y) < 0.2
    return picture, near, photo, found


def test_the_face_is_measured_and_not_the_wall(face, tmp_path):
    picture, near, _, found = face
    photo = written(tmp_path, with_depth(picture, np.where(near, 0.6, 2.5)))
    assert measured_distance(photo, found) == pytest.approx(600, rel=0.03)
    path = tmp_path / "portrait.jpg"
    path.write_bytes(depthmap_jpeg(picture, np.where(near, 0.6, 2.5)))
    assert measured_distance(load_photo(path), found) == pytest.approx(600, rel=0.03)
    rough = np.where(np.indices(near.shape).sum(0) % 2, 0.4, 2.5)
    assert measured_distance(written(tmp_path, with_depth(picture, rough)), found) is None
    assert measured_distance(replace(photo, depth_mm=np.full_like(photo.depth_mm, np.nan)), found) is None
    assert measured_distance(replace(photo, depth_mm=None), found) is None


def test_distance_rules_perspective_where_no_lens_is_known(model, face, tmp_path):
    picture, near, _, found = face
    photo = written(tmp_path, with_depth(picture, np.where(near, 0.6, 2.5)))
    fit = fit_coarse(model, photo, found, Settings())
    skin = model.landmarks(model.shape(fit.identity, fit.expression))[[50, 280, 151]].astype(float)
    assert fit.focal_source == "depth" and np.median(fit.camera.to_camera(skin)[:, 2]) == pytest.approx(600, rel=0.04)
    own = fit_coarse(model, replace(photo, focal_px=900.0), found, Settings())
    assert own.focal_source == "exif" and own.camera.fx == pytest.approx(900)


def test_the_report_says_how_large_the_person_is(portrait, tmp_path):
    """Through a known lens, from three quarters of the distance at which the head would be an adult's."""
    from engine.methods import reconstruct

    path = tmp_path / "child.heic"
    path.write_bytes(with_depth(Image.open(portrait).convert("RGB"), np.full((256, 256), 0.65), focal=600))
    bundle = reconstruct(path, tmp_path / "child", Settings(texture_size=512, hair=False))
    report = bundle.manifest["quality"]
    assert report["distance_m"] == pytest.approx(0.65, rel=0.01)
    away = bundle.manifest["cameras"][0]["t"][2]
    assert report["life_size"] == pytest.approx(0.65 / away, rel=0.05) and report["life_size"] < 0.85
    assert "life_size" in [warning["code"] for warning in report["warnings"]]

"""The whole way from several photos to one bundle."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.methods import reconstruct
from engine.pipeline.early import watched
from engine.wire.settings import Settings
from support.small_maps import small_analysis

told: list[str] = []
"""Stages of :func:`alike`, and ``early`` where a shape was shown to whoever watches."""


@pytest.fixture(scope="module")
def alike(portrait, tmp_path_factory):
    """A head from a portrait, a part of the same portrait, and a picture of nothing; a watcher sees it grow."""
    folder = tmp_path_factory.mktemp("alike")
    pixels = cv2.imread(str(portrait))
    cv2.imwrite(str(folder / "part.png"), pixels[:400, 20:420])
    cv2.imwrite(str(folder / "nothing.png"), np.full((200, 200, 3), 120, np.uint8))
    (folder / "early").mkdir()
    photos = [portrait, folder / "nothing.png", folder / "part.png"]
    with small_analysis(), watched(folder / "early", lambda _path: told.append("early")):
        return reconstruct(photos, folder / "head", Settings(texture_size=256), lambda stage, *_: told.append(stage))


def test_the_first_photo_shows_a_head_before_the_others_are_read(alike):
    stages = [stage for number, stage in enumerate(told) if number == 0 or told[number - 1] != stage]
    assert stages[:4] == ["start", "photo", "early", "photo"] and stages.count("early") == 2
    assert stages.index("mid") < len(stages) - stages[::-1].index("early") - 1 < stages.index("albedo")


def test_every_used_photo_has_its_camera(alike):
    manifest = alike.manifest
    assert [camera["photo"] for camera in manifest["cameras"]] == [0, 1]
    for camera in manifest["cameras"]:
        picture = cv2.imread(str(alike.path / camera["file"]))
        assert picture.shape[:2] == (camera["height"], camera["width"])
    assert {photo["name"] for photo in manifest["photos"][:2]} == {"part.png", "astronaut.png"}
    assert sum(photo["share"] for photo in manifest["photos"][:2]) == pytest.approx(1)


def test_a_photo_without_a_face_is_left_out_and_named(alike):
    left = alike.manifest["photos"][2]
    assert left["name"] == "nothing.png" and not left["used"] and left["error"]["code"] == "NO_FACE"
    assert any(w["code"] == "photo_left_out" and "nothing.png" in w["message"] for w in alike.manifest["quality"]["warnings"])


def test_photos_from_one_place_tell_no_depth(alike, portrait, tmp_path):
    """They agree in every pixel, yet the shape must be that of a single photo, and the report must say so."""
    assert any(w["code"] == "photos_differ" for w in alike.manifest["quality"]["warnings"])
    with small_analysis():
        single = reconstruct(portrait, tmp_path / "head", Settings(texture_size=256))
    both = [bundle.arrays()["vertices"] + bundle.arrays()["deformation"] for bundle in (alike, single)]
    assert np.median(np.linalg.norm(both[0] - both[1], axis=1)) < 0.006


def test_three_views_of_one_head(shared_dir, tmp_path):
    photos = [shared_dir / "bench" / "dev" / "d04" / "photos" / f"mv_{name}.jpg" for name in ("p00", "m30", "p30")]
    with small_analysis():
        bundle = reconstruct(photos, tmp_path / "head", Settings(texture_size=256, quality="draft"))
    cameras = bundle.manifest["cameras"]
    centres = np.array([-np.array(camera["R"]).T @ camera["t"] for camera in cameras])
    yaw = np.sort(np.degrees(np.arctan2(centres[:, 0], centres[:, 2])))
    assert np.diff(yaw) == pytest.approx([30, 30], abs=6)
    assert all(photo["share"] > 0.2 for photo in bundle.manifest["photos"])
    assert not [w for w in bundle.manifest["quality"]["warnings"] if w["code"].startswith("photo")]


def test_a_stranger_is_left_out_and_named(shared_dir, tmp_path):
    """Also when it is the most frontal photo, which would be the reference."""
    dev = shared_dir / "bench" / "dev"
    photos = [
        dev / "d01" / "photos" / "mv_m30.jpg",
        dev / "d03" / "photos" / "mv_p00.jpg",
        dev / "d01" / "photos" / "mv_p30.jpg",
    ]
    with small_analysis():
        manifest = reconstruct(photos, tmp_path / "head", Settings(texture_size=256, quality="draft")).manifest
    assert {photo["name"]: photo["used"] for photo in manifest["photos"]} == {
        "mv_m30.jpg": True,
        "mv_p30.jpg": True,
        "mv_p00.jpg": False,
    }
    assert manifest["photos"][2]["error"]["code"] == "PHOTO_UNMATCHED"
    assert any(w["code"] == "photo_left_out" and "mv_p00.jpg" in w["message"] for w in manifest["quality"]["warnings"])

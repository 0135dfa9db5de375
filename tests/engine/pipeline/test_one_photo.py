"""The whole way from a real portrait to a bundle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from engine.head.model import MATERIALS, PARTS
from engine.methods import reconstruct
from engine.pipeline.clock import StageClock
from engine.pipeline.export import export_head
from engine.system.progress import Progress
from engine.wire.bundle import ARRAYS, OPTIONAL_ARRAYS
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.protocol import STAGES, overall_fraction
from engine.wire.settings import Settings
from support.obj_reader import read
from support.small_maps import small_analysis

SIZE = 512


class Reconstruction(NamedTuple):
    bundle: object
    photo: Path
    progress: list[tuple[str, float, str]]


@pytest.fixture(scope="module")
def reconstruction(portrait, tmp_path_factory) -> Reconstruction:
    """A real reconstruction at 512 with default settings otherwise."""
    progress: list[tuple[str, float, str]] = []
    out = tmp_path_factory.mktemp("reconstruction") / "Kopf ü"
    bundle = reconstruct(portrait, out, Settings(texture_size=SIZE), lambda *step: progress.append(step))
    return Reconstruction(bundle, portrait, progress)


@pytest.fixture(scope="module")
def manifest(reconstruction):
    return reconstruction.bundle.manifest


@pytest.fixture(scope="module")
def arrays(reconstruction):
    return reconstruction.bundle.arrays()


def image(reconstruction, name):
    return cv2.imread(str(reconstruction.bundle.file(name)), cv2.IMREAD_UNCHANGED)


def exr(reconstruction, name):
    import OpenEXR

    return {
        key: channel.pixels
        for key, channel in OpenEXR.File(str(reconstruction.bundle.file(name)), separate_channels=True).channels().items()
    }


def test_the_bundle_is_whole(reconstruction, manifest, arrays):
    reconstruction.bundle.verify()
    assert set(ARRAYS) <= set(arrays) <= set(ARRAYS | OPTIONAL_ARRAYS)
    assert manifest["photos"][0]["sha256"] == hashlib.sha256(reconstruction.photo.read_bytes()).hexdigest()
    assert manifest["settings"] == Settings(texture_size=SIZE).to_json()
    assert manifest["materials"] == list(MATERIALS) and manifest["parts"] == list(PARTS)
    assert [p.name for p in reconstruction.bundle.path.parent.iterdir()] == ["Kopf ü"]


def test_it_is_a_head_in_metres(arrays):
    head = arrays["vertices"] + arrays["deformation"]
    size = np.ptp(head, axis=0)
    assert (0.13 < size[0] < 0.30) and (0.22 < size[1] < 0.45) and (0.15 < size[2] < 0.35)
    eyes = head[np.unique(arrays["faces"][arrays["face_material"] == MATERIALS.index("eyes")])]
    assert np.abs(eyes.mean(0)).max() < 0.01
    assert np.linalg.norm(arrays["deformation"], axis=1).max() < 0.03


def test_the_camera_shows_the_fitted_landmarks(manifest, arrays):
    posed = (
        arrays["vertices"]
        + arrays["deformation"]
        + np.tensordot(np.array(manifest["expression"]["photo_values"]), arrays["expression_deltas"], 1)
    )
    points = np.einsum("lk,lkd->ld", arrays["landmark_weights"], posed[arrays["landmark_vertices"]])
    camera = manifest["cameras"][0]
    rotation = np.array(camera["R"])
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-5) and np.linalg.det(rotation) > 0
    local = points @ rotation.T + camera["t"]
    assert 0.2 < local[:, 2].min() < 5
    pixels = local[:, :2] / local[:, 2:] * (camera["fx"], camera["fy"]) + (camera["cx"], camera["cy"])
    assert np.abs(pixels - arrays["landmarks_fitted"]).max() < 0.05
    assert (camera["width"], camera["height"]) == (512, 512)


def test_the_fit_is_close(manifest, arrays):
    miss = np.linalg.norm(arrays["landmarks_fitted"] - arrays["landmarks_detected"], axis=1)
    assert manifest["quality"]["landmark_residual_px"] == pytest.approx(np.median(miss), abs=0.01)
    assert np.median(miss) < 4  # the face is 91 pixels wide
    assert 0 < manifest["quality"]["landmark_residual_mm"] < 6


def test_the_smile_is_an_expression_of_a_neutral_head(manifest):
    expression = manifest["expression"]
    value = dict(zip(expression["names"], expression["values"]))
    assert len(value) == 52 and all(0 <= v <= 1 for v in value.values())
    assert value["mouthSmileLeft"] > 0.2 and value["mouthSmileRight"] > 0.2
    assert expression["values"] == expression["photo_values"]


def test_maps(reconstruction, manifest):
    for name, about in manifest["maps"].items():
        assert about["file"] in manifest["files"], name
    albedo, normal = image(reconstruction, "albedo"), image(reconstruction, "normal")
    assert albedo.shape == (SIZE, SIZE, 3) and albedo.dtype == np.uint8
    assert normal.shape == (SIZE, SIZE, 3) and normal.dtype == np.uint16
    assert normal[..., 0].mean() > 50000 and abs(normal[..., 2].mean() - 32768) < 3000  # read as BGR: blue is up
    blue, green, red = albedo.reshape(-1, 3).mean(0)
    assert red > green > blue  # skin, and the channels in their order
    height = exr(reconstruction, "displacement")
    assert set(height) == {"Y"} and height["Y"].dtype == np.float32 and height["Y"].shape == (SIZE, SIZE)
    assert 0 < np.abs(height["Y"]).max() < 0.005  # metres
    offset = exr(reconstruction, "deformation")
    assert set(offset) == {"R", "G", "B"} and offset["R"].shape[0] == manifest["maps"]["deformation"]["height"]
    confidence = image(reconstruction, "confidence")
    assert set(np.unique(confidence)) <= {0, 128, 255} and (confidence == 255).mean() == pytest.approx(
        manifest["quality"]["seen_fraction"], abs=1e-3
    )


def test_the_deformation_map_is_the_deformation(reconstruction, arrays):
    offset = exr(reconstruction, "deformation")
    picture = np.stack([offset[c] for c in "RGB"], -1)
    skin = arrays["face_material"] == 0
    uv, corner = arrays["uv"][skin].mean(1), arrays["deformation"][arrays["faces"][skin]].mean(1)
    side = picture.shape[0]
    found = picture[((1 - uv[:, 1]) * side).astype(int), (uv[:, 0] * side).astype(int)]
    assert np.median(np.abs(found - corner).max(1)) < 2e-4


def test_the_photo_and_the_thumbnail(reconstruction, manifest):
    copy = cv2.imread(str(reconstruction.bundle.path / manifest["photos"][0]["file"]))
    assert np.abs(copy.astype(int) - cv2.imread(str(reconstruction.photo))).mean() < 3
    preview = cv2.imread(str(reconstruction.bundle.path / manifest["preview"]))
    assert max(preview.shape) <= 512 and preview.std() > 10


def test_progress_runs_once_through_all_stages(reconstruction):
    stages = [stage for stage, _, _ in reconstruction.progress]
    assert list(dict.fromkeys(stages)) == [s for s in STAGES if s in stages]
    assert {"photo", "coarse", "mid", "albedo", "displacement", "bundle"} <= set(stages)
    overall = [overall_fraction(stage, fraction) for stage, fraction, _ in reconstruction.progress]
    assert overall == sorted(overall) and all(message for _, _, message in reconstruction.progress)


def test_timings(manifest):
    timings = dict(manifest["timings"])
    total = timings.pop("total")
    assert sum(timings.values()) == pytest.approx(total, abs=0.05) and all(v >= 0 for v in timings.values())


def test_same_photo_same_head(reconstruction, tmp_path):
    again = reconstruct([reconstruction.photo], tmp_path / "again", Settings(texture_size=SIZE))
    first, second = reconstruction.bundle.manifest, again.manifest
    differ = [name for name in first["files"] if first["files"][name]["sha256"] != second["files"][name]["sha256"]]
    assert not differ
    assert {k: v for k, v in first.items() if k not in ("timings", "files")} == {
        k: v for k, v in second.items() if k not in ("timings", "files")
    }


@pytest.mark.parametrize("stage", ["photo", "coarse", "mid", "albedo", "bundle"])
def test_cancel_at_any_stage_leaves_nothing(portrait, tmp_path, stage):
    def progress(current, fraction, message):
        if current == stage:
            raise HrnError(ErrorCode.CANCELLED, "Enough.")

    with small_analysis(), pytest.raises(HrnError) as caught:
        reconstruct(portrait, tmp_path / "head", Settings(texture_size=256, quality="draft"), progress)
    assert caught.value.code is ErrorCode.CANCELLED and not list(tmp_path.iterdir())


def test_relaxed_heads_keep_the_photos_values_on_record(portrait, tmp_path):
    with small_analysis():
        relaxed = reconstruct(
            portrait, tmp_path / "head", Settings(texture_size=256, quality="draft", keep_expression=False)
        ).manifest["expression"]
    assert set(relaxed["values"]) == {0.0} and max(relaxed["photo_values"]) > 0.2


def test_the_clock_never_runs_backwards():
    now, seen = [0.0], []
    clock = StageClock(Progress(lambda *step: seen.append(step)), lambda: now[0])
    for stage, fraction, seconds in (("coarse", 0.5, 1), ("mid", 0.2, 2), ("coarse", 0.9, 3), ("mid", 0.1, 4), ("mid", 2, 5)):
        clock(stage, fraction, "x")
        now[0] += seconds
    assert [(s, f) for s, f, _ in seen] == [("coarse", 0.5), ("mid", 0.2), ("mid", 0.2), ("mid", 0.2), ("mid", 1.0)]
    assert clock.timings() == {"coarse": 1, "mid": 14, "total": 15}


def test_the_manifest_is_plain_json(reconstruction):
    text = (reconstruction.bundle.path / "head.json").read_text(encoding="utf-8")
    assert json.loads(text) == reconstruction.bundle.manifest and "NaN" not in text


def test_it_can_be_exported(reconstruction, tmp_path):
    v, vt, quads, uses = read(export_head(reconstruction.bundle, tmp_path / "head.obj")[0])
    assert set(uses) == set(reconstruction.bundle.manifest["materials"])
    assert vt.min() >= 0 and vt.max() <= 1 and len(quads) > 3000
    assert cv2.imread(str(tmp_path / "head_albedo.png")) is not None


def test_a_covered_face_is_warned_of(portrait, reconstruction, tmp_path):
    plain = reconstruction.bundle.manifest["quality"]
    assert plain["covered"] < 0.2 and "covered" not in [one["code"] for one in plain["warnings"]]
    photo = cv2.imread(str(portrait))
    cv2.imwrite(str(tmp_path / "masked.png"), cv2.ellipse(photo, (224, 148), (40, 36), 0, 0, 360, (215, 180, 130), -1))
    with small_analysis():
        quality = reconstruct(tmp_path / "masked.png", tmp_path / "head", Settings(texture_size=256, quality="draft")).manifest[
            "quality"
        ]
    (said,) = [one["message"] for one in quality["warnings"] if one["code"] == "covered"]
    assert quality["covered"] > 0.25 and f"{100 * quality['covered']:.0f} %" in said


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("kept", [(1, 1, 0), (0, 1, 1), (1, 0, 0), (0, 0, 1), None, (0.04, 0.04, 0.04), (0, 0, 0)])
def test_colors_that_no_skin_has_give_a_head_or_say_what_is_wrong(portrait, tmp_path, kept):
    """Photos without one or two channels, without colour, and in the dark. No division by zero, nothing but numbers."""
    pixels = cv2.imread(str(portrait)).astype(np.float32)
    pixels = pixels.mean(-1, keepdims=True).repeat(3, -1) if kept is None else pixels * np.float32(kept)[::-1]
    cv2.imwrite(str(tmp_path / "photo.png"), np.uint8(pixels))
    try:
        with small_analysis():
            bundle = reconstruct(tmp_path / "photo.png", tmp_path / "head", Settings(texture_size=256))
    except HrnError as error:
        assert error.code is ErrorCode.NO_FACE and not any(kept)
        return
    bundle.verify()
    assert not [name for name, array in bundle.arrays().items() if not np.isfinite(array).all()]
    assert "NaN" not in (bundle.path / "head.json").read_text(encoding="utf-8")
    found = Reconstruction(bundle, tmp_path / "photo.png", [])
    for name in ("displacement", "deformation"):
        assert all(np.isfinite(channel).all() for channel in exr(found, name).values()), name

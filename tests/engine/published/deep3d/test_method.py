"""Method `deep3d` from official-looking files to both meshes in a bundle."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat

from engine.bench.painted import paint
from engine.cli import main
from engine.geometry.obj import read_obj
from engine.head.landmarks68 import LANDMARKS_68, STEADY_68, five_of_478
from engine.methods import get_method, reconstruct
from engine.photo import load_photo, observe
from engine.pipeline.observe import observe_photos
from engine.published.basel.alignment import crop_pixels_to_photo, crop_window, estimate_similarity, five_points, flip_y
from engine.published.basel.files import read_landmark_template
from engine.published.method import points_beside
from engine.system.progress import SILENT
from engine.wire.bundle import load_bundle, posed_vertices
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings
from support.official.files import write_deep3d
from support.small_maps import small_analysis

SETTINGS = Settings(method="deep3d", texture_size=256)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("licensed")
    write_deep3d(path)
    return path


@pytest.fixture(scope="module")
def photo(portrait, tmp_path_factory):
    """The portrait with the five points that a user of the reference has prepared."""
    path = tmp_path_factory.mktemp("photos") / "astronaut.png"
    shutil.copy(portrait, path)
    (path.parent / "detections").mkdir()
    np.savetxt(path.parent / "detections" / "astronaut.txt", [[204, 102], [246, 104], [223, 126.5], [202, 139], [244, 140.5]])
    return path


@pytest.fixture(scope="module")
def bundle(folder, photo, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HRN_MODEL_FILES", str(folder))
        with small_analysis():
            return reconstruct(photo, tmp_path_factory.mktemp("out") / "head", SETTINGS)


def test_the_bundle_is_whole_and_says_what_it_is(bundle):
    load_bundle(bundle.path).verify()
    manifest = bundle.manifest
    assert manifest["method"] == "deep3d" and manifest["published"]["points"] == "given"
    assert manifest["published"]["files"] == ["deep3d/astronaut.png", "deep3d/astronaut.obj", "deep3d/astronaut.mat"]
    assert set(manifest["published"]["files"]) <= set(manifest["files"])
    assert manifest["photos"][0]["focal_source"] == "method"


def test_the_head_has_the_methods_shape_within_three_tenths_of_a_millimetre(bundle):
    error = bundle.manifest["quality"]["transfer_mm"]
    assert error["mean"] < 0.12 and error["p95"] < 0.3 and error["covered"] > 0.75
    json.dumps(bundle.manifest)


def test_the_published_mesh_projects_through_the_bundles_camera_to_where_the_reference_saw_it(bundle, photo, folder):
    """OBJ vertices -> head space -> Blender's camera must be the crop's own projection, mapped to the whole photo."""
    mesh = read_obj(bundle.path / "deep3d" / "astronaut.obj")
    template = five_points(read_landmark_template(folder / "similarity_Lm3D_all.mat"))
    points = np.loadtxt(photo.parent / "detections" / "astronaut.txt")
    window = crop_window(512, 512, estimate_similarity(flip_y(points, 512), template))
    depth = 10 - mesh.vertices[:, 2]
    crop = np.stack([1015 * mesh.vertices[:, 0] / depth + 112, 112 - 1015 * mesh.vertices[:, 1] / depth], 1)
    wanted = crop_pixels_to_photo(crop, window)
    matrix = np.array(bundle.manifest["published"]["mesh_to_head"])
    in_head = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    camera = bundle.manifest["cameras"][0]
    x, y, z = (in_head @ np.array(camera["R"]).T + camera["t"]).T
    found = np.stack([camera["fx"] * x / z + camera["cx"], camera["fy"] * y / z + camera["cy"]], 1)
    assert np.abs(found - wanted).max() < 0.01


def test_both_meshes_lie_on_each_other(bundle):
    """The clean head as built in Blender against the published mesh, at the landmarks, expression included."""
    arrays, manifest = bundle.arrays(), bundle.manifest
    head = posed_vertices(arrays, manifest["expression"]["values"])
    points = np.einsum("lk,lkd->ld", arrays["landmark_weights"], head[arrays["landmark_vertices"]])[LANDMARKS_68]
    mesh = read_obj(bundle.path / "deep3d" / "astronaut.obj")
    matrix = np.array(manifest["published"]["mesh_to_head"])
    from support.official.face_like import face_like

    wanted = (mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3])[face_like().keypoints]
    gap = 1000 * np.linalg.norm(points - wanted, axis=1)[STEADY_68]
    assert np.median(gap) < 1.2 and np.percentile(gap, 90) < 3


def test_the_published_files_have_the_references_form(bundle):
    import cv2

    assert cv2.imread(str(bundle.path / "deep3d" / "astronaut.png")).shape == (224, 672, 3)
    fields = loadmat(bundle.path / "deep3d" / "astronaut.mat")
    shapes = {name: value.shape for name, value in fields.items() if name[0] != "_"}
    assert shapes == {
        "id": (1, 80),
        "exp": (1, 64),
        "tex": (1, 80),
        "angle": (1, 3),
        "gamma": (1, 27),
        "trans": (1, 3),
        "lm68": (1, 68, 2),
    }
    mesh = read_obj(bundle.path / "deep3d" / "astronaut.obj")
    assert len(mesh.vertices) == 35709


def test_a_photo_without_prepared_points_and_files_that_are_missing(portrait, folder, tmp_path, monkeypatch):
    assert points_beside(portrait, load_photo(portrait)) is None
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HRN_MODEL_FILES", str(tmp_path))
    with pytest.raises(HrnError) as caught:
        reconstruct(portrait, tmp_path / "head", SETTINGS)
    assert caught.value.code is ErrorCode.MODEL_MISSING and "Deep3DFaceRecon" in caught.value.hint
    assert get_method("deep3d").missing() and not (tmp_path / "head").exists()


def test_commercial_work_refuses_the_method(portrait, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path / "home"))
    assert main(["models", "--folder", str(folder), "--commercial", "--save", "--json"]) == 0
    with pytest.raises(HrnError, match="Commercial work"):
        reconstruct(portrait, tmp_path / "head", SETTINGS)


@pytest.mark.parametrize("text", ["1 2\n3 4\n", "face", ""])
def test_prepared_points_must_be_a_table_of_points(portrait, tmp_path, text):
    (tmp_path / "detections").mkdir()
    (tmp_path / "detections" / "a.txt").write_text(text)
    with pytest.raises(HrnError, match="5 or 68"):
        points_beside(tmp_path / "a.png", load_photo(portrait))


def test_nobody_becomes_no_head(folder, shared_dir, tmp_path, monkeypatch):
    """google-ai-edge/mediapipe#4513: a cat."""
    monkeypatch.setenv("HRN_MODEL_FILES", str(folder))
    cat = shared_dir / "review/inputs/cat.jpg"
    with pytest.raises(HrnError) as caught:
        reconstruct(cat, tmp_path / "head", SETTINGS)
    assert caught.value.code is ErrorCode.NO_FACE and not (tmp_path / "head").exists()


def test_points_of_a_masked_face_are_those_without_the_mask(shared_dir, landmarker, tmp_path):
    """Measured with smooth skin in the mask's place, too: a corner of the mouth does not lie on its border."""
    photo, bare = observe(shared_dir / "review/inputs/base.jpg", landmarker)
    path = tmp_path / "masked.png"
    Image.fromarray(paint("blue mask", photo.pixels, bare.landmarks).pixels).save(path)
    ((_, masked, face),), _ = observe_photos(landmarker, [path], SETTINGS, SILENT)
    plain = landmarker.again(masked, face)

    def off(seen):
        return np.linalg.norm(five_of_478(seen.landmarks) - five_of_478(bare.landmarks), axis=1).mean() / np.ptp(
            bare.landmarks[:, 0]
        )

    assert off(face) < 0.04 and off(face) < off(plain)

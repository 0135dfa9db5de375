"""Method `hrn_face_fit`, ModelScope's face of February 2023, from official-looking files."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from engine.geometry.obj import read_obj
from engine.methods import get_method
from engine.published.basel import alignment
from engine.published.basel.coefficients import split
from engine.published.basel.files import BFM_VERTICES
from engine.published.files import FILES
from engine.published.method import GivenFace
from engine.published.modelscope import face_method as hrn_face_fit
from engine.published.modelscope import face_model
from engine.published.modelscope.face_texture import FacePictures, finished_sheet
from engine.published.modelscope.head_model import Offsets
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.methods import METHODS
from engine.wire.settings import Settings
from support.official.head_like import EYES, FITTING, HEAD, KEPT, write_fitted_face


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("licensed")
    write_fitted_face(folder)
    found = {path.name: path for path in folder.rglob("*.*")}
    return {key: found[FILES[key].name] for key in METHODS["hrn_face_fit"].files}


@pytest.fixture(scope="module")
def method(paths):
    method = get_method("hrn_face_fit")
    method.load(paths)
    return method


def offset_maps(value=0.0):
    return Offsets(torch.full((1, 3, 300, 300), value), *(torch.zeros(1, 3, size, size) for size in (300, 100, 100)))


def test_the_eyes_follow_the_face_and_the_head_does_not(method):
    files, still = method._files, split(torch.zeros(1, 257))
    with torch.no_grad():
        before, after = (files.given_out(still, offset_maps(value)).canonical[0] for value in (0.0, 0.02))
    moved = (after - before).numpy()
    np.testing.assert_allclose(moved[:KEPT], 0.02, atol=1e-6)
    np.testing.assert_allclose(moved[KEPT : KEPT + HEAD], 0, atol=1e-6)
    np.testing.assert_allclose(moved[KEPT + HEAD :], 0.02, atol=1e-6)
    neck = (before.numpy() - files.head.linear.mean.reshape(-1, 3).numpy())[KEPT + HEAD - 200 : KEPT + HEAD]
    np.testing.assert_allclose(neck, np.broadcast_to([0, 0, -0.06], neck.shape), atol=1e-6)


def test_each_part_of_the_eyes_follows_its_own_lids():
    moved, count = torch.zeros(KEPT, 3), FITTING
    moved[11540, 0], moved[4271, 1], moved[7, 2], moved[8, 2] = 0.2, 0.4, 0.5, 1.0
    eyes = face_model.EyeParts(torch.tensor([7, 8]), torch.tensor([[0, 1, 2], [2, 3, 4]]))
    left, right, corners = eyes.follow(moved, count)[-sum(EYES) :].split(EYES)
    assert left.unique(dim=0).numpy() == pytest.approx(np.array([[0.1, 0, 0]]))
    assert right.unique(dim=0).numpy() == pytest.approx(np.array([[0, 0.2, 0]]))
    assert corners[:6, 2].tolist() == pytest.approx([0.5, 0.5, 1.5, 1.0, 1.0, 0.0])


@pytest.fixture(scope="module")
def result(method, portrait):
    """The prediction for the portrait with few steps, its fitted coefficients and offsets, and the photo with its
    landmarks."""
    from engine.photo import Landmarker, observe

    photo, observation = observe(portrait, Landmarker(), 0)
    from engine.head.landmarks68 import LANDMARKS_68

    marks = observation.landmarks[LANDMARKS_68].astype(np.float64) - 0.5
    fits, smooth = [], method._smoothed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(method, "_smoothed", lambda fitted, *more: fits.append((fitted, smooth(fitted, *more))) or fits[0][1])
        patch.setattr(hrn_face_fit, "_DRAFT", hrn_face_fit._Effort(5, (64, 128), 6, 256))
        found = method.predict([GivenFace(photo, observation, marks, False)], Settings(quality="draft"))
    return found, fits[0], (photo, marks)


def test_the_camera_sees_the_face_where_the_fit_saw_it(method, result):
    found, fit, (photo, marks) = result
    seen = found.faces[0]
    assert len(seen.shown) == KEPT + HEAD and found.triangles.max() < KEPT + HEAD
    pixels = seen.camera.project(seen.shown[found.keypoints].astype(np.float64))[0]
    with torch.no_grad():
        crop = method._files.given_out(*fit).posed.landmarks[0].double().numpy()
    window = alignment.align(photo.pixels, alignment.flip_y(marks, len(photo.pixels)), method._template)[0]
    wanted = np.stack([crop[:, 0] + window.left, 224 - crop[:, 1] + window.up], 1) * (
        window.width / window.resized[0],
        window.height / window.resized[1],
    )
    np.testing.assert_allclose(pixels, wanted, atol=0.02)
    # Few steps from a random network find the place, not yet every feature.
    assert np.linalg.norm((pixels - marks).mean(0)) < 0.25 * np.ptp(marks[:17, 0])
    assert len(method._files.without_head()) > len(found.triangles) - 5000


def test_the_published_mesh_stands_straight_and_carries_the_photo(result, tmp_path):
    found = result[0]
    files = found.write(tmp_path, "photo")
    assert {f"photo_{name}" for name in ("head_mesh.jpg", "head_mesh.obj", "head_mesh.mtl", "face_mesh.obj")} <= set(files)
    mesh = read_obj(tmp_path / "photo_head_mesh.obj")
    assert len(mesh.vertices) == len(mesh.uv) == FITTING and len(mesh.uv_faces) == len(mesh.faces)
    assert len(read_obj(tmp_path / "photo_face_mesh.obj").vertices) == BFM_VERTICES
    # Not posed: as in the official model, whose mean is off the origin by what the manifest's matrix says.
    face = mesh.vertices[:KEPT] - (found.relaxed[:KEPT] + found.translation)
    assert np.abs(face).max() < 0.2 and np.median(np.abs(face)) < 0.02
    sheet = cv2.imread(str(tmp_path / "photo_head_mesh.jpg")).astype(float)
    assert sheet.shape == (320, 256, 3)
    # Behind the face lies the template, in one colour; in front the photo.
    assert sheet[280:].std((0, 1)).max() < 2 < sheet[110:160, 100:150].std((0, 1)).min()


def test_template_and_sheet_approach_one_another():
    rng = np.random.default_rng(1)
    pictures = FacePictures(
        np.full((640, 512, 3), 100, np.uint8),
        np.full((512, 512, 3), 0, np.uint8),
        *(np.zeros((270, 486, 3), np.uint8) for _ in range(2)),
    )
    pictures.front[150:400, 100:400] = 255
    sheet = np.full((640, 512, 3), 60, np.float32) + rng.normal(0, 0.01, (640, 512, 3)).astype(np.float32)
    out = finished_sheet(sheet, pictures)
    # 60 nears 100 by 0.4 of what 1.05 * 60 lacks; the template takes 1.05 times that; all becomes 1.05 times as bright.
    near = 60 + 0.4 * (100 - 63)
    np.testing.assert_allclose(out[275, 250], 1.05 * near, atol=0.1)
    np.testing.assert_allclose(out[600, 20], 1.05**2 * near, atol=0.1)
    plain = finished_sheet(sheet, pictures._replace(front=0 * pictures.front))
    np.testing.assert_allclose(plain, 105, atol=1e-3)


def test_the_corners_of_the_eyes_come_from_the_template():
    template = np.random.default_rng(2).integers(80, 120, (1280, 1024, 3)).astype(np.uint8)
    mask = np.zeros((270, 486, 3), np.uint8)
    mask[100:170, 180:300] = 255
    pictures = FacePictures(template, np.full((512, 512, 3), 255, np.uint8), mask, mask)
    out = finished_sheet(np.full((1280, 1024, 3), 150, np.float32), pictures)
    left, right = out[317:385, 389:510], out[317:385, 1024 - 510 : 1024 - 389]
    for eye in (left, right):
        assert np.ptp(eye[30:38, 50:70]) > 40  # the template's grain, in the sheet's colour
        assert abs(eye[30:38, 50:70].mean() - out[500, 512, 0]) < 8
    assert np.ptp(out[500:520, 400:600]) < 1


def test_a_wrong_field_is_named(paths, monkeypatch):
    content = face_model.read_mat(paths["fit_head"])
    for name, value in (
        ("bfm_keep_inds", np.arange(100)[None]),
        ("eye_corner_lines", np.full((5, 3), 700)),
        ("nonlinear_UVs", np.zeros((10, 2))),
    ):
        monkeypatch.setattr(face_model, "read_mat", lambda path: {**content, name: value})
        with pytest.raises(HrnError) as caught:
            face_model.read_head_part(paths["fit_head"])
        assert caught.value.code is ErrorCode.CHECKPOINT_INVALID and caught.value.details["field"] == name

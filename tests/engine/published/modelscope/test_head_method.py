"""Method `hrn_head` from official-looking files: fit, both meshes, texture sheet, camera."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from engine.geometry.obj import read_obj
from engine.head import load_head_model
from engine.methods import get_method, reconstruct
from engine.published.basel.coefficients import split
from engine.published.head_mask import head_mask
from engine.published.modelscope import head_method as hrn_head
from engine.published.modelscope.head_model import Offsets
from engine.system.progress import SILENT
from engine.wire.bundle import posed_vertices
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings
from support.official.head_like import write_hrn_head
from support.small_maps import small_analysis


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("licensed")
    faces = write_hrn_head(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hrn_head, "FACE_TRIANGLES", faces)
        patch.setattr(hrn_head, "_DRAFT", hrn_head._Effort((8, 2), (64, 128), 4, 256))
        patch.setenv("HRN_MODEL_FILES", str(path))
        yield path


@pytest.fixture(scope="module")
def bundle(portrait, folder, tmp_path_factory):
    with small_analysis():
        return reconstruct(
            portrait, tmp_path_factory.mktemp("out") / "head", Settings(method="hrn_head", texture_size=256, quality="draft")
        )


@pytest.fixture(scope="module")
def mesh(bundle):
    """The published mesh, and its vertices in the bundle's metres."""
    mesh = read_obj(bundle.path / "hrn_head" / "astronaut_head_mesh.obj")
    matrix = np.array(bundle.manifest["published"]["mesh_to_head"])
    return mesh, mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]


def test_one_photo_becomes_a_head_in_the_published_form(bundle, mesh):
    bundle.verify()
    about = bundle.manifest["published"]
    assert about["head_mask"].startswith("the engine's own") and "left out" in about["widened"]
    assert {name.removeprefix("hrn_head/astronaut_head_mesh.") for name in about["files"]} == {"jpg", "mtl", "obj"}
    assert len(mesh[0].vertices) == len(mesh[0].uv) == 37550 and len(mesh[0].uv_faces) == len(mesh[0].faces)
    sheet = cv2.imread(str(bundle.path / "hrn_head" / "astronaut_head_mesh.jpg")).astype(float)
    assert sheet.shape == (256, 256, 3)
    # Behind the face lies the template, in one colour; in front the photo.
    assert sheet[:20].std((0, 1)).max() < 2 < sheet[100:150, 100:150].std((0, 1)).min()


def test_the_products_head_has_the_methods_face_and_the_back_of_its_head(bundle, mesh):
    model, arrays, values = load_head_model(), bundle.arrays(), bundle.manifest["expression"]["values"]
    head = posed_vertices(arrays, values)
    points = mesh[1]
    error = bundle.manifest["quality"]["transfer_mm"]
    assert error["median"] < 0.2 and error["p95"] < 0.6
    # Over the face alone it is as near as with the methods of the face.
    assert error["face"]["mean"] < 0.15 and error["face"]["p95"] < 0.3 and error["face"]["covered"] > 0.7
    assert error["face"]["largest"] < error["largest"]
    # The head also follows behind, where the methods of the face alone know nothing.
    rear = points[35709:-1].reshape(40, 46, 3)[4:25, 10:-10].reshape(-1, 3)
    assert np.median(cKDTree(head[: len(model.template)]).query(rear)[0]) < 0.006


def test_the_camera_sees_the_head_where_the_photo_has_the_face(bundle, portrait, mesh):
    from engine.head.landmarks68 import LANDMARKS_68
    from engine.photo import Landmarker, observe

    camera = bundle.manifest["cameras"][0]
    marks = get_method("hrn_head")._files.output.linear.keypoints.numpy()
    x, y, z = (mesh[1][marks] @ np.array(camera["R"]).T + camera["t"]).T
    seen = np.stack([camera["fx"] * x / z + camera["cx"], camera["fy"] * y / z + camera["cy"]], 1)
    _, observation = observe(portrait, Landmarker(), 0)
    wanted = observation.landmarks[LANDMARKS_68]
    width = np.ptp(wanted[:17, 0])
    # Eight steps find the place, not yet every feature.
    assert np.linalg.norm((seen - wanted).mean(0)) < 0.15 * width


def test_turned_heads_are_refused(bundle, portrait, monkeypatch, tmp_path):
    method = get_method("hrn_head")
    coarse = method._coarse

    def turned(picture):
        out = coarse(picture).clone()
        out[:, 225] = 0.6
        return out

    monkeypatch.setattr(method, "_coarse", turned)
    with pytest.raises(HrnError, match="30 degrees"):
        reconstruct(portrait, tmp_path / "head", Settings(method="hrn_head", quality="draft"))


def test_texture_with_hair_needs_its_files_and_takes_the_hairs_color(bundle, portrait, monkeypatch, tmp_path):
    with pytest.raises(HrnError, match="hair_mask_male.png") as caught:
        reconstruct(portrait, tmp_path / "head", Settings(method="hrn_head", quality="draft", hair_texture=True))
    assert caught.value.code is ErrorCode.MODEL_MISSING
    method = get_method("hrn_head")
    pictures = dict.fromkeys(hrn_head._HAIR_FILES, np.zeros((160, 128, 3), np.uint8))
    pictures["head_hair_area"] = np.full_like(pictures["head_cheek"], 255)
    monkeypatch.setattr(method, "_hair", pictures)
    offsets = Offsets(*(torch.zeros(1, 3, size, size) for size in (300, 300, 100, 100)))
    # A dark photo: hair everywhere, and nothing of the photo itself is to be shown.
    found = method._texture(
        method._files.output(split(torch.zeros(1, 257)), offsets),
        torch.full((1, 3, 1024, 1024), 0.3),
        np.ones((224, 224), np.float32),
        hrn_head._DRAFT,
        True,
        SILENT,
    )
    assert found.shape == (256, 256, 3) and np.abs(found.astype(float) - 0.5 * 0.3 * 255).max() < 3
    assert get_method("hrn_head")._require_hair() is None


def test_the_head_is_cut_out_with_its_hair():
    truth = np.zeros((224, 224), np.uint8)
    cv2.ellipse(truth, (112, 105), (50, 68), 0, 0, 360, 1, -1)
    face = np.zeros_like(truth)
    cv2.ellipse(face, (112, 120), (38, 48), 0, 0, 360, 1, -1)
    rng = np.random.default_rng(3)
    picture = np.where(truth[..., None] > 0, (60, 40, 30), (120, 150, 190)) + rng.normal(0, 6, (224, 224, 3))
    picture[face > 0] = (200, 150, 130) + rng.normal(0, 6, (int(face.sum()), 3))
    picture = picture.clip(0, 255).astype(np.uint8)
    turn = np.linspace(0, 2 * np.pi, 68)
    landmarks = np.stack([112 + 36 * np.cos(turn), 128 + 38 * np.sin(turn)], 1)
    found = head_mask(picture, face.astype(np.float32), landmarks)
    inside = found > 0.5
    assert (inside & (truth > 0)).sum() / (inside | (truth > 0)).sum() > 0.9
    assert np.array_equal(found, head_mask(picture, face.astype(np.float32), landmarks))
    without = head_mask(picture, np.zeros((224, 224), np.float32), landmarks)
    assert np.isfinite(without).all() and without.max() > 0

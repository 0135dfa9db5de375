"""Method `hrn` from official-looking files: all published results, and its relief on the head's own layout."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import OpenEXR
import pytest
import torch
from PIL import Image
from scipy.spatial import cKDTree

from engine.geometry.obj import read_obj
from engine.head import load_head_model
from engine.methods import get_method, reconstruct
from engine.published import carry
from engine.published.basel.pose import rotation_matrix
from engine.published.files import required_paths
from engine.published.hrn import method as hrn
from engine.published.hrn import multi_view as mvhrn
from engine.published.hrn import turning as hrn_turn
from engine.texture.atlas import gather, texel_band
from engine.wire.bundle import load_bundle, posed_vertices
from engine.wire.settings import Settings
from support.official.files import write_hrn
from support.small_maps import small_analysis


def exr(path):
    (part,) = OpenEXR.File(str(path), separate_channels=True).parts
    return {name: channel.pixels for name, channel in part.channels.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("licensed")
    write_hrn(path, optional=False)
    return path


@pytest.fixture(scope="module")
def bundle(portrait, folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, small_analysis(512):
        patch.setenv("HRN_MODEL_FILES", str(folder))
        patch.setattr(hrn, "_DRAFT_STEPS", 2)
        patch.setattr(hrn_turn, "FRAMES", 3)
        return reconstruct(
            portrait, tmp_path_factory.mktemp("out") / "head", Settings(method="hrn", texture_size=512, quality="draft")
        )


def test_the_bundle_holds_everything_and_says_what_was_left_out(bundle):
    load_bundle(bundle.path).verify()
    about = bundle.manifest["published"]
    assert about["points"] == "detected" and about["face_mask"] == "the engine's skin mask"
    assert "left out" in about["de_retouching"] and "left out" in about["widened"]
    assert {name.removeprefix("hrn/astronaut_0_hrn_") for name in about["files"]} >= {
        "output.jpg",
        "output.gif",
        "mid_mesh.obj",
        "mid_mesh.mtl",
        "mid_mesh.jpg",
        "high_mesh.obj",
    }
    assert {"hrn/deformation.exr", "hrn/displacement.exr", "hrn/albedo.png", "hrn/valid.png"} <= set(about["files"])
    error = bundle.manifest["quality"]["transfer_mm"]
    assert error["mean"] < 0.15 and error["p95"] < 0.35


def test_the_published_results_have_the_published_sizes(bundle):
    own = bundle.path / "hrn"
    assert cv2.imread(str(own / "astronaut_0_hrn_output.jpg")).shape == (224, 2240, 3)
    assert cv2.imread(str(own / "astronaut_0_hrn_mid_mesh.jpg")).shape == (256, 256, 3)
    assert exr(own / "deformation.exr")["R"].shape == (64, 64) and exr(own / "displacement.exr")["Y"].shape == (256, 256)
    mid, high = (read_obj(own / f"astronaut_0_hrn_{name}_mesh.obj") for name in ("mid", "high"))
    assert len(mid.vertices) == len(mid.uv) == 35709
    # The dense mesh, published without them, has coordinates for the texture and names it.
    assert len(high.uv) == len(high.vertices) > 40000 and len(high.uv_faces) == len(high.faces)
    assert "mid_mesh.jpg" in (own / "astronaut_0_hrn_high_mesh.mtl").read_text()
    assert cKDTree(mid.vertices).query(high.vertices)[0].max() < 0.05


def test_known_bugs_stay_unless_corrected(bundle, portrait, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HRN_MODEL_FILES", str(folder))
    monkeypatch.setattr(hrn, "_DRAFT_STEPS", 1)
    monkeypatch.setattr(hrn_turn, "FRAMES", 2)
    with small_analysis():
        better = reconstruct(
            portrait, tmp_path / "head", Settings(method="hrn", texture_size=256, quality="draft", corrected=True)
        )
    assert bundle.manifest["published"]["known_bugs"] == "as released"
    assert better.manifest["published"]["known_bugs"] == "corrected"
    released, corrected = (cv2.imread(str(each.path / "hrn" / "texture.png")).astype(int) for each in (bundle, better))
    assert (released != corrected).any(), "the photo is sampled otherwise"
    assert np.abs(released - corrected).mean() < 20


def test_the_face_turns_beside_the_steps_of_its_reconstruction(bundle):
    picture = Image.open(bundle.path / "hrn" / "astronaut_0_hrn_output.gif")
    assert picture.n_frames == 3 and picture.info["duration"] == 40 and picture.info["loop"] == 0
    frames = []
    for number in range(3):
        picture.seek(number)
        frames.append(np.asarray(picture.convert("RGB")).astype(int))
    assert frames[0].shape == (224, 6 * 224, 3)
    strip = cv2.imread(str(bundle.path / "hrn" / "astronaut_0_hrn_output.jpg"))[..., ::-1].astype(int)
    still = np.concatenate([strip[:, :224], strip[:, 2 * 224 : 5 * 224]], 1)
    for frame in frames:
        assert np.abs(frame[:, : 4 * 224] - still).mean() < 12 and (frame[:, : 4 * 224] == frames[0][:, : 4 * 224]).all()
    # The middle of what is drawn moves to one side, in both tiles alike, and starts as far out as it ends.
    for tile in (4, 5):
        noses = [np.nonzero(frame[:, tile * 224 : (tile + 1) * 224].sum(2))[1].mean() for frame in frames]
        assert abs(noses[2] - noses[0]) > 3 and (noses[2] - noses[1]) * (noses[1] - noses[0]) > 0


def test_the_relief_lies_on_the_head_where_it_lies_on_the_published_mesh(bundle):
    """Texels of the middle of the face: what the head's displacement map holds there is what HRN's own map holds at
    the same place of the face."""
    model, arrays, manifest = load_head_model(), bundle.arrays(), bundle.manifest
    own = bundle.path / "hrn"
    high = read_obj(own / "astronaut_0_hrn_high_mesh.obj")
    matrix = np.array(manifest["published"]["mesh_to_head"])
    dense = high.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    relief, valid = exr(own / "displacement.exr")["Y"], cv2.imread(str(own / "valid.png"), cv2.IMREAD_GRAYSCALE)
    row, column = ((1 - high.uv[:, 1]) * 256).astype(int), (high.uv[:, 0] * 256).astype(int)
    head = posed_vertices(arrays, manifest["expression"]["values"])
    texels = texel_band(model, 512, 0, 512)
    skin = np.repeat(arrays["face_material"] == 0, 2)[texels.triangle]
    places = gather(texels, model.triangles, head)
    there = exr(bundle.file("displacement"))["Y"].reshape(-1)[texels.index]
    distance, near = cKDTree(dense).query(places)
    inner = skin & (distance < 0.0008) & (valid[row, column][near] == 255) & (places[:, 2] > 0)
    assert inner.sum() > 3000
    wanted = relief[row, column][near]
    assert np.std(wanted[inner]) > 2e-5
    assert np.corrcoef(there[inner], wanted[inner])[0, 1] > 0.6
    # A smoother look at both, without the texels' own grain, agrees better still.
    cell = np.round(places[inner] / 0.004).astype(int)
    _, number = np.unique(cell, axis=0, return_inverse=True)
    number = number.reshape(-1)
    count = np.bincount(number)
    means = [np.bincount(number, values[inner]) / count for values in (there, wanted)]
    assert np.corrcoef(means[0][count > 10], means[1][count > 10])[0, 1] > 0.8


def test_several_views_become_one_head_and_keep_their_own_results(portrait, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HRN_MODEL_FILES", str(folder))
    monkeypatch.setattr(mvhrn, "_DRAFT_STEPS", 1)
    monkeypatch.setattr(hrn_turn, "FRAMES", 1)
    Image.open(portrait).convert("RGB").crop((60, 0, 400, 340)).save(tmp_path / "near.png")
    (tmp_path / "empty.png").write_bytes(b"no picture")
    with small_analysis():
        bundle = reconstruct(
            [portrait, tmp_path / "near.png", tmp_path / "empty.png"],
            tmp_path / "head",
            Settings(method="mvhrn", texture_size=256, quality="draft"),
        )
    bundle.verify()
    manifest = bundle.manifest
    assert len(manifest["cameras"]) == 2 and [photo["used"] for photo in manifest["photos"]] == [True, True, False]
    files = manifest["published"]["files"]
    assert sum(name.endswith("_hrn_high_mesh.obj") for name in files) == 2 and "mvhrn/displacement.exr" in files
    assert all(term >= 0 for view in manifest["published"]["views"] for term in view["terms"].values())
    assert manifest["quality"]["transfer_mm"]["p95"] < 0.35
    # The fused mesh and both photos: the second is a cut-out of the first, so its camera must see the face there, too.
    mesh = read_obj(bundle.path / next(name for name in files if name.endswith("_fused_mesh.obj")))
    matrix = np.array(manifest["published"]["mesh_to_head"])
    points = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    seen = {}
    for photo, camera in zip(manifest["photos"], manifest["cameras"]):
        x, y, z = (points @ np.array(camera["R"]).T + camera["t"]).T
        seen[photo["name"]] = np.stack([camera["fx"] * x / z + camera["cx"], camera["fy"] * y / z + camera["cy"]], 1)
    gap = np.linalg.norm(seen["near.png"] + (60, 0) - seen["astronaut.png"], axis=1)
    assert np.median(gap) < 4


def test_the_head_shows_the_face_as_in_the_view_that_sees_it_best():
    def view(yaw, pitch, seen):
        rotation = rotation_matrix(torch.tensor([[pitch, yaw, 0.0]]))
        return SimpleNamespace(
            detail=SimpleNamespace(face=SimpleNamespace(rotation=rotation)), mask=torch.full((1, 1, 4, 4), float(seen))
        )

    front = mvhrn.sight(view(0.1, 0, 0.8))
    assert front > mvhrn.sight(view(0.5, 0, 0.8)) > mvhrn.sight(view(2.0, 0, 0.8)) == 0
    assert front > mvhrn.sight(view(0, 0.6, 0.8)) and front > mvhrn.sight(view(0, 0, 0.3))


def test_each_view_keeps_what_facial_actions_leave_in_its_own_photo(monkeypatch):
    shapes = [np.full((4, 3), float(number)) for number in range(3)]
    monkeypatch.setattr(carry, "conform", lambda model, relaxed, progress: "found")
    monkeypatch.setattr(carry, "pose_conformed", lambda model, found, relaxed, shown: (shown[0], 10 * shown))
    monkeypatch.setattr(carry, "_view", lambda model, found, face, expression, deformation, share: (deformation, share))
    views = carry.carry_over(None, None, [carry.SeenFace(None, None, shape, None) for shape in shapes]).views
    assert [float(deformation.max()) for deformation, _ in views] == [0, 10, 20]
    assert sum(share for _, share in views) == pytest.approx(1)


def test_modelscopes_release_is_the_same_with_its_own_file_names(folder, tmp_path):
    for path in folder.rglob("*.*"):
        if path.is_file():
            (tmp_path / path.name.replace("epoch_10.pth", "pytorch_model.pt")).symlink_to(path)
    method = get_method("hrn_face")
    method.load(required_paths("hrn_face", tmp_path))
    assert float(method._alpha) == pytest.approx(0.05) and float(method._beta) == pytest.approx(0.02)
    assert method._retouch is None and not get_method("hrn_face").mask_tile

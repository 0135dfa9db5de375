"""DF_MVR's geometry, losses and weight map against the numbers of the reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.io import savemat
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from engine.published.basel import alignment, files
from engine.published.basel.camera import MVR_CAMERA
from engine.published.basel.coefficients import split
from engine.published.basel.model import FaceModel
from engine.published.df_mvr import geometry
from reference import df_mvr_losses as training
from support.golden import models as golden_models
from support.golden.numbers import Numbers, saw
from support.golden.rules import normal, pattern_bytes, pattern_image, strided, uniform

VIEWS = ("lt", "ft", "rt")


@pytest.fixture(scope="module")
def golden():
    return Numbers("df_mvr/maths")


@pytest.fixture(scope="module")
def scene(golden, tmp_path_factory):
    path = tmp_path_factory.mktemp("bfm") / "BFM_model_front.mat"
    savemat(path, golden_models.full_model_fields())
    data = files.read_bfm_front(path)
    model = FaceModel.build(data, camera=MVR_CAMERA)
    coefficients = split(torch.from_numpy(golden_models.full_coefficients("dfmvr", 2)).float())
    views = [
        geometry.Rigid(
            torch.from_numpy(golden[f"para/face_rotate_{view}"]), torch.from_numpy(golden[f"para/face_offset_xyz_{view}"])
        )
        for view in VIEWS
    ]
    return data, model, coefficients, geometry.faces(model, coefficients, views)


def test_three_views(golden, scene):
    some, result = golden["vertex_sample"], scene[3]
    for view, world, pixels in zip(VIEWS, result.world, result.pixels):
        np.testing.assert_allclose(world[:, some], golden[f"face/face_shape_{view}"], atol=2e-5)
        screen = golden[f"camera/xyz_project_{view}"]
        saw(screen, np.concatenate([pixels[:, some], screen_depth(world[:, some])[..., None]], -1))
        np.testing.assert_allclose(pixels[:, some], screen[..., :2], atol=1e-3)
    np.testing.assert_allclose(result.color[:, some], golden["face/face_texture"], atol=2e-5)


def test_inputs_are_those_of_the_reference(golden, scene):
    coefficients = scene[2]
    for name, ours in (
        ("id", coefficients.identity),
        ("exp", coefficients.expression),
        ("color", coefficients.texture),
        ("gamma", coefficients.gamma),
    ):
        np.testing.assert_allclose(ours, golden[f"para/face_{name}"], atol=1e-6)


def test_camera(golden, scene):
    """Our one formula against the reference's rotation, translation and projection matrix (all for rows)."""
    world = scene[3].world[0][:, golden["vertex_sample"]].double().numpy()
    seen = world @ golden["camera/R"][0].astype(float) + golden["camera/T"][0]
    clip = np.concatenate([seen, np.ones_like(seen[..., :1])], -1) @ golden["camera/K"][0].astype(float)
    ours = MVR_CAMERA.project(MVR_CAMERA.to_camera(torch.from_numpy(world))).numpy()
    half = MVR_CAMERA.centre
    np.testing.assert_allclose(half * (1 - clip[..., :2] / clip[..., 3:]) * [1, -1] + [0, 2 * half], ours, atol=1e-3)


def test_depth_of_the_screen(golden, scene):
    for view, points in zip(VIEWS, scene[3].world, strict=True):
        depth = screen_depth(points[:, golden["vertex_sample"]])
        np.testing.assert_allclose(depth, golden[f"camera/xyz_project_{view}"][..., 2], atol=1e-6)


def screen_depth(world) -> np.ndarray:
    near, far = MVR_CAMERA.near, MVR_CAMERA.far
    return far / (far - near) * (1 - near / MVR_CAMERA.to_camera(world)[..., 2].numpy())


def test_losses_of_the_face(golden, scene):
    data, _, coefficients, result = scene
    terms = training.regularisers(coefficients, result.color, torch.from_numpy(data.skin))
    for ours, theirs in (("prior", "loss_para"), ("gamma", "loss_gamma"), ("reflectance", "reflect_loss")):
        np.testing.assert_allclose(
            terms[ours].item() / training.WEIGHTS[ours], golden[f"face/{theirs}"], rtol=1e-5, err_msg=ours
        )


def test_losses(golden, scene):
    """Every term of the training function, and their sum."""
    data, model, coefficients, result = scene
    terms = training.regularisers(coefficients, result.color, torch.from_numpy(data.skin))
    terms["landmarks"] = training.WEIGHTS["landmarks"] * training.landmark_loss(
        [pixels[:, model.keypoints] for pixels in result.pixels],
        [torch.from_numpy(golden[f"loss/kp_img_gt_{view}"]) for view in VIEWS],
    )
    terms["photo"] = training.WEIGHTS["photo"] * sum(training.photo_loss(*photo_inputs(view)) for view in range(3)) / 3
    front, wanted = result.world[VIEWS.index("ft")], golden["loss/kp_3d_gt_times100"]
    terms["points"] = training.WEIGHTS["points"] * training.points_loss(
        front[:, compared_vertices(front, wanted)], torch.from_numpy(wanted)
    )
    for ours, theirs in (
        ("prior", "para"),
        ("gamma", "gamma"),
        ("reflectance", "reflect"),
        ("landmarks", "kp_img"),
        ("photo", "photo"),
        ("points", "kp_3d"),
    ):
        assert terms[ours].item() == pytest.approx(float(golden[f"loss/loss_{theirs}"][0]), rel=1e-5), ours
    assert sum(terms.values()).item() == pytest.approx(float(golden["loss/loss"][0]), rel=1e-5)


def photo_inputs(view: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rendering, photo and weights of one view by the rule: the two are 0.2 of a *phase* apart."""
    name = VIEWS[view]
    photo, rendered = (
        np.stack([pattern_image(3, 224, 224, 0.3 * view + phase + shift) for phase in (0, 0.5)]) for shift in (0, 0.2)
    )
    weights = np.array([32, 128, 254])[(3 * uniform(f"wmap{name}", (2, 1, 224, 224))).astype(int)]
    alpha = uniform(f"rmask{name}", (2, 224, 224, 1)).transpose(0, 3, 1, 2)
    return torch.from_numpy(rendered), torch.from_numpy(photo), torch.from_numpy(weights * alpha)


def compared_vertices(front: torch.Tensor, wanted: np.ndarray) -> np.ndarray:
    """(101,) the vertices whose targets are stored; they are in an official file. A target is a hundred times its
    vertex and half a unit of the noise "kp3d", so it names its vertex in both faces of the batch."""
    places = wanted - 0.5 * normal("kp3d", wanted.shape)
    found = [cKDTree(100 * points.numpy()).query(place) for points, place in zip(front, places)]
    assert max(distance.max() for distance, _ in found) < 1e-3  # millimetres; vertices are tenths apart
    assert np.array_equal(found[0][1], found[1][1]) and len(np.unique(found[0][1])) > 90
    return found[0][1]


def test_photo_loss_is_a_weighted_mean_of_color_distances():
    a, weight = torch.rand(2, 3, 20, 20), torch.rand(2, 1, 20, 20)
    step = torch.tensor([0.1, 0.2, 0.2]).reshape(1, 3, 1, 1)
    assert training.photo_loss(a + step, a, weight).item() == pytest.approx(0.3, rel=1e-4)
    assert training.photo_loss(a + step, a, 0 * weight).item() == 0
    assert training.soft_alpha(torch.tensor([0.0, 1e-2])).tolist() == pytest.approx([0.5, 1.0])


def test_points_are_compared_after_a_similarity():
    target = torch.from_numpy(np.random.default_rng(3).normal(size=(2, 101, 3)) * 40)
    turn = torch.from_numpy(Rotation.from_euler("xyz", [[0.3, -0.8, 0.2], [1.2, 0.1, -0.4]]).as_matrix())
    moved = 0.01 * target @ turn.transpose(1, 2) + torch.tensor([1.0, -2.0, -9.0])
    assert training.points_loss(moved, target).item() < 1e-9
    off = target.clone()
    off[:, 0, 1] += 10.1
    assert training.points_loss(off, target).item() == pytest.approx(0.1, rel=1e-9)


def test_weight_map(golden):
    weights = training.weight_map(golden["mask/labels"])
    assert np.array_equal(weights, golden["mask/weight_map"])
    assert [int((weights == value).sum()) for value in (25, 50, 99)] == golden["mask/counts"].tolist()


def test_crop(golden):
    reference = Numbers("deep3d/maths")
    five = alignment.flip_y(reference["align/lm5_in"].astype(float), 523)
    window, crop, moved = alignment.align(pattern_bytes(523, 401), five, reference["align/lm3d_std"].astype(float))
    np.testing.assert_allclose(window.params, golden["crop/trans_params"], rtol=1e-6)
    np.testing.assert_allclose(alignment.flip_y(moved, 224), golden["crop/lm5_out"], rtol=1e-6)
    np.testing.assert_allclose(training.crop_box(window), golden["crop/box_left_right_up_below_ratio"], rtol=1e-6)
    assert (np.abs(strided(crop[..., ::-1], 1024).astype(int) - golden["crop/bgr"]) <= 1).mean() > 0.995


def test_mesh_file(tmp_path):
    geometry.write_mesh(tmp_path / "face.obj", np.array([[0.5, -0.25, -9.0], [1, 0, -9], [0, 1, -9]]), np.array([[0, 1, 2]]))
    lines = (tmp_path / "face.obj").read_text().splitlines()
    assert lines[3] == "v 0.50000000 -0.25000000 -9.00000000 127 127 127" and lines[-1] == "f 1 2 3"

"""Loss terms and weighted objectives against the numbers of the references, and their gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.io import savemat

from engine.published.basel import files, losses, objectives
from engine.published.basel.coefficients import split
from engine.published.basel.contour import edge_columns
from engine.published.basel.model import FaceModel
from support.golden import models as golden_models
from support.golden.numbers import HrnGolden, Numbers
from support.golden.rules import det, face_mask, normal, pattern_image, smooth, strided, uni, uniform


@pytest.fixture(scope="module")
def inputs():
    """The common inputs of HRN's and ModelScope's loss goldens."""
    parts = split(torch.from_numpy(golden_models.mini_coefficients()))
    face = FaceModel.build(golden_models.mini_model())(parts)
    return {
        "parts": parts,
        "face": face,
        "a": torch.from_numpy(smooth(3, 224, 224))[None],
        "b": torch.from_numpy(uni("loss/img", (1, 3, 224, 224))),
        "landmarks": torch.from_numpy(np.stack([uni("loss/lmx", 68, 20, 200), uni("loss/lmy", 68, 20, 200)], -1))[None],
        "mask": torch.from_numpy(face_mask() > 0.5).float(),
        "deformation": torch.from_numpy(det("deformation", (1, 64, 64, 3), 0.01)).permute(0, 3, 1, 2),
        "displacement": torch.from_numpy(det("displacement", (1, 1, 256, 256), 0.01)),
        "outline": objectives.EdgeColumns(*map(torch.from_numpy, edge_columns(face_mask()[0]))),
    }


def test_hrn_terms(inputs):
    golden = HrnGolden("losses")
    parts, face = inputs["parts"], inputs["face"]
    for name, value in (
        ("photo", losses.photo_loss(inputs["a"], inputs["b"], inputs["mask"])),
        ("landmark", losses.landmark_loss(face.landmarks, inputs["landmarks"])),
        ("reg", losses.coefficient_prior(parts)),
        ("gamma", losses.gamma_loss(parts.gamma)),
        ("reflectance", losses.reflectance_loss(face.texture, torch.ones(1920))),
        ("tv_deformation", losses.total_variation(inputs["deformation"])),
        ("tvstd_deformation", losses.variation_spread(inputs["deformation"])),
        ("tv_displacement", losses.total_variation(inputs["displacement"])),
        ("tvstd_displacement", losses.variation_spread(inputs["displacement"])),
    ):
        assert golden.error(name, value).max() < 5e-5, name


def test_mvhrn_objective(inputs):
    golden = HrnGolden("losses")
    view = objectives.MultiView(
        inputs["parts"],
        inputs["face"].projection,
        inputs["face"].landmarks,
        0.5 * inputs["a"],
        inputs["a"],
        inputs["mask"],
        inputs["deformation"],
        inputs["displacement"],
    )
    terms = objectives.mvhrn_terms(view, inputs["b"], inputs["landmarks"], inputs["outline"])
    names = {
        "photo_high": "color_high",
        "photo_mid": "color_mid",
        "landmarks": "lm",
        "deformation_smooth": "smooth",
        "deformation_even": "smooth_std",
        "displacement_size": "reg_displacement",
        "displacement_smooth": "smooth_displacement",
        "displacement_even": "smooth_displacement_std",
        "contour": "points_horizontal",
        "prior": "reg",
        "gamma": "gamma",
    }
    assert set(names) == set(terms)
    for ours, theirs in names.items():
        assert golden.error("mv_" + theirs, terms[ours]).max() < 5e-5, ours
    assert golden.error("mv_all", objectives.total(terms)).max() < 5e-5


def test_deep3d_objective_and_gradients(tmp_path):
    golden = Numbers("deep3d/maths")
    savemat(tmp_path / "model.mat", golden_models.full_model_fields())
    data = files.read_bfm_front(tmp_path / "model.mat")
    skin = torch.from_numpy(data.skin)
    parts = split(torch.from_numpy(golden_models.full_coefficients("deep3d", 2)).float())
    a, b = (
        torch.from_numpy(np.stack([pattern_image(3, 64, 64, phase) for phase in phases])).float()
        for phases in ((0.0, 0.4), (0.9, 1.7))
    )
    a.requires_grad_(True)
    mask = torch.from_numpy(uniform("mask", (2, 1, 64, 64)) ** 2).float()
    feature_a = normal("featA", (2, 512))
    features = [
        torch.nn.functional.normalize(torch.from_numpy(values).float(), dim=1)
        for values in (feature_a, feature_a + 0.5 * normal("featB", (2, 512)))
    ]
    target = uniform("gt_lm", (2, 68, 2), 20, 200)
    predicted, target = torch.from_numpy(target + normal("d_lm", (2, 68, 2), 3)), torch.from_numpy(target)
    texture = FaceModel.build(data).texture(parts.texture).detach().requires_grad_(True)
    terms = objectives.training_terms(
        parts,
        texture,
        skin,
        objectives.Likeness(predicted, a, features[0]),
        objectives.Likeness(target, b, features[1]),
        mask,
    )
    for ours, theirs in (
        ("features", "perceptual"),
        ("photo", "photo"),
        ("landmarks", "landmark"),
        ("prior", "reg"),
        ("gamma", "gamma"),
        ("reflectance", "reflectance"),
    ):
        term = terms[ours].item() / objectives.DEEP3D_WEIGHTS[ours]
        np.testing.assert_allclose(term, golden["loss/" + theirs], rtol=1e-5, err_msg=ours)
    np.testing.assert_allclose(objectives.total(terms).item(), golden["loss/total"], rtol=1e-5)
    losses.photo_loss(a, b, mask).backward()
    np.testing.assert_allclose(strided(a.grad, 256), golden["loss/photo_grad"], atol=1e-8)
    losses.reflectance_loss(texture, skin).backward()
    np.testing.assert_allclose(texture.grad[:, golden["model/vertex_sample"]], golden["loss/reflectance_grad"], atol=1e-9)
    assert np.array_equal([losses.photo_loss(a, b, torch.zeros_like(mask)).item()], golden["loss/photo_zero_mask"])


def test_front_triangles_as_released_and_mapped():
    front = torch.tensor([3, 5, 8, 9])
    triangles = torch.tensor([[0, 1, 2], [1, 3, 2]])
    assert losses.front_triangles(triangles, front).tolist() == triangles.tolist()
    assert losses.front_triangles(triangles, front, corrected=True).tolist() == [[3, 5, 8], [5, 9, 8]]


def test_dice_of_equal_and_disjoint_masks():
    ones, zeros = torch.ones(1, 1, 20, 20), torch.zeros(1, 1, 20, 20)
    assert float(losses.dice_loss(ones, ones)) == pytest.approx(0, abs=1e-6)
    assert float(losses.dice_loss(ones, zeros)) == pytest.approx(1 - 1 / 401)

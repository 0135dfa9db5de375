"""ModelScope's head against the numbers of the reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.published.basel import objectives
from engine.published.basel.coefficients import split
from engine.published.basel.contour import soft_occupancy
from engine.published.modelscope import head_model
from engine.published.modelscope import offsets as offset_maps
from reference.head_offsets import fuse_head_offset
from support.golden import heads as golden_heads
from support.golden import models as golden_models
from support.golden.numbers import HrnGolden
from support.golden.rules import det, smooth, uni


def map_of(name, size, scale=1.0):
    return torch.from_numpy(det(name, (1, size, size, 3), 0.01) * np.float32(scale)).permute(0, 3, 1, 2)


def offsets(head_shape=1.0):
    return head_model.Offsets(
        map_of("head/so", 300), map_of("head/to", 300), map_of("head/sh", 100, head_shape), map_of("head/th", 100)
    )


@pytest.fixture(scope="module")
def coefficients():
    return split(torch.from_numpy(golden_models.mini_coefficients()))


@pytest.fixture(scope="module")
def final(coefficients):
    parts = golden_heads.parts()
    model = head_model.build_output(parts.output, parts.face, parts.uv)
    changes = {
        name: torch.from_numpy(golden_heads.adjust_part(file))
        for name, file in (("nose", "145_nose"), ("neck", "146_neck"), ("slim", "147_neckSlim2"), ("length", "148_neckLength"))
    }
    shape = model.linear.shape(coefficients.identity, coefficients.expression)[0]
    return model(coefficients, offsets(0), adjustment=head_model.reshape_neck(shape, changes))


def check(golden, head):
    camera = torch.tensor([1, 1, -1.0]), torch.tensor([0, 0, 10.0])
    for name, value in (
        ("vertex_ori", head.plain * camera[0] + camera[1]),
        ("vertex_offset", head.canonical * camera[0] + camera[1]),
        ("vertex_camera", head.posed.camera),
        ("proj", head.posed.projection),
        ("landmarks", head.posed.landmarks),
        ("texture", head.posed.texture),
        ("colour", head.posed.color),
    ):
        assert golden.error(name, value).max() < 5e-5, name


def test_fitting_mesh(coefficients):
    parts = golden_heads.parts()
    model = head_model.build_fitting(parts.fitting, parts.face, parts.kept, parts.hair, parts.keypoints, parts.uv)
    check(HrnGolden("ms_head_fitting"), model(coefficients, offsets()))


def test_final_mesh(final):
    check(HrnGolden("ms_head_final"), final)


def test_smoothing_of_the_offsets():
    golden = HrnGolden("ms_head_blur")
    parts = golden_heads.parts()
    edges = np.arange(0, 35241, 37)
    edge, fusion = offset_maps.edge_mask(parts.uv, edges), offset_maps.fusion_mask(parts.uv[:35709])
    face = offset_maps.smooth_offset(offsets().shape[0].permute(1, 2, 0).numpy(), edge, fusion)
    head = fuse_head_offset(offsets().head_shape[0].permute(1, 2, 0).numpy(), face, uni("head/jaw", (300, 300, 1)))
    for name, value in (
        ("edge_mask", edge),
        ("fusion_mask", fusion),
        ("shape_offset_uv", face[None]),
        ("shape_offset_uv_head", head[None]),
    ):
        assert golden.error(name, value).max() < 1e-4, name
    corrected = offset_maps.edge_mask(parts.uv, edges, kept=parts.kept)
    u, v = parts.uv[parts.kept[edges[5]]]
    assert corrected[299 - int(300 * v), int(300 * u)] > 0.5


def test_objective(coefficients, final):
    golden = HrnGolden("ms_head_losses")
    a, b = torch.from_numpy(smooth(3, 224, 224))[None], torch.from_numpy(uni("loss/img", (1, 3, 224, 224)))
    landmarks = torch.from_numpy(np.stack([uni("loss/lmx", 68, 20, 200), uni("loss/lmy", 68, 20, 200)], -1))[None]
    dice_a, dice_b = (torch.from_numpy(uni(name, (1, 1, 224, 224))) for name in ("head/dice_a", "head/dice_b"))
    scene = objectives.HeadScene(
        coefficients,
        final.posed.projection[:, :35241],
        final.posed.landmarks,
        a,
        (dice_a > 0.5).float(),
        0.5 * a,
        (dice_b > 0.5).float(),
        dice_a,
        map_of("head/so", 300),
        map_of("head/to", 300),
        map_of("head/sh", 100),
    )
    outline = objectives.EdgeColumns(torch.full((1, 224), 40), torch.full((1, 224), 190))
    terms = objectives.modelscope_head_terms(scene, b, landmarks, dice_b, outline)
    names = {
        "photo_face": "color",
        "landmarks": "lm",
        "prior": "reg",
        "gamma": "gamma",
        "offset_smooth": "smooth_offset",
        "offset_even": "smooth_offset_std",
        "texture_offset_size": "reg_textureOff",
        "contour": "points_horizontal",
        "head_mask": "mask",
        "photo_head": "color_head",
        "head_offset_smooth": "smooth_offset_head",
        "head_offset_even": "smooth_offset_std_head",
    }
    assert set(names) == set(terms)
    wrong = {
        ours: (terms[ours].item(), float(golden[theirs]))
        for ours, theirs in names.items()
        if golden.error(theirs, terms[ours]).max() > 5e-5
    }
    assert not wrong
    assert golden.error("all", objectives.total(terms)).max() < 5e-5


def test_eyes_open_and_turned_heads_are_refused(coefficients):
    closed = coefficients._replace(expression=torch.zeros(2, 64), angles=torch.tensor([[0.1, 0.5, 0], [0, 0, 0.2]]))
    assert head_model.opened_eyes(closed).expression[:, [16, 17, 18, 19]].tolist() == [[1, 1, 0, 1.5]] * 2
    opened = closed._replace(expression=torch.ones(1, 64))
    assert head_model.opened_eyes(opened).expression[0, [16, 17, 18, 19]].tolist() == [1.5, 1.5, 1, 1.75]
    assert not head_model.too_far_turned(closed)
    assert head_model.too_far_turned(closed._replace(angles=torch.tensor([[0.0, -0.53, 0]])))


def test_soft_occupancy_is_one_inside_and_pulls_at_the_outline():
    coverage = torch.zeros(1, 1, 224, 224)
    coverage[..., 100:] = 1
    points = torch.tensor([[[150.3, 80.6], [20.2, 80.1], [99.6, 111.9], [0.0, 224.0], [223.9, 0.1]]], requires_grad=True)
    value = soft_occupancy(points, coverage)
    np.testing.assert_allclose(value[0, :2].detach(), [1, 0], atol=1e-5)
    assert 0 < value[0, 2] < 1 and torch.isfinite(value).all()
    value[0, 2].backward()
    step = 1e-2
    moved = [soft_occupancy(points.detach() + torch.tensor([sign * step, 0.0]), coverage)[0, 2] for sign in (1, -1)]
    np.testing.assert_allclose(points.grad[0, 2, 0], (moved[0] - moved[1]) / (2 * step), rtol=1e-3)
    assert points.grad[0, 2, 0] != 0


def test_the_first_steps_weigh_landmarks_and_color(coefficients, final):
    a, mask = torch.full((1, 3, 224, 224), 0.5), torch.ones(1, 1, 224, 224)
    offset = map_of("head/so", 300)
    scene = objectives.HeadScene(
        coefficients, final.posed.projection, final.posed.landmarks, a, mask, a, mask, mask, offset, offset, offset
    )
    terms = objectives.modelscope_start_terms(scene, a + 0.1, final.posed.landmarks + 1.0)
    assert terms["photo_face"].item() == pytest.approx(0.192 * np.sqrt(0.03), rel=1e-3)
    assert terms["landmarks"].item() == pytest.approx(1.6e-4 * 2 * (57 + 11 * 20) / 68, rel=1e-4)

"""HRN's stages with their networks (weights by rule) against the numbers of the reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.published.basel import uv_maps
from engine.published.basel.coefficients import split
from engine.published.hrn import stages as hrn
from engine.published.nets.deretouch import DeRetouchNet
from engine.published.nets.generator import deformation_generator, displacement_generator
from support.golden import models as golden_models
from support.golden.nets import filled, hrn_rule
from support.golden.numbers import HrnGolden
from support.golden.rules import face_mask, smooth


@pytest.fixture(scope="module")
def model():
    return golden_models.mini_hrn()


@pytest.fixture(scope="module")
def picture():
    return torch.from_numpy(smooth(3, 512, 512))[None]


@pytest.fixture(scope="module")
def base(model, picture):
    coefficients = split(torch.from_numpy(golden_models.mini_coefficients()))
    retouch = filled(DeRetouchNet, hrn_rule(1.4))
    return hrn.base_stage(model, coefficients, picture, torch.from_numpy(face_mask()), retouch)


@pytest.fixture(scope="module")
def generators():
    return filled(deformation_generator, hrn_rule(1.0)), filled(displacement_generator, hrn_rule(1.0))


def test_base_stage(model, base):
    golden = HrnGolden("stage1")
    color = uv_maps.shade_map(base.albedo_map, model.raster(base.face.world_normals), base.coefficients.gamma)
    for name, value in (
        ("vertices", base.face.world),
        ("vertices_noTrans", base.face.shape),
        ("albedo_map", base.albedo_map),
        ("color_map", color),
        ("position_map", base.position_map),
    ):
        assert golden.error(name, value).max() < 1e-4, name
    # Sampling jumps at whole rows, so single texels may fall on the other side.
    for name, value in (
        ("texture_map", base.texture_map.permute(0, 2, 3, 1)),
        ("tex_valid_mask", base.valid_mask),
        ("de_retouched_albedo_map", base.retouched_albedo),
    ):
        assert (golden.error(name, value) < 1e-4).mean() > 0.999, name


@pytest.mark.parametrize("name", ["stage2", "stage2_smoothed"])
def test_detail_stage(model, base, picture, generators, name):
    golden = HrnGolden(name)
    mask = uv_maps.smooth_mask(base.valid_mask) if name == "stage2_smoothed" else base.valid_mask
    result = hrn.detail_stage(model, base, picture, mask, *generators, torch.tensor([0.5]), torch.tensor([0.25]))
    exact = {
        "deformation_map": result.levels.deformation,
        "pred_vertex_camera": result.face.camera,
        "pred_landmarks": result.face.landmarks,
        "verts_proj": result.face.projection,
        "colour_mid": result.color_mid,
    }
    jumping = {"displacement_map": result.levels.displacement, "colour_high": result.color_high}
    assert sum(part in golden for part in (*exact, *jumping)) == {"stage2": 7, "stage2_smoothed": 4}[name]
    for part, value in exact.items():
        if part in golden:
            assert golden.error(part, value).max() < 1e-4, part
    for part, value in jumping.items():
        if part in golden:
            error = golden.error(part, value)
            assert (error < 1e-3).mean() > 0.95 and error.max() < 2e-2, part


def test_levels_have_gradients(model, base):
    """MV-HRN fits both maps through the composed face."""
    levels = hrn.Levels(torch.zeros(1, 3, 64, 64, requires_grad=True), torch.zeros(1, 1, 256, 256, requires_grad=True))
    stage = hrn.compose(model, base.coefficients, base.face.shape, base.retouched_albedo, levels)
    (stage.color_high.square().mean() + stage.face.landmarks.mean()).backward()
    for level in levels:
        assert torch.isfinite(level.grad).all() and level.grad.abs().max() > 0
    step, place = 1e-3, (0, 0, 128, 128)
    moved = torch.zeros(1, 1, 256, 256)
    moved[place] = step
    values = []
    for sign in (1, -1):
        stage = hrn.compose(
            model,
            base.coefficients,
            base.face.shape,
            base.retouched_albedo,
            hrn.Levels(torch.zeros(1, 3, 64, 64), sign * moved),
        )
        values.append(stage.color_high.double().square().sum() / stage.color_high.numel())
    np.testing.assert_allclose(levels.displacement.grad[place], (values[0] - values[1]) / (2 * step), rtol=0.05)

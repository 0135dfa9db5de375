"""HRN's fits on pictures rendered from a known face."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.published.basel import uv_maps
from engine.published.basel.coefficients import split
from engine.published.basel.contour import edge_columns
from engine.published.basel.objectives import EdgeColumns
from engine.published.basel.rendering import rasterize_crop, render_texture
from engine.published.hrn import fit as hrn_fit
from engine.published.hrn import stages as hrn
from engine.system.progress import Progress
from support.golden import models as golden_models

YAWS = (-0.3, 0.3)


@pytest.fixture(scope="module")
def model():
    return golden_models.mini_hrn()


def coefficients(identity, yaw):
    vector = torch.zeros(1, 257)
    vector[:, :80], vector[:, 225] = identity, yaw
    return split(vector)


def wavy(model, size=256):
    """A texture with something to see."""
    t = torch.linspace(0, 1, size)
    wave = 0.5 + 0.3 * torch.sin(40 * t)[None] * torch.cos(30 * t)[:, None]
    return torch.stack([wave, wave.flip(0), 1 - wave])[None]


def view_of(model, identity, started, deformation, yaw):
    """Evidence rendered from the true face, and a start from the wrong one."""
    truth = coefficients(identity, yaw)
    albedo = wavy(model)
    levels = hrn.Levels(deformation, torch.zeros(1, 1, 256, 256))
    stage = hrn.compose(model, truth, model.face.shape(truth.identity, truth.expression), albedo, levels)
    fragments = rasterize_crop(stage.face.camera, model.face.triangles)
    start = coefficients(started, yaw)
    face = model.face(start)
    base = hrn.BaseStage(start, face, model.raster(face.shape), albedo, albedo, torch.ones(1, 1, 256, 256), albedo)
    left, right = edge_columns(np.ones((1, 224, 224)))
    return hrn_fit.ViewEvidence(
        base,
        hrn.Levels(torch.zeros_like(deformation), torch.zeros(1, 1, 256, 256)),
        torch.ones(1, 1, 256, 256),
        render_texture(fragments, model.uv, stage.color_high).detach(),
        stage.face.landmarks.detach(),
        EdgeColumns(torch.from_numpy(left), torch.from_numpy(right)),
    )


def test_several_views_bring_the_shape_nearer_and_share_one_face(model):
    torch.manual_seed(5)
    smooth_map = uv_maps.resize(torch.randn(1, 3, 4, 4), 64) * 0.01
    started = torch.zeros(1, 80)
    views = [view_of(model, started, started, smooth_map, yaw) for yaw in YAWS]
    ticks = []
    results, fused = hrn_fit.fit_several_views(
        model, views, steps=6, progress=Progress(lambda stage, fraction, message: ticks.append(fraction))
    )
    assert len(results) == 2 and ticks[-1] == 1 and len(ticks) == 6
    for result in results[1:]:
        assert torch.equal(result.base.coefficients.identity, fused.identity)
        np.testing.assert_array_equal(result.stage.levels.deformation, results[0].stage.levels.deformation)
    before, _ = hrn_fit.fit_several_views(model, views, steps=0)
    assert all(
        result.terms["photo_mid"] < 0.9 * start.terms["photo_mid"] and result.terms["landmarks"] < start.terms["landmarks"]
        for result, start in zip(results, before)
    )
    true = uv_maps.apply_offsets(smooth_map, model.uv)
    truth = model.face.shape(started, torch.zeros(1, 64)) + true
    found = model.face.shape(fused.identity, torch.zeros(1, 64)) + uv_maps.apply_offsets(fused.levels.deformation, model.uv)
    error, start_error = ((points - truth).norm(dim=-1).mean() for points in (found, truth - true))
    assert error < 0.9 * start_error


def test_the_fused_displacement_is_what_the_views_see(model):
    """Each view counts where its mask says, and nothing is made up where none sees."""
    identity = torch.zeros(1, 80)
    view = view_of(model, identity, identity, torch.zeros(1, 3, 64, 64), 0.0)
    results, _ = hrn_fit.fit_several_views(model, [view], steps=0)
    stage = results[0].stage
    masks, made = [], []
    for value, rows in ((0.02, slice(0, 128)), (0.04, slice(64, 192))):
        mask = torch.zeros(1, 1, 256, 256)
        mask[:, :, rows] = 1
        masks.append(mask)
        levels = hrn.Levels(stage.levels.deformation, value * mask)
        made.append(results[0]._replace(stage=stage._replace(levels=levels)))
    fused = hrn_fit.fuse(identity, torch.ones(1, 3, 64, 64), made, masks)
    rows = fused.levels.displacement[0, 0, :, 100]
    np.testing.assert_allclose(rows[[10, 100, 150, 220]], [0.02, 0.03, 0.04, 0])
    assert fused.levels.deformation[0, 0, 5, 5] == 1 and fused.levels.deformation[0, 0, 60, 5] == 0


def test_the_fitted_texture_shows_the_picture_and_stays_where_nothing_is_seen(model):
    identity = torch.zeros(1, 80)
    view = view_of(model, identity, identity, torch.zeros(1, 3, 64, 64), 0.0)
    results, _ = hrn_fit.fit_several_views(model, [view], steps=0)
    stage = results[0].stage
    picture = (view.picture * 0.7 + 0.1).detach()
    texture = hrn_fit.fit_texture(model, stage, picture, steps=40)
    fragments = rasterize_crop(stage.face.camera, model.face.triangles)
    after, before = (
        ((render_texture(fragments, model.uv, map_) - picture) * fragments.mask).abs().mean()
        for map_ in (texture, stage.color_high)
    )
    assert after < 0.35 * before
    assert (texture - stage.color_high)[..., :4, :4].abs().max() < 0.05

"""ModelScope's fits on a small head, and the pieces of its texture step."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from engine.published.basel import losses
from engine.published.basel.coefficients import split
from engine.published.basel.contour import edge_columns
from engine.published.basel.model import FaceModel
from engine.published.basel.objectives import EdgeColumns
from engine.published.basel.rendering import rasterize_crop, render_texture, render_vertices
from engine.published.modelscope import fit as modelscope_fit
from engine.published.modelscope import head_model, head_texture
from engine.published.modelscope import sheet as modelscope_sheet
from engine.system.progress import Progress
from support.golden import models as golden_models
from support.golden.numbers import HrnGolden
from support.golden.rules import smooth, state_of


@pytest.fixture(scope="module")
def head(monkeypatch_module):
    """The mini face as a head: its first half is the face, the second half the head."""
    data = golden_models.mini_model()
    uv = torch.from_numpy(golden_models.mini_uv())
    return head_model.ModelScopeMesh(
        FaceModel.build(data, recentre=False), torch.from_numpy(data.mean.mean(0)), uv[:960], uv[960:], torch.arange(960)
    )


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head_model, "HEAD_VERTICES", 960)
        yield patch


def blank():
    return head_model.Offsets(*(torch.zeros(1, 3, size, size) for size in (300, 300, 100, 100)))


def test_fit_finds_the_translation_then_the_shape(head):
    vector = torch.zeros(1, 257)
    vector[:, 80:90], vector[:, 254:256] = 8.0, torch.tensor([0.08, -0.05])
    truth = split(vector)
    seen = head(truth, blank()).posed
    fragments = rasterize_crop(seen.camera, head.linear.triangles)
    left, right = edge_columns(fragments.mask[:, 0].numpy())
    evidence = modelscope_fit.HeadEvidence(
        render_vertices(fragments, seen.color),
        seen.landmarks,
        fragments.mask,
        EdgeColumns(torch.from_numpy(left), torch.from_numpy(right)),
    )
    faces = int((head.linear.triangles < 960).all(1).sum())
    start = split(torch.zeros(1, 257))
    moved, _ = modelscope_fit.fit_head(head, start, evidence, face_triangles=faces, steps=(18, 0))
    np.testing.assert_allclose(moved.translation[0, :2], [0.08, -0.05], atol=0.03)
    ticks = []
    fitted, offsets = modelscope_fit.fit_head(
        head,
        truth._replace(expression=torch.zeros(1, 64)),
        evidence,
        face_triangles=faces,
        steps=(0, 8),
        progress=Progress(lambda stage, fraction, message: ticks.append(fraction)),
    )
    assert len(ticks) == 8 and ticks[-1] == 1
    assert torch.equal(fitted.translation, truth.translation) and torch.equal(fitted.angles, truth.angles)
    wrong = head(truth._replace(expression=torch.zeros(1, 64)), blank()).posed.landmarks
    found = head(fitted, offsets).posed.landmarks
    assert (found - seen.landmarks).norm(dim=-1).mean() < 0.9 * (wrong - seen.landmarks).norm(dim=-1).mean()
    assert offsets.shape.abs().max() > 0 and offsets.head_texture.abs().max() > 0


def test_sheet_shows_the_picture_and_knows_what_it_saw(head):
    posed = head(split(torch.zeros(1, 257)), blank()).posed
    uv = torch.cat([head.face_uv, head.head_uv])
    fragments = rasterize_crop(posed.camera, head.linear.triangles, 96)
    true = torch.from_numpy(smooth(3, 64, 64))[None]
    picture = render_texture(fragments, uv, true)
    half = torch.ones(1, 1, 96, 96)
    half[..., :48] = 0
    sheet, seen = modelscope_sheet.fit_sheet(
        posed, head.linear.triangles, uv, picture, half, modelscope_sheet.SheetEffort((16, 32, 64), 40)
    )
    assert sheet.shape == (1, 3, 64, 64) and 0.2 < seen.float().mean() < 0.7
    assert (sheet - true)[0, :, seen].abs().mean() < 0.05
    drawn = render_texture(fragments, uv, seen[None, None].float())
    assert (drawn[..., 56:] > 0.5).float().sum() > 0.95 * fragments.mask[..., 56:].sum()


def test_sheet_follows_the_plain_objective(head):
    """Adam on the drawn picture's error and the total variation, with what torch differentiates itself."""
    posed, sizes, steps = head(split(torch.zeros(1, 257)), blank()).posed, (8, 16, 96), 6
    uv = torch.cat([head.face_uv, head.head_uv])
    fragments = rasterize_crop(posed.camera, head.linear.triangles, 96)
    picture, mask = torch.from_numpy(smooth(3, 96, 96))[None], torch.from_numpy(smooth(1, 96, 96))[None].clamp(0.3, 0.7) - 0.3
    weight = fragments.mask * mask
    sheet = ((picture * weight).sum((2, 3)) / weight.sum())[..., None, None]
    for size in sizes:
        sheet = torch.nn.functional.interpolate(sheet, (size * 5 // 4, size), mode="nearest").requires_grad_(True)
        optimiser = torch.optim.Adam([sheet], lr=1e-2)
        for _ in range(steps):
            optimiser.zero_grad()
            error = ((weight * (render_texture(fragments, uv, sheet) - picture)) ** 2).mean()
            (error + (0.01 * losses.total_variation(sheet) if size != 96 else 0)).backward()
            optimiser.step()
        sheet = sheet.detach()
    ticks = []
    found, seen = modelscope_sheet.fit_sheet(
        posed,
        head.linear.triangles,
        uv,
        picture,
        mask,
        modelscope_sheet.SheetEffort(sizes, steps, 1.25),
        progress=Progress(lambda stage, fraction, message: ticks.append(fraction)),
    )
    # Adam's steps are long however small a gradient is, which leaves a little of its rounding.
    assert (found - sheet).abs().max() < 2e-4 and seen.any() and not seen.all()
    assert ticks == sorted(ticks) and ticks[-1] == 1


def _blocks(tag, height, width, low, high, repeat):
    values = state_of(f"tex/{tag}").randint(low, high, (height, width, 3)).astype(np.uint8)
    return np.repeat(np.repeat(values, repeat, 0), repeat, 1)


def test_both_endings_of_the_texture():
    golden = HrnGolden("ms_head_texture")
    hair, cheek = (head_texture.upper_mask(_blocks(name, 10, 8, 0, 2, 8) * 255) for name in ("hairmask", "cheek"))
    foreground = head_texture.foreground_mask(_blocks("fg", 10, 8, 0, 2, 8) * 255)
    front = head_texture.front_mask((255 * np.clip(smooth(3, 128, 128), 0, 1)).astype(np.uint8).transpose(1, 2, 0))
    for name, mask in (("hair_mask", hair), ("fg_mask", foreground[..., None]), ("front_mask", front)):
        assert golden.error(name, mask).max() < 1e-4, name
    # The golden's colours are blue, green, red; ours the other way round.
    sheet = (255 * np.clip(smooth(3, 512, 512), 0, 1)).transpose(1, 2, 0)[..., ::-1].astype(np.float32)
    sheet[:, :200] *= 0.3
    sheet = cv2.resize(sheet, (4096, 4096))
    behind = head_texture.matched_template(sheet, _blocks("bald", 20, 16, 60, 200, 256)[..., ::-1], front)
    assert golden.error("bald", head_texture.blend(sheet, behind, front[..., ::-1])[..., ::-1]).max() < 1e-4
    assert head_texture.evenly_lit(sheet, cheek) is sheet
    behind = head_texture.filled_hair(behind, sheet, hair)
    assert golden.error("hair", head_texture.blend(sheet, behind, foreground)[..., ::-1]).max() < 1e-4


def test_template_continues_the_sheet():
    front = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 64, 0).repeat(3, 2)
    sheet, template = np.full((64, 64, 3), 100, np.float32), np.full((80, 64, 3), 60, np.uint8)
    behind = head_texture.matched_template(sheet, template, front)
    np.testing.assert_allclose(behind, 110, atol=1e-4)
    out = head_texture.blend(sheet, behind, front)
    assert out[5, 0].tolist() == pytest.approx([110] * 3) and out[5, -1].tolist() == pytest.approx([100] * 3)
    assert (head_texture.matched_template(sheet, template, 0 * front) == 60).all()


def test_a_dark_cheek_is_replaced_by_the_other_one():
    cheek = np.zeros((40, 40), np.float32)
    cheek[15:25, 5:15] = 1
    sheet = np.full((40, 40, 3), 100, np.float32)
    sheet[:, 20:] = 60
    assert (head_texture.evenly_lit(sheet, cheek) == 100).all() and sheet.min() == 60
    dark_left = np.ascontiguousarray(sheet[:, ::-1])
    assert head_texture.evenly_lit(dark_left, cheek) is dark_left  # the other side must be twice as bright
    dark_left[:, :20] = 40
    assert (head_texture.evenly_lit(dark_left, cheek) == 100).all()
    assert head_texture.evenly_lit(sheet, 0 * cheek) is sheet


def test_hair_takes_the_color_of_dark_texels():
    sheet, hair = np.full((40, 40, 3), 200, np.float32), np.zeros((40, 40), np.float32)
    hair[:10], sheet[:5] = 1, (80, 60, 40)
    behind = np.full((40, 40, 3), 150, np.float32)
    out = head_texture.filled_hair(behind, sheet, hair)
    assert out[7, 7].tolist() == [40, 30, 20] and (out[10:] == 150).all() and (behind == 150).all()
    assert (head_texture.filled_hair(behind, sheet + 100, hair)[:10] == 20).all()

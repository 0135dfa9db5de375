"""HRN's maps, details and meshes against the numbers of the reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.published.basel import uv_maps
from engine.published.basel.coefficients import split
from engine.published.basel.contour import contour_loss, edge_columns
from engine.published.basel.model import FaceModel
from engine.published.basel.uv_raster import rasterize_uv
from engine.published.hrn import detail
from engine.published.hrn.dense_mesh import dense_mesh, grid_faces
from support.golden import models as golden_models
from support.golden.numbers import HrnGolden
from support.golden.rules import det, face_mask, smooth


@pytest.fixture(scope="module")
def scene():
    """The mini model's face and its maps."""
    model = FaceModel.build(golden_models.mini_model())
    parts = split(torch.from_numpy(golden_models.mini_coefficients()))
    face = model(parts)
    raster = rasterize_uv(golden_models.mini_uv(), model.triangles.numpy())
    return model, parts, face, raster


def folder(name):
    return HrnGolden(name)


def test_maps_of_the_coarse_face(scene):
    model, parts, face, raster = scene
    golden = HrnGolden("bfm_render_inputs")
    assert golden.equal("coverage_bits", np.packbits(raster.covered.numpy().reshape(-1)))
    ones = raster(torch.ones(1, model.mean.numel() // 3, 1))[:, 0]
    position = raster(face.shape)
    albedo = uv_maps.albedo_map(golden_models.mini_albedo(), parts.texture)
    color = uv_maps.shade_map(albedo, raster(face.world_normals), parts.gamma)
    for name, value in (
        ("coverage_ones", ones),
        ("position_map", position),
        ("albedo_map256", albedo),
        ("colour_map256", color),
        ("face_vertex", face.camera),
        ("landmarks", face.landmarks),
        ("vertex_noTrans", model.camera.to_camera(face.shape)),
    ):
        assert golden.error(name, value).max() < 5e-5, name
    full = uv_maps.albedo_map(golden_models.mini_albedo(), parts.texture, None).permute(0, 2, 3, 1)
    assert HrnGolden("bfm_basic").error("albedo_map512", full).max() < 5e-5


def test_the_maps_weights_differ_from_a_clean_raster_as_documented(scene):
    """Weights sum to a little less than one; elsewhere they are those of the engine's own rasterizer."""
    from engine.render import rasterize

    raster = scene[3]
    uv = golden_models.mini_uv().astype(np.float64) * 256
    clean = rasterize(np.stack([uv[:, 0], 256 - uv[:, 1]], 1), np.ones(len(uv)), scene[0].triangles.numpy(), 256, 256)
    assert (raster.covered.numpy() != (clean.triangle >= 0)).mean() < 1e-4
    total = raster.weights.sum(-1)[raster.covered]
    assert 1e-6 < float((1 - total).max()) < 1e-4


def test_texture_sampling(scene):
    golden = HrnGolden("texture_sampling")
    camera_map = scene[3](scene[2].camera)
    picture = torch.from_numpy(smooth(3, 512, 512))[None]
    texture = uv_maps.sample_picture(picture, camera_map)
    assert (golden.error("texture_map", texture.permute(0, 2, 3, 1)) < 1e-4).mean() > 0.999
    mask = uv_maps.sample_picture(torch.from_numpy(face_mask()), camera_map)
    assert (golden.error("valid_mask", mask.permute(0, 2, 3, 1)) < 1e-4).mean() > 0.999
    # The ordinary rule is continuous and differs, but not by much.
    corrected = uv_maps.sample_picture(picture, camera_map, corrected=True)
    covered = scene[3].covered
    difference = (corrected - texture)[:, :, covered].abs().max()
    assert 5e-3 < difference < 3e-2
    soft = uv_maps.smooth_mask(mask)
    assert HrnGolden("smooth_valid_mask").error("mask", soft).max() < 1e-3


def test_corrected_sampling_reads_a_linear_picture_exactly(scene):
    camera_map = scene[3](scene[2].camera)
    column, row = torch.meshgrid(torch.arange(224.0), torch.arange(224.0), indexing="xy")
    read = uv_maps.sample_picture(torch.stack([column, row])[None], camera_map, corrected=True)
    seen = scene[2].projection[0, 700]
    texel = golden_models.mini_uv()[700] * [256, -256] + [-0.5, 255.5]
    c, r = np.round(texel).astype(int)
    expected = scene[3](scene[2].projection)[0, :, r, c]
    np.testing.assert_allclose(read[0, :, r, c], [expected[0], 223 - expected[1]], atol=0.01)
    assert abs(float(expected[0] - seen[0])) < 2


def test_deformation(scene):
    golden = HrnGolden("deformation_apply")
    offsets = torch.from_numpy(det("deformation", (1, 64, 64, 3), 0.01)).permute(0, 3, 1, 2)
    offset = uv_maps.apply_offsets(offsets, torch.from_numpy(golden_models.mini_uv()))
    assert golden.error("offset", offset).max() < 5e-5
    assert golden.error("moved", scene[2].shape + offset).max() < 5e-5


def test_displacement_normals_colors_and_dense_mesh(scene):
    _, parts, face, raster = scene
    golden = HrnGolden("displacement")
    displacement = torch.from_numpy(det("displacement", (1, 1, 256, 256), 0.01))
    position, normals = raster(face.world), raster(face.world_normals)
    detailed = detail.detail_normals(position, normals, displacement)
    assert golden.error("detail_normals", detailed).max() < 5e-5
    flat = detail.detail_normals(position, normals, torch.zeros_like(displacement))
    assert golden.error("detail_normals_zero", flat).max() < 5e-5
    albedo = uv_maps.albedo_map(golden_models.mini_albedo(), parts.texture)
    color = uv_maps.shade_map(albedo, detailed, parts.gamma)
    assert golden.error("colour_map", color).max() < 5e-5
    assert golden.error("recoloured", uv_maps.grey_level(color)).max() < 5e-5

    assert golden.equal("dense_faces", grid_faces())
    moved = (position + displacement * normals)[0].permute(1, 2, 0).reshape(-1, 3)
    assert golden.error("dense_vertices", moved).max() < 5e-5
    mesh = dense_mesh(position[0].numpy(), normals[0].numpy(), displacement[0, 0].numpy())
    assert golden.equal("cropped_counts", [len(mesh.vertices), len(mesh.faces)])
    assert golden.error("cropped_vertices", mesh.vertices).max() < 5e-5
    assert golden.equal("cropped_faces_as_written", mesh.faces + 1)


def test_the_corrected_dense_mesh_and_normals_agree_with_its_surface(scene):
    """Options that mend the released signs: detail normals follow the displaced surface."""
    _, _, face, raster = scene
    position, normals = raster(face.world), raster(face.world_normals)
    column = torch.arange(256.0)
    bump = (0.002 * torch.sin(column / 4)).expand(1, 1, 256, 256)
    true = detail.sheet_normals(position + bump * normals) - detail.sheet_normals(position)
    inside = torch.zeros(256, 256, dtype=torch.bool)
    inside[60:200, 60:200] = True
    released = (detail.detail_normals(position, normals, bump) - normals)[0, :2][:, inside]
    corrected = (detail.detail_normals(position, normals, bump, corrected=True) - normals)[0, :2][:, inside]
    wanted = true[0, :2][:, inside]
    assert float((corrected * wanted).sum()) > 0 > float((released * wanted).sum())
    mesh = dense_mesh(position[0].numpy(), normals[0].numpy(), bump[0, 0].numpy(), corrected=True)
    uv = mesh.uv[mesh.faces]
    e1, e2 = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    np.testing.assert_allclose((e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]) * 256**2, 1, atol=1e-3)


def test_contour(scene):
    golden = HrnGolden("contour")
    assert golden.equal("face_mask", face_mask())
    assert golden.error("verts_proj", scene[2].projection).max() < 5e-5
    left, right = edge_columns(face_mask()[0])
    assert golden.equal("left", left) and golden.equal("right", right)
    loss, outside = contour_loss(scene[2].projection, torch.from_numpy(left), torch.from_numpy(right))
    assert golden.error("loss", loss).max() < 5e-5
    assert golden.equal("edge_vertex", np.flatnonzero(outside[0]))


def test_no_retouching_when_the_network_says_so(scene):
    """A blend of one half leaves texture and albedo as they are."""
    albedo, texture = torch.rand(1, 3, 256, 256), torch.rand(1, 3, 256, 256) * 2 - 1
    out = uv_maps.turn_off_retouching(albedo, texture, torch.full((1, 3, 512, 512), 0.5))
    np.testing.assert_allclose(out, albedo, atol=1e-5)

"""Deep3D's augmentation, skin mask, recognition crop and result files, and the differentiable crop renderer."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from scipy.io import loadmat

from engine.published.basel import rendering
from engine.published.basel.coefficients import Coefficients, join, split
from engine.published.basel.files import FaceModelData
from engine.published.basel.model import FaceModel
from engine.published.deep3d import augmentation
from engine.published.deep3d import output as deep3d_output
from engine.published.deep3d.skin_mixture import skin_probability
from engine.render import rasterize
from engine.wire.errors import ErrorCode, HrnError
from support.golden import models as golden_models
from support.golden.numbers import Numbers
from support.golden.rules import pattern_bytes, strided


@pytest.fixture(scope="module")
def golden():
    return Numbers("deep3d/maths")


@pytest.fixture(scope="module")
def scene():
    model = FaceModel.build(golden_models.mini_model())
    coefficients = split(torch.from_numpy(golden_models.mini_coefficients()))
    return model, coefficients, model(coefficients)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_augmentation(golden, seed):
    change = augmentation.draw(random.Random(seed))
    np.testing.assert_allclose(change.matrix, golden[f"aug/seed{seed}/affine"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(np.linalg.inv(change.matrix), golden[f"aug/seed{seed}/affine_inv"], rtol=1e-6, atol=1e-9)
    assert np.array_equal([change.mirrored], golden[f"aug/seed{seed}/flip"])
    picture = augmentation.augment_picture(pattern_bytes(224, 224), change)
    assert (np.abs(strided(picture, 1024).astype(int) - golden[f"aug/seed{seed}/image"]) <= 1).mean() > 0.995
    landmarks = augmentation.augment_landmarks(golden["model/lm68"][0].astype(float), change)
    np.testing.assert_allclose(landmarks, golden[f"aug/seed{seed}/lm68"], rtol=1e-6)


def test_recognition_crop(golden):
    matrix = augmentation.recognition_similarity(golden["model/lm68"][0].astype(float))
    np.testing.assert_allclose(matrix, golden["align/estimate_norm"], rtol=1e-5)


def test_mirroring_twice_changes_nothing():
    order = augmentation.mirrored_order()
    assert order[order].tolist() == list(range(68)) and order[0] == 16 and order[27] == 27


def test_skin_mask(golden):
    mask = np.round(255 * skin_probability(golden["skin/bgr"][..., ::-1]))
    assert np.abs(mask - golden["skin/mask"]).max() <= 1


def test_result_files(golden, tmp_path):
    fields = golden_models.full_model_fields()
    data = FaceModelData(
        fields["meanshape"].reshape(-1, 3),
        fields["idBase"],
        fields["exBase"],
        fields["meantex"].reshape(-1, 3),
        fields["texBase"],
        fields["tri"].astype(np.int64) - 1,
        fields["point_buf"].astype(np.int64) - 1,
        fields["keypoints"].astype(np.int64)[0] - 1,
    )
    coefficients = split(torch.from_numpy(golden_models.full_coefficients("deep3d", 2)).float())
    face = FaceModel.build(data)(coefficients)
    arrays = deep3d_output.coefficient_arrays(coefficients, face)
    np.testing.assert_allclose(arrays["lm68"], golden["model/mat_lm68"], atol=1e-4)
    model, some = FaceModel.build(data), golden["model/vertex_sample"]
    faces = [model(Coefficients(*(part[number : number + 1] for part in coefficients))) for number in range(2)]
    (vertices, colors), second = map(deep3d_output.mesh_arrays, faces)
    written = np.stack([vertices[some], second[0][some]]), np.stack([colors[some], second[1][some]])
    np.testing.assert_allclose(written[0], golden["model/obj_vertex"], atol=2e-5)
    assert np.abs(written[1].astype(int) - golden["model/obj_color_uint8"]).max() <= 1

    deep3d_output.write_coefficients(tmp_path / "face.mat", arrays)
    read = loadmat(tmp_path / "face.mat")
    assert {name: value.shape[1:] for name, value in read.items() if not name.startswith("_")} == {
        "id": (80,),
        "exp": (64,),
        "tex": (80,),
        "angle": (3,),
        "gamma": (27,),
        "trans": (3,),
        "lm68": (68, 2),
    }
    deep3d_output.write_mesh(tmp_path / "face.obj", vertices[:3], np.array([[0, 1, 2]]), colors[:3])
    assert len((tmp_path / "face.obj").read_text().splitlines()[0].split()) == 7
    with pytest.raises(HrnError) as caught:
        deep3d_output.write_coefficients(tmp_path / "absent" / "face.mat", arrays)
    assert caught.value.code == ErrorCode.OUTPUT_NOT_WRITABLE
    crop = np.full((224, 224, 3), 90, np.uint8)
    strip = deep3d_output.picture_strip(crop, crop, np.array([[100.2, 50.0]]), np.array([[20.0, 200.0]]))
    assert strip.shape == (224, 672, 3) and (strip[:, :448] == 90).all()
    assert strip[173, 548].tolist() == [255, 0, 0] and strip[23, 468].tolist() == [0, 0, 255]
    assert join(split(torch.arange(257.0)[None])).tolist() == [list(range(257))]


@pytest.mark.parametrize("size", [224, 64])
def test_crop_renderer_has_the_engines_weights(scene, size):
    model, _, face = scene
    fragments = rendering.rasterize_crop(face.camera, model.triangles, size)
    up = face.projection[0].numpy()
    raster = rasterize(
        np.stack([up[:, 0], 224 - up[:, 1]], 1) * size / 224, face.camera[0, :, 2].numpy(), model.triangles.numpy(), size, size
    )
    assert np.array_equal(fragments.mask[0, 0].numpy() > 0, raster.triangle >= 0)
    np.testing.assert_allclose(fragments.weights[0], raster.weights, atol=2e-3)
    # A plane's depth is met exactly: the interpolated position lies on the pixel's ray.
    position = fragments.interpolate(face.camera)
    seen = model.camera.project(position.permute(0, 2, 3, 1))[0][raster.triangle >= 0]
    row, column = np.nonzero(raster.triangle >= 0)
    expected = np.stack([(column + 0.5), size - (row + 0.5)], 1) * 224 / size
    np.testing.assert_allclose(seen, expected, atol=2e-2)


def test_crop_renderer_backends_agree(scene):
    model, _, face = scene
    small = [rendering.rasterize_crop(face.camera, model.triangles, 48, backend=name) for name in ("portable", "reference")]
    assert torch.equal(small[0].mask, small[1].mask)
    np.testing.assert_allclose(small[0].weights, small[1].weights, atol=1e-6)


def test_rendered_gradients_are_finite_differences(scene):
    model, _, face = scene
    camera = face.camera.double()
    uv = torch.from_numpy(golden_models.mini_uv()).double()
    grid = torch.linspace(0, 6.28, 33, dtype=torch.float64)[:-1]
    texture = (torch.sin(grid)[:, None] + torch.cos(2 * grid)[None]).expand(1, 3, 32, 32).clone()

    def value(points, picture):
        fragments = rendering.rasterize_crop(points, model.triangles, 40)
        inner = torch.zeros(1, 1, 40, 40, dtype=torch.float64)
        inner[..., 16:24, 16:24] = 1  # away from silhouettes, where coverage changes
        drawn = rendering.render_texture(fragments, uv, picture) + rendering.render_vertices(fragments, points / 10)
        return (drawn**2 * inner).sum()

    points, picture = camera.clone().requires_grad_(True), texture.clone().requires_grad_(True)
    value(points, picture).backward()
    place = int(points.grad.abs().sum((0, 2)).argmax())
    for axis in range(3):
        step = torch.zeros_like(camera)
        step[0, place, axis] = 1e-6
        slope = (value(camera + step, texture) - value(camera - step, texture)) / 2e-6
        np.testing.assert_allclose(points.grad[0, place, axis], slope, rtol=1e-3, atol=1e-4)
    texel = tuple(int(i) for i in np.unravel_index(int(picture.grad.abs().argmax()), picture.shape))
    step = torch.zeros_like(texture)
    step[texel] = 1e-5
    slope = (value(camera, texture + step) - value(camera, texture - step)) / 2e-5
    np.testing.assert_allclose(picture.grad[texel], slope, rtol=1e-6)


def test_a_texture_wraps_and_its_first_row_is_on_top(scene):
    model, _, face = scene
    fragments = rendering.rasterize_crop(face.camera, model.triangles, 56)
    ramp = torch.arange(8.0)[None, None, :, None].expand(1, 1, 8, 8)
    uv = torch.tensor([[0.5, 0.999]]).expand(1920, 2)
    drawn = rendering.render_texture(fragments, uv, ramp)[fragments.mask > 0]
    np.testing.assert_allclose(drawn, 7 * (0.5 - 0.008), atol=1e-3)
    assert (
        rendering.overlay(torch.ones(1, 3, 56, 56), torch.zeros(1, 3, 56, 56), fragments.mask).mean() == fragments.mask.mean()
    )

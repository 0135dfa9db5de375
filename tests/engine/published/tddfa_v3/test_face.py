"""3DDFA-V3's landmarks, renderings, segmentation, texture and files against the numbers of the reference."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch

from engine.published.basel import alignment
from engine.published.basel.coefficients import Coefficients, split
from engine.published.basel.lighting import plain_shading
from engine.published.basel.model import FaceModel, PosedFace
from engine.published.nets.checkpoint import read_npy_dictionary
from engine.published.tddfa_v3 import face as tddfa
from engine.published.tddfa_v3 import output as tddfa_output
from engine.published.tddfa_v3 import texture as tddfa_texture
from engine.published.tddfa_v3.files import TddfaModelData, read_tddfa_model
from support.golden import models as golden_models
from support.golden.numbers import Numbers, saw
from support.golden.rules import pattern_bytes, pattern_image, strided


class Scene(NamedTuple):
    golden: dict
    data: TddfaModelData
    model: FaceModel
    coefficients: Coefficients
    face: PosedFace
    rendering: tddfa.Rendering
    visible: np.ndarray

    def double(self):
        """Model and face in double precision: single normals of small triangles, and the colours that they light, differ from
        processor to processor by more than a renderer or a file may."""
        model = self.model.to(dtype=torch.float64)
        return model, model(Coefficients(*(part.double() for part in self.coefficients)))

    def other_bits(self, name, ours):
        """Where the stored bits differ from the array `ours`."""
        golden, ours = self.golden[name], np.asarray(ours).astype(bool)
        saw(golden, np.packbits(ours))
        return np.unpackbits(np.asarray(golden))[: ours.size].reshape(ours.shape).astype(bool) != ours


@pytest.fixture(scope="module")
def scene():
    golden = Numbers("tddfa_v3/maths")
    data = read_tddfa_model(golden_models.full_tddfa_content())
    model = FaceModel.build(data.face, recentre=False, clip_texture=True)
    coefficients = split(torch.from_numpy(golden_models.full_coefficients("tddfa")).float())
    face = model(coefficients)
    rendering = tddfa.render(model, face)
    return Scene(golden, data, model, coefficients, face, rendering, tddfa.visible_vertices(model, face, rendering.raster))


def test_the_coefficients_are_the_stored_ones(scene):
    np.testing.assert_allclose(torch.cat(scene.coefficients, 1), scene.golden["alpha"], atol=1e-6)


def test_vertices_are_not_recentred_and_colors_are_clipped(scene):
    some = scene.golden["vertex_sample"]
    for name, value, tolerance in (
        ("shape", scene.face.shape[0, some], 1e-6),
        ("rotation", scene.face.rotation[0].T, 1e-6),
        ("normal", scene.face.normals[0, some], 2e-5),
        ("albedo", scene.face.texture[0, some], 1e-5),
        ("gray_shading", plain_shading(scene.face.world_normals)[0, some], 1e-5),
        ("v3d", scene.face.camera[0, some], 2e-6),
        ("v2d", scene.face.projection[0, some], 1e-4),
        ("face_texture", scene.face.color[0, some], 1e-5),
    ):
        np.testing.assert_allclose(value, scene.golden[name], rtol=0, atol=tolerance, err_msg=name)


def test_landmark_sets(scene):
    sets = tddfa.landmark_sets(scene.model, scene.data, scene.face, scene.coefficients)
    assert set(sets) == {"ldm68", "ldm106", "ldm106_2d", "ldm134"}
    for name, points in sets.items():
        np.testing.assert_allclose(points, scene.golden[name], atol=1e-4, err_msg=name)


def test_renderings(scene):
    assert not scene.other_bits("render_mask_bits", scene.rendering.mask).any()
    rendering = tddfa.render(*scene.double())
    for name, value, tolerance in (
        ("render_face", rendering.face, 2e-6),
        ("render_shape", rendering.shape, 2e-6),
        ("depth", rendering.depth, 1e-5),
    ):
        golden = scene.golden[name]
        saw(golden, value)
        np.testing.assert_allclose(strided(value, golden.size), golden, rtol=0, atol=tolerance, err_msg=name)


def test_visibility_and_segmentation(scene):
    assert np.array_equal([scene.visible.sum()] * 2, scene.golden["visible_count"])
    assert scene.other_bits("visible_bits", scene.visible).sum() <= 5
    parts = tddfa.part_masks(scene.data, scene.face)
    seen = tddfa.visible_part_masks(scene.model, scene.data, scene.rendering, scene.visible)
    for name, masks in (("seg", parts), ("seg_visible", seen)):
        assert scene.other_bits(f"{name}_bits", masks).sum((0, 1)).max() <= 3, name
        counts = scene.golden[f"{name}_pixels"]
        assert np.abs(masks.astype(bool).sum((0, 1)) - counts).max() <= 3, name


def test_texture_layers_and_both_blends(scene):
    picture = pattern_image(3, 224, 224, 0.2).transpose(1, 2, 0)
    some, uv = scene.golden["vertex_sample"], scene.data.uv
    colors = tddfa_texture.vertex_colors(picture, scene.face.projection[0].numpy())
    np.testing.assert_allclose(colors[some], scene.golden["img_colors"], atol=1e-5)
    model_texture, seen, hidden = tddfa_texture.uv_layers(
        uv, scene.data.face.triangles, scene.face.color[0].numpy(), colors, (~scene.visible)[:, None].astype(float)
    )
    # Hidden is 0 or 1 at vertices of triangles a few texels wide: float32 weights alone differ by 2e-5 there.
    for name, layer, tolerance in (
        ("uv_pca", model_texture, 1e-5),
        ("uv_img", seen, 1e-5),
        ("uv_weight", np.repeat(hidden, 3, 2), 3e-5),
    ):
        golden, layer = scene.golden[name], layer.transpose(2, 0, 1)
        saw(golden, layer)
        off = np.abs(strided(layer, golden.size) - golden)
        assert (off < tolerance).mean() > 0.999, name
    rows, columns = np.nonzero(((1 - hidden[..., 0]) * 255).astype(np.uint8))
    box = [columns.min(), columns.max(), rows.min(), rows.max()]
    assert np.array_equal(box, scene.golden["uv_visible_bbox_x0_x1_y0_y1"])
    median = tddfa_texture.to_vertices(tddfa_texture.blend_median(seen, model_texture, hidden), uv)[some]
    assert (np.abs(median - scene.golden["extractTex_median"]).max(1) < 2 / 255).mean() > 0.99
    whole = tddfa_texture.extracted_texture(
        uv,
        scene.data.face.triangles,
        picture,
        scene.face.projection[0].numpy(),
        scene.face.color[0].numpy(),
        scene.visible,
        blend="median",
    )
    assert np.array_equal(tddfa_texture.to_vertices(whole, uv)[some], median)
    # Poisson cloning depends on OpenCV's version; its mean is what can be compared.
    for fallback, name in ((model_texture, "pca"), (seen[:, ::-1], "flip")):
        poisson = tddfa_texture.to_vertices(tddfa_texture.blend_poisson(seen, fallback, hidden), uv)[some]
        assert np.abs(poisson - scene.golden[f"extractTex_poisson_{name}"]).mean() < 3 / 255, name


def test_sampling_is_zero_at_the_last_column_as_released():
    picture = np.ones((5, 7, 1))
    x, y = np.array([0.0, 3.25, 6.0, 5.9, -0.5, 2.0]), np.array([0.0, 2.5, 2.0, 3.9, 1.0, 4.0])
    np.testing.assert_allclose(tddfa_texture.sample(picture, x, y)[:, 0], [1, 1, 0, 1, 0, 0], atol=1e-6)


def test_files_are_the_published_ones(scene, tmp_path):
    golden = scene.golden
    reference = Numbers("deep3d/maths")
    photo = pattern_bytes(523, 401)
    window, crop, _ = alignment.align(
        photo, alignment.flip_y(reference["align/lm5_in"].astype(float), 523), reference["align/lm3d_std"].astype(float)
    )
    np.testing.assert_allclose(window.params, golden["io/trans_params"], rtol=1e-6)
    assert (np.abs(strided(crop, 2048).astype(int) - golden["io/crop"]) <= 1).mean() > 0.995
    sets = tddfa.landmark_sets(scene.model, scene.data, scene.face, scene.coefficients)
    in_photo = {
        name: tddfa_output.landmarks_in_photo(sets[name], window) for name in ("ldm68", "ldm106", "ldm106_2d", "ldm134")
    }
    parts = tddfa_output.segmentation_in_photo(tddfa.part_masks(scene.data, scene.face), window)
    seen = tddfa_output.segmentation_in_photo(
        tddfa.visible_part_masks(scene.model, scene.data, scene.rendering, scene.visible), window
    )

    tddfa_output.write_dictionary(tmp_path / "face.npy", in_photo, seen, parts)
    content = read_npy_dictionary(tmp_path / "face.npy")
    for name in in_photo:
        np.testing.assert_allclose(content[name], golden[f"io/npy/{name}"], atol=2e-4, err_msg=name)
        assert content[name].dtype == np.float32
        assert list(content[name].shape) == golden[f"io/npy/{name}/shape"].tolist()
    assert list(content["seg"].shape) == golden["io/npy/seg/shape"].tolist()
    assert list(content["seg_visible"].shape) == golden["io/npy/seg_visible/shape"].tolist()
    assert (content["seg_visible"][::3, ::3, 0] != golden["io/npy/seg_visible"]).sum() <= 3
    assert np.abs((content["seg"] > 0).sum((0, 1)) - golden["io/npy/seg_pixels"]).max() <= 3

    rendering = scene.rendering
    grid = tddfa_output.picture_grid(photo, window, rendering.shape, rendering.face, rendering.mask, in_photo, seen, parts)
    assert list(grid.shape) == golden["io/png_shape"].tolist()
    off = np.abs(strided(grid[..., ::-1], 4096).astype(int) - golden["io/png"])
    assert (off <= 2).mean() > 0.99

    _, face = scene.double()
    tddfa_output.write_mesh(tmp_path / "face.obj", face.camera[0].numpy(), scene.data.face.triangles, face.color[0].numpy())
    lines = (tmp_path / "face.obj").read_text().splitlines()
    vertices = [line for line in lines if line.startswith("v ")]
    # The extracted texture's colours are blended by OpenCV and compared as a whole elsewhere: here the places only.
    for name, numbers in (("pcaTex", 6), ("extractTex", 3)):
        assert [len(vertices), sum(line.startswith("f ") for line in lines)] == golden[f"io/obj_{name}/counts"][1:].tolist()
        first = golden[f"io/obj_{name}/first_lines"]
        for ours, theirs in zip(vertices, (line for line in first if line.startswith("v "))):
            np.testing.assert_allclose(
                np.array(ours.split()[1 : 1 + numbers], float), np.array(theirs.split()[1 : 1 + numbers], float), atol=2e-6
            )
        assert all(line in lines for line in first if line.startswith("f "))

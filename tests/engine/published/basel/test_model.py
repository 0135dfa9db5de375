"""The face model's maths against the numbers of the references, and the readers of its files."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy.io import savemat

from engine.geometry.obj import write_obj
from engine.published.basel import coefficients, files, uv_maps
from engine.published.basel.camera import ALIGNED_CAMERA
from engine.published.basel.model import FaceModel, vertex_normals
from engine.published.hrn import stages as hrn
from engine.published.tddfa_v3.files import read_tddfa_model
from engine.wire.errors import ErrorCode, HrnError
from support.golden import models as golden_models
from support.golden.numbers import HrnGolden, Numbers
from support.golden.rules import normal


@pytest.fixture(scope="module")
def mini():
    return FaceModel.build(golden_models.mini_model())


def close(golden: HrnGolden, tolerance: float, **arrays):
    for name, value in arrays.items():
        assert golden.error(name, value).max() <= tolerance, name


def test_synthetic_mini_model_is_the_stored_one():
    golden = HrnGolden("mini_model")
    model = golden_models.mini_model()
    assert golden.equal("tri0", model.triangles)
    assert golden.equal("point_buf0", model.vertex_faces)
    assert golden.equal("keypoints0", model.keypoints)
    assert golden.equal("pos", model.mean)
    close(golden, 1e-6, coeffs=golden_models.mini_coefficients(), uv=golden_models.mini_uv())


def test_hrn_face_model(mini):
    golden = HrnGolden("bfm_basic")
    face = mini(coefficients.split(torch.from_numpy(golden_models.mini_coefficients())))
    close(
        golden,
        5e-5,
        mean_shape_recentred=mini.mean.reshape(-1, 3),
        shape=face.shape,
        world=face.world,
        camera=face.camera,
        proj=face.projection,
        landmarks=face.landmarks,
        normals=face.normals,
        normals_rotated=face.world_normals,
        albedo_vertex=face.texture,
        colour_vertex=face.color,
        rotation=face.rotation.transpose(1, 2),
    )
    assert HrnGolden("ndc").equal("ndc_proj", ALIGNED_CAMERA.clip_matrix())
    np.testing.assert_allclose(by_matrix(face.camera, golden["persc_proj"]), face.projection, rtol=0, atol=1e-4)


def by_matrix(camera_points, matrix):
    """Rows times the references' (3, 3) projection."""
    homogeneous = camera_points.double() @ torch.from_numpy(matrix).double()
    return homogeneous[..., :2] / homogeneous[..., 2:]


def test_deep3d_face_model_read_from_its_file(tmp_path):
    golden = Numbers("deep3d/maths")
    path = tmp_path / "BFM_model_front.mat"
    savemat(path, golden_models.full_model_fields())
    data = files.read_bfm_front(path)
    model = FaceModel.build(data)
    counts = [len(data.triangles), len(data.front_triangles), len(data.front_vertices), int(data.skin.sum())]
    assert np.array_equal(counts, golden["model/n_faces"])
    vector = torch.from_numpy(golden_models.full_coefficients("deep3d", 2)).float()
    np.testing.assert_allclose(vector, golden["model/coeff"], atol=1e-6)
    face = model(coefficients.split(vector))
    some = golden["model/vertex_sample"]
    for name, value, tolerance in (
        ("mean_shape_recentred", model.mean.reshape(-1, 3)[some], 2e-5),
        ("shape", face.shape[:, some], 2e-5),
        ("rotation", face.rotation.transpose(1, 2), 2e-5),
        ("normal", face.normals[:, some], 1e-5),
        ("texture", face.texture[:, some], 1e-5),
        ("color", face.color[:, some], 1e-5),
        ("camera_vertex", face.camera[:, some], 2e-5),
        ("image_xy", face.projection[:, some], 1e-4),
        ("lm68", face.landmarks, 1e-4),
    ):
        np.testing.assert_allclose(value, golden["model/" + name], rtol=0, atol=tolerance, err_msg=name)
    np.testing.assert_allclose(ALIGNED_CAMERA.clip(face.camera[:, some]), golden["render/clip_vertex"], atol=2e-5)
    assert np.array_equal(golden["render/ndc_proj"], ALIGNED_CAMERA.clip_matrix())
    np.testing.assert_allclose(by_matrix(face.camera, golden["model/persc_proj"]), face.projection, rtol=0, atol=1e-4)
    half = np.degrees(np.arctan(ALIGNED_CAMERA.centre / ALIGNED_CAMERA.focal))
    np.testing.assert_allclose(2 * half, golden["render/fov_degrees"], rtol=1e-9)


def test_a_clean_double_precision_face_is_the_same(mini):
    parts = coefficients.split(torch.from_numpy(golden_models.mini_coefficients()))
    precise = mini.to(dtype=torch.float64)(coefficients.Coefficients(*(part.double() for part in parts)))
    np.testing.assert_allclose(mini(parts).projection, precise.projection, atol=2e-4)


def test_gradients_of_what_is_gathered():
    """Normals and offsets read from maps, against the formulas with plain indexing."""
    data = golden_models.mini_model()
    triangles, around = torch.from_numpy(data.triangles), torch.from_numpy(data.vertex_faces)
    uv, weights = torch.from_numpy(golden_models.mini_uv()).double(), torch.from_numpy(normal("weights", (2, 1920, 3)))
    shape = torch.from_numpy(np.stack([data.mean, data.mean[::-1]])).double().requires_grad_(True)
    maps = torch.from_numpy(normal("maps", (2, 3, 20, 30))).requires_grad_(True)

    def normals():
        a, b, c = (shape[:, triangles[:, corner]] for corner in range(3))
        faces = torch.nn.functional.normalize(torch.linalg.cross(a - b, b - c), dim=-1)
        return torch.nn.functional.normalize(torch.cat([faces, 0 * faces[:, :1]], 1)[:, around].sum(2), dim=-1)

    def offsets():
        place = torch.stack([uv[:, 0] * 30, 20 - uv[:, 1] * 20], -1) / torch.tensor([29, 19]) * 2 - 1
        return torch.nn.functional.grid_sample(maps, place.expand(2, 1, -1, -1), padding_mode="border", align_corners=True)[
            :, :, 0
        ].transpose(1, 2)

    for plain, ours, source in (
        (normals, lambda: vertex_normals(shape, triangles, around), shape),
        (offsets, lambda: uv_maps.apply_offsets(maps, uv), maps),
    ):
        results = [(value, torch.autograd.grad((value * weights).sum(), source)[0]) for value in (plain(), ours())]
        for expected, found in zip(*results):
            np.testing.assert_allclose(found.detach(), expected.detach(), atol=1e-10)


@pytest.mark.parametrize(
    "damage, field",
    [
        (lambda fields: fields.pop("idBase"), "idBase"),
        (lambda fields: fields.update(exBase=fields["exBase"][:, :60]), "exBase"),
        (lambda fields: fields.update(tri=fields["tri"] + 5000), "tri"),
        (lambda fields: fields.update(keypoints=fields["keypoints"][:, :67]), "keypoints"),
        (lambda fields: fields["meantex"].__setitem__((0, 5), np.nan), "meantex"),
        (lambda fields: fields.update(point_buf=fields["point_buf"] - 1), "point_buf"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, damage, field):
    fields = mini_fields()
    damage(fields)
    path = tmp_path / "model.mat"
    savemat(path, fields)
    with pytest.raises(HrnError) as caught:
        files.read_bfm_front(path, vertices=None)
    assert caught.value.code == ErrorCode.CHECKPOINT_INVALID
    assert caught.value.details["field"] == field and field in caught.value.message


def test_unreadable_model_files(tmp_path):
    with pytest.raises(HrnError) as caught:
        files.read_bfm_front(tmp_path / "absent.mat")
    assert caught.value.code == ErrorCode.MODEL_MISSING
    savemat(tmp_path / "whole.mat", mini_fields())
    (tmp_path / "cut.mat").write_bytes((tmp_path / "whole.mat").read_bytes()[:5000])
    (tmp_path / "text.mat").write_text("not a matlab file")
    np.save(tmp_path / "pickled.npy", np.array([{"a": 1}], object), allow_pickle=True)
    for read in (
        lambda: files.read_bfm_front(tmp_path / "cut.mat"),
        lambda: files.read_bfm_front(tmp_path / "text.mat"),
        lambda: files.read_bfm_front(tmp_path / "whole.mat"),
        lambda: files.read_npy(tmp_path / "pickled.npy"),
    ):
        with pytest.raises(HrnError) as caught:
            read()
        assert caught.value.code == ErrorCode.CHECKPOINT_INVALID


def test_3ddfa_dictionary():
    content = golden_models.full_tddfa_content()
    model = read_tddfa_model(content)
    assert model.face.keypoints.tolist() == content["ldm68"].tolist()
    assert len(model.part_triangles) == 8 and model.uv.shape == (35709, 2)
    for field, value in (
        ("parallel", content["parallel"][:32]),
        ("ldm106", content["ldm106"][:-1]),
        ("annotation_tri", [np.zeros((2, 2), int)] * 8),
        ("u", "text"),
    ):
        with pytest.raises(HrnError) as caught:
            read_tddfa_model({**content, field: value})
        assert caught.value.code == ErrorCode.CHECKPOINT_INVALID
        assert caught.value.details["field"].startswith(field)


def test_hrns_files_make_its_model(tmp_path):
    paths = {name: tmp_path / name for name in ("model.mat", "uv.npy", "template.obj", "mean.npy", "basis.npy")}
    savemat(paths["model.mat"], mini_fields())
    np.save(paths["uv.npy"], golden_models.mini_uv())
    data = golden_models.mini_model()
    write_obj(paths["template.obj"], data.mean, data.triangles)
    np.save(paths["mean.npy"], np.full((16, 16, 3), 120, np.float32))
    np.save(paths["basis.npy"], np.ones((16 * 16 * 3, 80), np.float32))
    model = hrn.read_hrn_model(*paths.values(), vertices=None, albedo_size=16)
    assert torch.equal(model.raster.corners, golden_models.mini_hrn().raster.corners)
    assert torch.equal(model.face.mean, golden_models.mini_hrn().face.mean) and model.albedo.size == 16
    np.save(paths["uv.npy"], golden_models.mini_uv()[:-1])
    with pytest.raises(HrnError) as caught:
        hrn.read_hrn_model(*paths.values(), vertices=None, albedo_size=16)
    assert caught.value.details["field"] == "uv"
    np.save(paths["uv.npy"], golden_models.mini_uv())
    paths["template.obj"].write_text("v 0 0 0\n")
    with pytest.raises(HrnError) as caught:
        hrn.read_hrn_model(*paths.values(), vertices=None, albedo_size=16)
    assert caught.value.details["field"] == "mesh"


def mini_fields() -> dict[str, np.ndarray]:
    model = dataclasses.asdict(golden_models.mini_model())
    return {
        "meanshape": model["mean"].reshape(1, -1),
        "meantex": model["mean_texture"].reshape(1, -1),
        "idBase": model["identity_basis"],
        "exBase": model["expression_basis"],
        "texBase": model["texture_basis"],
        "tri": model["triangles"] + 1,
        "point_buf": model["vertex_faces"] + 1,
        "keypoints": model["keypoints"][None] + 1,
    }

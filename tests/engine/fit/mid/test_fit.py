"""The mid-frequency stage on a rendered scene of known shape, light and camera."""

from dataclasses import replace

import numpy as np
import pytest

from engine.fit import deformation_map
from engine.fit.mid.deformation import propagate, without_folds
from engine.fit.mid.fit import MidWeights
from engine.fit.mid.registration import landmark_residuals
from engine.fit.skin_surface import skin_surface
from engine.geometry.harmonics import light_normals, sh_basis, shade
from engine.geometry.mesh import face_cross
from engine.system.progress import Progress
from engine.types import Photo
from engine.wire.errors import ErrorCode, HrnError
from support.mid_scene import LIGHT, Scene


@pytest.fixture(scope="module")
def scene(model):
    return Scene(model)


@pytest.fixture(scope="module")
def result(scene):
    with pytest.MonkeyPatch.context() as monkeypatch:
        return scene.fit(monkeypatch)


def test_shading_pulls_the_cheeks_towards_the_truth(scene, result, monkeypatch):
    wanted = (scene.bulge[scene.skin] * scene.normals).sum(1)[scene.cheek]
    careful = (scene.moved(result)[scene.skin] * scene.normals).sum(1)[scene.cheek]
    assert 0.1 * wanted.mean() < careful.mean() < wanted.mean()
    assert result[1].photometric_residual < 0.1
    # One who knows that the paint is even and the face far from the model's can go most of the way.
    sure = scene.fit(monkeypatch, weights=MidWeights(albedo=0.02, fine=1.5, broad=2.0))
    moved = (scene.moved(sure)[scene.skin] * scene.normals).sum(1)[scene.cheek]
    assert np.abs(moved - wanted).mean() < 0.6 * wanted.mean()
    assert np.corrcoef(moved, wanted)[0, 1] > 0.3


@pytest.mark.parametrize("place", [(0, -30.0, 1100), (-150.0, -210.0, 1100)], ids=["in the middle", "in a corner"])
def test_a_wrong_distance_leaves_the_face_where_it_is(model, monkeypatch, place):
    scene = Scene(model, 1100, place)
    scene.coarse = replace(scene.coarse, camera=replace(scene.camera, t=scene.camera.t * 1.03))
    coarse, mid = scene.fit(monkeypatch)
    vertices = model.shape(coarse.identity, coarse.expression)
    beside, _ = landmark_residuals(coarse.camera, model.landmarks(vertices).astype(float), scene.observation.landmarks)
    assert np.linalg.norm(beside.mean(0)) < 1.0


def test_result_is_the_same_twice(scene, result, monkeypatch):
    first, second = result, scene.fit(monkeypatch)
    np.testing.assert_array_equal(first[1].deformation, second[1].deformation)
    np.testing.assert_array_equal(first[1].lighting, second[1].lighting)
    np.testing.assert_array_equal(first[0].identity, second[0].identity)


def test_what_the_mask_hides_is_not_carved_into_the_head(scene, result, monkeypatch):
    """A black bar painted over the forehead leaves it as it is when the mask excludes it."""
    pixels = scene.camera.project(scene.truth)[0]
    brow = pixels[scene.model.part("right_brow", "left_brow") > 0.5, 1].min() - 3
    rows = slice(0, int(brow))
    photo, mask = scene.photo.pixels.copy(), scene.mask.copy()
    photo[rows], mask[rows] = 8, 0
    covered = Scene.__new__(Scene)
    covered.__dict__.update(scene.__dict__)
    covered.photo = Photo(photo, "bar.png", "0" * 64, None)
    plain, hidden = scene.moved(result), covered.moved(covered.fit(monkeypatch, mask))
    forehead = scene.skin[pixels[scene.skin, 1] < brow - 6]
    forehead = forehead[scene.model.template[forehead, 2] > 0]
    assert np.linalg.norm(hidden[forehead] - plain[forehead], axis=1).max() < 1.0
    assert np.linalg.norm(hidden[forehead], axis=1).mean() < 0.8


def test_draft_keeps_the_shape_and_still_finds_the_light(scene, monkeypatch):
    coarse, mid = scene.fit(monkeypatch, quality="draft")
    # Only the features are put in place; teeth go where the lips are.
    assert np.linalg.norm(mid.deformation[scene.skin], axis=1).max() < 2.0
    np.testing.assert_array_equal(coarse.identity, scene.coarse.identity)
    normals = light_normals(scene.camera, scene.normals)
    seen = normals[:, 2] > 0.5
    found = shade(normals[seen], mid.lighting)[:, 0]
    truth = (sh_basis(normals[seen]) @ LIGHT)[:, 0]
    assert np.std(found / truth) / np.mean(found / truth) < 0.06
    assert mid.skin_mask.shape == scene.mask.shape


def test_a_photo_without_skin_leaves_a_usable_result(scene, monkeypatch):
    coarse, mid = scene.fit(monkeypatch, mask=np.zeros_like(scene.mask))
    assert np.isfinite(mid.deformation).all() and np.isfinite(mid.lighting).all()
    assert np.abs(scene.moved((coarse, mid))[scene.skin]).max() < 3


def test_cancel_is_heard_between_steps(scene, monkeypatch):
    calls = []

    def progress(stage, fraction, message):
        assert stage == "mid" and 0 <= fraction <= 1
        calls.append(fraction)
        if len(calls) == 4:
            raise HrnError(ErrorCode.CANCELLED, "Cancelled.")

    with pytest.raises(HrnError) as caught:
        scene.fit(monkeypatch, progress=Progress(progress).stage("mid"))
    assert caught.value.code is ErrorCode.CANCELLED and len(calls) == 4
    assert calls == sorted(calls)


def test_no_triangle_turns_over(scene, result):
    coarse, mid = result
    triangles = skin_surface(scene.model).triangles
    before = face_cross(scene.model.shape(coarse.identity)[scene.skin], triangles)
    after = face_cross((scene.model.shape(coarse.identity) + mid.deformation)[scene.skin], triangles)
    assert np.all((before * after).sum(1) > 0)


def test_folds_are_smoothed_away_and_the_rest_is_kept(model):
    surface = skin_surface(model)
    vertices = model.template[surface.vertices].astype(float)
    offset = np.zeros_like(vertices)
    tip = int(vertices[:, 2].argmax())
    offset[tip] = [9, 9, -9]
    offset[0] = [0, 0, 0.1]
    before = face_cross(vertices, surface.triangles)
    assert ((face_cross(vertices + offset, surface.triangles) * before).sum(1) <= 0).any()
    repaired = without_folds(vertices, surface.triangles, offset)
    assert ((face_cross(vertices + repaired, surface.triangles) * before).sum(1) > 0).all()
    far = np.linalg.norm(vertices - vertices[tip], axis=1) > 40
    np.testing.assert_array_equal(repaired[far], offset[far])


def test_eyeballs_and_teeth_stay_rigid(model):
    surface = skin_surface(model)
    offset = np.random.default_rng(0).normal(size=(len(surface.vertices), 3))
    whole = propagate(model, surface, offset)
    for ball in model.eyeballs:
        assert np.ptp(whole[ball], axis=0).max() < 1e-5
    np.testing.assert_allclose(whole[surface.vertices], offset, rtol=1e-6)
    assert np.isfinite(whole).all()
    shifted = propagate(model, surface, np.tile([1.0, 2, 3], (len(surface.vertices), 1)))
    np.testing.assert_allclose(shifted, np.tile([1, 2, 3], (len(shifted), 1)), atol=1e-5)


def test_deformation_map_holds_each_vertex_at_its_uv(model):
    values = model.template.copy()
    size = 512
    image = deformation_map(model, values, size)
    assert image.shape == (size, size, 3) and image.dtype == np.float32
    quads = np.flatnonzero(model.face_material == 0)[::7]
    centre = model.uv[quads].mean(1)
    column = (centre[:, 0] * size).astype(int)
    row = ((1 - centre[:, 1]) * size).astype(int)
    wanted = values[model.faces[quads]].mean(1)
    error = np.linalg.norm(image[row, column] - wanted, axis=1)
    assert np.median(error) < 1.0
    assert (image == 0).all(-1).mean() > 0.02

"""Ears of rendered heads that stand out, sit and measure differently from the model's."""

import numpy as np
import pytest

from engine.camera import Camera
from engine.fit.features.ears import ear_shift, ears_moved, ears_of
from engine.fit.skin_surface import skin_surface
from engine.geometry.harmonics import light_normals, shade
from engine.geometry.mesh import face_cross, vertex_normals
from engine.render import interpolate, rasterize
from engine.types import Photo
from engine.wire.color import linear_to_srgb

LIGHT = np.zeros((9, 3))
LIGHT[0], LIGHT[1], LIGHT[2], LIGHT[3] = 0.45, 0.08, 0.20, 0.12
STANDING_OUT = np.array([[0.25, 2.0, -4.0, 0.0, 0.10]] * 2)
"""Radians, mm outwards, upwards and forwards, log size of both ears."""
HAIR = (0.02, 0.012, 0.008)


@pytest.fixture(scope="module")
def surface(model):
    return skin_surface(model)


@pytest.fixture(scope="module")
def truth(model, surface):
    head = model.template.astype(float)
    return ears_moved(ears_of(model, surface, head), head, STANDING_OUT)


def rim(model, vertices, side):
    """How far the ear reaches sideways, up and down, mm."""
    points = vertices[model.part(f"{side}_ear") > 0.5]
    return np.array([np.abs(points[:, 0]).max(), points[:, 1].max(), points[:, 1].min()])


def photograph(model, head, yaw=0.0, hidden=(), background=(0.35, 0.45, 0.5), hair_down_to=np.inf, size=480):
    """Photo, camera and skin mask; the mask ends before the ears, whose skin is redder, and hair covers the scalp, the
    `hidden` ears, and of both what lies above a height."""
    turn = np.radians(yaw)
    rotation = np.diag([1.0, -1, -1]) @ np.array([[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]])
    camera = Camera(size, size, 4.2 * size, 4.2 * size, size / 2, size / 2, rotation, np.array([0, -30.0, 1100]))
    raster = rasterize(*camera.project(head), model.triangles, size, size)
    ears = model.part("right_ear", "left_ear")
    paint = np.array([0.62, 0.45, 0.36]) * np.exp(ears[:, None] * [0.0, -0.15, -0.15])
    dark = (model.part("scalp", *hidden) > 0.5) | ((ears > 0.2) & (head[:, 1] > hair_down_to))
    paint[dark] = HAIR
    color = shade(light_normals(camera, vertex_normals(head, model.triangles)), LIGHT) * paint
    image = interpolate(raster, model.triangles, color)
    hit = raster.triangle >= 0
    image[~hit] = background
    skin = hit & ~(dark | (ears > 0.2))[model.triangles].any(1)[raster.triangle]
    return (
        Photo((linear_to_srgb(image) * 255 + 0.5).astype(np.uint8), "ears.png", "0" * 64, None),
        camera,
        skin.astype(np.float32),
    )


def fitted(model, surface, *views):
    out = model.template.astype(float)
    out[surface.vertices] += ear_shift(model, surface, model.template, views)
    return out


def test_ears_that_stand_out_are_found(model, surface, truth):
    found = fitted(model, surface, photograph(model, truth))
    for side in ("right", "left"):
        before, after, wanted = (rim(model, head, side) for head in (model.template, found, truth))
        assert wanted[0] - before[0] > 8
        np.testing.assert_allclose(after, wanted, atol=2.0)


def test_ears_that_are_the_model_s_stay(model, surface):
    found = fitted(model, surface, photograph(model, model.template.astype(float)))
    assert np.abs(found - model.template).max() < 2.0


def test_a_hidden_ear_follows_the_other(model, surface, truth):
    found = fitted(model, surface, photograph(model, truth, hidden=("left_ear",)))
    before, after, wanted = (rim(model, head, "left")[0] for head in (model.template, found, truth))
    assert before + 0.3 * (wanted - before) < after < wanted + 1
    np.testing.assert_allclose(rim(model, found, "right"), rim(model, truth, "right"), atol=2.0)


def test_a_turned_head_shows_one_ear(model, surface, truth):
    found = fitted(model, surface, photograph(model, truth, yaw=30))
    np.testing.assert_allclose(rim(model, found, "left")[1:], rim(model, truth, "left")[1:], atol=2.5)


def test_two_photos_know_more_than_one(model, surface, truth):
    sides = [photograph(model, truth, yaw=yaw) for yaw in (40, -40)]
    off = {
        name: np.abs(np.subtract(*(rim(model, head, "left") for head in (fitted(model, surface, *scenes), truth)))).max()
        for name, scenes in (("one", sides[1:]), ("both", sides), ("all", [*sides, photograph(model, truth)]))
    }
    assert off["both"] < off["one"] and off["all"] < 2.0


def test_hair_over_both_ears_leaves_them_alone(model, surface, truth):
    scene = photograph(model, truth, hidden=("right_ear", "left_ear"))
    assert not ear_shift(model, surface, model.template, [scene]).any()


def test_lobes_below_the_hair_do_not_pull_the_ears_to_the_head(model, surface, truth):
    found = fitted(model, surface, photograph(model, truth, hair_down_to=-38.0))
    for side in ("right", "left"):
        before, after, wanted = (rim(model, head, side) for head in (model.template, found, truth))
        assert before[0] - 2 < after[0] < wanted[0] + 2
        np.testing.assert_allclose(after[2], wanted[2], atol=3.0)


def test_a_background_like_skin_does_not_pull(model, surface):
    """Somebody else's cheek fills what is around the ear: there is no border to be seen."""
    found = fitted(model, surface, photograph(model, model.template.astype(float), background=(0.3, 0.22, 0.17)))
    assert np.abs(found - model.template).max() < 3.0


def test_ears_outside_of_the_photo_are_not_looked_for(model, surface, truth):
    photo, camera, mask = photograph(model, truth)
    middle = slice(170, 310)
    cut = Photo(np.ascontiguousarray(photo.pixels[:, middle]), photo.name, photo.sha256, None)
    scene = cut, camera.cropped(170, 0, 140, 480), mask[:, middle]
    assert not ear_shift(model, surface, model.template, [scene]).any()


def test_nothing_folds_and_nothing_else_moves(model, surface, truth):
    shift = ear_shift(model, surface, model.template, [photograph(model, truth)])
    near = model.part("right_ear", "left_ear")[surface.vertices]
    face = np.abs(model.template[surface.vertices, 2]) < 30
    assert not shift[face & (near < 0.01)].any()
    before = model.template[surface.vertices].astype(float)
    a, b = (face_cross(vertices, surface.triangles) for vertices in (before, before + shift))
    assert (np.einsum("ij,ij->i", a, b) < 0).mean() < 0.005


def test_the_same_twice(model, surface, truth):
    scene = photograph(model, truth)
    np.testing.assert_array_equal(fitted(model, surface, scene), fitted(model, surface, scene))

"""Generated heads and pictures: looks change, shapes and places do not."""

import numpy as np
import pytest

from engine.fit.coarse.population import load_people
from engine.synthetic.anatomy import Anatomy
from engine.synthetic.heads import sample_person
from engine.synthetic.render import Renderer, develop
from engine.synthetic.variety import draw_lamps, draw_sky


@pytest.fixture(scope="module")
def renderer(model):
    return Renderer(model)


@pytest.fixture(scope="module")
def anatomy(model):
    return Anatomy(model)


@pytest.fixture(scope="module")
def person(model, anatomy):
    return sample_person(model, np.random.default_rng(3), anatomy, load_people(model))


def test_anatomy_scales_with_its_amount_and_is_smooth(model, anatomy):
    small, large = (anatomy.field(np.random.default_rng(5), amount) for amount in (0.1, 1.0))
    assert 0.3 < np.linalg.norm(large, axis=1).mean() < 12
    assert np.linalg.norm(small, axis=1).mean() < 0.5 * np.linalg.norm(large, axis=1).mean()
    edges = np.concatenate([model.triangles[:, :2], model.triangles[:, 1:]])
    length = np.linalg.norm(model.template[edges[:, 0]] - model.template[edges[:, 1]], axis=1)
    stretch = np.linalg.norm(large[edges[:, 0]] - large[edges[:, 1]], axis=1) / np.maximum(length, 0.5)
    assert np.percentile(stretch, 99.9) < 0.9  # Nothing folds.


def test_people_lie_around_the_average_face_and_differ_in_what_people_differ_in(model, anatomy):
    people = load_people(model)
    rng = np.random.default_rng(8)
    drawn = np.array([sample_person(model, rng, anatomy, people).identity for _ in range(150)])
    mean = people.mean
    assert 0.75 < drawn.mean(0) @ mean / (mean @ mean) < 1.15
    first = people.modes[0] / np.linalg.norm(people.modes[0])
    rest = np.linalg.svd(people.modes)[2][len(people.modes) :]
    away = drawn - drawn.mean(0)
    assert (away @ first).std() > 2.5 * (away @ rest.T).std(0).mean()


def test_a_varied_picture_shows_the_same_head_at_the_same_place(renderer, person):
    plain = renderer.shoot(person, np.random.default_rng(4))
    varied = renderer.shoot(person, np.random.default_rng(4), varied=True)
    np.testing.assert_array_equal(plain.landmarks, varied.landmarks)
    np.testing.assert_array_equal(plain.hit, varied.hit)
    assert np.abs(plain.light - varied.light)[plain.hit].mean() > 0.02
    assert np.isfinite(varied.light).all() and varied.light[varied.hit].min() >= 0


def test_the_same_seed_gives_the_same_picture(renderer, person):
    first, second = (
        develop(renderer.shoot(person, rng, varied=True), rng, varied=True)
        for rng in (np.random.default_rng(6), np.random.default_rng(6))
    )
    np.testing.assert_array_equal(first, second)
    assert first.shape == (256, 256, 3) and first.dtype == np.uint8 and first.std() > 5


def test_paint_moves_but_irises_stay(renderer):
    values = renderer.static.copy()
    renderer.move_paint(values, np.random.default_rng(1))
    moved = np.linalg.norm(values[:, 3:6] - renderer.static[:, 3:6], axis=1)
    assert moved[renderer.eyes].max() == 0 and np.median(moved) > 0.1
    assert 0 <= values[:, 10].min() and values[:, 10].max() <= 1.001


def test_light_comes_from_unit_directions_with_positive_colors():
    rng = np.random.default_rng(2)
    for _ in range(20):
        lights, soft, colors = draw_lamps(rng)
        directions, shine = draw_sky(rng)
        np.testing.assert_allclose(np.linalg.norm(np.concatenate([lights, directions]), axis=1), 1, atol=1e-9)
        assert soft.min() >= 0 and colors.min() >= 0 and shine.min() >= 0

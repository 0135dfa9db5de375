"""Groups of people by age and weight, and learning to see them."""

import numpy as np
import pytest

from engine.bench.people import TONES
from engine.synthetic.group_train import Seen, learn
from engine.synthetic.groups import AXES, GROUPS, Group, draw_group, group_axes, shares


@pytest.fixture(scope="module")
def axes(model):
    return {axis.name: field for axis, field in zip(AXES, group_axes(model))}


def test_an_adult_has_nothing_of_any_group_and_ages_lie_between_their_neighbors():
    assert not shares(next(group for group in GROUPS if group.name == "adult")).any()
    np.testing.assert_allclose(shares(Group("baby", 1)), [1, 0, 0, 0, 0])
    six = shares(Group("six", 6))
    assert six[0] > 0.3 and six[1] > 0.3 and six[:2].sum() == pytest.approx(1)
    np.testing.assert_allclose(shares(Group("thin", 35, -0.4)), [0, 0, 0, 0, 0.4])


def test_drawn_people_are_of_every_age_and_weight():
    drawn = [draw_group(np.random.default_rng(n)) for n in range(400)]
    years, fat = np.array([g.years for g in drawn]), np.array([g.fat for g in drawn])
    assert (years < 6).mean() > 0.1 and (years > 60).mean() > 0.1 and ((years > 20) & (years < 60)).mean() > 0.2
    assert (fat > 0.5).mean() > 0.08 and (fat < -0.5).mean() > 0.08 and (np.abs(fat) < 0.2).mean() > 0.3


def test_heavy_faces_are_wider_and_thin_ones_narrower_at_the_cheeks(model, axes):
    on, weights = model.landmark_vertices, model.landmark_weights
    for landmark in (187, 411):  # Middle of the cheeks.
        side = np.sign((weights[landmark] @ model.template[on[landmark]])[0])
        outward = {name: float(weights[landmark] @ field[on[landmark], 0]) * side for name, field in axes.items()}
        assert outward["heavy"] > 1.5 and outward["thin"] < -0.5


def test_a_baby_has_a_small_lower_face_and_a_high_forehead(model, axes):
    def height(field, upper, lower):
        points = model.landmarks(model.template + field)
        return float(points[upper, 1] - points[lower, 1])

    def share(field):  # Of the lower face, from the nose to the chin, in the whole.
        return height(field, 2, 152) / height(field, 10, 152)

    adult, child, baby = (share(field) for field in (0 * axes["baby"], axes["child"], axes["baby"]))
    assert baby < child < adult


def test_learning_finds_a_linear_relation_and_how_far_the_guess_follows():
    rng = np.random.default_rng(2)
    true = rng.uniform(0, 1, (4000, 2))
    mixing, response = rng.normal(size=(2, 12)), rng.normal(size=(2, 3))
    features = true @ mixing + 0.02 * rng.normal(size=(4000, 12))
    weight, bias, answered = learn(Seen(features, true @ response + 0.7, true))
    assert np.abs(features @ weight + bias - true).mean() < 0.06
    np.testing.assert_allclose(answered, response, atol=1e-6)


def test_tones_of_skin_go_from_very_light_to_dark():
    angle = [np.degrees(np.arctan2(tone.lab[0] - 50, tone.lab[2])) for tone in TONES]
    assert angle == sorted(angle, reverse=True) and angle[0] > 55 and angle[-1] < -30
    assert all((tone.linear > 0).all() and (tone.linear < 1).all() for tone in TONES)

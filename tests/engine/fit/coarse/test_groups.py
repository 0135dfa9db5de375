"""Babies, children, the elderly, heavy and thin people are not pulled to the average adult."""

from dataclasses import replace

import numpy as np
import pytest

from engine.bench.generated import face_distance
from engine.fit import fit_coarse
from engine.fit.coarse.groups import LowerFace, load_groups
from engine.fit.coarse.population import load_people
from engine.fit.coarse.weights import WEIGHTS
from engine.photo import Landmarker
from engine.synthetic.anatomy import Anatomy
from engine.synthetic.dataset import face_vertices
from engine.synthetic.groups import AXES, Group, group_axes, shares
from engine.synthetic.heads import sample_person
from engine.synthetic.render import Renderer, develop
from engine.types import Photo
from engine.wire.settings import Settings

BLIND = replace(WEIGHTS, group_floor=100.0)


@pytest.mark.parametrize(("group", "gain"), [(Group("baby", 1), 0.85), (Group("heavy", 45, 1.0), 0.85)])
def test_a_rendered_person_of_a_group_is_found_better_than_by_the_average_adult(model, group, gain):
    axes, renderer, landmarker = group_axes(model), Renderer(model), Landmarker()
    found, blind = [], []
    for number in range(3):
        rng = np.random.default_rng([77, number])
        field = np.tensordot(shares(group), axes, 1)
        head = sample_person(model, rng, Anatomy(model), load_people(model), group=field)
        pixels = develop(renderer.shoot(head, rng, side=460, margin=2.4, varied=True), rng, side=400, varied=True)
        photo = Photo(pixels, "person", "0" * 64, None)
        for observation in landmarker.detect(photo):
            for into, weights in ((found, WEIGHTS), (blind, BLIND)):
                fit = fit_coarse(model, photo, observation, Settings(), weights=weights)
                into.append(face_distance(model, head.posed, model.shape(fit.identity, fit.expression), face_vertices(model)))
    assert len(found) >= 2
    assert np.mean(found) < gain * np.mean(blind)


def test_little_of_a_group_counts_as_an_adult_and_much_as_it_is(model):
    groups = load_groups(model)
    floor = WEIGHTS.group_floor
    believed = groups._replace(of_weight=np.zeros(4, bool)).believed(np.array([-0.5, 0.5 * floor, floor, 0.9]))
    np.testing.assert_array_equal(believed[:3], 0)
    assert 0.8 < believed[3] < 0.9


def test_a_covered_lower_face_says_nothing_about_weight_and_a_beard_hides_age(model):
    groups, seen = load_groups(model), np.full(len(AXES), 0.8)
    bare, covered = groups.believed(seen, LowerFace(0.9)), groups.believed(seen, LowerFace(0.05))
    np.testing.assert_array_equal(groups.believed(seen, LowerFace(0.3, 0.6)), 0)
    names = [axis.name for axis in AXES]
    for number, name in enumerate(names):
        assert covered[number] == (0 if name in ("heavy", "thin") else bare[number]) and bare[number] > 0.7


def test_what_is_believed_of_groups_is_what_the_heads_data_say(model):
    groups, axes = load_groups(model), group_axes(model)
    face = face_vertices(model)
    for number in range(len(AXES)):
        believed = np.tensordot(groups.differ[number], model.identity_basis[:, face].astype(float), 1)
        true = axes[number][face]
        believed, true = believed - believed.mean(0), true - true.mean(0)
        assert (believed * true).sum() > 0.6 * np.sqrt((believed**2).sum() * (true**2).sum())
    assert (np.linalg.norm(groups.answered, axis=1) > 0).all()

"""Folds that an action explains go with it, on its own side; the face in the photo stays as it is."""

from __future__ import annotations

import numpy as np
import pytest

from engine.fit.relief.actions import correctives_of
from engine.fit.relief.places import action_amounts, places_on_template
from engine.fit.relief.weights import WEIGHTS


@pytest.fixture(scope="module")
def folds(model):
    """(N, 3) mm: half a millimetre inwards everywhere."""
    return np.tile(np.float32([0, 0, -0.5]), (len(model.template), 1))


def face(model, **actions) -> np.ndarray:
    value = np.zeros(52)
    for name, amount in actions.items():
        value[model.expression_names.index(name)] = amount
    return value


def named(model, found) -> dict[str, np.ndarray]:
    return {model.expression_names[number]: -move[:, 2] for number, move in zip(*found)}


def near(model, place: int) -> np.ndarray:
    return places_on_template(model, WEIGHTS.places)[0][:, place] > 0.9


def test_a_face_at_rest_has_its_folds_at_rest(model, folds):
    numbers, moves = correctives_of(model, face(model), folds)
    assert numbers == () and moves.shape == (0, *folds.shape)


def test_a_smile_takes_the_folds_beside_the_nose_and_none_of_the_brow(model, folds):
    smile = face(model, mouthSmileLeft=0.8, mouthSmileRight=0.8)
    found = named(model, correctives_of(model, smile, folds))
    assert set(found) == {"mouthSmileLeft", "mouthSmileRight"}
    beside = near(model, 0) & (model.template[:, 0] > 10)
    assert 0.15 < (0.8 * found["mouthSmileLeft"][beside]).mean() < 0.5
    assert found["mouthSmileRight"][beside].max() < 1e-6
    assert np.abs(found["mouthSmileLeft"][near(model, 7)]).max() < 0.1


def test_raised_brows_take_the_lines_of_the_forehead(model, folds):
    found = named(model, correctives_of(model, face(model, browInnerUp=0.9), folds))
    assert set(found) == {"browInnerUp"}
    assert (0.9 * found["browInnerUp"][near(model, 7)]).mean() > 0.2


def test_nothing_is_explained_twice_and_weak_actions_do_not_run_away(model, folds):
    value = np.ones(52)
    numbers, moves = correctives_of(model, value, folds)
    together = np.tensordot(value[list(numbers)], moves, 1)
    assert (together[:, 2] <= 0).all() and together[:, 2].min() > -0.5
    weak = correctives_of(model, face(model, mouthSmileLeft=0.1), folds)[1]
    assert np.abs(weak).max() < 0.5


def test_chances_are_those_of_both_sides(model):
    one, _ = action_amounts(model, face(model, mouthSmileLeft=1.0), WEIGHTS.places)
    both, added = action_amounts(model, face(model, mouthSmileLeft=0.5, mouthSmileRight=0.5), WEIGHTS.places)
    np.testing.assert_allclose(one, both)
    assert (added["mouthSmileLeft"] <= both).all()

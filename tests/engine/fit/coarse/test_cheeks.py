"""When blown cheeks are believed, and what the pictures show that they are learnt from."""

import numpy as np
import pytest

from engine.fit.coarse.cheeks import with_seen_cheeks
from engine.synthetic.cheek_pairs import sample_acts, sample_any, sample_puffs


@pytest.fixture
def seen(model):
    def seen(answer, yaw=0.0, bare=1.0, **scores):
        given = np.zeros(52)
        for name, value in scores.items():
            given[model.expression_names.index(name)] = value
        start = np.full(52, 0.01)
        value, limits = with_seen_cheeks(model, start, given, answer, yaw, bare)
        puff = model.expression_names.index("cheekPuff")
        assert np.array_equal(np.delete(value, puff), np.delete(start, puff))
        assert np.isinf(np.delete(limits, puff)).all()
        return value[puff], limits[puff]

    return seen


def test_cheeks_are_as_far_blown_as_seen(seen):
    value, limit = seen(0.75)
    assert value > 0.6
    assert limit < 0.1
    assert seen(0.6)[0] < value
    assert seen(1.3)[0] == 1


@pytest.mark.parametrize(
    "given",
    [
        {"answer": 0.3},
        {"answer": 0.8, "yaw": -40.0},
        {"answer": 0.8, "bare": 0.05},
        {"answer": 0.8, "jawOpen": 0.4},
        {"answer": 0.8, "mouthSmileLeft": 0.6},
    ],
    ids=["full face", "profile", "beard", "open lips", "smile"],
)
def test_what_only_looks_like_blown_cheeks_is_left_as_it_is(seen, given):
    value, limit = seen(**given)
    assert value == 0.01
    assert np.isinf(limit)


def test_people_blow_cheeks_with_closed_lips_and_only_in_one_of_three_pictures(model):
    names = model.expression_names
    puff, jaw = names.index("cheekPuff"), names.index("jawOpen")
    for number in range(20):
        rest, blown, other = sample_puffs(names, np.random.default_rng(number))
        assert rest[puff] == other[puff] == 0
        assert blown[puff] >= 0.3
        assert blown[jaw] <= 0.3 * rest[jaw] + 1e-9


def test_what_people_do_is_added_to_their_faces(model):
    names = model.expression_names
    for number in range(20):
        rng = np.random.default_rng(number)
        rest, *acts = sample_any(names, rng)
        for value in (*acts, sample_acts(names, rng, rest)):
            assert value.min() >= 0
            assert value.max() <= 1
            assert np.abs(value - rest).max() > 0.05 or rest.max() == 1

"""Smiles of one side keep their side; mouths go where they were seen to go."""

import numpy as np
import pytest

from engine.fit.features.sides import with_seen_sides


def values(model, **actions):
    out = np.zeros(52)
    for name, value in actions.items():
        out[model.expression_names.index(name)] = value
    return out


def of(model, expression, *names):
    return [expression[model.expression_names.index(name)] for name in names]


@pytest.mark.parametrize("side, other", [("Left", "Right"), ("Right", "Left")])
def test_a_smile_of_one_side(model, side, other):
    guessed = values(model, mouthSmileLeft=0.4, mouthSmileRight=0.36, cheekSquintLeft=0.2, cheekSquintRight=0.2)
    found = with_seen_sides(model, guessed, values(model, **{"mouthSmile" + side: 0.75, "mouthSmile" + other: 0.15}))
    more, less = of(model, found, "mouthSmile" + side, "mouthSmile" + other)
    assert more > 0.6 and less < 0.15 and more + less == pytest.approx(0.76)
    more, less = of(model, found, "cheekSquint" + side, "cheekSquint" + other)
    assert more > 0.3 and less < 0.1


def test_an_ordinary_smile_stays_as_it_was(model):
    guessed = values(model, mouthSmileLeft=0.5, mouthSmileRight=0.4, mouthLeft=0.03, mouthPucker=0.1)
    seen = values(model, mouthSmileLeft=0.8, mouthSmileRight=0.75, mouthLeft=0.08, mouthRight=0.1, mouthPucker=0.5)
    np.testing.assert_array_equal(with_seen_sides(model, guessed, seen), guessed)


def test_a_mouth_drawn_to_a_side_and_puckered_lips(model):
    found = with_seen_sides(model, np.zeros(52), values(model, mouthRight=0.35, mouthPucker=0.95))
    right, left, pucker = of(model, found, "mouthRight", "mouthLeft", "mouthPucker")
    assert right > 0.5 and left == 0 and pucker > 0.6

"""What both eyes look outwards belongs to the head, not to the facial actions."""

import numpy as np
import pytest

from engine.fit.features.gaze import level_gaze, look_alike


def values(model, **actions):
    out = np.zeros(52, np.float32)
    for name, value in actions.items():
        out[model.expression_names.index(name)] = value
    return out


def turns(model, expression):
    """Left and right eye, outwards."""
    value = dict(zip(model.expression_names, expression))
    return [value["eyeLookOut" + side] - value["eyeLookIn" + side] for side in ("Left", "Right")]


def irises(model, vertices):
    return model.landmarks(vertices)[[468, 473], 0]


@pytest.mark.parametrize("left, right", [(0.3, 0.3), (0.1, 0.5), (0.6, 0.0)])
def test_the_face_looks_the_same_and_relaxed_straight_ahead(model, left, right):
    given = values(model, eyeLookOutLeft=left, eyeLookOutRight=right, mouthSmileLeft=0.4, eyeLookDownLeft=0.2)
    (expression,), shift = level_gaze(model, [given])
    assert turns(model, expression) == pytest.approx([(left - right) / 2, (right - left) / 2], abs=1e-6)
    before, after = model.shape(np.zeros(1), given), model.shape(np.zeros(1), expression) + shift
    assert np.linalg.norm(after - before, axis=1).max() < 0.5
    np.testing.assert_allclose(irises(model, after), irises(model, before), atol=0.25)
    relaxed = irises(model, model.template + shift) - irises(model, model.template)
    assert -relaxed[0] == pytest.approx(relaxed[1], abs=1e-3) and 1.3 < relaxed[1] < 1.9
    others = [name for name in model.expression_names if not name.startswith(("eyeLookOut", "eyeLookIn"))]
    for name in others:
        number = model.expression_names.index(name)
        assert expression[number] == given[number]


def test_an_iris_that_was_seen_badly_does_not_turn_the_head_s_eyes(model):
    for given in (values(model, eyeLookOutLeft=1.0, eyeLookOutRight=1.0), values(model, eyeLookInLeft=0.5, eyeLookInRight=0.5)):
        _, shift = level_gaze(model, [given])
        relaxed = irises(model, model.template + shift) - irises(model, model.template)
        assert 0.6 < relaxed[1] < 2.6


def test_several_photos_share_the_first_one_s(model):
    first, second = (
        values(model, eyeLookOutLeft=0.2, eyeLookOutRight=0.4),
        values(model, eyeLookInLeft=0.4, eyeLookOutRight=0.9),
    )
    (one, other), shift = level_gaze(model, [first, second])
    np.testing.assert_array_equal(shift, level_gaze(model, [first])[1])
    assert turns(model, one) == pytest.approx([-0.1, 0.1], abs=1e-6)
    assert turns(model, other) == pytest.approx([-0.7, 0.6], abs=1e-6)
    assert one.dtype == first.dtype and first[model.expression_names.index("eyeLookOutLeft")] == np.float32(0.2)


def test_crossed_eyes_tell_nothing_of_how_they_look_at_rest(model):
    given = values(model, eyeLookInLeft=0.4, eyeLookInRight=0.5)
    (expression,), shift = level_gaze(model, [given])
    assert turns(model, expression) == pytest.approx([-0.7, -0.8], abs=1e-6)
    np.testing.assert_array_equal(shift, level_gaze(model, [values(model, eyeLookOutLeft=0.3, eyeLookOutRight=0.3)])[1])


@pytest.mark.parametrize("left", [0.3, 0.9, 0.0])
def test_a_shut_eye_looks_where_the_other_one_does(model, left):
    given = values(model, eyeLookOutLeft=left, eyeLookUpLeft=0.2, eyeLookInRight=0.7, eyeLookDownRight=0.8)
    alike = look_alike(model, given, [0])
    (expression, seen), _ = level_gaze(model, [given, given], [[0], []])
    assert turns(model, expression) == pytest.approx([left - 0.3, 0.3 - left], abs=1e-6)
    assert turns(model, seen)[1] != pytest.approx(0.3 - left)
    number = model.expression_names.index
    assert alike[number("eyeLookUpRight")] == alike[number("eyeLookUpLeft")] and alike[number("eyeLookDownRight")] == 0


def test_two_shut_eyes_look_straight_ahead(model):
    given = values(model, eyeLookOutLeft=0.9, eyeLookInRight=0.7, eyeLookDownRight=0.8)
    (expression,), _ = level_gaze(model, [given], [[0, 1]])
    assert np.abs(expression).max() < 1e-6

"""What one side does alone comes back from landmarks; tongues are believed from a score on."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from engine.camera import orbit_camera
from engine.fit.coarse import one_sided as module
from engine.fit.coarse.one_sided import ONE_SIDED, mirror_difference, one_sided, seen_differences
from engine.fit.coarse.solver import Pose
from engine.fit.coarse.tongue import with_seen_tongue
from engine.photo import Bite


@pytest.fixture(scope="module")
def look(model):
    """Landmarks of the mean head as the learnt file says that they follow an action, and what is made of them."""
    identity, learnt = np.zeros(len(model.identity_basis)), module._learnt()
    vertices = model.shape(identity, np.zeros(52, np.float32))

    def answer(name=None, amount=0.0, yaw=0.0, bare=1.0, **scores):
        camera = orbit_camera(vertices, yaw=yaw, width=640, height=640)
        points = model.landmarks(vertices).astype(float)
        if name:
            move = amount * learnt.moves[ONE_SIDED.index(name)]
            points[:, :2] += move
        seen = np.zeros(52)
        for action, value in scores.items():
            seen[model.expression_names.index(action)] = value
        observation = SimpleNamespace(landmarks=camera.project(points)[0], blendshapes=seen)
        return one_sided(model, Pose(camera, identity, np.zeros(52)), observation, bare)

    return answer


def of(model, values, *names):
    return [values[model.expression_names.index(name)] for name in names]


def test_a_face_at_rest_stays_at_rest(look):
    assert np.abs(look()).max() < 0.02


@pytest.mark.parametrize("name", ["jaw", "mouth", "mouthSmile"])
@pytest.mark.parametrize("side, other, sign", [("Left", "Right", 1), ("Right", "Left", -1)])
def test_each_side_comes_back(model, look, name, side, other, sign):
    does, rests = of(model, look(name, 0.8 * sign), name + side, name + other)
    assert does > 0.4 and rests < 0.05


def test_a_brow_is_raised_or_the_other_one_lowered_as_the_scores_say(model, look):
    names = ("browOuterUpLeft", "browDownRight")
    up, down = of(model, look("browOuterUp", 0.9, browOuterUpLeft=0.3), *names)
    assert up > 0.35 and down < 0.1
    up, down = of(model, look("browOuterUp", 0.9, browDownRight=0.5, browDownLeft=0.1), *names)
    assert down > 0.35 and up < 0.1


def test_who_turns_away_or_has_a_beard_is_not_believed(model, look):
    assert of(model, look("jaw", 0.8, yaw=35), "jawLeft")[0] < 0.02
    assert of(model, look("jaw", 0.8, bare=0.1), "jawLeft")[0] < 0.02


def test_a_small_asymmetry_is_the_persons(look):
    assert np.abs(look("jaw", 0.15)).max() < 0.1


def test_landmarks_at_their_mirror_images_do_not_differ(model):
    vertices = (model.template + model.template[model.mirror] * [-1, 1, 1]) / 2
    camera = orbit_camera(vertices, yaw=0.0, width=640, height=640)
    odd = mirror_difference(model, camera, vertices, camera.project(model.landmarks(vertices).astype(float))[0])
    assert np.abs(odd.away[odd.seen]).max() < 0.3
    assert seen_differences(odd, 90.0) == {}


def test_a_tongue_needs_a_clear_answer_and_an_open_jaw(model):
    shut = np.zeros(52)
    shut[model.expression_names.index("mouthClose")] = 0.3
    np.testing.assert_array_equal(with_seen_tongue(model, shut, 0.48), shut)
    tongue, jaw, close = of(model, with_seen_tongue(model, shut, 0.8), "tongueOut", "jawOpen", "mouthClose")
    assert tongue > 0.8 and jaw >= 0.1 and close == 0


def test_teeth_that_fill_the_opening_leave_no_tongue_through(model):
    def tongue(bite):
        return of(model, with_seen_tongue(model, np.zeros(52), 0.8, bite), "tongueOut")[0]

    teeth = Bite(0.9, None, 10.0)
    assert tongue(teeth) == 0 and tongue(replace(teeth, upper=0.5, lower=0.7)) == 0
    assert tongue(replace(teeth, upper=0.3)) > 0.8 and tongue(replace(teeth, upper=0.0)) > 0.8

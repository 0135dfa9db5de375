"""A smile with teeth is lips apart over a closed jaw."""

import numpy as np
import pytest

from engine.camera import Camera
from engine.fit.jaw import bite_shift, with_seen_jaw
from engine.fit.registration import fit_actions
from engine.head import load_head_model
from engine.head.model import MATERIALS


@pytest.fixture(scope="module")
def model():
    return load_head_model()


@pytest.mark.parametrize("score, guess, least, most", [(0.0, 0.4, 0, 0.05), (0.02, 0.35, 0, 0.1), (0.6, 0.5, 0.5, 0.5),
                                                       (0.3, 0.9, 0.3, 0.5)])
def test_the_jaw_opens_no_further_than_was_seen(model, score, guess, least, most):
    jaw = model.expression_names.index("jawOpen")
    scores, expected = np.zeros(52), np.full(52, 0.2)
    scores[jaw], expected[jaw] = score, guess
    found = with_seen_jaw(model, expected, scores)
    assert least <= found[jaw] <= most and (np.delete(found, jaw) == 0.2).all() and expected[jaw] == guess


def test_lips_part_over_a_jaw_that_was_seen_closed(model):
    names = model.expression_names
    lips = [names.index(n) for n in ("mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight")]
    truth = np.zeros(52, np.float32)
    truth[lips] = 0.6
    camera = Camera(800, 800, 3200.0, 3200.0, 400.0, 400.0, np.diag([1.0, -1.0, -1.0]), np.array([0.0, -30.0, 900.0]))
    shape = model.shape(np.zeros(len(model.identity_basis), np.float32), truth)
    found = fit_actions(model, camera, model.template.astype(float), np.zeros(52), camera.project(model.landmarks(shape))[0])
    assert found[names.index("jawOpen")] < 0.05 and found[lips].mean() > 0.3


def _posed(model, **values):
    expression = np.zeros(52, np.float32)
    for name, value in values.items():
        for side in ("Left", "Right") if name not in model.expression_names else ("",):
            expression[model.expression_names.index(name + side)] = value
    return model.shape(np.zeros(len(model.identity_basis), np.float32), expression), expression


def test_a_grin_shows_the_upper_teeth_down_to_the_lower_lip(model):
    posed, expression = _posed(model, mouthUpperUp=1.0, mouthLowerDown=1.0)
    shift = bite_shift(model, posed, expression)
    teeth = np.unique(model.faces[model.face_material == MATERIALS.index("teeth")])
    moved = np.abs(shift[:, 1]) > 0
    assert moved[teeth].all() and moved.sum() == len(teeth) and np.abs(shift[:, [0, 2]]).max() == 0
    upper, lower = model.landmarks(posed)[[13, 14], 1]
    after = (posed + shift)[teeth]
    edge = after[:, 1][(after[:, 2] > after[:, 2].max() - 6)]
    near = edge[np.abs(edge - (lower + 0.2 * (upper - lower))).argmin()]
    assert lower < near < lower + 0.5 * (upper - lower)


@pytest.mark.parametrize("values", [{}, {"jawOpen": 0.6}])
def test_teeth_stay_behind_closed_lips_and_in_an_open_jaw(model, values):
    assert not bite_shift(model, *_posed(model, **values)).any()

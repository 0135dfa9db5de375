"""People with actions of one side, blown cheeks and tongues."""

import numpy as np

from engine.head.model import MATERIALS
from engine.synthetic.action_heads import bent_tongue, sample_actions


def test_every_kind_of_action_is_drawn_on_either_side(model):
    names = model.expression_names
    drawn = np.array([sample_actions(names, np.random.default_rng(n)) for n in range(400)])
    assert drawn.min() >= 0 and drawn.max() <= 1
    for name in ("browOuterUp", "noseSneer", "mouthSmile", "jaw", "mouth"):
        left, right = (drawn[:, names.index(name + side)] for side in ("Left", "Right"))
        assert (left - right > 0.3).sum() >= 4 and (right - left > 0.3).sum() >= 4, name
    out = drawn[:, names.index("tongueOut")] > 0
    assert 0.1 < out.mean() < 0.3
    assert (drawn[out, names.index("jawOpen")] > 0).all() and (drawn[out, names.index("mouthClose")] == 0).all()


def test_a_tongue_hangs_down_before_the_lips_and_nothing_else_moves(model):
    tongue = np.unique(model.faces[model.face_material == MATERIALS.index("tongue")])
    action = model.expression_basis[model.expression_names.index("tongueOut")]
    posed = model.template + action
    bent = bent_tongue(model, posed, 1.0, 1.0, 0.0, 1.3, 1.0)
    rest = np.setdiff1d(np.arange(len(posed)), tongue)
    np.testing.assert_array_equal(bent[rest], posed[rest])
    tip = tongue[np.argmax(posed[tongue, 2])]
    assert bent[tip, 1] < posed[tip, 1] - 5 and bent[tip, 2] < posed[tip, 2]
    np.testing.assert_allclose(bent_tongue(model, model.template, 0.0, 1.0, 0.3, 1.3, 1.3), model.template, atol=1e-4)

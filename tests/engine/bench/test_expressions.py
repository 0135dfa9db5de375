"""What the benchmark of known expressions prints."""

import numpy as np

from engine.bench import expressions
from engine.bench.expressions import POSES, missed_goals, shown_actions


def test_both_sides_of_what_an_expression_has_are_shown(model):
    shown = shown_actions({"eyeBlinkLeft": 0.9, "jawOpen": 0.3, "mouthRight": 0.5}, model.expression_names)
    assert shown == ["eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthRight", "mouthLeft"]


def test_expressions_are_those_of_the_head(model):
    assert {name for pose in POSES for name in pose} <= set(model.expression_names)


def test_a_table_of_means(model, monkeypatch, capsys, tmp_path):
    """With heads whose fits are known, one of which no face was found of."""
    found = iter([(0.6, 8.0), (0.8, 6.0), None, None])

    class Head:
        def fitted(self, *_):
            value = next(found, None)
            if value is None:
                return None
            actions = np.zeros(52)
            actions[model.expression_names.index("eyeBlinkRight")] = value[0]
            return expressions._Fit(actions, np.array([[0.0, 9.0], [0.5, value[1]]]))

    class Nobody:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(expressions._Head, "of", staticmethod(lambda path: Head()))
    monkeypatch.setattr(expressions, "Landmarker", Nobody)
    assert expressions.main(["a", "b", "--yaw", "0", "45", "--only", "cheekSquintRight", "--lang", "en"]) == 0
    lines = capsys.readouterr().out.splitlines()
    wink = next(line.split() for line in lines if line.startswith("eyeBlinkRight"))
    assert wink == ["eyeBlinkRight", "0.90", "0.70", "-"]


def test_goals_that_are_missed(model):
    names = model.expression_names

    def values(**actions):
        out = np.zeros((2, 52))
        for name, value in actions.items():
            out[:, names.index(name)] = value
        return out

    assert missed_goals({"jawLeft": 0.8}, names, values(jawLeft=0.6)) == []
    assert missed_goals({"jawLeft": 0.8}, names, values(jawLeft=0.1, jawRight=0.5)) == ["jawLeft 0.10", "jawRight 0.50"]
    assert missed_goals({"tongueOut": 1.0, "jawOpen": 0.35}, names, values()) == ["tongueOut 0.00"]
    assert missed_goals({}, names, values(browOuterUpLeft=0.3, browOuterUpRight=0.28)) == []
    assert missed_goals({}, names, values(tongueOut=0.4)) == ["tongueOut 0.40"]

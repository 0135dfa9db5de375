"""No strand of a group lies in the head in the end: what passes through an ear or an eye is lifted out, what goes deeper is cut."""

import numpy as np
import pytest

from engine.bench.hair_metrics import depth_in_head, refined
from engine.hair.emerged import Solid, emerged
from engine.hair.types import Strands, no_strands
from engine.head.model import MATERIALS
from engine.head.subdivision import subdivided

POINTS = 24


@pytest.fixture(scope="module")
def solid(model):
    return Solid(model, model.template)


def straight(starts, ends):
    """Strands of even points between (n, 3) places."""
    share = np.linspace(0, 1, POINTS)[:, None]
    points = starts[:, None] + share * (ends - starts)[:, None]
    rows = {name: np.zeros((len(points), *value.shape[1:]), value.dtype) for name, value in vars(no_strands(POINTS)).items()}
    return Strands(**(rows | {"points": points.astype(np.float32)}))


def deepest(model, strands):
    """mm in the subdivided head, at the points of strands and at seven places between two."""
    fine, finer = subdivided(model)
    solid = np.repeat(np.isin(fine.face_material, [MATERIALS.index("skin"), MATERIALS.index("eyes")]), 2)
    every = refined(strands.points, 8 * POINTS - 7)
    return depth_in_head(every, finer @ model.template.astype(float), fine.triangles[solid]).worst


def falling_on(model, part):
    """Strands that fall from beside the skull straight through an ear."""
    ear = model.template[model.part(part) > 0.8].astype(float)
    middle = ear.mean(0) + np.array([1.5, 0, 4]) * np.random.default_rng(1).normal(0, 1, (30, 3))
    outwards = np.array([np.sign(ear[:, 0].mean()), 0, 0])
    return straight(middle + [0, 45, 0] + 12 * outwards, middle - [0, 45, 0] - 2 * outwards)


@pytest.mark.parametrize("part", ["left_ear", "right_ear"])
def test_what_falls_through_an_ear_goes_round_it(model, solid, part):
    before = falling_on(model, part)
    assert deepest(model, before) > 2
    after = emerged(before, solid)
    assert len(after.points) > 0.7 * len(before.points)
    assert deepest(model, after) < 1
    assert np.linalg.norm(np.diff(after.points, axis=1), axis=2).max() < 8, "no strand jumps"


def test_a_fringe_through_an_eye_comes_out_before_it(model, solid):
    eye = model.template[model.eyeballs[0]].astype(float)
    middle = (eye.min(0) + eye.max(0)) / 2
    before = straight(middle + np.array([[0, 30.0, 32.0]]), middle + np.array([[0, -4.0, 9.0]]))
    assert deepest(model, before) > 2
    assert deepest(model, emerged(before, solid)) < 1


def test_a_strand_that_enters_the_skull_ends_there(model, solid):
    top = model.template[model.template[:, 1].argmax()].astype(float)
    before = straight(top + np.array([[0, 20.0, 0]]), top - np.array([[0, 60.0, 0]]))
    after = emerged(before, solid)
    assert after.points[0, -1, 1] > top[1] - 2
    assert np.ptp(after.points[0, :, 1]) > 15


def test_a_strand_that_begins_inwards_is_left_out_with_all_that_belongs_to_it(model, solid):
    top = model.template[model.template[:, 1].argmax()].astype(float)
    lost = straight(top[None], top[None] - [[0, 60.0, 0]])
    kept = straight(top[None] + [[0, 1.0, 0]], top[None] + [[0, 30.0, 0]])
    both = Strands(**{name: np.concatenate([getattr(lost, name), value]) for name, value in vars(kept).items()})
    both.source[:] = 1, 2
    after = emerged(both, solid)
    assert after.source.tolist() == [2] and len(after.color) == 1
    assert np.array_equal(after.points, kept.points)


def test_a_group_without_strands_stays_one(solid):
    assert len(emerged(no_strands(POINTS), solid).points) == 0

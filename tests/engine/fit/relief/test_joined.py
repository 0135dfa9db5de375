"""Folds that several photos show come together on one head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.fit.relief.fit import read_relief, with_relief
from engine.fit.relief.heights import Part, joint_heights, placed
from engine.fit.relief.joined import shares_of, with_joint_relief
from engine.fit.relief.places import places_on_template
from engine.fit.relief.weights import WEIGHTS
from engine.types import View
from engine.wire.settings import Settings
from support.relief_scene import lit, nasolabial, relief_scene

TURNS = (0.0, 25.0, -25.0)


@pytest.fixture(scope="module")
def scenes(model):
    return [relief_scene(model, turn) for turn in TURNS]


@pytest.fixture(scope="module")
def views(model, scenes) -> list[View]:
    """Three noisy photos of one fold."""
    return [lit(scene, nasolabial(scene, model, 0.8), noise=0.008, seed=number) for number, scene in enumerate(scenes)]


@pytest.fixture(scope="module")
def joined(model, views) -> list[View]:
    return with_joint_relief(model, views)


def on_head(model, views: list[View]) -> np.ndarray:
    """(N,) mm: the height of views' reliefs at the vertices."""
    parts = []
    for view in views:
        relief = view.mid.relief
        place = placed(model, relief, model.posed(view) - relief.offset)
        share = 1.0 if relief.share is None else np.stack([relief.share, relief.share[model.mirror]], 1)
        parts.append(Part(relief, relief.height, place, share))
    return joint_heights(parts)


def fold(model) -> np.ndarray:
    """(N,) distance from the middle of the fold, mm."""
    marks = model.landmarks(model.template)
    return np.linalg.norm(model.template - (marks[358] + [8, -5, 0] + marks[291] + [9, 7, 0]) / 2, axis=1)


def test_all_photos_have_one_head(model, views, joined):
    first = joined[0].mid
    for view in joined:
        np.testing.assert_array_equal(view.mid.deformation, first.deformation)
        np.testing.assert_allclose(model.posed(view), model.posed(joined[0]), atol=1e-4)
    assert np.abs(first.deformation).max() > 0.03
    carried = first.deformation - views[0].mid.deformation
    np.testing.assert_allclose(carried, first.relief.at_rest(joined[0].coarse.expression), atol=1e-5)


def test_three_photos_show_a_fold_more_surely_than_one(model, views, joined):
    alone = on_head(model, [with_relief(model, views[0])])
    together, away = on_head(model, joined), fold(model)
    assert together[away < 4].mean() < -0.03
    plain = (model.template[:, 2] > 20) & (away > 25) & (model.template[:, 0] > 0) & (np.abs(alone) > 0)
    assert plain.sum() > 50
    # What is left on plain skin is next to nothing: less than a hundredth of a millimetre is not compared.
    clear = [height[away < 4].mean() / max(height[plain].std(), 0.01) for height in (together, alone)]
    assert clear[0] < 0.8 * clear[1] < 0


def test_what_one_photo_alone_shows_is_taken_from_it(model, views):
    hidden = [replace(view, mid=replace(view.mid, skin_mask=np.zeros_like(view.mid.skin_mask))) for view in views[1:]]
    found = with_joint_relief(model, [views[0], *hidden])
    alone = read_relief(model, views[0])
    assert [view.mid.relief is None for view in found] == [False, True, True]
    near = alone.known > 0.95
    short = found[0].mid.relief.height[near]
    assert np.corrcoef(short, alone.height[near])[0, 1] > 0.9


def test_photos_that_disagree_leave_less(model, scenes, views):
    other = [lit(scene, -nasolabial(scene, model, 0.8), noise=0.008, seed=5) for scene in scenes[1:]]
    away = fold(model) < 4
    same, against = (on_head(model, with_joint_relief(model, some))[away].mean() for some in (views, [views[0], *other]))
    assert abs(against) < 0.5 * abs(same)


def test_waves_that_the_matches_have_measured_are_not_added_again(model, views, joined):
    measured = np.full(len(model.template), WEIGHTS.split.mesh_mm, np.float32)
    fine = with_joint_relief(model, [replace(view, mid=replace(view.mid, measured=measured)) for view in views])[0]
    moved, free = (np.abs(view.mid.relief.offset).max() for view in (fine, joined[0]))
    assert moved < 0.3 * free
    assert np.abs(fine.mid.relief.height).max() > 0.2 * np.abs(joined[0].mid.relief.height).max()


def test_a_smile_tells_nothing_of_the_folds_of_a_face_at_rest(model, views):
    smile = np.zeros(52, np.float32)
    for side in ("Left", "Right"):
        smile[model.expression_names.index(f"mouthSmile{side}")] = 0.9
    smiling = replace(views[1], coarse=replace(views[1].coarse, expression=smile))
    posed = [model.posed(view) for view in (views[0], smiling)]
    _, share = shares_of(model, [views[0], smiling], posed, WEIGHTS)
    near, _ = places_on_template(model, WEIGHTS.places)
    beside = near[:, 0] > 0.9
    assert share[beside].max() == 0
    assert share[near[:, 7] > 0.9].mean() > 0.3


def test_one_photo_that_shapes_the_head_is_read_as_alone(model, views):
    others = [replace(view, share=0.0) for view in views[1:]]
    found = with_joint_relief(model, [views[0], *others])
    np.testing.assert_array_equal(found[0].mid.deformation, with_relief(model, views[0]).mid.deformation)
    np.testing.assert_array_equal(found[1].mid.deformation, found[0].mid.deformation)


def test_a_draft_has_none(model, views):
    assert all(view.mid.relief is None for view in with_joint_relief(model, views, settings=Settings(quality="draft")))

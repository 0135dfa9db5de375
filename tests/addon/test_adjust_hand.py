"""The hand in Adjust Mode: what the mouse hits, how the mesh follows, the way back."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

from hrn_blender.adjust.camera import PhotoCamera, look_along, project
from hrn_blender.adjust.document import document, pins_from_text, pins_of, pins_to_text
from hrn_blender.adjust.fitted import Fitted
from hrn_blender.adjust.follow import WEIGHTS, begin_drag
from hrn_blender.adjust.hand import Hand
from hrn_blender.adjust.hit import SurfacePoint, nearest_on_screen, point_at, point_near
from hrn_blender.adjust.lines import feature_lines, line_points
from hrn_blender.adjust.pins import History, Pin, PinSet
from hrn_blender.engine.wire.corrections import Locks, Switches
from support.stopwatch import best_of

SIDE = 71
"""Vertices along a side of the test's sheet: about as many as a head has."""


def eye(number: int = 0, turned: bool = False) -> PhotoCamera:
    """A camera half a metre before the sheet, looking along +y with z up; `turned`: from behind."""
    axes = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    place = np.array([0.01, -0.5, 0.02])
    if turned:
        axes, place = axes * np.array([[-1.0], [-1], [1]]), place * (1, -1, 1)
    return PhotoCamera(number, "a.jpg", (0.5,), None, None, 800, 600, 1000.0, 1000.0, 390.0, 310.0, axes, place)


def sheet(eyes: tuple[PhotoCamera, ...] = (eye(),)) -> Fitted:
    """A bulging square of skin, 0.2 m wide, whose outside faces -y; one action lifts it."""
    x, z = np.meshgrid(np.linspace(-0.1, 0.1, SIDE), np.linspace(-0.1, 0.1, SIDE), indexing="ij")
    vertices = np.stack([x, 2 * (x**2 + z**2), z], -1).reshape(-1, 3)
    corner = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    faces = np.stack([corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]], -1).reshape(-1, 4)
    lift = np.zeros((1, len(vertices), 3))
    lift[..., 2] = 0.002
    return Fitted(
        vertices=vertices,
        deformation=np.zeros_like(vertices),
        folds=None,
        deltas=lift,
        names=("lift",),
        values=np.array([0.0]),
        faces=faces,
        material=np.zeros(len(faces), int),
        parts={"scalp": (vertices[:, 2] > 0.05).astype(float)},
        landmark_vertices=np.tile(faces[:10, :3], (48, 1))[:478],
        landmark_weights=np.full((478, 3), 1 / 3),
        eyes=eyes,
    )


@pytest.fixture
def fitted() -> Fitted:
    return sheet()


def test_looking_along_a_pixel_is_projecting_backwards(fitted):
    at, depth = project(fitted.vertices, fitted.eyes[0])
    np.testing.assert_allclose(look_along(at, depth, fitted.eyes[0]), fitted.vertices, atol=1e-12)
    assert at[0, 0] < at[-1, 0] and at[0, 1] > at[-1, 1], "x runs right and y down"


def test_a_pixel_hits_the_point_that_it_shows(fitted):
    point = point_at(fitted, 0, (420.3, 250.7))
    np.testing.assert_allclose(project(point.on(fitted.posed(0)), fitted.eyes[0])[0], (420.3, 250.7), atol=1e-6)
    assert sum(point.weights) == pytest.approx(1) and min(point.weights) >= 0


def test_nothing_is_hit_beside_the_head_behind_it_and_on_teeth():
    assert point_at(sheet(), 0, (5.0, 5.0)) is None
    assert point_at(sheet((eye(turned=True),)), 0, (400.0, 300.0)) is None, "only its inside shows"
    fitted = sheet()
    fitted.material[:] = 2
    assert point_at(fitted, 0, (420.3, 250.7)) is None
    assert point_at(fitted, 3, (420.3, 250.7)) is None, "there is no such photo"


def test_just_beside_the_outline_the_outline_is_meant(fitted):
    right = project(fitted.posed(0), fitted.eyes[0])[0][:, 0].max()
    assert point_at(fitted, 0, (right + 4, 300.0)) is None
    point = point_near(fitted, 0, (right + 4, 300.0), 6)
    assert project(point.on(fitted.posed(0)), fitted.eyes[0])[0][1] == pytest.approx(300.0, abs=0.5)
    assert point_near(fitted, 0, (right + 9, 300.0), 6) is None


def test_the_nearest_of_two_layers_is_hit(fitted):
    behind = fitted.vertices + (0, 0.05, 0)
    both = Fitted(
        **{
            **{name: getattr(fitted, name) for name in fitted.__dataclass_fields__ if not name.startswith("_")},
            "vertices": np.concatenate([behind, fitted.vertices]),
            "deformation": np.zeros((2 * len(behind), 3)),
            "deltas": np.zeros((1, 2 * len(behind), 3)),
            "faces": np.concatenate([fitted.faces, fitted.faces + len(behind)]),
            "material": np.zeros(2 * len(fitted.faces), int),
        }
    )
    assert min(point_at(both, 0, (400.0, 300.0)).vertices) >= len(behind)


def test_the_mesh_follows_a_pin_and_stays_far_away(fitted):
    start, view = fitted.posed(0), fitted.eyes[0]
    point = point_at(fitted, 0, (390.0, 310.0))
    drag = begin_drag(fitted, start, view, point, [], symmetric=False)
    moved = drag.to((402.0, 310.0))
    np.testing.assert_allclose(project(point.on(moved), view)[0], (402.0, 310.0), atol=0.05)
    far = np.linalg.norm(start - point.on(start), axis=1) > WEIGHTS.reach_m
    np.testing.assert_array_equal(moved[far], start[far])
    shift = np.linalg.norm(moved - start, axis=1)
    assert shift.max() <= np.linalg.norm(point.on(moved) - point.on(start)) * 1.02, "nothing runs ahead of the pin"


def test_other_pins_hold_the_mesh(fitted):
    start, view = fitted.posed(0), fitted.eyes[0]
    point, other = point_at(fitted, 0, (390.0, 310.0)), point_at(fitted, 0, (420.0, 310.0))
    moved = begin_drag(fitted, start, view, point, [other], symmetric=False).to((390.0, 290.0))
    assert np.linalg.norm(other.on(moved) - other.on(start)) < 1e-5
    np.testing.assert_allclose(project(point.on(moved), view)[0], (390.0, 290.0), atol=0.05)


def test_symmetric_moves_the_other_side_outwards_too(fitted):
    start, view = fitted.posed(0), fitted.eyes[0]
    point = point_at(fitted, 0, tuple(project(np.array([-0.06, 0.0072, 0.001]), view)[0]))
    moved = begin_drag(fitted, start, view, point, [], symmetric=True).to((240.0, 350.0)) - start
    left, right = moved[start[:, 0] < -0.03], moved[start[:, 0] > 0.03]
    assert left[:, 0].min() < -0.003 and right[:, 0].max() == pytest.approx(-left[:, 0].min(), rel=0.1)
    alone = begin_drag(fitted, start, view, point, [], symmetric=False).to((240.0, 350.0)) - start
    assert not alone[start[:, 0] > 0.03].any()


def test_dragging_is_fast_enough(fitted):
    view, start = fitted.eyes[0], fitted.posed(0)
    point = point_at(fitted, 0, (390.0, 310.0))
    drag = begin_drag(fitted, start, view, point, [], symmetric=True)

    def attempt() -> float:
        began = time.perf_counter()
        drag.to((395.0, 310.0))
        return time.perf_counter() - began

    best_of(attempt, 1 / 60)  # A quarter of the time between two of 15 pictures a second.


def test_the_hand_sets_drags_and_undoes(fitted):
    hand = Hand(fitted, PinSet(), 0)
    assert not hand.press((5.0, 5.0), 8) and not hand.release()
    assert hand.press((400.0, 300.0), 8)
    hand.move((410.0, 300.0))
    assert np.abs(hand.posed - fitted.posed(0)).max() > 1e-3
    assert hand.release() and len(hand.history.present) == 1
    assert hand.history.present.pins[0].pixel == (410.0, 300.0)
    assert hand.press((411.0, 301.0), 8) and len(hand.pins) == 1, "the pin there is taken, no second one set"
    hand.move((421.0, 301.0))
    assert hand.pins.pins[0].pixel == pytest.approx((420.0, 300.0)), "it keeps its distance to the mouse"
    hand.drop()
    assert hand.history.present.pins[0].pixel == (410.0, 300.0)
    assert not hand.remove((500.0, 300.0), 8) and hand.remove((412.0, 300.0), 8)
    assert len(hand.pins) == 0
    assert hand.step_back() and len(hand.pins) == 1
    assert hand.step_back() and len(hand.pins) == 0 and not hand.step_back()
    assert hand.step_forward() and hand.pins.pins[0].pixel == (410.0, 300.0)


def test_a_pin_stays_within_the_photo(fitted):
    hand = Hand(fitted, PinSet(), 0)
    hand.press((400.0, 300.0), 8)
    hand.move((-50.0, 9000.0))
    assert hand.pins.pins[0].pixel == (0.5, 599.5)


def test_the_engines_answer_in_the_middle_of_a_drag_is_gone_on_with(fitted):
    hand = Hand(fitted, PinSet(), 0)
    hand.press((400.0, 300.0), 8)
    hand.move((410.0, 300.0))
    newer = sheet()
    newer.vertices[:, 0] += 0.002
    hand.take(newer)
    _, places, targets = hand.places()
    np.testing.assert_allclose(places, targets, atol=0.1)
    assert hand.release()
    hand.take(newer)
    assert hand.posed is newer.posed(0)


def test_each_photo_has_its_own_pins():
    hand = Hand(sheet((eye(0), eye(2))), PinSet(), 0)
    hand.press((400.0, 300.0), 8)
    hand.release()
    hand.turn_to(1)
    assert hand.photo == 2 and hand.under((400.0, 300.0), 8) is None
    hand.press((420.0, 300.0), 8)
    hand.release()
    hand.turn_to(1)
    assert hand.photo == 0 and [pin.photo for pin in hand.pins] == [0, 2]


def test_history_forgets_what_was_undone():
    history = History(0)
    for state in (1, 2):
        history.push(state)
    assert history.undo() and history.present == 1
    history.push(3)
    assert not history.redo() and history.undo() and history.undo() and not history.undo()


def test_nearest_on_screen_knows_its_reach():
    assert nearest_on_screen(np.zeros((0, 2)), (0, 0), 5) is None
    assert nearest_on_screen(np.array([[0.0, 9], [3, 0]]), (0, 0), 5) == 1
    assert nearest_on_screen(np.array([[0.0, 9]]), (0, 0), 5) is None


def test_lines_lie_on_the_mesh(fitted):
    lines = feature_lines(fitted)
    ends = line_points(lines, fitted.vertices)
    assert ends.shape[1:] == (2, 3) and len(ends) > 100
    np.testing.assert_allclose(line_points(lines, fitted.vertices + 1), ends + 1, atol=1e-9)


def test_pins_come_back_from_text_and_from_corrections():
    pins = PinSet((Pin(1, SurfacePoint((1, 2, 3), (0.2, 0.3, 0.5)), (10.0, 20.0)),))
    assert pins_from_text(pins_to_text(pins), 10) == pins
    assert pins_from_text(pins_to_text(pins), 3) == PinSet(), "it names a vertex that is not there"
    assert pins_from_text("{", 3) == PinSet()
    about = {"name": "a", "sha256": "a", "width": 100, "height": 50}
    manifest = {"head_model_version": "1", "photos": [about | {"sha256": "0"}, about]}
    made = document(manifest, pins, {0: {"ignore": "m.png"}}, Switches(symmetric=True), Locks((), (1,)), {"jaw_width": 2.0})
    assert [photo.sha256 for photo in made.photos] == ["0", "a"] and made.photos[0].ignore == "m.png"
    assert pins_of(made, manifest) == pins
    manifest["photos"][1] |= {"width": 200, "height": 100}
    assert pins_of(made, manifest).pins[0].pixel == (20.0, 40.0)
    del manifest["photos"][1]
    assert pins_of(made, manifest) == PinSet(), "it has no such photo"

"""A smile with teeth is lips apart over a closed jaw."""

from dataclasses import replace

import numpy as np
import pytest

from engine.camera import Camera
from engine.fit.features.jaw import bite_shift, with_seen_jaw
from engine.fit.mid.registration import fit_actions
from engine.head.model import MATERIALS
from engine.photo import Bite, Landmarker, find_bite, load_photo
from engine.photo.regions import SURE_SKIN
from engine.types import FaceObservation, Photo


@pytest.mark.parametrize(
    "score, guess, least, most", [(0.0, 0.4, 0, 0.05), (0.02, 0.35, 0, 0.1), (0.6, 0.5, 0.5, 0.5), (0.3, 0.9, 0.3, 0.5)]
)
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
    assert moved[teeth].all() and moved.sum() == len(teeth) and np.abs(shift[:, 0]).max() == 0
    upper, lower = model.landmarks(posed)[[13, 14], 1]
    after = (posed + shift)[teeth]
    edge = after[:, 1][(after[:, 2] > after[:, 2].max() - 6)]
    near = edge[np.abs(edge - (lower + 0.2 * (upper - lower))).argmin()]
    assert lower < near < lower + 0.5 * (upper - lower)


@pytest.mark.parametrize("values", [{}, {"jawOpen": 0.6}])
def test_teeth_stay_behind_closed_lips_and_in_an_open_jaw(model, values):
    assert not bite_shift(model, *_posed(model, **values))[:, :2].any()


@pytest.mark.parametrize("values", [{}, {"jawOpen": 0.6}, {"mouthPucker": 1.0}])
def test_teeth_lie_right_behind_the_lips_and_the_lower_ones_behind_the_upper(model, values):
    posed, expression = _posed(model, **values)
    shift = bite_shift(model, posed, expression)
    at_rest = model.template + shift
    lip = model.landmarks(model.template)[13, 2]
    upper, lower = (at_rest[row][np.abs(at_rest[row, 0]) < 2, 2].max() for row in _rows(model))
    assert 1 < lip - upper < 7 and 0.5 < upper - lower < 3
    skin = np.ones(len(posed), bool)
    skin[np.concatenate(_rows(model))] = False
    assert not shift[skin].any()


def _rows(model):
    """Vertices of the upper and the lower row of teeth."""
    teeth = np.unique(model.faces[model.face_material == MATERIALS.index("teeth")])
    hanging = np.abs(model.expression_basis[model.expression_names.index("jawOpen")][teeth]).sum(1) > 1
    return teeth[~hanging], teeth[hanging]


def _mouth(rows, skin=(196, 150, 128), opening=60):
    """A photo of a mouth `opening` pixels high between its lips, with teeth in `rows` (shares of the opening), and its
    landmarks."""
    pixels = np.full((600, 600, 3), skin, np.uint8)
    top, left, right = 380, 220, 380
    lips = np.uint8(np.array(skin) * [0.85, 0.6, 0.65])
    pixels[top - 25 : top + opening + 25, left - 20 : right + 20] = lips
    pixels[top : top + opening, left:right] = np.uint8(np.array(skin) * [0.2, 0.1, 0.1])
    for begin, end in rows:
        pixels[top + round(begin * opening) : top + round(end * opening), left:right] = np.uint8(
            np.array(skin) * [1, 1.2, 1.25]
        )
    landmarks = np.full((478, 2), 300, np.float32)
    for polygon, (x, y) in zip(SURE_SKIN, ((180, 300), (420, 300), (300, 260), (300, 120), (300, 520))):
        turn = np.linspace(0, 2 * np.pi, len(polygon), endpoint=False)
        landmarks[list(polygon)] = np.stack([x + 30 * np.cos(turn), y + 20 * np.sin(turn)], 1)
    landmarks[[234, 454]] = (60, 300), (540, 300)
    x = np.linspace(260, 340, 5)
    landmarks[[81, 82, 13, 312, 311]] = np.stack([x, np.full(5, top)], 1)
    landmarks[[178, 87, 14, 317, 402]] = np.stack([x, np.full(5, top + opening)], 1)
    photo = Photo(pixels, "mouth.png", "0" * 64, None)
    return photo, FaceObservation(landmarks, np.zeros(478, np.float32), np.zeros(52, np.float32), 0, 1)


@pytest.mark.parametrize("skin", [(196, 150, 128), (92, 58, 42)])
def test_edges_of_both_rows_of_teeth_are_found(skin):
    found = find_bite(*_mouth([(0.05, 0.45), (0.6, 0.9)], skin))
    assert found.upper == pytest.approx(0.45, abs=0.04) and found.lower == pytest.approx(0.6, abs=0.04)
    assert found.opening_px == pytest.approx(60)


def test_a_row_hidden_behind_the_lip_is_not_made_up():
    assert find_bite(*_mouth([(0, 0.6)])).lower is None


def test_a_row_with_no_dark_below_it_goes_on_behind_the_lower_lip():
    photo, observation = _mouth([(0.05, 0.8)])
    assert find_bite(photo, observation).upper == pytest.approx(0.8, abs=0.04)
    photo.pixels[428:440, 220:380] = photo.pixels[445, 300]  # the lip's wet inside
    found = find_bite(photo, observation)
    assert found.upper == 1 and found.lower is None


@pytest.mark.parametrize("rows", [[(0.05, 1)], [(0, 1)], [(0.3, 1)], [(-0.3, 1.3)]])
def test_a_row_that_reaches_the_lower_lip_goes_on_behind_it(rows):
    found = find_bite(*_mouth(rows))
    assert found.upper == 1 and found.lower is None


@pytest.mark.parametrize(
    "begin, end", [(begin, end) for begin in np.arange(0, 0.85, 0.1) for end in np.arange(0.2, 1.11, 0.1) if end - begin > 0.25]
)
def test_every_row_of_teeth_has_edges_in_order(begin, end):
    found = find_bite(*_mouth([(begin, end)]))
    assert 0 <= found.upper <= 1 and (found.lower is None or found.upper <= found.lower <= 1)


@pytest.mark.parametrize("beside", [(-2000, 0), (2000, 0), (0, -2000), (0, 2000), (-2000, -2000)])
def test_a_mouth_beside_the_photo_shows_no_teeth(beside):
    photo, observation = _mouth([(0.05, 0.45)])
    assert find_bite(photo, replace(observation, landmarks=observation.landmarks + np.float32(beside))) is None


@pytest.mark.parametrize("shift", [240, 262, 300, 350, 440])
def test_a_mouth_at_the_edge_of_the_photo(shift):
    photo, observation = _mouth([(0.05, 0.45), (0.6, 0.9)])
    cut = replace(photo, pixels=np.ascontiguousarray(photo.pixels[:, shift:]))
    found = find_bite(cut, replace(observation, landmarks=observation.landmarks - np.float32([shift, 0])))
    assert found is None or np.isfinite([found.upper, *found.color]).all()


def test_a_thin_line_parts_two_rows_that_touch():
    found = find_bite(*_mouth([(0.05, 0.5), (0.52, 0.95)]))
    assert found.upper == found.lower == pytest.approx(0.51, abs=0.03)


def test_teeth_have_the_photos_color_beside_its_skin():
    found = find_bite(*_mouth([(0.05, 0.45), (0.6, 0.9)], (92, 58, 42)))
    assert found.color == pytest.approx(np.array([1, 1.2, 1.25]) ** 2.2, rel=0.12)


def test_lips_that_only_just_part_say_nothing():
    assert find_bite(*_mouth([(0, 1)], opening=3)) is None


@pytest.mark.parametrize("rows, lower", [([], None), ([(0.6, 0.9)], 0.6)])
def test_an_open_mouth_without_an_upper_row_hides_it_behind_the_lip(rows, lower):
    found = find_bite(*_mouth(rows))
    assert found.upper == 0 and found.lower == (lower and pytest.approx(lower, abs=0.04))


def test_hidden_teeth_are_hidden_in_the_head(model):
    posed, expression = _posed(model, jawOpen=0.4, mouthUpperUp=0.3, mouthLowerDown=0.3)
    lip, (row, hanging) = model.landmarks(posed)[13, 1], _rows(model)
    assert posed[_front(posed, row), 1].min() < lip - 0.2
    hidden = Bite(0.0, None, 60.0)
    shift = bite_shift(model, posed, expression, hidden)
    after = posed + shift
    assert after[_front(after, row), 1].min() == pytest.approx(lip, abs=0.01) and not shift[hanging, 1].any()
    after[row, 1] += 3  # One that is farther up may stay there.
    assert not bite_shift(model, after, expression, hidden)[:, 1].any()
    scores = np.zeros(52)
    scores[model.expression_names.index("jawOpen")] = 0.6
    assert with_seen_jaw(model, scores, scores, Bite(0.0, 0.2, 60.0), 3.0).max() == 0.6


def test_the_dark_between_the_teeth_is_how_far_the_jaw_is_open(model):
    jaw = model.expression_names.index("jawOpen")
    scores, expected = np.zeros(52), np.zeros(52)
    scores[jaw] = expected[jaw] = 0.6
    bite = Bite(0.45, 0.55, 60.0)
    narrow = with_seen_jaw(model, expected, scores, bite, 3.0)[jaw]
    wide = with_seen_jaw(model, expected, scores, Bite(0.3, 0.8, 60.0), 3.0)[jaw]
    assert 0 < narrow < 0.2 and 0.3 < wide < 0.6
    assert with_seen_jaw(model, expected, scores, Bite(0.1, 0.9, 600.0), 3.0)[jaw] == 0.6
    assert with_seen_jaw(model, expected, scores, Bite(0.6, None, 60.0), 3.0)[jaw] == 0.6


def test_teeth_go_where_the_photo_shows_their_edges(model):
    posed, expression = _posed(model, jawOpen=0.2, mouthUpperUp=0.6, mouthLowerDown=0.6)
    bite = Bite(0.45, 0.6, 17.0)
    after = posed + bite_shift(model, posed, expression, bite)
    upper, lower = model.landmarks(posed)[[13, 14], 1]
    row, hanging = _rows(model)
    share = [
        (upper - edge) / (upper - lower)
        for edge in (after[_front(after, row), 1].min(), after[_front(after, hanging), 1].max())
    ]
    assert share == pytest.approx([0.45, 0.6], abs=0.02)


def _front(vertices, row):
    return row[vertices[row, 2] > vertices[row, 2].max() - 6]


def test_teeth_of_a_real_grimace(shared_dir):
    photo = load_photo(shared_dir / "photos" / "multi_3view" / "10086other_3" / "view_1.png")
    with Landmarker() as landmarker:
        found = find_bite(photo, landmarker.detect(photo)[0])
    assert 0.35 < found.upper < found.lower < 0.7


def test_the_lower_row_stays_behind_a_lower_lip_that_lags_behind_the_jaw(model):
    """Landmarks hold the lips where they were; the action alone has moved the teeth aside."""
    aside = np.zeros(52)
    aside[model.expression_names.index("jawLeft")] = 0.5
    action = 0.5 * model.expression_basis[model.expression_names.index("jawLeft")]
    skin = np.unique(model.faces[model.face_material == MATERIALS.index("skin")])
    posed = model.template + action
    posed[skin] = model.template[skin]
    teeth = np.unique(model.faces[model.face_material == MATERIALS.index("teeth")])
    lower = teeth[np.abs(action[teeth, 0]) > 2]
    shift = bite_shift(model, posed, aside)
    middle = float(model.landmarks(posed)[14, 0])
    assert posed[lower, 0].mean() - middle > 2
    assert abs((posed + shift)[lower, 0].mean() - middle) < 0.7
    assert not bite_shift(model, posed, np.zeros(52))[lower, 0].any()

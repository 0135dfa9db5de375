"""What pins, locks, switches and sliders make of a fit. The fit is a head of the model before a known camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.camera import orbit_camera
from engine.corrections.apply import corrected
from engine.corrections.base import Base
from engine.corrections.kinds import KINDS
from engine.corrections.locks import part_of
from engine.corrections.sliders import measure
from engine.fit.skin_surface import skin_surface
from engine.geometry.mesh import face_cross
from engine.wire.corrections import Corrections, Locks, PhotoCorrections, Pin, Switches
from engine.wire.errors import HrnError
from engine.wire.sliders import SLIDERS

JAW, NOSE, MOUTH = 172, 4, 61
"""Landmarks: the right side of the jaw, the tip of the nose, the right corner of the mouth."""


@pytest.fixture(scope="module")
def base(model):
    neutral = model.template.astype(np.float64)
    cameras = tuple(orbit_camera(neutral, yaw=yaw, width=900, height=900) for yaw in (0, 35))
    basis = model.expression_basis.astype(np.float64)
    identity = np.zeros(len(model.identity_basis))
    return Base(
        neutral, np.zeros_like(neutral), basis, np.zeros((2, len(basis))), cameras, ("a", "b"), identity, np.zeros_like(neutral)
    )


def dragged(model, base, *drags, **more):
    """Corrections with pins: (photo, landmark, dx, dy) in pixels from where the landmark is."""
    pins = {"a": [], "b": []}
    for photo, landmark, dx, dy in drags:
        place = model.landmarks(base.posed(photo))[landmark]
        pixel = base.cameras[photo].project(place[None])[0][0] + [dx, dy]
        corners, weights = model.landmark_vertices[landmark], model.landmark_weights[landmark]
        pins[base.photos[photo]].append(Pin(tuple(corners.tolist()), tuple(weights.tolist()), tuple(pixel.tolist())))
    photos = tuple(PhotoCorrections(name, name, (900, 900), tuple(some)) for name, some in pins.items() if some)
    return Corrections(photos=photos, **more)


def moved(model, base, found):
    """(N,) mm by which the head in the first photo moved; its camera moves apart from it."""
    after = found.base.rest + found.offset + np.tensordot(found.actions[0], base.basis, 1)
    return np.linalg.norm(after - base.posed(0), axis=1)


def folded(model, surface, before, after):
    old, new = (face_cross(one[surface.vertices], surface.triangles) for one in (before, after))
    return int((np.einsum("ij,ij->i", old, new) <= 0).sum())


def test_without_pins_the_fit_stays(model, base):
    found = corrected(model, base, Corrections())
    assert not found.offset.any() and found.cameras == base.cameras and np.array_equal(found.actions, base.actions)


def test_pins_are_met_within_a_pixel_in_their_own_photos(model, base):
    found = corrected(model, base, dragged(model, base, (0, JAW, -12, 0), (0, NOSE, 5, 3), (1, MOUTH, -4, 6)))
    assert [round(one.before_px) for one in found.pins] == [12, 6, 7]
    assert max(one.error_px for one in found.pins) < 1 and not found.warnings


def test_what_is_far_from_every_pin_stays(model, base):
    found = corrected(model, base, dragged(model, base, (0, JAW, -15, 0)))
    pinned = model.landmarks(base.rest)[JAW]
    far = (np.linalg.norm(base.rest - pinned, axis=1) > 40) & (model.part("skin", "scalp", "nose", "neck") > 0.5)
    away = moved(model, base, found)
    assert far.sum() > 500 and away[far].max() < 0.3 and away[~far].max() > 1


def test_ten_drags_fold_no_triangle(model, base):
    rng = np.random.default_rng(4)
    marks = (172, 397, 4, 61, 291, 33, 263, 152, 205, 425)
    drags = [(0, one, *rng.normal(0, 14, 2)) for one in marks]
    found = corrected(model, base, dragged(model, base, *drags))
    surface = skin_surface(model)
    assert folded(model, surface, base.rest, base.rest + found.offset) == 0


def test_a_much_narrower_mouth_folds_nothing_and_meets_its_pins(model, base):
    given = dragged(model, base, (0, MOUTH, 14, 0), (0, 291, -14, 0), (0, NOSE, 0, 0), (0, 152, 0, 0))
    found = corrected(model, base, given)
    surface = skin_surface(model)
    assert folded(model, surface, base.rest, base.rest + found.offset) == 0
    assert max(one.error_px for one in found.pins) < 1


def test_corners_of_a_mouth_are_met_however_far_inwards(model, base):
    surface = skin_surface(model)
    for given in (((0, MOUTH, 21, 0), (0, 291, -21, 0)), ((0, MOUTH, 18, 0), (0, NOSE, 0, 0), (0, 152, 0, 0))):
        found = corrected(model, base, dragged(model, base, *given))
        assert folded(model, surface, base.rest, base.rest + found.offset) == 0
        assert max(one.error_px for one in found.pins) < 1 and not found.warnings


AROUND = ((0, JAW, 4, 1), (0, 397, -4, 0), (0, NOSE, 3, 3), (0, MOUTH, 3, 1), (0, 291, -3, 0), (0, 33, 0, 2), (0, 263, 1, 2))
"""Pins that agree with each other: photo, landmark, dx, dy."""


@pytest.mark.parametrize("landmark, feature", [(152, 17), (133, 362), (145, 159), (0, 2)])
def test_a_pin_on_the_wrong_feature_is_outvoted_and_named(model, base, landmark, feature):
    points = base.cameras[0].project(model.landmarks(base.posed(0)))[0]
    wrong = points[feature] - points[landmark]
    found = corrected(model, base, dragged(model, base, *AROUND, (0, feature, 0, 1), (0, landmark, *wrong)))
    alone = corrected(model, base, dragged(model, base, *AROUND, (0, feature, 0, 1)))
    assert [one.outvoted for one in found.pins] == [False] * 8 + [True]
    assert max(one.error_px for one in found.pins[:-1]) < 1 < found.pins[-1].error_px
    assert np.abs(found.offset - alone.offset).max() < 0.6
    ((code, said),) = found.warnings
    assert code == "pin_outvoted" and f"Pin 9 in a is {found.pins[-1].error_px:.1f} pixels off" in str(said)


def test_of_three_pins_on_one_place_the_two_that_agree_win(model, base):
    same = [(0, NOSE, 3, 3), (0, NOSE, 3.5, 3), (0, NOSE, 3, 18)]
    found = corrected(model, base, dragged(model, base, *AROUND[:2], *same))
    assert [one.outvoted for one in found.pins] == [False] * 4 + [True]
    assert max(one.error_px for one in found.pins[:4]) < 1 < 10 < found.pins[4].error_px


def test_a_photo_whose_pin_contradicts_two_others_does_not_win(model, base):
    """Nose and mouth are where both photos agree; then one pin of the second photo belongs elsewhere."""
    both = [(view, one, 0, 0) for view in (0, 1) for one in (NOSE, MOUTH, 291, 168, 33, 263, 152)]
    found = corrected(model, base, dragged(model, base, *both, (1, NOSE, 14, 30)))
    assert [one.outvoted for one in found.pins] == [False] * 14 + [True]
    assert max(one.error_px for one in found.pins[:-1]) < 1


def test_two_pins_of_one_place_without_a_majority_share_it(model, base):
    found = corrected(model, base, dragged(model, base, *AROUND[:2], (0, NOSE, 0, 0), (0, NOSE, 0, 10)))
    assert not any(one.outvoted for one in found.pins) and [code for code, _ in found.warnings] == ["pin_not_met"]
    assert found.pins[2].error_px == pytest.approx(5, abs=0.5) == found.pins[3].error_px


def test_symmetric_moves_both_sides_alike(model, base):
    switches = Switches(symmetric=True, expression=False)
    found = corrected(model, base, dragged(model, base, (0, JAW, -12, 0), switches=switches))
    mirrored = found.offset[model.mirror] * [-1, 1, 1]
    assert np.abs(found.offset).max() > 1 and np.abs(found.offset - mirrored).max() < 0.15
    alone = corrected(model, base, dragged(model, base, (0, JAW, -12, 0), switches=Switches(expression=False)))
    left = base.rest[:, 0] > 20
    assert np.abs(alone.offset[left]).max() < 0.5


def test_rigid_only_moves_the_camera_alone(model, base):
    found = corrected(model, base, dragged(model, base, (0, NOSE, 6, 4), switches=Switches(rigid_only=True)))
    assert not found.offset.any() and not np.array_equal(found.cameras[0].t, base.cameras[0].t)
    assert found.pins[0].error_px < 1 and found.cameras[1] is base.cameras[1]


def test_without_expression_no_action_changes(model, base):
    found = corrected(model, base, dragged(model, base, (0, MOUTH, -6, -6), switches=Switches(expression=False)))
    assert np.array_equal(found.actions, base.actions)


def smiling(model, base):
    """The same head, smiling in the first photo and half as much in the second, looking aside in both."""
    actions = np.zeros_like(base.actions)
    for name, value in (("mouthSmileLeft", 0.6), ("mouthSmileRight", 0.5), ("eyeLookInLeft", 0.4)):
        actions[:, model.expression_names.index(name)] = value, value / 2
    return replace(base, actions=actions)


def test_a_neutral_faces_smile_becomes_the_persons_shape(model, base):
    head = smiling(model, base)
    relaxed = Corrections(switches=Switches(neutral=True))
    found = corrected(model, head, relaxed)
    names = np.array(model.expression_names)
    assert set(names[found.actions.any(0)]) == {"eyeLookInLeft"} and not relaxed.empty
    posed = found.base.rest + found.offset + np.tensordot(found.actions[0], base.basis, 1)
    np.testing.assert_allclose(posed, head.posed(0), atol=1e-6)
    assert np.abs(found.base.rest - head.rest).max() > 3


def test_what_other_photos_show_beyond_the_neutral_one_stays_expression(model, base):
    head = smiling(model, base)
    head = replace(head, actions=head.actions[::-1].copy())
    found = corrected(model, head, Corrections(switches=Switches(neutral=True)))
    posed = found.base.rest + np.tensordot(found.actions[1], base.basis, 1)
    np.testing.assert_allclose(posed, head.posed(1), atol=1e-6)
    assert found.actions[1].max() == pytest.approx(0.4)


def test_pins_of_a_neutral_face_change_no_expression(model, base):
    head = smiling(model, base)
    found = corrected(model, head, dragged(model, head, (0, MOUTH, -6, -6), switches=Switches(neutral=True)))
    gaze = np.array([name.startswith("eyeLook") for name in model.expression_names])
    assert not found.actions[0][~gaze].any() and found.offset.any() and found.pins[0].error_px < 1


def test_a_free_focal_length_changes_and_a_locked_one_does_not(model, base):
    drags = [(0, JAW, -9, 0), (0, 397, 9, 0), (0, NOSE, 0, 0)]
    locked = corrected(model, base, dragged(model, base, *drags))
    free = corrected(model, base, dragged(model, base, *drags, switches=Switches(focal="free")))
    assert locked.cameras[0].fx == base.cameras[0].fx != free.cameras[0].fx


def test_locked_parts_stay_and_the_pin_in_them_is_told_of(model, base):
    held = [(0, one, 0, 0) for one in (33, 263, 152, MOUTH, 291)]
    found = corrected(model, base, dragged(model, base, (0, NOSE, 40, -30), *held, locks=Locks(("nose",))))
    nose = part_of(model, "nose") > 0.5
    assert np.abs(found.offset[nose]).max() < 1e-6 and len(found.warnings) == 1 and found.pins[0].error_px > 1


def test_corrections_of_another_head_are_refused(model, base):
    given = dragged(model, base, (0, NOSE, 1, 0))
    with pytest.raises(HrnError, match="another mesh"):
        corrected(model, base, replace(given, head_model_version="other"))
    with pytest.raises(HrnError, match="no photo a"):
        corrected(model, replace(base, photos=("c", "b")), given)
    with pytest.raises(HrnError, match="another format"):
        corrected(model, base, replace(given, photos=(replace(given.photos[0], size=(900, 1200)),)))


def test_pixels_of_a_larger_copy_mean_the_same_place(model, base):
    given = dragged(model, base, (0, JAW, -12, 0))
    photo = given.photos[0]
    pin = replace(photo.pins[0], pixel=(photo.pins[0].pixel[0] * 2, photo.pins[0].pixel[1] * 2))
    larger = replace(given, photos=(replace(photo, size=(1800, 1800), pins=(pin,)),))
    assert np.allclose(corrected(model, base, given).offset, corrected(model, base, larger).offset, atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(SLIDERS) - set(KINDS)))
def test_a_slider_changes_its_measure_by_its_value(model, base, name):
    found = corrected(model, base, Corrections(sliders={name: 2.0}))
    change = found.base.rest - base.rest
    assert (measure(model, name) * change).sum() == pytest.approx(2.0, abs=0.02)
    assert np.abs(found.base.identity).max() < 12


def test_weight_fills_cheeks_men_have_chins_and_children_short_noses(model, base):
    def changed(measured, **sliders):
        rest = corrected(model, base, Corrections(sliders=sliders)).base.rest
        return float((measure(model, measured) * (rest - base.rest)).sum())

    assert changed("cheek_fullness", weight=100.0) > 3 and changed("cheek_fullness", weight=-100.0) < -1
    man, woman = (changed("chin_forward", sex=value) for value in (100.0, -100.0))
    assert man > 1 and woman == pytest.approx(-man)
    assert changed("nose_length", age=-100.0) < -1 and changed("ear_size", age=100.0) > 1


def test_kinds_of_people_leave_what_is_pinned_and_locked_and_go_with_measures(model, base):
    found = corrected(model, base, dragged(model, base, (0, NOSE, 0, 0), sliders={"weight": 100.0}))
    moves = np.linalg.norm(found.base.rest - base.rest, axis=1)
    assert np.linalg.norm((model.landmarks(found.base.rest) - model.landmarks(base.rest))[NOSE]) < 0.3 and moves.max() > 3
    locked = corrected(model, base, Corrections(sliders={"age": 100.0}, locks=Locks(("nose",)))).base.rest - base.rest
    assert np.abs(locked[part_of(model, "nose") > 0.5]).max() < 1e-6
    both = corrected(model, base, Corrections(sliders={"weight": 50.0, "jaw_width": 4.0})).base.rest - base.rest
    heavy = corrected(model, base, Corrections(sliders={"weight": 50.0})).base.rest - base.rest
    assert (measure(model, "jaw_width") * (both - heavy)).sum() == pytest.approx(4.0, abs=0.05)


def test_a_slider_leaves_what_is_pinned(model, base):
    found = corrected(model, base, dragged(model, base, (0, NOSE, 0, 0), sliders={"jaw_width": 4.0}))
    there = model.landmarks(found.base.rest + found.offset)[NOSE] - model.landmarks(base.rest)[NOSE]
    assert np.linalg.norm(there[:2]) < 0.3

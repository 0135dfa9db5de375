"""Lids, lips and brows brought onto the photo's landmarks."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from engine.camera import Camera
from engine.fit.mid.lids import close_lids, shut_lids
from engine.fit.mid.registration import fit_actions, slide
from engine.fit.mid.weights import WEIGHTS
from engine.fit.skin_surface import skin_surface
from engine.geometry.mesh import face_cross
from engine.photo.regions import EYES, INNER_LIPS, NOSTRILS, OUTER_LIPS

EDGES = [*EYES[0], *EYES[1], *OUTER_LIPS, *INNER_LIPS]


@pytest.fixture(scope="module")
def camera():
    return Camera(800, 800, 3200.0, 3200.0, 400.0, 400.0, np.diag([1.0, -1.0, -1.0]), np.array([0.0, -30.0, 900.0]))


def miss_mm(model, camera, vertices, landmarks, ids=EDGES):
    pixels, depth = camera.project(model.landmarks(vertices).astype(float))
    return (np.linalg.norm(pixels - landmarks, axis=1) * depth / camera.fx)[ids]


def test_facial_actions_are_found_from_the_landmarks(model, camera):
    names = model.expression_names
    truth = np.zeros(52, np.float32)
    truth[[names.index("jawOpen"), names.index("eyeBlinkLeft")]] = 0.3, 0.25
    relaxed = model.template.astype(float)
    landmarks = camera.project(model.landmarks(model.shape(np.zeros(len(model.identity_basis), np.float32), truth)))[0]
    start = np.zeros(52)
    start[names.index("jawOpen")] = 0.15
    found = fit_actions(model, camera, relaxed, start, landmarks)
    assert found.min() >= 0 and found.max() <= 1
    assert found[names.index("jawOpen")] > 0.22 and found[names.index("eyeBlinkLeft")] > 0.12
    assert found[names.index("eyeBlinkRight")] < 0.08
    posed = model.shape(np.zeros(len(model.identity_basis), np.float32), found.astype(np.float32))
    assert np.median(miss_mm(model, camera, posed, landmarks)) < np.median(miss_mm(model, camera, relaxed, landmarks))


def test_a_wide_open_jaw_hardly_follows_landmarks_that_close_it(model, camera):
    names = model.expression_names
    jaw, nobody = names.index("jawOpen"), np.zeros(len(model.identity_basis), np.float32)

    def closed_by(start: float, **more) -> float:
        truth, begin = np.zeros(52, np.float32), np.zeros(52)
        truth[jaw], begin[jaw] = start - 0.1, start
        landmarks = camera.project(model.landmarks(model.shape(nobody, truth)).astype(float))[0]
        weights = replace(WEIGHTS.registration, **more)
        return start - fit_actions(model, camera, model.template.astype(float), begin, landmarks, weights)[jaw]

    believed = WEIGHTS.registration.action_sigma
    assert closed_by(0.28) == closed_by(0.28, wide_sigma=believed) > 0.04
    assert closed_by(0.85) < 0.75 * closed_by(0.85, wide_sigma=believed)


@pytest.fixture(scope="module")
def slid(model, camera):
    """The mouth is 3 mm to the side and 2 mm lower in the photo."""
    landmarks, _ = camera.project(model.landmarks(model.template).astype(float))
    lips = np.exp(-((model.landmarks(model.template) - model.landmarks(model.template)[13]) ** 2).sum(1) / (2 * 30.0**2))
    landmarks = landmarks + lips[:, None] * np.array([3.0, 2.0]) * camera.fx / 900
    surface = skin_surface(model)
    move = slide(model, surface, camera, model.template.astype(float), landmarks)
    moved = model.template.astype(float)
    moved[surface.vertices] += move
    return surface, landmarks, move, moved


def test_sliding_brings_the_lips_onto_the_photo(model, camera, slid):
    _, landmarks, _, moved = slid
    before = miss_mm(model, camera, model.template.astype(float), landmarks)
    after = miss_mm(model, camera, moved, landmarks)
    assert np.median(after) < 0.4 and np.percentile(after, 95) < 0.4 * np.percentile(before, 95)


def test_sliding_leaves_the_relief_and_the_far_side(model, slid):
    surface, _, move, moved = slid
    template = model.template.astype(float)
    # Distance to the old surface, sampled finely enough that the sampling itself errs by less than what is tested.
    share = np.random.default_rng(0).dirichlet([1, 1, 1], 40)
    dense = np.einsum("sk,tkd->tsd", share, template[surface.vertices][surface.triangles]).reshape(-1, 3)
    face = (template[surface.vertices, 2] > 0) & (np.linalg.norm(move, axis=1) > 0.5)
    off = cKDTree(dense).query(moved[surface.vertices][face])[0]
    assert face.sum() > 200
    assert np.median(off) < 0.35 * np.median(np.linalg.norm(move[face], axis=1))
    assert np.linalg.norm(move[template[surface.vertices, 2] < -80], axis=1).max() < 0.05


def test_landmarks_outside_the_photo_say_nothing(model, camera):
    landmarks, _ = camera.project(model.landmarks(model.template).astype(float))
    landmarks[EDGES] = -500.0
    move = slide(model, skin_surface(model), camera, model.template.astype(float), landmarks)
    assert np.linalg.norm(move, axis=1).max() < 0.05


def slid_by(model, camera, centre, mm):
    """The head after its landmarks around one of them were seen `mm` beside it."""
    points = model.landmarks(model.template).astype(float)
    near = np.exp(-((points - points[centre]) ** 2).sum(1) / (2 * 30.0**2))
    landmarks = camera.project(points)[0] + near[:, None] * np.array(mm) * camera.fx / 900
    surface = skin_surface(model)
    moved = model.template.astype(float)
    moved[surface.vertices] += slide(model, surface, camera, moved, landmarks)
    return moved


@pytest.mark.parametrize("up", [-3.0, 3.0])
def test_a_mouth_that_moves_keeps_its_lips_one_above_the_other(model, camera, up):
    moved = slid_by(model, camera, 13, [0.0, -up])
    before, after = (shape[[13, 14]] for shape in (model.landmarks(model.template), model.landmarks(moved)))
    assert (after - before)[:, 1].mean() * np.sign(up) > 2
    assert np.abs(after[0] - after[1] - before[0] + before[1]).max() < 0.5


@pytest.mark.parametrize("aside", [-4.0, 4.0])
def test_a_nose_that_moves_sideways_keeps_its_nostrils(model, camera, aside):
    moved = slid_by(model, camera, 1, [aside, 0.0])
    holes = model.landmarks(model.template)[[i for nostril in NOSTRILS for i in nostril]]
    near = cKDTree(holes).query(model.template)[0] < 4
    triangles = model.triangles[near[model.triangles].all(1)]
    before, after = (face_cross(shape.astype(float), triangles) for shape in (model.template, moved))
    assert len(triangles) > 100
    assert (np.einsum("ij,ij->i", before, after) > 0.1 * (before**2).sum(1)).all()


def test_a_glance_turns_the_eyes_and_leaves_the_lids(model, camera):
    names = list(model.expression_names)
    landmarks, _ = camera.project(model.landmarks(model.template).astype(float))
    landmarks[468:] += np.array([2.5, 0.0]) * camera.fx / 900
    relaxed = model.template.astype(float)
    found = fit_actions(model, camera, relaxed, np.zeros(52), landmarks)
    towards, away = (
        found[[names.index(name) for name in pair]]
        for pair in (("eyeLookOutLeft", "eyeLookInRight"), ("eyeLookInLeft", "eyeLookOutRight"))
    )
    assert towards.min() > 0.15 and away.max() < 0.05
    assert found[[names.index("eyeBlinkLeft"), names.index("eyeWideLeft")]].max() < 0.1
    assert np.linalg.norm(slide(model, skin_surface(model), camera, relaxed, landmarks), axis=1).max() < 0.05


@pytest.mark.parametrize("truth, start, tilt", [(0.6, 0.2, 0), (0.0, 0.5, 0), (0.8, 0.4, 25)])
def test_lids_close_as_far_as_the_photos(model, camera, truth, start, tilt):
    names = model.expression_names
    blink, nobody = names.index("eyeBlinkRight"), np.zeros(len(model.identity_basis), np.float32)
    # Seen from above, the rims of the lids turn away from the camera.
    turn = np.radians(tilt)
    above = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    camera = replace(camera, R=camera.R @ above)

    def lids(value: float) -> tuple[np.ndarray, np.ndarray]:
        actions = np.zeros(52, np.float32)
        actions[blink] = value
        return actions, model.shape(nobody, actions)

    landmarks = camera.project(model.landmarks(lids(truth)[1]).astype(float))[0]
    actions, vertices = lids(start)
    found = close_lids(model, camera, vertices, actions, landmarks)
    assert -0.03 < found[blink] - truth < (0.03 if truth < 0.7 else 0.1)  # lids that touch overlap a little
    others = np.delete(found - actions, blink)
    assert np.abs(others).max() < 0.02


def test_a_lid_is_not_widened_and_half_shut_at_a_time(model, camera):
    names = model.expression_names
    wide, blink, nobody = (
        names.index("eyeWideRight"),
        names.index("eyeBlinkRight"),
        np.zeros(len(model.identity_basis), np.float32),
    )
    landmarks = camera.project(model.landmarks(model.template).astype(float))[0]
    actions = np.zeros(52, np.float32)
    actions[wide] = 0.3
    found = close_lids(model, camera, model.shape(nobody, actions), actions, landmarks)
    assert found[wide] < 0.05 and found[blink] < 0.05


def test_lids_that_the_photo_hides_stay(model, camera):
    # From the subject's left.
    profile = replace(camera, R=camera.R @ np.array([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]]))
    assert profile.position[0] > 800
    landmarks = camera.project(model.landmarks(model.template).astype(float))[0]
    actions = np.full(52, 0.3)
    found = close_lids(model, profile, model.template.astype(float), actions, landmarks)
    hidden = [model.expression_names.index(name + "Right") for name in ("eyeBlink", "eyeWide")]
    assert (found[hidden] == 0.3).all()


def shown(model, camera, **actions):
    """Landmarks of the mean head with these facial actions."""
    value = np.zeros(52, np.float32)
    for name, amount in actions.items():
        value[model.expression_names.index(name)] = amount
    return camera.project(model.landmarks(model.shape(np.zeros(1, np.float32), value)).astype(float))[0]


def test_an_eye_that_is_shut_is_closed_by_its_own_action(model, camera):
    landmarks = shown(model, camera, eyeBlinkLeft=0.78)
    found = shut_lids(model, camera, model.template.astype(float), np.zeros(52), landmarks)
    assert found[model.expression_names.index("eyeBlinkLeft")] == pytest.approx(0.8, abs=0.06)
    assert np.delete(found, model.expression_names.index("eyeBlinkLeft")).max() < 0.02


def test_lids_that_lie_on_each_other_close_the_eye(model, camera):
    """No direction from one lid to the other is left then."""
    landmarks = shown(model, camera)
    landmarks[list(EYES[0][9:])] = landmarks[list(EYES[0][7:0:-1])]
    for close in (shut_lids, close_lids):
        found = close(model, camera, model.template.astype(float), np.zeros(52), landmarks)
        assert 0.7 < found[model.expression_names.index("eyeBlinkRight")] < 0.95
        assert found[model.expression_names.index("eyeBlinkLeft")] < 0.02


def test_narrow_eyes_are_no_action(model, camera):
    landmarks = shown(model, camera, eyeBlinkLeft=0.2, eyeBlinkRight=0.2)
    found = shut_lids(model, camera, model.template.astype(float), np.zeros(52), landmarks)
    assert np.abs(found).max() < 0.02


def test_an_iris_behind_a_lid_tells_no_gaze(model, camera):
    landmarks = shown(model, camera, eyeBlinkRight=0.78, eyeLookDownLeft=0.5)
    landmarks[list(EYES[0][9:])] = landmarks[list(EYES[0][7:0:-1])]
    landmarks[468:473] += np.array([0.0, 6.0]) * camera.fx / 900
    found = fit_actions(model, camera, model.template.astype(float), np.zeros(52), landmarks)
    down = [found[model.expression_names.index("eyeLookDown" + side)] for side in ("Left", "Right")]
    assert down[0] > 0.2 and down[1] == pytest.approx(down[0])


def test_an_eye_that_is_half_shut_beside_an_open_one_is_an_action(model, camera):
    landmarks = shown(model, camera, eyeBlinkLeft=0.4)
    found = shut_lids(model, camera, model.template.astype(float), np.zeros(52), landmarks)
    assert found[model.expression_names.index("eyeBlinkLeft")] == pytest.approx(0.4, abs=0.06)
    assert found[model.expression_names.index("eyeBlinkRight")] < 0.02

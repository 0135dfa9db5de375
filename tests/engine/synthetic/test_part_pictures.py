"""Pictures of parts: the same for the same number, and labels that say what the picture shows."""

import cv2
import numpy as np
import pytest

from engine.photo.landmarks import width_of
from engine.photo.parts import face_centre
from engine.synthetic import part_people, part_pictures
from engine.synthetic.faults import develop_parts, reduced_labels
from engine.synthetic.grooms import draw_style, hair_locks
from engine.synthetic.headgear import draw_hat, pressed
from engine.synthetic.marks import draw_marks
from engine.synthetic.part_pictures import draw
from engine.synthetic.part_shoot import shoot
from engine.synthetic.parts import PARTS, SIDE, Part, open_pictures
from engine.synthetic.sitter import Dome, studio


@pytest.fixture(scope="module")
def sitter():
    return studio().sitter(0)


@pytest.fixture(scope="module")
def some():
    """Pictures of one head."""
    return [draw(seed) for seed in range(8)]


@pytest.fixture(scope="module")
def full():
    """Pictures in which everybody wears and holds something, and nobody is alone."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_HATS", "_GLASSES", "_COVERS"):
            patch.setattr(part_people, name, 1.0)
        patch.setattr(part_pictures, "_STRANGERS", 1.0)
        return [draw(seed) for seed in range(8, 16)]


def test_a_number_stands_for_one_picture(some):
    again = draw(3)
    assert all(np.array_equal(first, second) for first, second in zip(some[3], again))
    assert not np.array_equal(some[3][0], some[4][0])


def test_all_parts_occur_and_none_is_everywhere(some, full):
    labels = np.stack([labels for _, labels, _ in some + full])
    share = np.bincount(labels.ravel(), minlength=len(PARTS)) / labels.size
    assert (share > 0).all(), [name for name, value in zip(PARTS, share) if value == 0]
    assert 0.2 < share[Part.BACKGROUND] < 0.75 and 0.015 < share[Part.HAIR] < 0.35 and 0.03 < share[Part.SKIN] < 0.35


def test_the_face_is_where_the_landmarks_are(some):
    bare = (Part.SKIN, Part.LIPS, Part.EYES, Part.BROWS, Part.BEARD)
    before = (Part.HAIR, Part.GLASSES, Part.LENS, Part.COVER, Part.OTHER, Part.HAT)
    for _, labels, points in some:
        x, y = np.clip(points[[4, 50, 280, 9, 13]].T.astype(int), 0, SIDE - 1)
        assert np.isin(labels[y, x], bare + before).mean() > 0.7
        inside = (points > 0) & (points < SIDE)
        assert inside.mean() > 0.9


def test_nothing_of_a_person_is_labelled_where_nobody_is():
    place = studio()
    rng = np.random.default_rng(5)
    camera = part_pictures._camera(rng)
    person, _ = part_people.draw_person(place, place.sitter(0), -camera.R[2], rng)
    camera = part_pictures._window(place.model.landmarks(person.posed), camera, rng)
    plate = shoot(place, person, camera, part_pictures._lights(rng), rng)
    near = cv2.GaussianBlur(plate.alpha, (0, 0), 1.5)
    assert (near[plate.labels != Part.BACKGROUND] > 0.2).all() and (plate.labels[near > 0.8] != Part.BACKGROUND).mean() > 0.995
    assert (plate.light[plate.alpha == 0] == 0).all() and np.isfinite(plate.light).all()


def test_hair_is_labelled_only_where_strands_or_their_roots_are(sitter):
    place = studio()
    rng = np.random.default_rng(8)
    camera = part_pictures._camera(rng)
    person, _ = part_people.draw_person(place, sitter, -camera.R[2], rng)
    while not any(lock.label == Part.HAIR for lock in person.locks):
        person, _ = part_people.draw_person(place, sitter, -camera.R[2], rng)
    camera = part_pictures._window(place.model.landmarks(person.posed), camera, rng)
    lights = part_pictures._lights(rng)
    with_hair = shoot(place, person, camera, lights, np.random.default_rng(1)).labels == Part.HAIR
    bald = person._replace(locks=[], dense=False)
    assert with_hair.any() and not (shoot(place, bald, camera, lights, np.random.default_rng(1)).labels == Part.HAIR).any()
    pixels = np.concatenate(
        [camera.project(lock.strands.reshape(-1, 3))[0] for lock in person.locks if lock.label == Part.HAIR]
    )
    near = np.zeros_like(with_hair)
    column, row = (pixels + 0.5).astype(int).T
    inside = (column >= 4) & (row >= 4) & (column < near.shape[1] - 4) & (row < near.shape[0] - 4)
    for dx in range(-4, 5):
        for dy in range(-4, 5):
            near[row[inside] + dy, column[inside] + dx] = True
    assert (near | ~with_hair)[8:-8, 8:-8].mean() > 0.995


def test_a_hat_keeps_hair_below_it(sitter):
    rng = np.random.default_rng(2)
    locks = None
    while locks is None:
        locks = hair_locks(sitter, draw_style(rng), np.full(3, 0.1), rng)
    limit = None
    while limit is None:
        _, limit = draw_hat(sitter, studio().renderer.grid, np.full(3, 0.1), np.full(3, 0.3), rng)
    away = pressed(locks, limit).strands.astype(float) - Dome.center
    most = Dome.read(np.minimum(limit, 999.0), away)
    assert (np.linalg.norm(away, axis=-1) <= most + 0.5).all()


def test_labels_are_reduced_by_majority_or_by_one_that_comes_first():
    labels = np.array([[1, 1, 2, 2], [1, 3, 2, 3], [4, 5, 0, 0], [5, 5, 0, 0]], np.uint8)
    assert reduced_labels(labels).tolist() == [[1, 2], [5, 0]]
    assert reduced_labels(labels, 3).tolist() == [[3, 3], [5, 0]]


def test_pictures_of_the_face_alone_are_filled_by_it_and_its_frames(monkeypatch):
    monkeypatch.setattr(part_people, "_CLOSE_GLASSES", 1.0)
    monkeypatch.setattr(part_people, "_CLOSE_COVERS", 0.0)
    for seed in (3, 4):
        picture, labels, points = draw(seed, close=True)
        assert picture.shape == (SIDE, SIDE, 3) and 0.5 < width_of(points) / SIDE < 0.9
        assert np.abs(face_centre(points) / SIDE - 0.5).max() < 0.15
        frame = labels == Part.GLASSES
        assert 0.002 < frame.mean() < 0.15
        # A rim's outline holds an eye: from it, frames are met in most directions.
        assert _met(frame, points[[33, 133]].mean(0)) > 0.6 or _met(frame, points[[263, 362]].mean(0)) > 0.6


def _met(frame, middle):
    """Share of 16 directions from a place in which a frame lies within a fifth of the picture."""
    turn = np.arange(16) * np.pi / 8
    reach = np.arange(1, SIDE // 5)
    x, y = (middle[:, None, None] + reach * np.stack([np.cos(turn), np.sin(turn)])[:, :, None]).clip(0, SIDE - 1).astype(int)
    return frame[y, x].any(1).mean()


def test_creases_and_make_up_change_the_picture_but_no_label(sitter):
    place = studio()
    rng = np.random.default_rng(11)
    camera = part_pictures._camera(rng)
    person, _ = part_people.draw_person(place, sitter, -camera.R[2], rng)
    camera = part_pictures._window(place.model.landmarks(person.posed), camera, rng, close=True)
    lights = part_pictures._lights(rng)
    bare = person._replace(things=[], locks=[])
    marks = draw_marks(place, person.posed, np.array(person.paint.skin), np.random.default_rng(2))
    assert marks
    first, second = (
        shoot(place, bare._replace(things=things), camera, lights, np.random.default_rng(1)) for things in ([], marks)
    )
    assert np.array_equal(first.labels, second.labels) and np.abs(first.light - second.light).max() > 0.005


@pytest.mark.parametrize("light", [np.zeros((512, 512, 3), np.float32), np.full((512, 512, 3), 1e4, np.float32)])
def test_no_light_and_much_light_develop(light):
    for seed in range(6):
        picture, labels = develop_parts(light, np.zeros((512, 512), np.uint8), np.random.default_rng(seed))
        assert picture.shape == (SIDE, SIDE, 3) and picture.dtype == np.uint8 and labels.shape == (SIDE, SIDE)


def test_a_folder_is_gone_on_with(tmp_path):
    assert part_pictures.main([str(tmp_path), "--count", "3", "--start", "1", "--stop", "2"]) == 0
    rows = open_pictures(tmp_path)
    assert rows.done.tolist() == [0, 1, 0] and not rows.pictures[0].any()
    picture, labels, points = draw(1)
    assert np.array_equal(rows.pictures[1], picture) and np.array_equal(rows.labels[1], labels)
    assert np.array_equal(rows.landmarks[1], points)
    with pytest.raises(ValueError, match="another kind"):
        open_pictures(tmp_path, 4)

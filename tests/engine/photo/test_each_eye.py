"""Each eye is measured by itself: winks, closed eyes, and photos in which nothing of it is to be seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import engine.photo.landmarks
from engine.photo import load_photo, photo_warnings
from engine.photo.each_eye import eye_heights, openness
from engine.types import ARKIT_ACTIONS
from support.drawn_lids import with_drawn_lid
from support.packages import packaged

BLINKS = [ARKIT_ACTIONS.index(f"eyeBlink{side}") for side in ("Right", "Left")]


@pytest.fixture(scope="module")
def portrait():
    return load_photo(packaged("skimage", "data", "astronaut.png"))


@pytest.fixture(scope="module")
def face(landmarker, portrait):
    return landmarker.detect(portrait)[0]


@pytest.fixture(scope="module")
def closed(landmarker, portrait, face):
    """The portrait's face with these eyes closed."""

    def find(*eyes: int):
        pixels = portrait.pixels
        for eye in eyes:
            pixels = with_drawn_lid(pixels, face.landmarks, eye)
        return landmarker.detect(replace(portrait, pixels=pixels))[0]

    return find


@pytest.mark.parametrize("eye", [0, 1])
def test_a_wink_closes_one_eye_and_leaves_the_other_open(closed, face, eye):
    found = closed(eye)
    before, after = openness(face.landmarks), openness(found.landmarks)
    assert after[eye] < 0.25 * before[eye]
    assert after[1 - eye] == pytest.approx(before[1 - eye], rel=0.12)
    assert found.blendshapes[BLINKS[eye]] > 0.55 > 0.25 > found.blendshapes[BLINKS[1 - eye]]


def test_the_whole_face_alone_would_not_tell(monkeypatch, closed, face):
    """So that the test before this one is able to fail."""
    monkeypatch.setattr(
        engine.photo.landmarks, "with_each_eye", lambda nets, pixels, points: (points, nets.blendshapes(points[:, :2]))
    )
    assert openness(closed(0).landmarks)[0] > 0.3 * openness(face.landmarks)[0]


def test_both_eyes_closed(closed, face):
    found = closed(0, 1)
    assert (openness(found.landmarks) < 0.35 * openness(face.landmarks)).all()
    assert (found.blendshapes[BLINKS] > 0.55).all()


def test_open_eyes_are_as_the_network_says(monkeypatch, landmarker, portrait, face):
    monkeypatch.setattr(
        engine.photo.landmarks, "with_each_eye", lambda nets, pixels, points: (points, nets.blendshapes(points[:, :2]))
    )
    plain = landmarker.detect(portrait)[0]
    np.testing.assert_array_equal(face.landmarks, plain.landmarks)
    np.testing.assert_array_equal(face.blendshapes, plain.blendshapes)
    assert (eye_heights(face.landmarks) > 2).all()


@pytest.mark.parametrize(
    "eyes, words", [((0,), "right eye is closed"), ((1,), "left eye is closed"), ((0, 1), "eyes are closed"), ((), None)]
)
def test_the_warning_names_the_eye(portrait, face, eyes, words):
    scores = face.blendshapes.copy()
    scores[[BLINKS[eye] for eye in eyes]] = 0.9
    found = [w for w in photo_warnings(portrait, replace(face, blendshapes=scores)) if w["code"] == "eyes_closed"]
    assert [words in warning["message"] for warning in found] == [True] * bool(words)

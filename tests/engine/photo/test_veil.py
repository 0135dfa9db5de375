"""What lies over a face, painted on a photo: found, named, and kept out of skin, landmarks, expressions and teeth."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from engine.bench.painted import THINGS, paint
from engine.fit.veiled import doubt_at, hidden_actions, outlined, resting
from engine.photo import find_bite, find_covers, load_photo, observe, photo_warnings, segment_skin, select_face
from engine.photo.parts import part_network
from engine.photo.regions import EYES, FACE_POINTS, INNER_LIPS, IRISES, OUTER_LIPS, OVAL, fill
from engine.photo.veil import find_veil, with_veil
from engine.types import ARKIT_ACTIONS, FaceObservation, Photo, Veil

KINDS = {
    "blue mask": ("nose", "mouth", "chin"),
    "white mask": ("nose", "mouth", "chin"),
    "black mask": ("nose", "mouth", "chin"),
    "checked mask": ("nose", "mouth", "chin"),
    "round": (),
    "thick": (),
    "brow line": (),
    "tinted": (),
    "sunglasses": ("right eye", "left eye"),
    "sunglasses that reflect": ("right eye", "left eye"),
    "mirrors": ("right eye", "left eye"),
    "fingers from below": ("mouth",),
    "microphone": ("chin",),
    "caption on a bar": ("mouth",),
}
"""What is painted -> the places that it hides."""


@pytest.fixture(scope="module")
def bare(landmarker) -> tuple[Photo, FaceObservation]:
    if part_network() is None:
        pytest.skip("needs the networks of parts")
    spec = importlib.util.find_spec("skimage")
    file = Path(list(spec.submodule_search_locations)[0]) / "data" / "astronaut.png" if spec else None
    if file is None or not file.is_file():
        pytest.skip("needs scikit-image's astronaut")
    photo = load_photo(file)
    photo = replace(photo, pixels=cv2.resize(photo.pixels, (1024, 1024), interpolation=cv2.INTER_CUBIC))
    return photo, select_face(landmarker.detect(photo), 0, photo)


class Wearer(NamedTuple):
    """A photo with something painted over the face, and what was found there."""

    photo: Photo
    face: FaceObservation
    painted: np.ndarray
    """(H, W) bool: where it was painted within the face."""


@pytest.fixture(scope="module")
def wear(bare, landmarker):
    """A kind -> the photo with it."""
    known: dict[str, Wearer] = {}

    def worn(kind: str) -> Wearer:
        if kind not in known:
            pixels, where, _ = paint(kind, bare[0].pixels, bare[1].landmarks)
            photo = replace(bare[0], pixels=pixels, sha256=kind)  # the networks' answers are kept by the file's sum
            face = with_veil(photo, select_face(landmarker.detect(photo), 0, photo), landmarker)
            known[kind] = Wearer(photo, face, where & (fill(where.shape, bare[1].landmarks, OVAL) > 0))
        return known[kind]

    return worn


def test_nothing_lies_over_a_bare_face(bare):
    assert find_veil(*bare) is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_worn_is_found_and_named(wear, kind):
    photo, face, painted = wear(kind)
    assert face.veil is not None
    assert (face.veil.over[painted] > 127).mean() > 0.75
    assert set(KINDS[kind]) <= set(face.veil.places)
    mask = segment_skin(photo, face)
    assert mask.skin[painted].mean() < 0.12 and mask.surface[painted].mean() < 0.25
    found = [w for w in photo_warnings(photo, face, find_covers(photo, face, mask)) if w["code"] in ("glasses", "covered")]
    assert [w["code"] for w in found] == ["glasses" if "glasses" in THINGS[kind].parts else "covered"]
    named = set(KINDS[kind]) - {"right eye", "left eye"}
    assert all(place in found[0]["message"] for place in named)
    assert ("hide the eyes" in found[0]["message"]) == ("right eye" in KINDS[kind])


@pytest.mark.parametrize("kind", ["blindfold", "red blindfold", "white bandage", "white headset"])
def test_what_lies_across_both_eyes_is_named_once_and_is_no_glasses(wear, kind):
    photo, face, painted = wear(kind)
    assert face.veil is not None and (face.veil.over[painted] > 127).mean() > 0.85
    mask = segment_skin(photo, face)
    found = [w for w in photo_warnings(photo, face, find_covers(photo, face, mask)) if w["code"] in ("glasses", "covered")]
    assert [w["code"] for w in found] == ["covered"] and "eyes" in found[0]["message"]
    assert mask.skin[painted].mean() < 0.12
    assert (face.veil.hidden[[centre for centre, _ in IRISES]] > 0.5).all()  # so that no colour of eyes is read from it


@pytest.mark.parametrize("kind, place", [("subtitles", "chin")])
def test_thin_things_are_left_out_and_named(bare, wear, kind, place):
    """Though the part network does not see them, and landmarks stay as they are."""
    photo, face, painted = wear(kind)
    assert face.veil is not None and any(place in one for one in (*face.veil.crossed, *face.veil.places))
    assert (face.veil.over[painted] > 127).mean() > 0.5
    mask = segment_skin(photo, face)
    found = [w for w in photo_warnings(photo, face, find_covers(photo, face, mask)) if w["code"] in ("glasses", "covered")]
    assert [w["code"] for w in found] == ["covered"] and place in found[0]["message"]
    away = np.linalg.norm(face.landmarks - bare[1].landmarks, axis=1).mean() / np.ptp(bare[1].landmarks[:, 0])
    assert away < 0.02


@pytest.mark.parametrize("kind", ["blue mask", "black mask", "checked mask"])
def test_a_mask_does_not_teach_what_skin_looks_like(bare, wear, kind):
    """The uncovered part of the face is found as on the bare photo."""
    photo, face, painted = wear(kind)
    near = cv2.dilate(painted.astype(np.uint8), np.ones((25, 25))) > 0
    seen = (fill(near.shape, bare[1].landmarks, OVAL) > 0) & ~near
    before = segment_skin(*bare).skin[seen]
    assert np.abs(segment_skin(photo, face).skin[seen] - before).mean() < 0.08


@pytest.mark.parametrize("kind", ["thick", "round", "brow line"])
def test_frames_leave_eyes_and_skin_within_them(bare, wear, kind):
    photo, face, painted = wear(kind)
    eyes = fill(photo.pixels.shape[:2], bare[1].landmarks, *EYES) > 0
    assert (face.veil.over[eyes & ~painted] > 127).mean() < 0.15
    assert not face.veil.tinted and face.veil.hidden.max() < 0.5
    off = np.linalg.norm(face.landmarks - bare[1].landmarks, axis=1)[:FACE_POINTS]
    assert np.median(off) < 0.01 * np.ptp(bare[1].landmarks[:, 0])


def test_letters_and_hands_are_no_teeth(wear):
    for kind in ("caption on a bar", "fingers from below", "white mask"):
        photo, face, _ = wear(kind)
        assert find_bite(photo, face) is None


def _veil(*hidden: tuple[int, ...]) -> Veil:
    where = np.zeros(478, np.float32)
    for numbers in hidden:
        where[list(numbers)] = 1
    return Veil(np.zeros((4, 4), np.uint8), where)


def _action(values: np.ndarray, name: str) -> float:
    return float(values[ARKIT_ACTIONS.index(name)])


def test_a_hidden_mouth_is_at_rest_and_the_rest_is_not():
    actions = np.full(52, 0.6)
    found = resting(actions, hidden_actions(_veil(OUTER_LIPS, INNER_LIPS)))
    assert all(_action(found, name) == 0 for name in ("jawOpen", "mouthSmileLeft", "mouthPucker"))
    assert _action(found, "browInnerUp") == _action(found, "eyeBlinkLeft") == pytest.approx(0.6)


def test_a_hidden_eye_does_as_the_other():
    actions = np.zeros(52)
    for name, value in (("eyeBlinkLeft", 0.3), ("eyeLookOutLeft", 0.5), ("eyeBlinkRight", 0.9), ("eyeLookInRight", 0.1)):
        actions[ARKIT_ACTIONS.index(name)] = value
    found = resting(actions, hidden_actions(_veil(tuple(range(468, 473)))))
    assert _action(found, "eyeBlinkRight") == pytest.approx(0.3) == _action(found, "eyeBlinkLeft")
    assert _action(found, "eyeLookInRight") == pytest.approx(0.5)  # both look to the left
    both = resting(actions, hidden_actions(_veil(tuple(range(468, 478)))))
    assert not both.any()


def test_without_a_veil_nothing_changes(bare):
    face, surface = bare[1], np.random.default_rng(0).random((4, 4)).astype(np.float32)
    assert not hidden_actions(None).any() and (doubt_at(face.landmarks, face) == 1).all()
    assert outlined(surface, None) is surface


def test_inputs_of_the_review(shared_dir, landmarker):
    """A blue mask and black rims, painted by somebody else."""
    inputs = shared_dir / "review" / "inputs"
    if not (inputs / "mask_blue.jpg").is_file():
        pytest.skip("needs the review's inputs in the shared folder")
    said = {}
    for name in ("base.jpg", "mask_blue.jpg", "glasses.jpg"):
        photo, face = observe(inputs / name, landmarker)
        covers = find_covers(photo, face, segment_skin(photo, face))
        said[name] = [w["code"] for w in photo_warnings(photo, face, covers)]
        assert (face.veil is None) == (name == "base.jpg")
    assert said == {"base.jpg": [], "mask_blue.jpg": ["covered"], "glasses.jpg": ["glasses"]}

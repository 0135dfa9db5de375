"""The coarse stage's network: OpenCV's answers are those of the module that was trained."""

from __future__ import annotations

import threading
import zipfile

import numpy as np
import pytest
import torch

from engine.fit.coarse.network import CHEEKS, TAIL_START, TONGUE, DenseNet
from engine.fit.coarse.regress import CHEEKS_FILE, TONGUE_FILE, load_regressor
from engine.fit.crop import CROP_SIDE, crop_pixels, crop_transform
from engine.head import load_head_model
from engine.nets.tflite import read_network
from engine.photo import Landmarker, observe
from engine.photo.face_nets import model_path
from engine.synthetic.backbone import Backbone
from engine.synthetic.cheek_net import CheekNet
from engine.synthetic.tail import Tail
from engine.synthetic.tongue_net import TongueNet
from engine.system.progress import Progress


@pytest.fixture(scope="module")
def regressor():
    return load_regressor(load_head_model())


@pytest.fixture(scope="module")
def network():
    with zipfile.ZipFile(model_path()) as archive:
        return read_network(archive.read("face_landmarks_detector.tflite"))


@pytest.fixture(scope="module")
def trained(regressor):
    return {name[5:]: value for name, value in regressor.data.items() if name.startswith("tail.")}


@pytest.fixture(scope="module")
def module(network, trained, regressor):
    """The answer of the trained module, in PyTorch."""
    front = Backbone(network, network.inputs[0], TAIL_START).eval()
    tail = Tail(network, len(regressor.point_vertices), int(regressor.data["identities"]), 52).eval()
    tail.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in trained.items()})

    @torch.inference_mode()
    def answer(crops):
        return tail(front(torch.from_numpy(np.ascontiguousarray(crops)).permute(0, 3, 1, 2).float() / 255))

    return answer


@pytest.fixture(scope="module")
def faces(portrait, shared_dir):
    """Windows of real photos."""
    landmarker, crops = Landmarker(), []
    for path in (portrait, *sorted((shared_dir / "photos" / "single").glob("*.*g"))[:3]):
        photo, observation = observe(path, landmarker, 0)
        crops += [crop_pixels(photo.pixels, crop_transform(observation.landmarks, 1.5, turn, (0.0, 0.0))) for turn in (0, 0.07)]
    return np.stack(crops)


def agree(found, expected):
    """Within 1e-4: of the window's side for places, of the largest value for what goes beyond 1 (a window without any face
    may be told to show 23 deviations)."""
    for name, mine, theirs in zip(found._fields, found, expected):
        assert mine.dtype == np.float32 and mine.shape == theirs.shape
        scale = CROP_SIDE if name == "points" else max(1, np.abs(mine).max())
        assert np.abs(mine - theirs.numpy()).max() < 1e-4 * scale, name


def test_noise(regressor, module):
    random = np.random.default_rng(1)
    crops = random.integers(0, 256, (3, CROP_SIDE, CROP_SIDE, 3), dtype=np.uint8)
    crops[1] = 0
    agree(regressor.look(crops), module(crops))


def test_real_photos(regressor, module, faces):
    answers = regressor.look(faces)
    agree(answers, module(faces))
    assert np.ptp(answers.identity, 0).max() > 0.5  # people differ


def test_any_weights(network, trained):
    """Each trained array counts, the biases too that the front shares with the tail."""
    random = np.random.default_rng(2)
    crop = random.integers(0, 256, (1, CROP_SIDE, CROP_SIDE, 3), dtype=np.uint8)
    front = Backbone(network, network.inputs[0], TAIL_START).eval()
    tail = Tail(network, 31, 7, 52, hidden=11).eval()
    with torch.no_grad():
        for parameter in tail.parameters():
            parameter += (0.1 * parameter.abs() + 0.005) * torch.from_numpy(random.normal(size=parameter.shape)).float()
        tail.centre += 0.3
        tail.spread += 0.5
        expected = tail(front(torch.from_numpy(crop).permute(0, 3, 1, 2).float() / 255))
    assert 1 < expected.identity.abs().max() + expected.points.sub(128).abs().max() < 1000
    agree(DenseNet(network, {name: value.numpy() for name, value in tail.state_dict().items()})(crop), expected)
    shared = {str(tensor) for operator in network.between(network.inputs[0], TAIL_START) for tensor in operator.inputs[1:]}
    assert shared & set(tail.body.weights) != set()


def test_weights_that_do_not_fit(network, trained):
    short = {**trained, "shape.weight": trained["shape.weight"][:, 1:]}
    with pytest.raises(ValueError):
        DenseNet(network, short)
    with pytest.raises(KeyError):
        DenseNet(network, {name: value for name, value in trained.items() if name != "centre"})


def test_several_threads_and_cancelling(regressor, faces):
    expected = [part.copy() for part in regressor.look(faces)]
    found = [None] * 4

    def look(number):
        found[number] = regressor.look(faces)

    threads = [threading.Thread(target=look, args=(number,)) for number in range(len(found))]
    for thread in threads:
        thread.start()

    class Stop(Exception):
        pass

    def stop(stage, fraction, message):
        if fraction == 2 / len(faces):
            raise Stop

    with pytest.raises(Stop):
        regressor.look(faces, Progress(stop))
    for thread in threads:
        thread.join()
    for one in (*found, regressor.look(faces)):
        for mine, theirs in zip(one, expected):
            np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_layers_on_the_front_leave_everything_else_as_it_is(regressor, network, trained, faces):
    def expected(layers, file, net, given):
        with np.load(file) as data:
            weights = {name: torch.from_numpy(data[name].astype(np.float32)) for name in data.files}
        net.load_state_dict(given(weights))
        front = Backbone(network, network.inputs[0], layers.start).eval()
        with torch.inference_mode():
            crops = torch.from_numpy(np.ascontiguousarray(faces)).permute(0, 3, 1, 2).float() / 255
            return net.eval()(front(crops)).numpy()[:, 0]

    def used(weights):
        half = weights["mix.weight"].unflatten(1, (-1, 4))
        assert not half[..., :2].any()  # what the other side does counts nothing
        return weights | {"mix.weight": half[..., 2:].flatten(1)}

    looked = regressor.look.look(faces)
    np.testing.assert_allclose(looked.tongue, expected(TONGUE, TONGUE_FILE, TongueNet(1), dict), atol=1e-3)
    np.testing.assert_allclose(looked.cheeks, expected(CHEEKS, CHEEKS_FILE, CheekNet(1), used), atol=2e-3)
    assert np.median(looked.tongue) < 0.4  # of these people nobody puts it out ...
    assert np.median(looked.cheeks) < 0.4  # ... or blows the cheeks
    np.testing.assert_array_equal(looked.features, DenseNet(network, trained).features(faces))

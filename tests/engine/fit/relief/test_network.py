"""The relief network: what it sees lies where the picture has it, OpenCV and PyTorch agree, mirrored faces are read alike."""

from __future__ import annotations

import numpy as np
import pytest

from engine.fit.relief import network
from engine.fit.relief.channels import COARSE, FINE, MIRRORED, Channels, Grid, squares
from engine.fit.relief.gate import belief_in_signal
from engine.fit.relief.network import Told, load_network, told_by
from engine.fit.relief.weights import WEIGHTS
from engine.wire.errors import ErrorCode, HrnError

GRID = Grid(slice(10, 50), slice(20, 44), (48, 80), (96, 64))
"""40 rows and 24 columns, twice as large."""


@pytest.fixture
def channels() -> Channels:
    rng, (height, width) = np.random.default_rng(0), GRID.whole
    fine = rng.normal(0, 0.5, (len(FINE), height, width)).astype(np.float32)
    coarse = rng.normal(0, 0.5, (len(COARSE), height // 2, width // 2)).astype(np.float32)
    return Channels(GRID, coarse, fine, rng.normal(0, 0.05, (6, height, width)).astype(np.float32))


def test_a_grid_gives_back_what_it_has_seen():
    rows, columns = np.mgrid[:60, :50].astype(np.float32)
    image = np.sin(rows / 5) + columns / 10
    seen = GRID.seen(image)
    assert seen.shape == GRID.whole and not seen[80:].any() and not seen[:, 48:].any()
    back = GRID.placed(seen, image.shape)
    assert np.abs(back - image)[12:48, 22:42].max() < 0.02
    assert not back[:10].any() and not back[:, 44:].any()
    assert GRID.seen(image, 2).shape == (48, 32)


def test_squares_hold_four_pixels_of_one_place():
    fine = np.arange(2 * 4 * 6, dtype=np.float32).reshape(2, 4, 6)
    four = squares(fine)
    assert four.shape == (8, 2, 3)
    assert four[:, 1, 2].tolist() == [fine[c, 2 + i, 4 + j] for i in range(2) for j in range(2) for c in range(2)]


def test_a_mirrored_face_is_read_alike(channels):
    told = told_by(load_network(), channels, WEIGHTS.channels)
    turn = np.ones((len(COARSE), 1, 1), np.float32)
    turn[[COARSE.index(name) for name in MIRRORED]] = -1
    mirrored = Channels(GRID, *(np.ascontiguousarray(x[..., ::-1]) for x in (turn * channels.coarse, *channels[2:])))
    other = told_by(load_network(), mirrored, WEIGHTS.channels)
    assert told.height.std() > 1e-3
    assert other.height[..., ::-1] == pytest.approx(told.height, abs=1e-5)
    assert (told.deviation > 0).all()


def test_little_beside_the_expected_error_is_hardly_believed():
    trust = np.zeros((8, 8), np.float32)
    trust[2:6] = 1
    deviation = np.full((3, 8, 8), 0.1, np.float32)

    def belief(height: float) -> float:
        told = np.full((3, 8, 8), height, np.float32)
        told[:, trust == 0] = 1  # beyond the skin nothing counts
        return belief_in_signal(Told(told, deviation), trust, WEIGHTS.gate)

    assert belief(0.01) == belief(0.0) == pytest.approx(WEIGHTS.gate.least_signal)
    assert 0.3 < belief(0.024) < 0.8
    assert belief(0.04) == pytest.approx(1)
    assert belief_in_signal(Told(deviation, deviation), 0 * trust, WEIGHTS.gate) == pytest.approx(WEIGHTS.gate.least_signal)


def test_opencv_and_pytorch_agree(channels):
    torch = pytest.importorskip("torch")
    from engine.bench.detail_train import ReliefLayers, heights_of

    torch.manual_seed(0)
    layers = ReliefLayers().train()
    coarse, fine = torch.from_numpy(channels.coarse[None]), torch.from_numpy(channels.fine[None])
    with torch.no_grad():
        for _ in range(3):  # normalizations learn what is usual
            layers(coarse, fine)
        layers.eval()
        *bands, doubt = heights_of(layers(coarse, fine), coarse, fine)
    unit = WEIGHTS.channels.height[2]
    solved = np.concatenate([channels.heights[:2], unit * channels.fine[1:2], channels.heights[3:5], unit * channels.fine[2:]])
    net = network.opened(layers.folded(), channels.coarse.shape[1:])
    told = network.told_once(net, channels.coarse, channels.fine, solved, WEIGHTS.channels)
    assert told.height[2] == pytest.approx(unit * bands[2][0].numpy(), abs=1e-5)
    inner = np.exp(0.5 * doubt[0, :, 4:-4, 4:-4].numpy()) * np.array(WEIGHTS.channels.height)[:, None, None]
    assert told.deviation[:, 8:-8:2, 8:-8:2] == pytest.approx(inner, rel=0.5)


def test_a_damaged_file_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(network, "NETWORK_FILE", tmp_path / "relief.npz")
    (tmp_path / "relief.npz").write_bytes(b"no weights")
    load_network.cache_clear()
    try:
        with pytest.raises(HrnError) as raised:
            load_network()
        assert raised.value.code is ErrorCode.CHECKPOINT_INVALID
    finally:
        load_network.cache_clear()

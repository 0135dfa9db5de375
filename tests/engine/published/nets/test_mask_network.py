"""Users' ONNX conversions of the published mask graphs: every layout gives the same mask, broken files a clear error."""

from __future__ import annotations

import numpy as np
import pytest

from engine.nets.onnx_bytes import FLOAT, model, node, port
from engine.published.nets.mask_network import read_mask_network
from engine.wire.errors import ErrorCode, HrnError
from support.onnx_masks import BYTES, green_mask


@pytest.fixture(scope="module")
def picture():
    y, x = np.mgrid[:70, :60]
    return np.stack([x * 4, 255 * ((x - 30) ** 2 + (y - 40) ** 2 < 400), y * 3], -1).astype(np.uint8)


@pytest.mark.parametrize("element", [BYTES, FLOAT])
@pytest.mark.parametrize("form", ["hwc", "nhwc", "nchw"])
@pytest.mark.parametrize("size", [("h", "w"), (70, 60), (140, 120)])
def test_layouts(tmp_path, picture, element, form, size):
    (tmp_path / "m.onnx").write_bytes(green_mask(element, size, form))
    found = read_mask_network(tmp_path / "m.onnx")(picture)
    assert found.shape == (70, 60) and found.dtype == np.float32
    if size == (140, 120):  # resized to the network's size and back: only the outline may differ
        assert ((found > 0.5) == (picture[..., 1] > 0)).mean() > 0.98
    else:
        np.testing.assert_allclose(found, picture[..., 1] / 255, atol=1e-6)


def test_the_first_of_several_channels_is_the_mask(tmp_path, picture):
    """As of the head matte; any size of picture, one after the other."""
    (tmp_path / "m.onnx").write_bytes(
        model([node("Cast", ["x"], "y", to=FLOAT)], [port("x", BYTES, [1, "h", "w", 3])], [port("y", FLOAT, [1, "h", "w", 3])])
    )
    network = read_mask_network(tmp_path / "m.onnx")
    for shown in (picture, picture[5:, 9:], picture):
        np.testing.assert_allclose(network(shown), shown[..., 0] / 255, atol=1e-6)


WHOLE = green_mask()
BROKEN = {
    "empty": b"",
    "text": b"version https://git-lfs.github.com/spec/v1\n",
    "page": b"<!DOCTYPE html><html></html>",
    "cut off": WHOLE[: len(WHOLE) // 2],
    "noise": np.random.default_rng(1).bytes(5000),
    "a TensorFlow graph": b"\n\x1a\n\x0binput_image\x12\x0bPlaceholder" * 9,
    "unknown node": model([node("NoSuchNode", ["x"], "y")], [port("x", BYTES, ["h", "w", 3])], [port("y", FLOAT, ["h", "w"])]),
    "no picture": model([node("Relu", ["x"], "y")], [port("x", FLOAT, [1, 10])], [port("y", FLOAT, [1, 10])]),
    "two inputs": model(
        [node("Add", ["x", "z"], "y")],
        [port("x", FLOAT, ["h", "w", 3]), port("z", FLOAT, ["h", "w", 3])],
        [port("y", FLOAT, ["h", "w", 3])],
    ),
    "no mask": model(
        [node("ReduceMean", ["x"], "y", axes=[0, 1], keepdims=0)], [port("x", FLOAT, ["h", "w", 3])], [port("y", FLOAT, [3])]
    ),
    "not a number": model(
        [node("Cast", ["x"], "f", to=FLOAT), node("Neg", ["f"], "n"), node("Sqrt", ["n"], "y")],
        [port("x", BYTES, ["h", "w", 3])],
        [port("y", FLOAT, ["h", "w", 3])],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_told(tmp_path, name):
    (tmp_path / "segment_face.onnx").write_bytes(BROKEN[name])
    with pytest.raises(HrnError) as caught:
        read_mask_network(tmp_path / "segment_face.onnx")
    assert caught.value.code is ErrorCode.CHECKPOINT_INVALID and "segment_face.onnx" in caught.value.message
    assert caught.value.hint and "Traceback" not in str(caught.value)


def test_every_cut_of_a_good_file_is_an_error(tmp_path):
    for length in range(0, len(WHOLE) - 1, 7):
        (tmp_path / "m.onnx").write_bytes(WHOLE[:length])
        with pytest.raises(HrnError):
            read_mask_network(tmp_path / "m.onnx")


def test_a_missing_file(tmp_path):
    with pytest.raises(HrnError) as caught:
        read_mask_network(tmp_path / "none.onnx")
    assert caught.value.code is ErrorCode.MODEL_MISSING

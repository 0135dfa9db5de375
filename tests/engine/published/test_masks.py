"""The published mask networks in the methods that use them: the user's conversion where it is good, else our own masks."""

from __future__ import annotations

import numpy as np
import pytest

from engine.nets.onnx_bytes import model, node, port
from engine.photo import Landmarker, load_photo
from engine.published.basel import alignment
from engine.published.files import file_states, models_report, required_paths
from engine.published.hrn.method import Hrn
from engine.published.masks import FaceMask, HeadMatte
from engine.published.method import PublishedMethod
from engine.wire.errors import ErrorCode, HrnError
from support.official.files import write_hrn
from support.onnx_masks import green_mask

OWN = "the engine's skin mask"


@pytest.fixture(scope="module")
def face(portrait):
    photo = load_photo(portrait)
    return PublishedMethod._given(portrait, photo, Landmarker().detect(photo)[0])


def state(folder, key, method="hrn"):
    return next(each for each in file_states(method, folder) if each.key == key)


def test_hrn_takes_the_users_conversion(face, tmp_path):
    """A network that answers with the crop's green channel: the mask of the texture comes of it."""
    write_hrn(tmp_path, optional=False)
    (tmp_path / "segment_face.onnx").write_bytes(green_mask())
    assert state(tmp_path, "face_segmenter").state == "there"
    method = Hrn()
    method.load(required_paths("hrn", tmp_path))
    found = method.stages(face)
    np.testing.assert_allclose(found.face_mask[0, 0].numpy(), found.crop[..., 1] / 255, atol=1e-6)
    assert method.about(found)["face_mask"] == "the published network (segment_face.onnx)"

    # A file that is no network leaves the method usable, with our own mask, and the table says what is wrong.
    (tmp_path / "segment_face.onnx").write_bytes(b"no network" * 9)
    wrong = state(tmp_path, "face_segmenter")
    assert wrong.state == "wrong" and "segment_face.onnx" in wrong.problem and not wrong.required
    row = next(row for row in models_report(tmp_path, commercial=False)["methods"] if row["name"] == "hrn")
    assert row["ready"] and any(file["state"] == "wrong" and file["name"] == "segment_face.onnx" for file in row["files"])
    paths = required_paths("hrn", tmp_path)
    assert "face_segmenter" not in paths
    mask, words = FaceMask(paths)(face, found.window, found.crop)
    assert words == OWN and mask.shape == (224, 224) and 0.05 < mask.mean() < 0.6
    with pytest.raises(HrnError) as caught:
        FaceMask({"face_segmenter": tmp_path / "segment_face.onnx"})
    assert caught.value.code is ErrorCode.CHECKPOINT_INVALID


def test_a_network_that_sees_nothing_gives_way(face, tmp_path):
    empty = model(
        [node("Cast", ["x"], "f", to=1), node("Sub", ["f", "f"], "y")],
        [port("x", 2, ["h", "w", 3])],
        [port("y", 1, ["h", "w", 3])],
    )
    (tmp_path / "segment_face.onnx").write_bytes(empty)
    template = np.array([[-0.31, 0.29, 0.13], [0.31, 0.29, 0.13], [0, -0.05, 0.55], [-0.25, -0.38, 0.22], [0.25, -0.38, 0.22]])
    image = face.photo.pixels
    window, crop, _ = alignment.align(image, alignment.flip_y(face.points, len(image)), template)
    mask, words = FaceMask({"face_segmenter": tmp_path / "segment_face.onnx"})(face, window, crop)
    assert words.startswith(OWN) and "segment_face.onnx found nothing" in words and mask.mean() > 0.05


def test_head_matte(tmp_path):
    crop = np.zeros((224, 224, 3), np.uint8)
    crop[30:190, 50:170] = (200, 230, 90)
    skin = np.zeros((224, 224), np.float32)
    skin[80:160, 80:140] = 1
    turn = np.linspace(0, 2 * np.pi, 68)
    landmarks = np.stack([110 + 30 * np.cos(turn), 120 + 36 * np.sin(turn)], 1)
    own, words = HeadMatte({})(crop, skin, landmarks)
    assert words.startswith("the engine's own") and own[120, 110] > 0.9
    (tmp_path / "Matting_headparser_6_18.onnx").write_bytes(green_mask(size=(256, 256), form="nhwc"))
    matte, words = HeadMatte({"head_matting": tmp_path / "Matting_headparser_6_18.onnx"})(crop, skin, landmarks)
    assert words == "the published network (Matting_headparser_6_18.onnx)"
    np.testing.assert_allclose(matte[40:180, 60:160], 230 / 255, atol=1e-5)
    assert matte[:20].max() == 0

"""Heads of photos with something over the face: nothing of it in shape or albedo, and one warning."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.bench.painted import paint
from engine.bench.worn_heads import face_albedo, shape_between
from engine.head import load_head_model
from engine.methods import reconstruct
from engine.photo import Landmarker, observe
from engine.photo.parts import part_network
from engine.wire.settings import Settings

SETTINGS = Settings(texture_size=512, quality="draft", hair=False)


@pytest.fixture(scope="module")
def heads(shared_dir, tmp_path_factory):
    """Bundles of the review's portrait: as it is, with a mask, with glasses, with sunglasses."""
    inputs = shared_dir / "review" / "inputs"
    if not (inputs / "mask_blue.jpg").is_file() or part_network() is None:
        pytest.skip("needs the review's inputs in the shared folder, and the networks of parts")
    folder, found = tmp_path_factory.mktemp("worn"), {}
    for name in ("base", "mask_blue", "glasses"):
        found[name] = reconstruct([inputs / f"{name}.jpg"], folder / name, SETTINGS)
    with Landmarker() as landmarker:
        photo, face = observe(inputs / "base.jpg", landmarker)
    worn = folder / "sunglasses.png"
    cv2.imwrite(str(worn), paint("sunglasses", photo.pixels, face.landmarks).pixels[..., ::-1])
    found["sunglasses"] = reconstruct([worn], folder / "sunglasses", SETTINGS)
    return found


def _codes(bundle) -> list[str]:
    return [warning["code"] for warning in bundle.manifest["quality"]["warnings"]]


def test_a_mask_and_glasses_are_named_once(heads):
    assert {name: _codes(bundle) for name, bundle in heads.items()} == {
        "base": [],
        "mask_blue": ["covered"],
        "glasses": ["glasses"],
        "sunglasses": ["glasses"],
    }


def test_every_photo_with_something_over_the_face_is_named(shared_dir, heads, tmp_path):
    """Not the reference alone, which is the one without."""
    inputs = [shared_dir / "review" / "inputs" / f"{name}.jpg" for name in ("glasses", "mask_blue", "base")]
    bundle = reconstruct(inputs, tmp_path / "head", SETTINGS)
    assert bundle.manifest["photos"][0]["name"] == "base.jpg"
    said = {w["code"]: w["message"] for w in bundle.manifest["quality"]["warnings"]}
    assert "glasses.jpg" in said["glasses"] and "mask_blue.jpg" in said["covered"]
    assert "base.jpg" not in said["glasses"] + said["covered"]


def test_eyes_behind_sunglasses_are_open_and_look_ahead(heads):
    told = heads["sunglasses"].manifest["expression"]
    value = dict(zip(told["names"], told["values"]))
    assert max(value["eyeBlinkLeft"], value["eyeBlinkRight"]) < 0.2
    assert max(value[name] for name in value if name.startswith("eyeLook")) < 0.15


def test_a_blue_mask_is_no_skin(heads):
    face, bare = (face_albedo(heads[name]) for name in ("mask_blue", "base"))
    assert (face[..., 2] > face[..., 0]).mean() < 0.001
    assert np.abs(np.median(face, (0, 1)) - np.median(bare, (0, 1))).max() < 14


def test_frames_are_neither_brows_nor_bars(heads):
    """Hardly more of the face is dark than without them."""
    dark = {name: (face_albedo(heads[name]) @ (0.3, 0.6, 0.1) < 75).mean() for name in ("glasses", "base")}
    assert dark["glasses"] < dark["base"] + 0.002


def test_the_shape_is_that_of_the_bare_face(heads):
    model = load_head_model()
    off = {name: shape_between(model, heads["base"], bundle) for name, bundle in heads.items()}
    assert off["glasses"] < 0.4 and off["mask_blue"] < 0.9

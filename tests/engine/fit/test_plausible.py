"""Whether what was found is a face: people in any colours are, also as statues and drawings; a cat is not."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from engine.fit import fit_coarse
from engine.fit.coarse.focal import first_camera
from engine.fit.plausible import refuse_implausible
from engine.methods import reconstruct
from engine.photo import Landmarker, observe
from engine.photo.landmarks import face_width
from engine.types import Veil
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings
from support.small_maps import small_analysis

DRAFT = Settings(texture_size=256, quality="draft")


def _statue(pixels):
    grey = cv2.cvtColor(cv2.bilateralFilter(pixels, 9, 40, 9), cv2.COLOR_BGR2GRAY)
    return cv2.merge([grey, grey, np.uint8(np.minimum(grey * 1.05, 255))])


def _drawn(pixels):
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    return cv2.merge([cv2.divide(grey, cv2.GaussianBlur(grey, (0, 0), 8), scale=256)] * 3)


CHANGES = {
    "as it is": lambda pixels: pixels,
    "mirrored": lambda pixels: pixels[:, ::-1].copy(),
    "grey": lambda pixels: cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
    "larger": lambda pixels: cv2.resize(pixels, None, fx=2, fy=2),
    "smaller": lambda pixels: cv2.resize(pixels, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA),
    "darker": lambda pixels: pixels // 2,
    "turned": lambda pixels: cv2.warpAffine(
        pixels, cv2.getRotationMatrix2D((200, 150), -12, 1), pixels.shape[1::-1], borderMode=cv2.BORDER_REFLECT
    ),
    "statue": _statue,
    "drawn": _drawn,
    "painted": lambda pixels: cv2.pyrMeanShiftFiltering(pixels, 12, 30),
}


@pytest.mark.parametrize("change", CHANGES)
def test_people_are_faces(model, portrait, tmp_path, change):
    cv2.imwrite(str(tmp_path / "a.png"), CHANGES[change](cv2.imread(str(portrait))))
    with Landmarker() as landmarker:
        photo, observation = observe(tmp_path / "a.png", landmarker)
    found = fit_coarse(model, photo, observation, DRAFT)
    refuse_implausible(photo, observation, found)
    assert observation.score > 0.6
    width = face_width(observation)

    def missed(share, score, veil=None):
        far = dataclasses.replace(found, residual_px=np.full(478, share * width, np.float32))
        try:
            refuse_implausible(photo, dataclasses.replace(observation, score=score, veil=veil), far)
        except HrnError as error:
            assert error.code is ErrorCode.NO_FACE and error.to_json()
            return True
        return False

    assert [missed(*one) for one in ((0.2, 0.95), (np.nan, 0.95), (0.05, 0.6))] == [True, True, True]
    assert [missed(*one) for one in ((0.05, 0.85), (0.025, 0.5))] == [False, False]
    mask = Veil(np.zeros((1, 1), np.uint8), np.zeros(478, np.float32), ("mouth", "chin"))
    # What is called a mask must be one: test_masked.py has real ones.
    assert [missed(*one) for one in ((0.035, 0.6), (0.035, 0.6, mask), (0.035, 0.8, mask))] == [True, True, False]


@pytest.mark.parametrize("change", ["as it is", "mirrored", "grey", "larger", "smaller", "darker", "turned"])
def test_the_reported_cat_is_none(shared_dir, tmp_path, change):
    cat = cv2.imread(str(shared_dir / "review" / "inputs" / "cat.jpg"))
    cv2.imwrite(str(tmp_path / "cat.png"), CHANGES[change](cat))
    with pytest.raises(HrnError) as caught:
        reconstruct(tmp_path / "cat.png", tmp_path / "head", DRAFT)
    assert caught.value.code is ErrorCode.NO_FACE and not (tmp_path / "head").exists()


def test_a_cat_among_photos_of_a_person_is_left_out(shared_dir, portrait, tmp_path):
    with small_analysis():
        photos = [shared_dir / "review" / "inputs" / "cat.jpg", portrait]
        manifest = reconstruct(photos, tmp_path / "head", DRAFT).manifest
    assert {photo["name"]: photo["used"] for photo in manifest["photos"]} == {"astronaut.png": True, "cat.jpg": False}
    assert [photo for photo in manifest["photos"] if not photo["used"]][0]["error"]["code"] == "NO_FACE"


def test_points_in_one_place_do_not_end_in_an_error():
    """What the landmark network makes of some things."""
    camera = first_camera(np.random.default_rng(0).normal(0, 50, (40, 3)), np.full((40, 2), 200.0), (512, 512), 600.0)
    assert np.isfinite(camera.t).all() and np.isfinite(camera.R).all()

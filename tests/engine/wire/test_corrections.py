"""Corrections as JSON: what is written comes back, and what is wrong is refused with one sentence."""

from __future__ import annotations

import copy
import json

import pytest

from engine.wire.corrections import Corrections, read_corrections, write_corrections
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.sliders import SLIDERS
from support.synthetic_bundle import write_png

GOOD = {
    "schema": "hrn-head-corrections",
    "schema_version": 1,
    "head_model_version": "m",
    "photos": [
        {
            "name": "anna.jpg",
            "sha256": "a" * 64,
            "size": [40, 30],
            "pins": [{"id": "p", "vertices": [1, 2, 3], "weights": [0.2, 0.3, 0.5], "pixel": [3.5, 4.0], "deviation_mm": 0.5}],
            "ignore": "ignore_0.png",
        }
    ],
    "switches": {"rigid_only": False, "shape": True, "expression": True, "symmetric": True, "neutral": True, "focal": "free"},
    "locks": {"parts": ["nose"], "vertices": [7]},
    "sliders": {"jaw_width": 2.0},
}


def changed(*path, to):
    data = copy.deepcopy(GOOD)
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return data


def test_what_is_written_comes_back(tmp_path):
    import numpy as np

    write_png(tmp_path / "ignore_0.png", np.zeros((30, 40), np.uint8))
    given = Corrections.from_json(GOOD)
    assert given.to_json() == GOOD and not given.empty and Corrections().empty
    write_corrections(tmp_path / "c.json", given)
    assert read_corrections(tmp_path / "c.json") == given
    assert json.loads((tmp_path / "c.json").read_text(encoding="utf-8")) == GOOD


@pytest.mark.parametrize(
    "data, said",
    [
        ({}, "not a file of corrections"),
        (changed("schema_version", to=2), "version 2"),
        (changed("photos", 0, "pins", 0, "pixel", to=[41, 3]), "Pin 1 of anna.jpg lies outside the photo"),
        (changed("photos", 0, "pins", 0, "weights", to=[1, 1, 1]), "“weights”"),
        (changed("photos", 0, "pins", 0, "pixel", to=[float("nan"), 3]), "“pixel”"),
        (changed("photos", 0, "ignore", to="../ignore.png"), "“ignore”"),
        (changed("photos", 0, "size", to=[0, 3]), "“size”"),
        (changed("switches", "focal", to="wild"), "“focal”"),
        (changed("switches", "shape", to=1), "“shape”"),
        (changed("locks", "parts", to=["hat"]), "no part “hat”"),
        (changed("sliders", to={"hat": 1}), "no slider “hat”"),
        (changed("sliders", to={"jaw_width": 99}), "Jaw width must be from"),
    ],
)
def test_what_is_wrong_is_refused(data, said):
    with pytest.raises(HrnError) as failure:
        Corrections.from_json(data)
    assert failure.value.code is ErrorCode.CORRECTIONS_INVALID and said in str(failure.value)


def test_a_mask_must_be_there_and_of_the_photos_size(tmp_path):
    import numpy as np

    given = Corrections.from_json(GOOD)
    with pytest.raises(HrnError, match="is not there"):
        given.check_masks(tmp_path)
    write_png(tmp_path / "ignore_0.png", np.zeros((30, 41), np.uint8))
    with pytest.raises(HrnError, match="41 x 30 pixels"):
        given.check_masks(tmp_path)


def test_an_unreadable_file_is_one_sentence(tmp_path):
    (tmp_path / "c.json").write_text("{", encoding="utf-8")
    with pytest.raises(HrnError, match="cannot be read"):
        read_corrections(tmp_path / "c.json")


def test_there_are_some_twenty_sliders():
    assert len(SLIDERS) >= 20 and all(slider.minimum < 0 < slider.maximum for slider in SLIDERS.values())

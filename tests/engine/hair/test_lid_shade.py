"""The rims of lids: as dark as the photo shows them, on the skin that lies under the lashes."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.spatial import cKDTree

from engine.hair.closeup import make_closeup
from engine.hair.lid_shade import lid_shade
from engine.hair.lids import lid_lines
from engine.photo.regions import EYES
from engine.texture.bare import bare_albedo
from engine.wire.color import LUMA
from support.head_scene import SIZE, Scene, Where


@pytest.fixture(scope="module")
def light(model):
    """``light[photo, lid, part]``: brightness of the bare albedo on rims and, by 8 mm, below them, of a face whose lower lids
    are lined in the photo, and of one without any line."""
    scene = Scene(model, yaw=0.0, hand=False)
    view = scene.view()
    posed = model.template.astype(np.float32)
    plain = make_closeup(model, posed, view)
    even = np.full_like(plain.even, 0.4)
    lined = even.copy()
    for rim in EYES:
        line = np.round(plain.landmarks[list(rim[:9])] * 16).astype(np.int32)
        cv2.polylines(lined, [line], False, (0.08, 0.08, 0.08), round(0.02 * plain.face), shift=4)
    albedo = scene.build(lighting=view.mid.lighting).albedo
    where, landmarks = Where(model, SIZE), model.landmarks(model.template)
    found = {}
    for photo, seen in (("pale", even), ("lined", lined)):
        lids = lid_shade(model, posed, lid_lines([replace(plain, even=seen)]))
        bare = where.of(bare_albedo(model, albedo, {"lids": lids})) @ LUMA
        for lid, points in (("upper", slice(10, 15)), ("lower", slice(2, 7))):
            for part, below in (("rim", 0), ("cheek", 8)):
                middle = np.concatenate([landmarks[list(rim[points])] for rim in EYES]) - np.float32([0, below, 0])
                found[photo, lid, part] = bare[where.skin & (cKDTree(middle).query(where.place)[0] < 1.2)].mean()
    return found


def test_a_lined_lid_is_dark(light):
    assert light["lined", "lower", "rim"] < 0.75 * light["pale", "lower", "rim"]


def test_upper_lids_are_dark_on_everybody(light):
    assert light["pale", "upper", "rim"] < 0.95 * light["pale", "lower", "rim"]


def test_the_skin_around_stays(light):
    assert light["lined", "lower", "cheek"] == pytest.approx(light["pale", "lower", "cheek"], rel=0.01)

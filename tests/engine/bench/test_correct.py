"""The artist of ``engine bench correct``: what counts as true, and what pins of it do."""

from __future__ import annotations

import numpy as np
import pytest

from engine.bench.correct import Artist, Truth
from engine.bench.true_places import feature_places
from engine.camera import orbit_camera
from engine.corrections.base import Base
from engine.head.landmarks68 import LANDMARKS_68


def marks_of(model, head):
    return model.landmarks(head)[LANDMARKS_68[30:60]].astype(np.float64)


def test_a_heads_own_fit_has_no_say_in_where_its_features_are(model):
    template = model.template.astype(np.float64)
    heads, marks = [template] * 4, [marks_of(model, template)] * 3 + [marks_of(model, template) + [0, 6.0, 0]]
    corners, weights = feature_places(model, heads, marks)[3]
    found = np.einsum("lk,lkd->ld", weights, template[corners])
    assert np.linalg.norm(found - marks[0], axis=1).max() < 1.5


@pytest.fixture(scope="module")
def artist(model):
    """Before a head whose lower face is too narrow."""
    true = model.template.astype(np.float64)
    below = np.clip((true[:, 1].max() - true[:, 1]) / 220 - 0.5, 0, 0.3)
    fitted = true * np.stack([1 - 0.4 * below, np.ones(len(true)), np.ones(len(true))], 1)
    camera = orbit_camera(true, yaw=0, width=700, height=700)
    basis = model.expression_basis.astype(np.float64)
    nothing = np.zeros_like(true)
    base = Base(fitted, nothing, basis, np.zeros((1, 52)), (camera,), ("a",), np.zeros(len(model.identity_basis)), nothing)
    mark = marks_of(model, model.template)
    place = feature_places(model, [true] * 2, [mark] * 2)[0]
    elsewhere = (model.part("neck", "right_ear", "left_ear", "scalp") > 0.5).astype(float)
    return Artist(model, base, [Truth(true, model.triangles.astype(np.int64), camera, elsewhere, mark, *place)])


def test_pins_bring_the_head_nearer_in_the_photo_and_in_space(model, artist):
    outline = [place for place in artist.places[0] if place.across is not None]
    assert len(outline) >= 4 and len(artist.places[0]) - len(outline) >= 25
    true = model.template.astype(np.float64)
    skin = artist.surface.vertices
    before = np.linalg.norm((artist.posed(0) - true)[skin], axis=1).mean()
    artist.set_pins(0, 8)
    assert artist.ratio(0) < 0.8
    assert np.linalg.norm((artist.posed(0) - true)[skin], axis=1).mean() < before
    assert max(pin.error_px for pin in artist.found.pins) < 1

"""Brows that are drawn have the color of what shows of the photo's, and are as dense."""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.photo.regions import BROWS
from engine.texture.paint.scalp import find_hair
from engine.texture.weights import WEIGHTS

SKIN = (0.40, 0.25, 0.18)
BROWN = (0.09, 0.05, 0.03)


def _view(brow, share=1.0):
    """Skin with two bars for brows, a `share` of whose pixels is hair, and masks without anything over them."""
    random = np.random.default_rng(2)
    picture = np.float32(SKIN) * random.uniform(0.98, 1.02, (120, 400, 1)).astype(np.float32)
    landmarks = np.zeros((478, 2), np.float32)
    for contour, x in zip(BROWS, (110, 290)):
        turn = np.linspace(0, 2 * np.pi, len(contour), endpoint=False)
        landmarks[list(contour)] = np.stack([x + 50 * np.cos(turn), 60 + 14 * np.sin(turn)], 1)
        rows, columns = np.mgrid[:120, :400]
        inside = np.hypot((columns + 0.5 - x) / 50, (rows + 0.5 - 60) / 14) < 1
        picture[inside & (random.random(inside.shape) < share)] = brow
    pixels = np.round(65535 * picture).astype(np.uint16)
    view = SimpleNamespace(
        landmarks=landmarks, pyramid=(pixels,), pixels_per_mm=3.0, camera=SimpleNamespace(height=120, width=400)
    )
    return view, SimpleNamespace(over=np.zeros((120, 400), np.float32), skin=np.ones((120, 400), np.float32))


def _found(view, masks):
    """What is found where no scalp is in sight."""
    return find_hair(view, masks, np.zeros((4, 2), np.float32), np.zeros(4), np.ones(4), np.ones(3))


def test_their_color_is_that_of_the_photo_s():
    assert _found(*_view(BROWN)).brow == pytest.approx(BROWN, rel=0.01)


def test_a_frame_over_them_is_not_their_color():
    view, masks = _view(BROWN)
    view.pyramid[0][50:66] = np.uint16(65535 * np.array((0.02, 0.02, 0.02)))
    masks.over[50:66] = 1
    assert _found(view, masks).brow == pytest.approx(BROWN, rel=0.01)


def test_thin_ones_stay_thin():
    dense, thin = (_found(*_view(BROWN, share)).brow_density for share in (0.7, 0.2))
    assert dense == 1 and thin == pytest.approx(0.2 / WEIGHTS.scalp.brow_usual, rel=0.2)


def test_hair_on_the_scalp_is_not_taken_from_fair_brows():
    assert _found(*_view(BROWN)).color == pytest.approx(BROWN, rel=0.01)
    fair = _found(*_view((0.25, 0.17, 0.12)))
    assert fair.color == pytest.approx(WEIGHTS.scalp.default) and fair.brow[0] > 0.2


def test_brows_that_do_not_show_are_usual():
    view, masks = _view(BROWN)
    masks.over[:] = 1
    found = _found(view, masks)
    assert found.brow == pytest.approx(WEIGHTS.scalp.default) and found.brow_density == 1

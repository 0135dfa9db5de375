"""How bright skin is taken to be."""

import numpy as np
import pytest

from engine.texture.unlit.delight import skin_balance
from engine.wire.color import LUMINANCE

SKIN = np.array([0.30, 0.17, 0.11])


def luminance(color, teeth=None):
    return float(color * skin_balance(color, teeth) @ LUMINANCE)


def test_without_teeth_the_photo_s_exposure_is_kept():
    assert luminance(SKIN) == pytest.approx(SKIN @ LUMINANCE, rel=1e-4)
    assert luminance(SKIN, 0.8) == luminance(SKIN)  # In deep shade they tell nothing.


def test_teeth_tell_how_a_photo_was_exposed():
    """The same face, exposed rightly, at half and at twice of it: the ratio of teeth to skin stays."""
    teeth = 0.53 / float(SKIN @ LUMINANCE)
    right, dark, bright = (luminance(factor * SKIN, teeth) for factor in (1.0, 0.5, 2.0))
    assert right == pytest.approx(SKIN @ LUMINANCE, rel=1e-3)
    assert dark / right == pytest.approx(np.sqrt(0.5), rel=1e-3)
    assert bright / right == pytest.approx(np.sqrt(2), rel=1e-3)


@pytest.mark.parametrize("factor", [0.3, 0.6, 1.0])
def test_dark_skin_stays_dark_beside_its_teeth(factor):
    skin = factor * SKIN
    assert luminance(skin, 0.53 / float(skin @ LUMINANCE)) == pytest.approx(luminance(skin), rel=1e-2)


def test_no_skin_is_brighter_than_skin_can_be():
    assert luminance(np.array([0.9, 0.8, 0.75])) < 0.55
    assert luminance(np.array([0.9, 0.8, 0.75]), 1.3) < 0.5

"""From what hair looks like to what its shader is given."""

from __future__ import annotations

import numpy as np
import pytest

from engine.wire.hair_color import BUILT, StrandCurve

CURVES = [BUILT, StrandCurve(veil=0.0155, whitest=0.436, gain=1.22)]
MEASURED = [(0.004, 0.0129), (0.01, 0.0196), (0.03, 0.0384), (0.085, 0.0895), (0.22, 0.2049), (0.45, 0.3326), (0.85, 0.4237)]
"""Colors of the built material's shader and what they look like, by tests/digest/hair_looks.py."""


@pytest.mark.parametrize("curve", CURVES)
def test_a_color_looks_as_it_was_asked_for(curve):
    look = np.linspace(1.5 * curve.veil, 0.7 * curve.whitest, 40)
    np.testing.assert_allclose(curve.look(curve.color(look)), look, rtol=1e-6)


@pytest.mark.parametrize("curve", CURVES)
def test_darker_and_brighter_than_hair_can_be_stay_in_order_and_in_range(curve):
    color = curve.color(np.linspace(0, 1, 200))
    assert (np.diff(color) >= 0).all() and color[0] == 0 and color[-1] == curve.most


def test_the_built_material_looks_as_measured():
    color, look = np.transpose(MEASURED)
    np.testing.assert_allclose(BUILT.look(color), look, rtol=0.08)

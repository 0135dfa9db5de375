"""Hair thins out towards its border."""

from __future__ import annotations

import numpy as np

from engine.hair.hairline import at_border, hairline_thickness
from engine.hair.weights import WEIGHTS


def patch(rng: np.random.Generator) -> np.ndarray:
    """(4000, 3) mm: places on a patch of skin of 120 by 120 mm."""
    return np.concatenate([rng.uniform(-60, 60, (4000, 2)), np.zeros((4000, 1))], 1)


def test_the_border_is_where_roots_have_others_on_one_side_only():
    roots = patch(np.random.default_rng(3))
    border = at_border(roots, np.arange(len(roots)))
    inside = 60 - np.abs(roots[:, :2]).max(1)
    assert np.median(border[inside < 0.5]) > 0.8
    assert border[inside > 12].mean() < 0.05


def test_strands_of_the_border_are_thin_at_their_roots_and_as_thick_as_others_farther_on():
    roots = patch(np.random.default_rng(3))
    inside = 60 - np.abs(roots[:, :2]).max(1)
    chosen = np.array([inside.argmin(), inside.argmax()])
    points = roots[chosen][:, None] + np.linspace(0, 60, 24)[None, :, None] * [0.0, 0.0, 1.0]
    border, middle = hairline_thickness(roots, chosen, points, WEIGHTS.strands)
    assert border[0] < 0.6
    assert (np.diff(border) >= 0).all() and border[-1] == 1
    assert middle[0] > 0.9


def test_few_roots_and_none_have_no_border():
    points = np.zeros((2, 24, 3))
    assert (hairline_thickness(np.zeros((2, 3)), np.array([0, 1]), points, WEIGHTS.strands) == 1).all()
    assert hairline_thickness(np.zeros((0, 3)), np.zeros(0, int), points[:0], WEIGHTS.strands).shape == (0, 24)

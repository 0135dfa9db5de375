"""Strands that no photo shows."""

from __future__ import annotations

import numpy as np
import pytest

from engine.hair.field import Field
from engine.hair.grow import grown_strands
from engine.hair.roots import Roots
from engine.hair.space import Space

STEP = 5.0
"""Side of a voxel, mm."""
LOWEST = -100.0
"""Height at which the hull ends, mm."""


@pytest.fixture(scope="module")
def wall() -> tuple[Space, Field]:
    """Hair 20 mm thick before a wall of skin, in which all falls straight down."""
    origin, shape = np.array([-60.0, -160.0, -20.0]), (24, 44, 20)
    x, y, z = np.meshgrid(*(origin[i] + (np.arange(shape[i]) + 0.5) * STEP for i in range(3)), indexing="ij")
    hull = np.minimum(20.0 - z, y - LOWEST)
    distance = np.stack([z, hull, hull], -1).astype(np.float32)
    slope = np.concatenate([np.stack(np.gradient(distance[..., i], STEP), -1) for i in (0, 1)], -1).astype(np.float32)
    down = np.broadcast_to(np.array([0.0, -1.0, 0.0], np.float32), (*shape, 3)).copy()
    return Space(origin, STEP, distance, slope), Field(origin, STEP, down)


def grown(wall, length: float, tips: float) -> np.ndarray:
    """(n,) mm: the heights at which strands of that length end."""
    rng = np.random.default_rng(7)
    point = np.stack([rng.uniform(-40, 40, 400), rng.uniform(-5, 5, 400), np.zeros(400)], 1)
    normal = np.broadcast_to([0.0, 0.0, 1.0], (400, 3)).copy()
    roots = Roots(point, normal, np.zeros(400, np.int32), np.ones((400, 3)) / 3, np.ones(400), np.zeros(400, bool))
    share = rng.uniform(0.4, 0.95, 400)
    curves = grown_strands(
        roots, np.arange(400), share, np.full(400, length), wall[1], wall[0], -300.0, tips * rng.random(400) ** 2
    )
    return curves.points[np.arange(len(curves.points)), curves.count - 1, 1]


def test_what_the_hull_ends_does_not_end_as_if_cut_with_a_ruler(wall):
    ruler, ragged = grown(wall, 700.0, 0.0), grown(wall, 700.0, 0.22)
    assert np.quantile(ragged, 0.9) - np.quantile(ragged, 0.1) > np.quantile(ruler, 0.9) - np.quantile(ruler, 0.1) + 10
    assert np.median(ragged) < np.median(ruler) + 12


def test_what_is_as_long_as_it_is_to_be_keeps_its_tip(wall):
    np.testing.assert_array_equal(grown(wall, 60.0, 0.22), grown(wall, 60.0, 0.0))

"""Strands in the quick picture of a head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.camera import Camera
from engine.hair.draw import draw_tufts, grown
from engine.hair.types import Strands, Tufts
from engine.wire.hair import HairStyle

CAMERA = Camera(100, 100, 500.0, 500.0, 50.0, 50.0, np.diag([1.0, -1, -1]), np.array([0, 0, 500.0]))
"""One pixel is one millimetre at the origin."""
STYLE = HairStyle(1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.01, 0.3)


def upright(x: float, z: float, radius: float = 1.0, color=(0.2, 0.4, 0.6)) -> Strands:
    """One strand from y = 20 to y = -20 mm."""
    points = np.stack([np.full(9, x), np.linspace(20, -20, 9), np.full(9, z)], -1)[None].astype(np.float32)
    return Strands(
        points,
        np.zeros(1, np.int32),
        np.float32([[1, 0, 0]]),
        np.full((1, 9), radius, np.float32),
        np.broadcast_to(np.float32(color), (1, 9, 3)).copy(),
        np.full(1, 2, np.uint8),
        np.zeros(1, np.uint8),
    )


def nothing() -> np.ndarray:
    return np.full((100, 100), np.inf, np.float32)


def test_a_strand_lies_where_the_camera_sees_it():
    layer = draw_tufts([Tufts(upright(10.5, 0), STYLE)], CAMERA, nothing())
    rows, columns = np.nonzero(layer.alpha)
    assert set(columns) == {60} and rows.min() == 30 and rows.max() in (68, 69, 70)
    assert np.allclose(layer.depth[layer.alpha > 0], 500) and np.isinf(layer.depth[layer.alpha == 0]).all()
    hue = layer.color[50, 60] / layer.color[50, 60].sum()
    assert hue[0] < hue[1] < hue[2]


def test_the_head_hides_what_is_behind_it():
    head = nothing()
    head[:50] = 480
    alpha = draw_tufts([Tufts(upright(10.5, 0), STYLE)], CAMERA, head).alpha
    assert not alpha[:50].any() and alpha[55:65, 60].all()


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearer_strand_covers_the_farther_in_any_order(order):
    red, blue = upright(10.5, 5, color=(1, 0, 0)), upright(10.5, -5, color=(0, 0, 1))
    layer = draw_tufts([Tufts(one, STYLE) for one in (red, blue)[::order]], CAMERA, nothing())
    assert layer.color[50, 60, 0] > 5 * layer.color[50, 60, 2] and layer.depth[50, 60] == pytest.approx(495)


def test_thin_strands_cover_as_much_as_they_are_wide():
    thick, thin = (
        draw_tufts([Tufts(upright(10.5, 0, radius), STYLE)], CAMERA, nothing()).alpha[50, 60] for radius in (0.1, 0.05)
    )
    assert 0 < thin < 0.5 and thick == pytest.approx(2 * thin, rel=0.15)


@pytest.mark.parametrize("turn", [0, 20, 45, 70])
@pytest.mark.parametrize("points", [3, 9, 33, 90])
def test_lines_cover_their_area_however_they_run(turn, points):
    a = np.radians(turn)
    along = np.linspace(-20, 20, points)
    line = np.stack([along * np.sin(a), along * np.cos(a), np.zeros(points)], -1)[None].astype(np.float32)
    strands = replace(
        upright(0, 0),
        points=line,
        radius=np.full((1, points), 0.05, np.float32),
        color=np.full((1, points, 3), 0.2, np.float32),
    )
    alpha = draw_tufts([Tufts(strands, STYLE)], CAMERA, nothing()).alpha
    assert alpha.sum() == pytest.approx(40 * 0.1, rel=0.06)


def test_hair_on_the_skin_has_the_skins_light():
    lit = np.ones((100, 100), np.float32)
    lit[50:] = 0.5
    layer = draw_tufts([Tufts(upright(10.5, 0), STYLE)], CAMERA, nothing(), lit)
    assert layer.color[60, 60].sum() / layer.alpha[60, 60] < 0.7 * layer.color[40, 60].sum() / layer.alpha[40, 60]


def test_nothing_is_drawn_behind_the_camera_or_beside_the_picture():
    strands = upright(0, 0)
    strands.points[0, 4:] += (0, 0, 900)
    layer = draw_tufts([Tufts(strands, STYLE), Tufts(upright(400, 0), STYLE)], CAMERA, nothing())
    assert np.isfinite(layer.color).all() and not layer.alpha[55:].any()


def test_tufts_grow_around_their_guide_and_meet_where_they_clump():
    style = replace(STYLE, children=200, spread=0.004, clump=1.0)
    points = grown(Tufts(upright(0, 0), style))
    assert np.array_equal(points[0, 0], upright(0, 0).points[0])
    away = np.linalg.norm(points[0] - points[0, :1], axis=-1)
    assert 1 < np.median(away[1:, 0]) < 6 and away[:, -1].max() < 1e-4

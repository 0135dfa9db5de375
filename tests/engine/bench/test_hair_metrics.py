"""The figures of hair: right on hair that is known, worse on hair that is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from engine.bench.ciede2000 import ciede2000, color_difference
from engine.bench.hair_metrics import (
    children,
    depth_in_head,
    draw,
    flow_error,
    overlap,
    photo_flow,
    smooth_length,
)
from engine.camera import Camera
from engine.wire.hair import HairGroup, HairStyle

PLAIN = HairStyle(1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.3)


@pytest.fixture
def camera():
    return Camera(200, 200, 400.0, 400.0, 100.0, 100.0, np.eye(3), np.array([0.0, 0.0, 400.0]))


def stripes(slope: float, depth: float = 0.0) -> np.ndarray:
    """Strands 1 mm apart that cover a square of 80 mm and rise by `slope` towards the right."""
    start = np.arange(-40, 40, 0.8)
    along = np.linspace(-40, 40, 20)
    rows = np.stack(np.broadcast_arrays(along[None], start[:, None] + slope * along[None], depth), -1)
    return rows.astype(np.float32)


def test_hair_beside_the_mask_costs_overlap(camera):
    empty = np.full((200, 200), np.inf, np.float32)
    cover = draw(stripes(0.0), camera, empty).cover
    mask = np.zeros((200, 200), bool)
    mask[60:140, 60:140] = True
    right = overlap(cover, mask)
    wrong = overlap(np.roll(cover, 20, 1), mask)
    assert right["iou"] > 0.95
    assert wrong["iou"] < 0.65 and wrong["recall"] < 0.8 and wrong["precision"] < 0.8


def test_the_head_hides_what_is_behind_it(camera):
    head = np.full((200, 200), np.inf, np.float32)
    head[:, :100] = 395.0
    drawn = draw(stripes(0.0, depth=5.0), camera, head)
    assert not drawn.cover[:, :98].any() and drawn.cover[80:120, 105:130].all()


@pytest.mark.parametrize("slope", [0.0, 0.5, -1.0])
def test_direction_of_drawn_strands(camera, slope):
    drawn = draw(stripes(slope), camera, np.full((200, 200), np.inf, np.float32))
    inner = drawn.angle[95:105, 95:105]
    assert np.degrees(np.abs(inner - np.arctan(slope))).max() < 3


def test_flow_finds_the_angle_between_strands_and_photo(camera):
    y, x = np.mgrid[:200, :200]
    lines = 127 + 60 * np.sin((y - 0.5 * x) * 1.2)
    rgb = np.repeat(lines[..., None], 3, -1).astype(np.uint8)
    hair = np.zeros((200, 200), np.float32)
    hair[50:150, 50:150] = 1
    angle, confidence = photo_flow(rgb, hair, 150.0)
    empty = np.full((200, 200), np.inf, np.float32)
    same = flow_error(draw(stripes(0.5), camera, empty), angle, confidence, hair > 0.5)
    other = flow_error(draw(stripes(-0.5), camera, empty), angle, confidence, hair > 0.5)
    assert same["median"] < 3 and same["within_20"] > 0.95
    assert other["median"] == pytest.approx(53, abs=4)


def test_nothing_to_compare_is_not_a_perfect_flow(camera):
    drawn = draw(np.zeros((0, 4, 3), np.float32), camera, np.full((200, 200), np.inf, np.float32))
    assert np.isnan(flow_error(drawn, drawn.angle, drawn.angle, drawn.cover)["median"])


def test_depth_in_a_head():
    import trimesh

    ball = trimesh.creation.icosphere(4, 100.0)
    out = np.linspace(0, 1, 8)[:, None]
    ray = np.array([0.0, 0.6, 0.8])
    outside = ((100 + 30 * out) * ray)[None].astype(np.float32)
    inside = ((100 - 5 * out) * ray)[None].astype(np.float32)
    good = depth_in_head(outside, ball.vertices, ball.faces)
    bad = depth_in_head(np.concatenate([outside, inside]), ball.vertices, ball.faces)
    assert good.worst < 0.5 and good.share == 0 and good.root_gap < 0.5
    assert bad.worst == pytest.approx(5, abs=0.5) and bad.share == 0.5


def test_length_is_that_of_the_middle_line():
    far = np.linspace(0, 200, 120)
    helix = np.stack([6 * np.cos(far / 3), 6 * np.sin(far / 3), far], -1)[None]
    assert np.linalg.norm(np.diff(helix, axis=1), axis=2).sum() > 350
    assert smooth_length(helix)[0] == pytest.approx(200, rel=0.12)


@pytest.mark.parametrize(
    "first, second, wanted",
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_gives_the_published_numbers(first, second, wanted):
    """Supplementary test data of Sharma, Wu and Dalal (2005), table 1."""
    assert ciede2000(np.array(first), np.array(second)) == pytest.approx(wanted, abs=1e-4)


def test_color_difference_is_that_of_the_eye():
    grey = np.full(3, 0.2)
    assert color_difference(grey, grey) == 0
    assert 0.5 < color_difference(grey, grey * 1.1) < 4 < color_difference(grey, grey * 2)


def test_children_stand_around_their_guide_and_curl():
    points = np.zeros((5, 12, 3), np.float32)
    points[..., 1] = np.linspace(0, 0.1, 12)
    group = HairGroup(
        points,
        np.zeros((5, 2), np.float32),
        np.full((5, 12), 1e-4, np.float32),
        np.zeros((5, 12, 3), np.float32),
        np.zeros(5, np.uint8),
        np.zeros(5, np.uint8),
        HairStyle(7, 0.003, 1.0, 0.0, 0.0, 0.0, 0.0, 0.3),
    )
    grown = children(group)
    assert len(grown) == 35 and 0.5 < np.abs(grown[:, 0, [0, 2]]).max() < 12
    assert np.abs(grown[:, -1, [0, 2]]).max() < 0.01, "all tips meet in one point"
    curly = children(group._replace(style=HairStyle(1, 0.0, 0.0, 0.0, 0.0, 0.005, 0.02, 0.3)))
    assert np.linalg.norm(curly[:, -1, [0, 2]], axis=1) == pytest.approx(5, abs=1)


def test_an_edge_of_the_picture_is_no_hair(camera):
    far = stripes(0.0) + np.float32([500, 0, 0])
    assert not draw(far, camera, np.full((200, 200), np.inf, np.float32)).cover.any()

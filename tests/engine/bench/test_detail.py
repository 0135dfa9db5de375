"""The judge of detail: bands, signs, and that the truth scored against itself is perfect."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.bench.clay import beside_of
from engine.bench.detail_bands import BANDS, angles, bands, raised, surface, untilted
from engine.bench.detail_cycles import closed
from engine.bench.detail_folds import Relief
from engine.bench.detail_known import negatives_of, summary, table
from engine.bench.detail_limits import short_of_heads, short_of_likeness, short_of_pairs
from engine.bench.detail_measure import Detail, Truth, false_relief, known_relief, score_head, strength
from engine.bench.detail_pairs import NEGATIVES, Pair, PairStudio
from engine.camera import Camera
from engine.head import load_head_model

PER_MM = 2.2


def _plane(side: int = 220, tilt: float = 0.0) -> tuple[Camera, np.ndarray, np.ndarray]:
    """A camera that sees a finely cut plane 500 mm away, and the plane."""
    camera = Camera(side, side, PER_MM * 500, PER_MM * 500, side / 2, side / 2, np.eye(3), np.zeros(3))
    x, y = np.meshgrid(np.linspace(-60, 60, 61), np.linspace(-60, 60, 61))
    vertices = np.stack([x, y, 500 + tilt * x], -1).reshape(-1, 3)
    first = (np.arange(60)[:, None] * 61 + np.arange(60)).reshape(-1, 1)
    triangles = np.concatenate([first + [0, 1, 62], first + [0, 62, 61]]).astype(np.int32)
    return camera, vertices, triangles


def _relief(seed: int = 3) -> np.ndarray:
    """(220, 220) mm of waves in all bands."""
    x = np.arange(220) / PER_MM
    wave = sum(a * np.sin(2 * np.pi * x / length) for a, length in ((0.3, 12.0), (0.1, 3.5), (0.02, 1.4)))
    return np.float32(wave[None] + 0.5 * wave[:, None])


@pytest.mark.parametrize(("wavelength", "home"), [(11.0, "6-20"), (3.5, "2-6"), (1.2, "<2"), (60.0, None)])
def test_waves_fall_into_their_band(wavelength: float, home: str | None) -> None:
    x = np.arange(400) / 4.0
    wave = np.float32(np.sin(2 * np.pi * x / wavelength)[None].repeat(400, 0))
    found = bands(wave, np.ones_like(wave), 4.0)
    amplitude = {name: np.sqrt(2) * band[150:250, 150:250].std() for name, band in found.items()}
    for name, value in amplitude.items():
        assert value > 0.6 if name == home else value < 0.35, amplitude


def test_relief_outside_does_not_reach_the_bands() -> None:
    where = np.zeros((200, 200), np.float32)
    where[:, :100] = 1
    height = np.where(where > 0, np.float32(0), np.float32(5))
    assert max(np.abs(band[:, :100]).max() for band in bands(height, where, PER_MM).values()) < 1e-5


def test_a_slope_is_no_wave_where_skin_ends() -> None:
    y, x = np.mgrid[:200, :200].astype(np.float32)
    plane = 0.02 * x - 0.01 * y  # 2.7 mm from side to side
    disc = (np.hypot(x - 100, y - 100) < 60).astype(np.float32)
    for band in bands(plane, disc, PER_MM).values():
        assert np.abs(band[disc > 0]).max() < 0.01  # of a mean 0.11


def test_a_slope_turns_normals_away_from_where_it_rises() -> None:
    camera, vertices, triangles = _plane()
    seen = surface(camera, vertices, triangles)
    assert seen.per_mm == pytest.approx(PER_MM, rel=1e-3)
    assert seen.normal[110, 110] == pytest.approx([0, 0, -1], abs=1e-6)
    rises = np.arange(220)[None].repeat(220, 0) / PER_MM * np.tan(np.radians(10))
    turned = raised(seen, rises)[110, 110]
    assert turned[0] < 0 and angles(turned, seen.normal[110, 110]) == pytest.approx(10, abs=0.05)


def test_tangents_of_a_slanted_surface_are_true_millimetres() -> None:
    camera, vertices, triangles = _plane(tilt=1.0)
    seen = surface(camera, vertices, triangles)
    step = seen.point[110, 111] - seen.point[110, 110]
    assert seen.across[110, 110] == pytest.approx(step, rel=0.02)
    assert seen.facing[110, 110] == pytest.approx(np.sqrt(0.5), rel=0.02)


def test_smooth_depth_is_nearer_to_a_sphere_than_its_triangles() -> None:
    theta, phi = np.meshgrid(np.linspace(0.02, np.pi - 0.02, 25), np.linspace(0, 2 * np.pi, 49))
    ball = 80 * np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1).reshape(-1, 3)
    first = (np.arange(48)[:, None] * 25 + np.arange(24)).reshape(-1, 1)
    triangles = np.concatenate([first + [0, 1, 26], first + [0, 26, 25]]).astype(np.int32)
    camera = Camera(200, 200, 1000.0, 1000.0, 100.0, 100.0, np.eye(3), np.array([0, 0, 900.0]))
    seen = surface(camera, ball[:, [0, 2, 1]], triangles)
    middle = seen.hit & (seen.facing > 0.7)
    smooth = np.linalg.norm(seen.point[middle] - [0, 0, 900], axis=-1)
    ray = seen.point[middle] / seen.point[middle][:, 2:]
    flat = np.linalg.norm(ray * seen.raster.depth[middle][:, None] - [0, 0, 900], axis=-1)
    assert np.abs(smooth - 80).mean() < 0.5 * np.abs(flat - 80).mean()


def _own(height: np.ndarray) -> Detail:
    camera, vertices, triangles = _plane()
    where = np.zeros(height.shape, bool)
    where[20:-20, 20:-20] = True
    return Detail(surface(camera, vertices, triangles), height, where, 1.0)


def _pair(height: np.ndarray) -> Pair:
    everywhere = np.ones(height.shape, bool)
    return Pair(Path(), "soft", height, (height < -0.2).astype(np.float32), everywhere, PER_MM)


def test_truth_against_itself_is_perfect() -> None:
    height = _relief()
    row = known_relief(_pair(height), _own(height))
    for band in BANDS:
        assert row[band]["corr"] == pytest.approx(1, abs=1e-6) and row[band]["gain"] == pytest.approx(1, abs=1e-3)
        assert row[band]["folds"] == pytest.approx(1, abs=1e-6)
    assert row["relief_degrees"] == pytest.approx(0, abs=1e-6) and row["smooth_degrees"] > 3


def test_dents_for_bumps_count_against() -> None:
    height = _relief()
    row = known_relief(_pair(height), _own(-height))
    assert row["6-20"]["corr"] == pytest.approx(-1, abs=1e-6) and row["relief_degrees"] > 1.5 * row["smooth_degrees"]


def test_a_head_fitted_twice_as_large_has_the_same_relief() -> None:
    height = _relief()
    camera, vertices, triangles = _plane()
    large = _own(2 * height)._replace(smooth=surface(camera, 2 * vertices, triangles))
    row = known_relief(_pair(height), large)
    assert row["6-20"]["gain"] == pytest.approx(1, abs=1e-2) and row["relief_degrees"] < 0.1
    assert strength(_pair(height), large)["2-6"] == pytest.approx(strength(_pair(height), _own(height))["2-6"], rel=1e-2)


def test_nothing_from_nothing() -> None:
    pair = _pair(np.zeros((220, 220), np.float32))
    assert false_relief(pair, _own(pair.height))["degrees"] == 0
    assert false_relief(pair, _own(_relief()))["degrees"] > 3


def test_a_benchmark_head_rewards_what_its_smooth_fit_lacks() -> None:
    camera, vertices, triangles = _plane()
    vertices[:, 2] += (vertices[:, :2] ** 2).sum(1) / 300  # a plane alone does not tell how it is turned
    fine = vertices.copy()
    lacks = 0.4 * np.sin(2 * np.pi * vertices[:, 0] / 14)
    fine[:, 2] -= lacks  # towards the camera
    truth = Truth(camera, fine, triangles)
    seen = surface(camera, vertices, triangles)
    right = np.float32(0.4 * np.sin(2 * np.pi * seen.point[..., 0] / 14))
    own = _own(right)._replace(smooth=seen)
    good, none, wrong = (score_head(truth, own._replace(height=height)) for height in (right, 0 * right, -right))
    assert good["6-20"]["corr"] > 0.95 and wrong["6-20"]["corr"] < -0.95
    assert good["detail_degrees"] < 0.4 * none["detail_degrees"] < wrong["detail_degrees"]
    assert none["detail_degrees"] == pytest.approx(none["smooth_degrees"])


def test_tilt_is_no_detail() -> None:
    y, x = np.mgrid[:50, :50]
    assert np.abs(untilted(0.3 * x - 0.1 * y + 7.0, np.ones((50, 50), bool))).max() < 1e-6


def test_folds_are_valleys_and_differ_from_side_to_side() -> None:
    model = load_head_model()
    relief = Relief(model)
    wrinkles = relief.draw(np.random.default_rng(1), 0.9, {"mouthSmile": 0.7})
    middle = wrinkles.point[:, 20]
    height, near = relief.folds(wrinkles, middle)
    deep = wrinkles.depth[:, 20] > 0.2
    assert deep.any() and (height[deep] < 0.2).mean() > 0.9 and near.min() >= 0 and near.max() <= 1
    places = model.template.astype(float)
    there, mirrored = relief.folds(wrinkles, places)[0], relief.folds(wrinkles, places * [-1, 1, 1])[0]
    assert np.abs(there - mirrored).max() > 0.1
    young = relief.draw(np.random.default_rng(1), 0.0, {})
    assert len(young.depth) <= len(wrinkles.depth)


def test_a_twin_differs_only_by_relief(tmp_path: Path) -> None:
    studio = PairStudio(load_head_model(), tmp_path, sides=(150, 151))
    pair = studio.pair(1, 0, ("jpeg",))
    read = {name: cv2.imread(str(pair.photo(name))).astype(float) for name in ("wrinkled", "plain", "jpeg")}
    assert read["wrinkled"].shape[:2] == pair.height.shape == pair.skin.shape
    assert pair.skin.any() and np.abs(pair.height[pair.skin]).max() > 0.1 and not pair.photo("beard").exists()
    change = np.abs(read["wrinkled"] - read["plain"]).mean(-1)
    assert change[pair.skin].mean() > 2 * change[pair.height == 0].mean()
    before = pair.photo("plain").stat().st_mtime_ns
    again = studio.pair(1, 0, ("jpeg",))
    assert again.photo("plain").stat().st_mtime_ns == before
    np.testing.assert_array_equal(again.height, pair.height)


def test_all_negatives_have_their_turn() -> None:
    assert {name for number in range(6) for name in negatives_of(number, False)} == set(NEGATIVES[1:])
    assert all(len(set(negatives_of(number, False))) == 2 for number in range(40))


def _row(value: float) -> dict:
    band = {"corr": value, "folds": value, "gain": 1.0, "true": 0.1, "found": 0.1}
    known = {name: dict(band) for name in BANDS} | {"smooth_degrees": 4.0, "relief_degrees": 4.0 - 3 * value}
    false = {name: {"degrees": 2 * (1 - value)} for name in NEGATIVES}
    strong = {"with": {"6-20": 0.1}, "without": {"6-20": 0.1 * (1.2 - value)}}
    return {"head": 0, "light": "soft", "known": known, "false": false, **strong}


def test_what_falls_short_is_named() -> None:
    assert short_of_pairs(summary([_row(0.9)])) == []
    assert len(short_of_pairs(summary([_row(0.9), {"head": 1, "light": "sun", "failed": "no face"}]))) == 1
    short = short_of_pairs(summary([_row(0.1)]))
    assert len(short) == 6 + 1 + 1 + len(NEGATIVES)
    assert "| correlation | 0.10 | 0.10 | 0.10 |" in table(summary([_row(0.1)]))


def test_plain_benchmark_heads_must_not_get_worse() -> None:
    band = {"corr": 0.3}
    rows = [
        {"head": name, "view": "frontal", **dict.fromkeys(BANDS, band), "smooth_degrees": 7.0, "detail_degrees": after}
        for name, after in (("d01", 6.9), ("d02", 7.1), ("d07", 6.9))
    ]
    assert len(short_of_heads(rows)) == 1
    assert len(short_of_heads([*rows, {"head": "d03", "view": "side", "failed": "no face"}])) == 2


def test_detail_may_not_make_a_head_less_like_its_photo() -> None:
    better = {"photo": "a.png", "front": [0.50, 0.48], "turned": [0.55, 0.53]}
    worse = {"photo": "b.png", "front": [0.50, 0.51], "turned": [0.50, 0.53]}
    assert short_of_likeness([better, {"photo": "c.png", "front": [None, None], "turned": [None, 0.4]}]) == []
    assert len(short_of_likeness([better, worse])) == 2  # b turned by more than 0.02, and turned heads on average


def test_seams_of_a_surface_take_its_color() -> None:
    picture = np.zeros((20, 20, 4), np.float32)
    picture[:, :10] = [0.4, 0.2, 0.1, 1]
    picture[:, 10] = [0.04, 0.02, 0.01, 0.1]  # the last pixels are hardly covered
    picture[5, 5] = 0
    found = closed(picture)
    assert found[5, 5] == pytest.approx([0.4, 0.2, 0.1], rel=1e-3) and found[9, 10] == pytest.approx([0.4, 0.2, 0.1], rel=1e-3)


def test_another_picture_is_named_by_its_photo(tmp_path: Path) -> None:
    file = tmp_path / "other.png"
    cv2.imwrite(str(file), np.arange(60 * 80 * 3, dtype=np.uint8).reshape(60, 80, 3))
    name, whole = beside_of(f"00437.png={file}")
    _, part = beside_of(f"00437.png={file}@10,20,30,40")
    assert name == "00437.png" and whole.shape == (60, 80, 3)
    np.testing.assert_array_equal(part, whole[20:60, 10:40])
    with pytest.raises(ValueError):
        beside_of("00437.png=nothing.png")

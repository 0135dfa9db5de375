"""Known styles: they grow where hair grows, a perfect groom scores best, and what falls short makes the exit status 1."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from engine.bench import hair, hair_known, hair_limits, hair_real
from engine.bench.hair_likeness import Likeness
from engine.bench.hair_metrics import depth_in_head, draw, smooth_length
from engine.bench.hair_truth import Truth
from engine.camera import orbit_camera
from engine.head import load_head_model
from engine.head.model import MATERIALS
from engine.head.subdivision import subdivided
from engine.pipeline.assemble import camera_json
from engine.render import rasterize
from engine.synthetic import hair_grow
from engine.synthetic.hair_grow import Body, Solid, grow, torso
from engine.synthetic.hair_styles import COLORS, STYLES
from engine.wire.hair import HairGroup, HairStyle, hair_json, write_hair


def style_called(name):
    return next(style for style in STYLES if style.name == name)


@pytest.fixture(scope="module")
def head():
    model = load_head_model()
    fine, finer = subdivided(model)
    body = Body(fine, finer @ model.template, torso(model, model.template.astype(float)))
    return model, body, Solid(body)


@pytest.fixture(scope="module")
def few(head):
    """Guides of a style, fewer than for pictures."""
    patch = pytest.MonkeyPatch()
    patch.setattr(hair_grow, "_ROOTS", 900)
    grown = {
        name: grow(style_called(name), head[1], head[2], np.random.default_rng(1))
        for name in ("bob", "fade", "ponytail", "ring of hair", "afro", "bald")
    }
    yield grown
    patch.undo()


def test_there_are_enough_styles_of_every_kind():
    assert len(STYLES) >= 40 and len({style.name for style in STYLES}) == len(STYLES)
    kinds = {style.kind for style in STYLES}
    assert {"short", "long", "curly", "afro", "braid", "tail", "bun", "fringe", "receding", "bald", "buzz"} <= kinds
    assert any(style.part for style in STYLES) and {style.color for style in STYLES} <= set(COLORS)


@pytest.mark.parametrize("name", ["bob", "fade", "ponytail", "ring of hair", "afro"])
def test_hair_grows_out_of_the_skin(head, few, name):
    _, body, _ = head
    skin = np.repeat(body.model.face_material == MATERIALS.index("skin"), 2)
    found = depth_in_head(few[name], body.vertices, body.model.triangles[skin])
    assert found.root_gap < 0.1 and np.isfinite(few[name]).all()
    assert found.share < 0.02


def test_lengths_are_the_styles(few):
    assert np.median(smooth_length(few["afro"])) == pytest.approx(72, rel=0.1)
    crown = few["fade"][:, 0, 1] > 80
    low = few["fade"][:, 0, 1] < 20
    assert np.median(smooth_length(few["fade"][crown])) > 28 and np.median(smooth_length(few["fade"][low])) < 6
    assert np.percentile(few["ponytail"][:, -1, 1], 50) < -80, "the tail hangs"


def test_bare_places_stay_bare(few):
    assert len(few["bald"]) == 0
    assert few["ring of hair"][:, 0, 1].max() < 75 and few["bob"][:, 0, 1].max() > 95


def known_bundle(folder, head, truth, points, color):
    """A head bundle, as far as the figures need it, with these guides (G, P, 3) in mm."""
    model, body, _ = head
    count = points.shape[:2]
    group = HairGroup(
        (points / 1000).astype(np.float32),
        np.zeros((count[0], 2), np.float32),
        np.full(count, 1e-4, np.float32),
        np.broadcast_to(np.float32(color), (*count, 3)).copy(),
        np.zeros(count[0], np.uint8),
        np.zeros(count[0], np.uint8),
        HairStyle(1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.3),
    )
    groups = {"hair": group} if count[0] else {}
    folder.mkdir()
    write_hair(folder, groups)
    camera = truth.camera
    pixels, depth = camera.project(body.vertices.astype(float))
    surface = rasterize(pixels, depth, body.model.triangles, camera.width, camera.height).depth
    mask = draw(truth.strands, camera, surface).cover
    cv2.imwrite(str(folder / "hair_0.png"), mask.astype(np.uint8) * 255)
    manifest = {"cameras": [camera_json(camera)], "hair": hair_json(groups, masks=["hair_0.png"])}
    arrays = {"vertices": model.template / 1000, "deformation": np.zeros_like(model.template)}
    return SimpleNamespace(path=folder, manifest=manifest, arrays=lambda: arrays)


@pytest.fixture(scope="module")
def truth(head, few):
    model, _, _ = head
    camera = orbit_camera(model.template, 0.0, width=220, height=220, fill=0.6)
    color = np.float32(COLORS["brown"])
    return Truth(style_called("bob"), None, camera, model.template, few["bob"], few["bob"], color)


def right_color(truth):
    """(3,) of strands that look as the known ones do."""
    return hair_known.KNOWN_HAIR.look(truth.color)


def test_a_perfect_groom_scores_best(head, truth, tmp_path):
    row = hair_known.figures(head[0], truth, known_bundle(tmp_path / "a", head, truth, truth.guides, right_color(truth)))
    assert row["iou"] > 0.97 and row["unseen"] > 0.97 and row["mask_iou"] > 0.97
    assert row["flow"] < 2 and abs(row["length_percent"]) < 8 and row["volume_mm"] < 1
    assert row["color"] < 0.5 and row["bare_share"] == 0 and row["root_gap_mm"] < 0.5


def test_a_wrong_groom_scores_worse_in_what_is_wrong(head, truth, tmp_path):
    def scored(name, points, color=None):
        color = right_color(truth) if color is None else color
        return hair_known.figures(head[0], truth, known_bundle(tmp_path / name, head, truth, points, color))

    right = scored("right", truth.guides)
    raised = scored("raised", truth.guides + np.float32([0, 25, 0]))
    assert raised["iou"] < right["iou"] - 0.1 and raised["volume_mm"] > 2
    lowered = scored("lowered", truth.guides + np.float32([0, -45, 25]))
    assert lowered["bare_share"] > 0.05
    root = truth.guides[:, :1]
    half = scored("half", root + 0.5 * (truth.guides - root))
    assert half["length_percent"] == pytest.approx(-50, abs=8)
    front = scored("front", truth.guides[truth.guides[:, 0, 2] > -60])
    assert front["unseen"] < 0.7
    assert scored("pale", truth.guides, np.float32(COLORS["pale"]))["color"] > 20
    sunk = scored("sunk", truth.guides - np.float32([0, 0, 12]))
    assert sunk["depth_mm"] > 4


def test_roots_behind_the_head_are_not_shown_bare(head, truth, tmp_path):
    in_front = replace(truth, guides=truth.guides[truth.guides[:, 0, 2] > -90])
    row = hair_known.figures(head[0], in_front, known_bundle(tmp_path / "a", head, truth, truth.guides, truth.color))
    assert row["hidden_bare"] > 0.3 and row["bare_share"] < 0.02


def test_roots_are_judged_at_their_place_on_the_known_head(head, truth, tmp_path):
    high = truth.vertices[:, 1] > 40
    taller = replace(truth, vertices=truth.vertices + np.float32([0, 18, 0]) * high[:, None])
    moved = replace(taller, guides=truth.guides + np.float32([0, 18, 0]) * (truth.guides[:, :1, 1:2] > 40))
    row = hair_known.figures(head[0], moved, known_bundle(tmp_path / "a", head, truth, truth.guides, truth.color))
    assert row["bare_share"] < 0.01 and abs(row["length_percent"]) < 8


@pytest.mark.parametrize("name", sorted(COLORS))
def test_colors_are_compared_as_they_look_in_the_same_light(name):
    looks = hair_known.KNOWN_HAIR.look(np.float32(COLORS[name]))
    assert hair_known.look_error(looks, COLORS[name]) < 3.5, "white hair is a little brighter than the add-on's can be"
    wrong = {"half": 0.5 * looks, "twice": 2 * looks, "blue": looks[::-1] * [0.7, 1, 1.3]}
    for kind, color in wrong.items():
        found = hair_known.look_error(color, COLORS[name])
        assert found > 3.9, f"{kind}: {found:.1f}"


def test_bald_heads_want_no_hair(head, truth, tmp_path):
    bald = replace(truth, style=style_called("bald"), guides=truth.guides[:0], strands=truth.strands[:0])
    right = hair_known.figures(head[0], bald, known_bundle(tmp_path / "a", head, truth, truth.guides[:0], truth.color))
    wrong = hair_known.figures(head[0], bald, known_bundle(tmp_path / "b", head, truth, truth.guides, truth.color))
    rows = [{"style": "bald", "kind": "bald", **row} for row in (right, wrong)]
    assert right["guides"] == 0 and wrong["bare_share"] == 1
    said = hair_limits.known(rows, lambda text: None)
    assert any("bald" in line for line in said)


def known_row(**more):
    row = {"style": "bob", "kind": "bob", "guides": 900, "iou": 0.9, "mask_iou": 0.95, "flow": 6.0, "unseen": 0.95}
    row |= {"unseen_iou": 0.9, "length_percent": 5.0, "volume_mm": 6.0, "color": 3.0, "bare_share": 0.0, "depth_mm": 0.5}
    return {**row, "root_gap_mm": 0.1, "deep_share": 0.0, "beard": 0, **more}


@pytest.mark.parametrize(
    "change",
    [
        {"length_percent": -30.0},
        {"color": 9.0},
        {"unseen": 0.5},
        {"bare_share": 0.2},
        {"depth_mm": 3.0},
        {"guides": 0},
        {"beard": 40},
        {"color": float("nan")},
    ],
)
def test_limits_of_known_styles(change):
    assert hair_limits.known([known_row()], lambda text: None) == []
    assert hair_limits.known([known_row(**change)], lambda text: None)


def real_row(**more):
    row = {"photo": "one", "guides": 1800, "iou": 0.9, "precision": 0.95, "recall": 0.95, "flow": 7.0, "flow_mean": 9.0}
    row |= {"within_20": 0.9, "color": 5.0, "bare_share": 0.0, "depth_mm": 0.5, "deep_share": 0.0, "root_gap_mm": 0.2}
    return {**row, "hair_s": 3.0, "total_s": 10.0, "warnings": [], **more}


@pytest.mark.parametrize(
    "change", [{"iou": 0.8}, {"flow": 14.0}, {"depth_mm": 1.4}, {"bare_share": 0.1}, {"hair_s": 8.0}, {"guides": 0}]
)
def test_limits_of_real_photos(change):
    assert hair_limits.photos([real_row()], lambda text: None) == []
    assert hair_limits.photos([real_row(**change)], lambda text: None)


def test_one_bad_photo_falls_short_beside_good_ones():
    rows = [real_row(iou=0.95) for _ in range(9)] + [real_row(photo="bad", iou=0.7)]
    said = hair_limits.photos(rows, lambda text: None)
    assert len(said) == 1 and "bad" in said[0]


def test_likeness_falls_short_on_one_photo_or_on_average():
    quiet = lambda text: None  # noqa: E731
    good = {"a": Likeness(0.6, 0.5), "b": Likeness(0.7, 0.6)}
    assert hair_limits.likeness(good, quiet) == []
    assert hair_limits.likeness({**good, "c": Likeness(0.5, 0.55)}, quiet)
    assert hair_limits.likeness({**good, "c": Likeness(0.5, None)}, quiet)


def mask_rows(count=12, **more):
    row = {"name": "a", "iou": 0.95, "precision": 0.97, "recall": 0.97, "refusal": "", "expected": "", "kept_aside": False}
    return [dict(row) for _ in range(count - 1)] + [{**row, **more}]


@pytest.mark.parametrize(
    "rows, kept",
    [
        (mask_rows(), True),
        (mask_rows(iou=0.5), False),
        (mask_rows(8), False),
        (mask_rows(refusal="bald"), False),
        (mask_rows(13, iou=None, refusal="covered", expected="covered"), True),
        (mask_rows(13, iou=None, expected="covered"), False),
    ],
)
def test_limits_of_drawn_masks(rows, kept):
    assert (hair_limits.masks(rows, lambda text: None) == []) == kept


@pytest.mark.parametrize("row, status", [(real_row(), 0), (real_row(iou=0.5), 1)])
def test_exit_status_says_whether_all_is_kept(monkeypatch, tmp_path, capsys, row, status):
    monkeypatch.setattr(hair_real, "score_real", lambda *_: ([row], {}))
    monkeypatch.setattr(hair_real, "find_photos", lambda folder: {"one": [tmp_path / "one.jpg"]})
    assert hair.main([str(tmp_path), "--only", "photos"]) == status
    assert ("falls short" in capsys.readouterr().out) == bool(status)


def test_photos_of_one_person_are_one_subject(tmp_path):
    for name in ("single/a.jpg", "single/b.png", "sets/x/view_0.png", "sets/x/view_1.png", "single/notes.txt"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = hair_real.find_photos(tmp_path)
    assert {name: len(paths) for name, paths in found.items()} == {"a": 1, "b": 1, "x": 2}

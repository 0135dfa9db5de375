"""Recordings of Live Link Face become keyframes: of the head's own expressions, at the scene's frame rate."""

from __future__ import annotations

from math import radians

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import build_head
from hrn_blender.build.rig import action_names, build_rig, lead_of, set_lead
from hrn_blender.build.rig import bones as bones_module
from hrn_blender.engine.wire.errors import HrnError
from hrn_blender.link.face_capture import Treatment, read_capture, treated
from hrn_blender.operators import capture as operator
from hrn_blender.operators import rig as rig_operators
from support.addon.operators import fails
from support.synthetic_bundle import EXPRESSIONS, make_bundle
from support.synthetic_rig import synthetic_rig

ANGLES = [
    "HeadYaw",
    "HeadPitch",
    "HeadRoll",
    *(f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ("Yaw", "Pitch", "Roll")),
]
COUNTED = 60
"""Frames a second of the recordings."""


def pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def written(path, seconds: float = 1.0, name=pascal, count: str = "BlendShapeCount", code: bool = True, **motion):
    """A recording in which `motion` (action or angle -> function of seconds) moves."""
    names = [*EXPRESSIONS, *ANGLES]
    rows = [",".join([*(["Timecode", count] if code else []), *(name(n) if n in EXPRESSIONS else n for n in names)])]
    for number in range(int(seconds * COUNTED) + 1):
        t = number / COUNTED
        whole, part = divmod(number, COUNTED)
        values = [f"{motion[n](t) if n in motion else 0.0:.6f}" for n in names]
        rows.append(
            ",".join(
                [
                    *(
                        [
                            f"23:59:{59 + whole - (whole and 60)}:{part:02d}.{number % 7:03d}"
                            if not whole
                            else f"00:00:{whole - 1:02d}:{part:02d}.000",
                            "61",
                        ]
                        if code
                        else []
                    ),
                    *values,
                ]
            )
        )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("capture") / "head", texture_size=16, name="Zoë")


@pytest.fixture
def head(addon, bundle, monkeypatch):
    table = synthetic_rig(bundle.arrays()["vertices"].astype(np.float64))
    for module in (bones_module, rig_operators, operator):
        monkeypatch.setattr(module, "load_rig", lambda: table)
    head = build_head(bundle.path).head
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = head
    return head


def value(head, action: str, frame: int) -> float:
    bpy.context.scene.frame_set(frame)
    return head.data.shape_keys.key_blocks[action].value


@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"count": "BlendshapeCount", "name": str},
        {"name": lambda n: n.replace("Left", "_L").replace("Right", "_R") if n[-4:] == "Left" or n[-5:] == "Right" else n},
        {"code": False},
    ],
    ids=["device", "camel case", "sides", "no timecode"],
)
def test_every_layout_is_read(tmp_path, layout):
    path = written(tmp_path / "take.csv", 2.0, eyeBlinkLeft=lambda t: t / 2, mouthLeft=lambda t: 0.25, **layout)
    capture = read_capture(path, EXPRESSIONS)
    assert set(capture.actions) == set(EXPRESSIONS) and capture.head.shape == (121, 3)
    assert capture.times[0] == 0 and capture.times[-1] == pytest.approx(2, abs=1e-3)
    np.testing.assert_allclose(np.interp(1.5, capture.times, capture.actions["eyeBlinkLeft"]), 0.75, atol=2e-3)
    np.testing.assert_allclose(capture.actions["mouthLeft"], 0.25)


def test_expressions_are_keyed_at_the_scenes_rate(head, tmp_path):
    bpy.context.scene.render.fps = 24
    path = written(tmp_path / "take.csv", 2.0, jawOpen=lambda t: t / 2, mouthSmileLeft=lambda t: 0.5)
    assert bpy.ops.hrn.capture(filepath=str(path), start=10, smoothing=0) == {"FINISHED"}
    assert value(head, "jawOpen", 10) == pytest.approx(0, abs=1e-3)
    assert value(head, "jawOpen", 34) == pytest.approx(0.5, abs=2e-3)
    assert value(head, "jawOpen", 58) == pytest.approx(1, abs=2e-3)
    assert value(head, "mouthSmileLeft", 30) == pytest.approx(0.5) and bpy.context.scene.frame_end >= 58


def test_a_moment_of_rest_is_zero_and_gains_are_single(head, tmp_path):
    path = written(tmp_path / "take.csv", jawOpen=lambda t: 0.2 + 0.4 * t, browInnerUp=lambda t: 0.3)
    bpy.ops.hrn.capture(filepath=str(path), smoothing=0, use_neutral=True, gain=2.0, gains="jawOpen=0.5")
    rate = bpy.context.scene.render.fps
    assert value(head, "jawOpen", 1) == pytest.approx(0, abs=1e-3)
    assert value(head, "jawOpen", 1 + rate) == pytest.approx(0.5, abs=0.02)
    assert value(head, "browInnerUp", 5) == pytest.approx(0, abs=1e-6)


def test_smoothing_takes_noise_and_leaves_the_time(tmp_path):
    noise = np.random.default_rng(3).normal(0, 0.1, 200)
    path = written(
        tmp_path / "take.csv", 2.0, jawOpen=lambda t: max(0, 0.5 + noise[int(t * 60 + 0.5)]), browInnerUp=lambda t: t / 2
    )
    capture = read_capture(path, EXPRESSIONS)
    plain, smooth = (treated(capture, Treatment(60, smoothing=s))[1] for s in (0.0, 0.05))
    assert smooth["jawOpen"].std() < 0.5 * plain["jawOpen"].std()
    np.testing.assert_allclose(smooth["browInnerUp"][20:-20], plain["browInnerUp"][20:-20], atol=2e-3)


def test_the_rigs_neck_turns_with_the_recorded_head(head, tmp_path):
    rig = build_rig(head)
    set_lead(head, rig, "BONES", operator.load_rig())
    path = written(tmp_path / "take.csv", HeadYaw=lambda t: 0.4 * t, HeadPitch=lambda t: 0.2)
    bpy.ops.hrn.capture(filepath=str(path), smoothing=0)
    bpy.context.scene.frame_set(1 + bpy.context.scene.render.fps)
    turns = [rig.pose.bones[name].rotation_euler for name in ("neck_01", "neck_02", "head")]
    assert sum(turn.y for turn in turns) == pytest.approx(0.4, abs=0.01)
    assert sum(turn.x for turn in turns) == pytest.approx(0.2, abs=1e-4)
    assert lead_of(rig) == "KEYS"
    bpy.ops.hrn.capture(filepath=str(path), smoothing=0, unit="HALF_TURNS", mirror=True)
    bpy.context.scene.frame_set(1 + bpy.context.scene.render.fps)
    assert sum(turn.y for turn in turns) == pytest.approx(-radians(72), abs=0.03)


def test_a_second_recording_replaces_the_first_and_nothing_else(head, tmp_path):
    keys = head.data.shape_keys
    keys.key_blocks["jawOpen"].value = 0.3
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=1)
    own = keys.animation_data.action
    path = written(tmp_path / "take.csv", jawOpen=lambda t: t)
    bpy.ops.hrn.capture(filepath=str(path))
    first = keys.animation_data.action.name
    assert own.name in bpy.data.actions and own.use_fake_user
    bpy.ops.hrn.capture(filepath=str(path))
    assert sum(action.name.startswith(first[:8]) for action in bpy.data.actions) == 1
    assert own.name in bpy.data.actions


def test_what_is_no_recording_is_said_and_changes_nothing(head, tmp_path):
    other = tmp_path / "bills.csv"
    other.write_text("date,amount\n2026-01-01,5\n", encoding="utf-8")
    short = written(tmp_path / "short.csv", 0.5)
    short.write_text(short.read_text(encoding="utf-8") + "00:00:01:00.000,61,0.1\n", encoding="utf-8")
    empty = tmp_path / "empty.csv"
    empty.write_text(written(tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
    picture = tmp_path / "picture.csv"
    picture.write_bytes(bytes(range(256)) * 20)
    good = written(tmp_path / "good.csv")
    run = bpy.ops.hrn.capture
    fails(run, "no columns of facial", filepath=str(other))
    fails(run, "Row 33 of short.csv", filepath=str(short))
    fails(run, "has no rows", filepath=str(empty))
    fails(run, "cannot be read", filepath=str(picture))
    fails(run, "cannot be read", filepath=str(tmp_path / "absent.csv"))
    fails(run, "lies outside", filepath=str(good), use_neutral=True, neutral=50)
    fails(run, "is not the gain", filepath=str(good), gains="noseOpen=2")
    assert head.data.shape_keys.animation_data is None and not bpy.data.actions


def test_rows_whose_time_stands_still_are_left_out(tmp_path):
    path = written(tmp_path / "take.csv", jawOpen=lambda t: t, code=True)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:10], lines[9], lines[9], *lines[10:]]), encoding="utf-8")
    capture = read_capture(path, EXPRESSIONS)
    assert len(capture.times) == len(lines) - 1 and (np.diff(capture.times) > 0).all()


def test_actions_of_a_head_are_its_shape_keys(head):
    assert action_names(head) == list(EXPRESSIONS)


def test_values_that_are_no_numbers_are_refused(tmp_path):
    path = written(tmp_path / "take.csv", 0.2, jawOpen=lambda t: float("nan"))
    with pytest.raises(HrnError, match="Row 2"):
        read_capture(path, EXPRESSIONS)

"""Messages, errors and settings that cross the border between add-on and engine."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.wire.errors import EXIT_CODES, ErrorCode, HrnError
from engine.wire.protocol import MAX_LINE_BYTES, STAGES, decode_line, encode_line, overall_fraction, versions_match
from engine.wire.settings import Settings
from support.checkout import ROOT, python_path

TEXT = st.text() | st.sampled_from(["C:\\fotos\\ä b\\Ω.jpg", "line\nbreak\r\u2028", "\ud83d\ude00"])


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(TEXT, TEXT | st.integers() | st.none() | st.lists(TEXT | st.booleans(), max_size=3), max_size=4))
def test_any_message_is_one_line_and_comes_back(message):
    try:
        line = encode_line(message)
    except UnicodeEncodeError:
        return  # lone surrogates are no text
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert decode_line(line) == message


def test_nan_is_not_sent():
    with pytest.raises(ValueError):
        encode_line({"fraction": float("nan")})


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"10%|###   |",
        b"[1]\n",
        b"null",
        b'{"a": ',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'"' + b"x" * MAX_LINE_BYTES + b'"',
    ],
)
def test_a_line_that_is_no_message(line):
    with pytest.raises(HrnError) as caught:
        decode_line(line)
    assert caught.value.code is ErrorCode.ENGINE_PROTOCOL


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_survives_the_wire_and_has_a_hint_and_an_exit_status(code):
    error = HrnError(code, "Something happened to ä.", details={"n": 1})
    again = HrnError.from_json(json.loads(json.dumps(error.to_json())))
    assert (again.code, again.message, again.hint, again.details) == (code, error.message, code.hint, {"n": 1})
    assert code.hint.endswith(".") and str(error).startswith("Something happened")
    assert EXIT_CODES[code] not in (0, 1)


def test_exit_statuses_differ():
    assert len(set(EXIT_CODES.values())) == len(ErrorCode)


def test_an_unknown_code_of_a_newer_engine_is_internal():
    assert HrnError.from_json({"code": "FLUX", "message": "m"}).code is ErrorCode.INTERNAL


def test_errors_are_documented():
    text = (ROOT / "docs" / "user" / "errors.md").read_text(encoding="utf-8")
    missing = [c.value for c in ErrorCode if f"| `{c.value}` | {EXIT_CODES[c]} |" not in text]
    assert not missing


@pytest.mark.parametrize(
    "wrong",
    [
        {"texture_size": 255},
        {"texture_size": 8193},
        {"texture_size": 512.0},
        {"texture_size": True},
        {"quality": "best"},
        {"detail": -1},
        {"detail": float("nan")},
        {"detail": "1"},
        {"detail": None},
        {"face_index": -1},
        {"face_index": "0"},
        {"focal_px": 0},
        {"focal_px": [1]},
        {"focal_mm": 3},
        {"focal_mm": 50, "focal_px": 500},
        {"keep_expression": 1},
        {"method": 3},
        {"seed": 1.5},
        {"hair_texture": None},
        {"corrected": 1},
        {"part_distance": 1},
        {"colour": "red"},
    ],
)
def test_wrong_settings_are_named(wrong):
    with pytest.raises(HrnError) as caught:
        Settings.from_json(wrong)
    assert caught.value.code is ErrorCode.SETTINGS_INVALID
    words = {
        "texture_size": "exture",
        "quality": "uality",
        "detail": "etail",
        "face_index": "ace",
        "focal_px": "ocal",
        "focal_mm": "ocal",
    }
    key = next(iter(wrong))
    assert words.get(key, key) in caught.value.message


def test_settings_come_back():
    chosen = Settings(texture_size=512, detail=2, focal_px=1200.5, keep_expression=False, hair_texture=True)
    assert Settings.from_json(json.loads(json.dumps(chosen.to_json()))) == chosen


def test_overall_progress_rises_from_nothing_to_all():
    steps = [overall_fraction(stage, fraction) for stage in STAGES for fraction in (0, 0.5, 1)]
    assert steps == sorted(steps) and steps[0] == 0 and steps[-1] == 1
    assert overall_fraction("mid", 7.0) <= 1 and overall_fraction("unheard of", 0.5) == 0


def test_versions():
    assert versions_match("0.1.0", "0.1.9")
    assert not versions_match("0.1.0", "0.2.0") and not versions_match("1.1.0", "0.1.0")


def test_the_wire_package_needs_no_site_packages():
    code = (
        "import importlib, pkgutil, sys, engine.wire as wire; "
        "names = {m.name for m in pkgutil.iter_modules(wire.__path__)} - {'bundle', 'bundle_checks', 'color', 'hair', 'hair_color', 'rig'}; "
        "[importlib.import_module(f'engine.wire.{name}') for name in names]; assert {'atomic', 'client', 'names'} <= names; "
        "sys.exit(any(m in sys.modules for m in ('numpy', 'torch', 'cv2')))"
    )
    assert subprocess.run([sys.executable, "-S", "-P", "-c", code], env=python_path()).returncode == 0

"""The command line as users and other programs meet it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from engine import __version__
from engine.cli import ProgressLine, main
from engine.wire.bundle import load_bundle
from engine.wire.errors import EXIT_CODES, ErrorCode
from support.checkout import PROGRAMS, ROOT

STUB = PROGRAMS / "stub_engine.py"


def run(*arguments, cwd=None, **env):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **env},
    )


def test_started_as_module_and_as_file(tmp_path):
    """As a file it must find its package whatever the folder, and not hide the standard library's `types`."""
    for arguments, cwd in (
        (("-m", "engine"), ROOT),
        (("-I", ROOT / "engine" / "__main__.py"), tmp_path),
        ((ROOT / "engine" / "__main__.py",), ROOT / "engine"),
    ):
        done = run(*arguments, "--version", cwd=cwd)
        assert (done.returncode, done.stdout.strip()) == (0, __version__), done.stderr


def test_inside_the_installed_add_on(tmp_path):
    """The zip carries the engine as a folder of the add-on, whose own modules must stay out of the engine's way."""
    import shutil

    shutil.copytree(ROOT / "engine", tmp_path / "hrn blender" / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "hrn blender" / "json.py").write_text("raise RuntimeError('a module of the add-on')")
    done = run(
        "-I",
        tmp_path / "hrn blender" / "engine" / "__main__.py",
        "models",
        "--json",
        cwd=tmp_path,
        HRN_ENGINE_HOME=str(tmp_path / "home"),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["methods"][0]["name"] == "open"


def test_a_reconstruction_prints_paths_on_stdout_and_progress_on_stderr(tmp_path):
    out, obj = tmp_path / "ein Kopf", tmp_path / "my head.obj"
    done = run(STUB, "reconstruct", "ok.jpg", "--out", out, "--export", obj, HRN_ENGINE_HOME=str(tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [str(out), str(obj)]
    assert "[3/8] At coarse" in done.stderr and "warning: The eyes are closed" in done.stderr
    load_bundle(out).verify()


def test_json_is_the_only_thing_on_stdout(tmp_path):
    done = run(STUB, "reconstruct", "noise.jpg", "--out", tmp_path / "head", "--json", HRN_ENGINE_HOME=str(tmp_path / "home"))
    result = json.loads(done.stdout)
    assert result["bundle"] == str(tmp_path / "head") and set(result) == {"bundle", "quality", "timings", "exported"}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_interrupt_leaves_nothing(tmp_path):
    import signal
    import time

    process = subprocess.Popen(
        [sys.executable, str(STUB), "reconstruct", "writing.jpg", "--out", str(tmp_path / "head")],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HRN_ENGINE_HOME": str(tmp_path / "home")},
        # A shell's background jobs, this test run perhaps, are deaf to it and hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        end = time.monotonic() + 20
        while not list(tmp_path.glob(".head.*.partial")) and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130 and "Traceback" not in err and "error: " in err
    assert [p.name for p in tmp_path.iterdir()] == ["home"]


def test_models_and_licenses(capsys):
    assert main(["models"]) == 0 and main(["licenses"]) == 0
    text = capsys.readouterr().out
    assert "open" in text and "CC0" in text and "GPL-3.0-or-later" in text


def test_what_any_package_logs_reaches_the_log(tmp_path):
    code = (
        "import logging, engine.training.command as one; from engine.system.logs import start_logging; start_logging(); "
        "one._log.info('a word of the training'); from engine.wire.paths import log_path; print(log_path())"
    )
    done = run("-c", code, cwd=ROOT, HRN_ENGINE_HOME=str(tmp_path))
    assert done.stdout.strip() == str(tmp_path / "logs" / "engine.log"), done.stderr
    assert "a word of the training" in (tmp_path / "logs" / "engine.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("batch", "a", "--out", "b", "--jobs", "0"),
        ("batch", "a", "--out", "b", "--patience", "inf"),
        ("batch", "a", "--out", "b", "--patience", "0"),
        ("train", "deep3d", "--data", "a", "--epochs", "1.5"),
        ("train", "deep3d", "--data", "a", "--learning-rate", "-1"),
    ],
)
def test_numbers_that_make_no_sense_are_wrong_usage(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    assert caught.value.code == 2 and f"argument {arguments[-2]}: invalid" in capsys.readouterr().err


def test_bench_help(capsys):
    for what in ("accuracy", "batch", "df_mvr", "digest", "now", "speed", "sheets"):
        with pytest.raises(SystemExit) as caught:
            main(["bench", what, "--help"])
        assert caught.value.code == 0 and f"engine bench {what}" in capsys.readouterr().out


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_rewrites_one_line_in_a_terminal():
    stream = Terminal()
    line = ProgressLine(stream)
    line("coarse", 0.0, "Fitting the head to everything")
    line("mid", 0.5, "Short")
    line.end()
    erase = "\r\x1b[K"  # nothing of a longer text stays visible
    first, second, third = stream.getvalue().split(erase)[1:]
    assert first.endswith(" %  Fitting the head to everything") and second.endswith(" %  Short") and third == ""
    assert "\n" not in stream.getvalue() and stream.getvalue().startswith(erase)


def test_progress_prints_one_line_per_stage_in_a_log():
    stream = io.StringIO()
    line = ProgressLine(stream)
    for fraction in (0, 0.5, 1):
        line("coarse", fraction, "Fitting the head")
    line.end()
    assert stream.getvalue() == "[3/8] Fitting the head\n"


def test_contact_sheets_of_photos_of_one_name_do_not_overwrite_each_other(tmp_path):
    from engine.bench.sheets import sheet_names

    photos = [
        tmp_path / "ann" / "front.jpg",
        tmp_path / "ben" / "front.jpg",
        tmp_path / "ben" / "Front.png",
        tmp_path / "ben" / "side.jpg",
    ]
    names = sheet_names(photos)
    assert len({name.lower() for name in names}) == 4 and names[3] == "side"
    assert "ann" in names[0] and "ben" in names[1]


@pytest.mark.skipif(sys.platform == "win32", reason="the shell of POSIX closes the streams")
@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_standard_streams_are_tolerated(tmp_path, closed):
    """As services and file managers start programs. The error's own exit status comes, not that of a failure to print it."""
    out = tmp_path / "head"
    command = f'"{sys.executable}" -m engine reconstruct "{tmp_path}/no.jpg" --out "{out}" {closed}'
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, timeout=120)
    assert done.returncode == EXIT_CODES[ErrorCode.PHOTO_UNREADABLE] and not out.exists()

"""The batch as a child process: whatever it says or fails to say, the table is right and nothing waits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hrn_blender.engine import __version__
from hrn_blender.engine.wire.child_process import LogFile, clean_environment
from hrn_blender.engine.wire.client import Launch
from hrn_blender.engine.wire.errors import ErrorCode, HrnError
from hrn_blender.engine.wire.settings import Settings
from hrn_blender.link.batch import Batch, SubjectState, batch_arguments
from support.checkout import PROGRAMS, python_path
from support.processes import is_running
from support.stopwatch import Stopwatch

FAKE = PROGRAMS / "fake_batch.py"
PROGRESS = {"subject": "a", "stage": "mid", "fraction": 0.5, "overall": 0.4, "message": "Shaping"}
DONE = {
    "subject": "a",
    "bundle": "/out/a",
    "preview": "/out/a/preview.png",
    "reused": False,
    "seconds": 9.0,
    "quality": {"warnings": [{"code": "x", "message": "Eyes closed."}]},
    "timings": {},
    "warnings": ["Two left out."],
}
FAILED = {
    "subject": "b",
    "error": {"code": "NO_FACE", "message": "No face.", "hint": "Another photo.", "details": {}},
    "reused": False,
    "seconds": 1.0,
}
SUMMARY = {
    "total": 3,
    "done": 1,
    "failed": 1,
    "cancelled": 1,
    "seconds": 12.0,
    "report": "/out/report.html",
    "exit_status": 1,
    "error": None,
}


def state(**counts) -> dict:
    return {
        "total": 3,
        "queued": 0,
        "running": 0,
        "waiting": 0,
        "done": 0,
        "failed": 0,
        "cancelled": 0,
        "paused": False,
        "elapsed_seconds": 1.0,
        "eta_seconds": None,
    } | counts


class Harness:
    def __init__(self, tmp_path: Path):
        self.out = tmp_path / "out"
        self.log = LogFile(tmp_path / "batch.log")
        self.batch = Batch(tmp_path / "people", self.out, version=__version__, log=self.log)
        self.events: list = []
        self.timed = Stopwatch()

    def start(self, *steps, partly: bool = False, **choice) -> None:
        arguments = batch_arguments(self.batch.source, self.out, Settings(), **choice)
        environment = clean_environment(os.environ, HRN_FAKE_BATCH=json.dumps(steps))
        self.timed(
            lambda: self.batch.start(Launch([sys.executable, "-I", "-u", str(FAKE), *arguments], environment), partly=partly)
        )

    def until(self, condition, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, [(s.key, s.state) for s in self.batch.subjects.values()]
            self.events += self.timed(self.batch.pump)
            time.sleep(0.01)

    def ended(self) -> bool:
        return any(e.kind == "ended" for e in self.events)

    def states(self) -> list[str]:
        return [s.state.value for s in self.batch.subjects.values()]

    def commands(self) -> list[dict]:
        path = Path(f"{self.out}.commands")
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def h(tmp_path):
    harness = Harness(tmp_path)
    yield harness
    harness.batch.stop(wait=2)
    harness.timed.check()


def test_table_follows_the_events(h):
    h.start(
        ["say", "state", state(queued=3)],
        ["say", "started", {"subject": "a", "attempt": 1}],
        ["say", "progress", PROGRESS],
        ["say", "waiting", {"subject": "c", "message": "Another run has it."}],
        ["say", "state", state(running=1, queued=1, waiting=1, eta_seconds=90.0)],
        ["wait", "resume"],
        ["say", "done", DONE],
        ["say", "failed", FAILED],
        ["say", "cancelled", {"subject": "c"}],
        ["say", "summary", SUMMARY],
        ["exit", 1],
    )
    assert h.batch.running and h.batch.message == "Starting the engine"
    h.until(lambda: h.batch.eta == 90.0)
    a, b, c = h.batch.subjects.values()
    assert (a.title, a.index, a.state, a.fraction, a.message) == ("A", 0, SubjectState.RUNNING, 0.4, "Shaping")
    assert (b.state, c.state, c.message) == (SubjectState.QUEUED, SubjectState.WAITING, "Another run has it.")
    assert h.batch.fraction == pytest.approx(0.4 / 3)
    h.batch.pause(False)
    h.until(h.ended)
    a, b, c = h.batch.subjects.values()
    assert h.states() == ["done", "failed", "cancelled"]
    assert (a.bundle, a.preview, a.warnings) == ("/out/a", "/out/a/preview.png", ["Eyes closed.", "Two left out."])
    assert b.error.code is ErrorCode.NO_FACE and b.error.hint == "Another photo."
    assert not h.batch.running and h.batch.error is None and h.batch.report == Path("/out/report.html")
    assert [(e.kind, e.subject and e.subject.key) for e in h.events] == [("done", "a"), ("failed", "b"), ("ended", None)]


def test_garbage_between_the_messages_is_logged_and_ignored(h):
    h.start(
        ["raw", "progress: 10%|#"],
        ["raw", "[1, 2]"],
        ["raw", '{"method": "done", "params": {"subject": "a"}}'],
        ["raw", '{"method": "progress", "params": {"subject": "a", "overall": "much"}}'],
        ["raw", '{"method": 5}'],
        ["raw", '{"method": "state", "params": []}'],
        ["long", 1 << 20],
        ["say", "later", {"subject": "a"}],
        ["say", "done", {"subject": "nobody"}],
        ["say", "done", DONE],
        ["say", "summary", SUMMARY],
        ["exit", 1],
    )
    h.until(h.ended)
    assert h.batch.error is None and h.states()[0] == "done"
    assert "progress: 10%" in h.log.path.read_text()


@pytest.mark.parametrize(
    "steps, code, text",
    [
        (
            [["say", "started", {"subject": "a", "attempt": 1}], ["err", "boom"], ["exit", 3]],
            ErrorCode.ENGINE_CRASHED,
            "exit code 3",
        ),
        ([["bare"], ["err", "ImportError: no engine"], ["exit", 1]], ErrorCode.ENGINE_CRASHED, "exit code 1"),
        (
            [["bare"], ["say", "ready", {"protocol": 1, "engine_version": "9.9.9", "pid": 1}]],
            ErrorCode.VERSION_MISMATCH,
            "9.9.9",
        ),
        (
            [
                ["bare"],
                ["say", "ready", {"protocol": 1, "engine_version": __version__, "pid": 1}],
                ["say", "error", {"error": {"code": "SETTINGS_INVALID", "message": "Bad list.", "hint": "", "details": {}}}],
                ["exit", 2],
            ],
            ErrorCode.SETTINGS_INVALID,
            "Bad list",
        ),
        (
            [
                [
                    "say",
                    "summary",
                    SUMMARY | {"error": {"code": "DISK_FULL", "message": "Full.", "hint": "Free some space.", "details": {}}},
                ],
                ["exit", 22],
            ],
            ErrorCode.DISK_FULL,
            "Full",
        ),
    ],
)
def test_end_before_its_time_is_one_clear_error_and_it_can_be_started_again(h, steps, code, text):
    h.start(*steps)
    h.until(h.ended)
    assert h.batch.error.code is code and text in h.batch.error.message
    assert h.batch.error.details["log"] == str(h.log.path)
    assert not h.batch.running and set(h.states()) <= {"cancelled"}
    h.events.clear()
    h.start(["say", "done", DONE], ["say", "summary", SUMMARY], ["exit", 0])
    h.until(h.ended)
    assert h.batch.error is None and h.states()[0] == "done"


def test_crash_says_that_the_work_is_not_lost(h):
    h.start(["exit", 3])
    h.until(h.ended)
    assert "goes on where it stopped" in h.batch.error.hint


def test_missing_program_is_engine_missing(h, tmp_path):
    h.batch.start(Launch([str(tmp_path / "nothing")], {}))
    h.until(h.ended)
    assert h.batch.error.code is ErrorCode.ENGINE_MISSING


def test_silent_child_is_given_up(h):
    h.batch.START_SECONDS = 0.3
    h.start(["bare"])
    h.until(h.ended)
    assert h.batch.error.code is ErrorCode.ENGINE_CRASHED and "no longer answered" in h.batch.error.message
    h.events.clear()
    h.batch.START_SECONDS, h.batch.SILENT_SECONDS = 20.0, 0.3
    h.start()
    h.until(h.ended)
    assert h.batch.error.code is ErrorCode.ENGINE_CRASHED and h.states() == ["cancelled"] * 3


def test_commands_reach_the_child(h):
    h.start(["say", "started", {"subject": "a", "attempt": 1}])
    h.until(lambda: h.states()[:1] == ["running"])
    h.batch.pause()
    assert h.batch.paused and h.batch.message == "Paused"
    h.batch.pause(False)
    h.batch.cancel("a")
    h.batch.cancel("nobody")
    assert h.batch.subjects["a"].message == "Cancelling"
    assert h.batch.retry("b") and h.batch.retry()
    h.batch.cancel_all()
    assert h.batch.message == "Cancelling" and not h.batch.retry()
    h.until(h.ended)
    sent = [(m["method"], m["params"]) for m in h.commands()]
    assert sent == [
        ("pause", {}),
        ("resume", {}),
        ("cancel", {"subject": "a"}),
        ("retry", {"subject": "b"}),
        ("retry", {}),
        ("cancel_all", {}),
    ]
    assert h.batch.error is None and h.states() == ["cancelled"] * 3


def test_child_that_ignores_cancel_is_killed(h):
    h.batch.LEAVE_SECONDS = 0.3
    h.start(["sleep", 0.0], ["err", "deaf"])
    h.until(lambda: len(h.batch.subjects) == 3)
    h.batch.cancel_all()
    h.until(h.ended)
    assert h.batch.error is None and not h.batch.alive


def test_second_start_is_refused_while_it_runs(h):
    h.start()
    with pytest.raises(HrnError) as caught:
        h.start()
    assert caught.value.code is ErrorCode.BUSY


def test_retry_of_one_after_the_end_keeps_the_other_rows(h):
    h.start(["say", "done", DONE], ["say", "failed", FAILED], ["say", "summary", SUMMARY], ["exit", 1])
    h.until(h.ended)
    assert not h.batch.retry("b")
    h.events.clear()
    h.start(
        ["bare"],
        ["say", "ready", {"protocol": 1, "engine_version": __version__, "pid": 1}],
        ["say", "batch", {"source": "", "out": "", "total": 1, "workers": 1, "report": None, "notes": []}],
        ["say", "queued", {"subject": "b", "title": "B", "photos": ["b.png"], "index": 0}],
        ["say", "done", DONE | {"subject": "b", "bundle": "/out/b"}],
        ["say", "summary", SUMMARY],
        ["exit", 0],
        partly=True,
        retry=True,
        only="b",
    )
    h.until(h.ended)
    assert h.states() == ["done", "done", "cancelled"] and [s.index for s in h.batch.subjects.values()] == [0, 1, 2]
    again = json.loads(Path(f"{h.out}.calls").read_text().splitlines()[-1])
    assert again[again.index("--only") + 1] == "b" and "--retry-failed" in again


@pytest.mark.parametrize("same, focal", [(None, {"focal_px": 812.5}), (True, {"focal_mm": 85.0}), (False, {})])
def test_settings_become_flags_that_the_engine_understands(tmp_path, same, focal):
    from engine.cli import make_parser
    from engine.wire.settings_flags import from_flags

    settings = Settings(
        same_expression=same,
        texture_size=1024,
        quality="high",
        detail=1.25,
        keep_expression=False,
        face_index=2,
        hair_texture=same is True,
        corrected=same is False,
        part_distance=same is None,
        **focal,
    )
    options = make_parser().parse_args(batch_arguments(tmp_path / "a", tmp_path / "b", settings, jobs=3))
    assert from_flags(options).to_json() == settings.to_json() and options.jobs == 3 and options.json_lines
    options = make_parser().parse_args(batch_arguments(tmp_path, tmp_path / "b", Settings()))
    assert from_flags(options).to_json() == Settings().to_json() and options.jobs is None


def test_thousands_of_subjects_do_not_hold_the_owner_up(h):
    many = [["say", "queued", {"subject": f"s{n}", "title": f"S{n}", "photos": ["p.png"], "index": n}] for n in range(800)]
    h.start(*many, ["say", "summary", SUMMARY], ["exit", 0])
    h.until(h.ended)
    assert len(h.batch.subjects) == 803


def test_batch_and_its_workers_die_with_their_blender(tmp_path):
    """A Blender that is killed leaves nothing running, and the same batch goes on afterwards."""
    people = tmp_path / "people"
    people.mkdir()
    (people / "a.jpg").write_text("ok")
    (people / "b.jpg").write_text(f"slow_once {tmp_path / 'marker'}")
    arguments = batch_arguments(people, tmp_path / "heads", Settings(), jobs=1)
    command = [sys.executable, "-I", "-u", str(PROGRAMS / "batch_stub.py"), *arguments]
    environment = clean_environment(os.environ, STUB_LOG=str(tmp_path / "stub.log"))
    script = f"""
import sys, time
from hrn_blender.link.batch import Batch
from hrn_blender.engine.wire.engine_events import Launch
batch = Batch({str(people)!r}, {str(tmp_path / "heads")!r}, version={__version__!r})
batch.start(Launch({command!r}, {environment!r}))
while batch.subjects.get('b') is None or batch.subjects['b'].state.value != 'running':
    batch.pump(); time.sleep(0.02)
print(batch._child.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], env=python_path(), stdout=subprocess.PIPE, text=True)
    pids = [int(parent.stdout.readline())]
    deadline = time.monotonic() + 20
    while not (tmp_path / "marker").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    pids += {int(line.split("\t")[1]) for line in (tmp_path / "stub.log").read_text().splitlines()}
    assert len(pids) == 2 and all(map(is_running, pids))
    parent.kill()
    parent.wait()
    while time.monotonic() < deadline and any(map(is_running, pids)):
        time.sleep(0.05)
    assert not any(map(is_running, pids))

    batch = Batch(people, tmp_path / "heads", version=__version__)
    batch.start(Launch(command, environment))
    while batch.alive:
        batch.pump()
        time.sleep(0.02)
    assert [s.state.value for s in batch.subjects.values()] == ["done", "done"]
    made = [line.split("\t")[0] for line in (tmp_path / "stub.log").read_text().splitlines()]
    assert sorted(made) == ["a", "b", "b"]

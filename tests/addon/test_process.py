"""The supervisor against a scripted engine: whatever the child does, the owner gets one clear answer, never waits, and
the next request works."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from hrn_blender.engine import __version__
from hrn_blender.engine.wire.child_process import LogFile, clean_environment
from hrn_blender.engine.wire.client import EngineProcess, EngineState, Failed, Finished, Launch, Progress, Ready, Stopped
from hrn_blender.engine.wire.errors import ErrorCode, HrnError
from support.checkout import PROGRAMS, python_path
from support.processes import is_running, pid_exists
from support.stopwatch import PROMISE, Stopwatch, best_of

FAKE = PROGRAMS / "fake_engine.py"


class Harness:
    """An engine and everything that it reported; measures how long each call to it takes."""

    def __init__(self, tmp_path: Path, mode: str = "ok", command=None, **options):
        self.tmp_path = tmp_path
        self.log = LogFile(tmp_path / "engine.log")
        self.messages = tmp_path / "messages.jsonl"
        command = command or [sys.executable, "-I", "-u", str(FAKE), "serve", "--mode", mode, "--log", str(self.messages)]
        self.engine = EngineProcess(
            lambda: Launch(command, clean_environment(os.environ)), version=__version__, log=self.log, **options
        )
        self.events: list = []
        self.timed = Stopwatch()
        self._number = 0

    def reconstruct(self, mode: str | None = None) -> int:
        self._number += 1
        settings = {"texture_size": 256} | ({"method": f"fake:{mode}"} if mode else {})
        return self.timed(
            self.engine.request,
            "reconstruct",
            {"photos": ["a.png"], "out": str(self.tmp_path / f"head{self._number}"), "settings": settings},
        )

    def cancel(self, id_: int) -> None:
        self.timed(self.engine.cancel, id_)

    def seconds_to_cancel(self, id_: int) -> float:
        started = time.monotonic()
        self.cancel(id_)
        assert self.until(Failed).error.code is ErrorCode.CANCELLED
        return time.monotonic() - started

    def poll(self) -> list:
        found = self.timed(self.engine.poll)
        self.events += found
        return found

    def until(self, kind, seconds: float = 20.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for event in self.poll():
                if isinstance(event, kind):
                    return event
            time.sleep(0.01)
        pytest.fail(f"no {kind} within {seconds} s; got {self.events[-5:]}")


@pytest.fixture
def harness(tmp_path):
    made = []

    def make(*args, **kwargs) -> Harness:
        made.append(Harness(tmp_path, *args, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.engine.kill(wait=2)
        one.timed.check()


def test_reconstruction_reports_stages_in_order_and_a_bundle(harness):
    h = harness()
    id_ = h.reconstruct()
    done = h.until(Finished)
    assert done.id == id_
    assert (Path(done.result["bundle"]) / "head.json").is_file()
    assert isinstance(h.events[0], Ready)
    progress = [e for e in h.events if isinstance(e, Progress)]
    assert [p.stage for p in progress if p.stage == "photo"] and progress[-1].overall == 1.0
    assert [p.overall for p in progress] == sorted(p.overall for p in progress)


def test_engine_stays_warm_and_handshake_is_sent_once(harness):
    h = harness()
    h.reconstruct()
    h.until(Finished)
    pid = h.engine.pid
    h.reconstruct()
    h.until(Finished)
    assert h.engine.pid == pid
    sent = [json.loads(line) for line in h.messages.read_text().splitlines()]
    assert [m["method"] for m in sent] == ["initialize", "reconstruct", "reconstruct"]
    assert sent[0]["params"] == {"protocol": 1, "client_version": __version__}
    assert len({m["id"] for m in sent}) == 3


def test_second_request_at_once_is_refused(harness):
    h = harness("slow")
    h.reconstruct()
    with pytest.raises(HrnError) as caught:
        h.reconstruct()
    assert caught.value.code is ErrorCode.BUSY


def test_cancel_is_obeyed_and_keeps_the_engine(harness):
    h = harness()
    h.reconstruct()
    h.until(Finished)
    pid = h.engine.pid

    def attempt() -> float:
        id_ = h.reconstruct("slow")
        h.until(Progress)
        return h.seconds_to_cancel(id_)

    best_of(attempt, 1.0)
    h.reconstruct()
    h.until(Finished)
    assert h.engine.pid == pid


@pytest.mark.parametrize("mode", ["ignore_cancel", "ignore_cancel,term=1", "hang"])
def test_cancel_that_is_ignored_kills_within_a_second_and_the_next_click_works(harness, mode):
    h = harness()

    def attempt() -> float:
        id_ = h.reconstruct(mode)
        h.until(Ready)
        if mode != "hang":
            h.until(Progress)
        time.sleep(0.1)
        pid, child = h.engine.pid, h.engine._session.child
        seconds = h.seconds_to_cancel(id_)
        assert child.wait(5) and not pid_exists(pid)
        return seconds

    best_of(attempt, 1.0)
    pid = h.engine.pid
    h.reconstruct()
    h.until(Finished)
    assert h.engine.pid != pid


def test_cancel_while_the_engine_starts_is_immediate_and_the_photo_is_never_sent(harness):
    h = harness()
    id_ = h.reconstruct("slow")
    h.cancel(id_)
    assert [e.error.code for e in h.poll() if isinstance(e, Failed)] == [ErrorCode.CANCELLED]
    h.until(Ready)
    h.reconstruct()
    h.until(Finished)
    sent = [json.loads(line)["method"] for line in h.messages.read_text().splitlines()]
    assert sent.count("reconstruct") == 1


def test_cancel_of_an_unknown_request_does_nothing(harness):
    h = harness()
    h.cancel(77)
    id_ = h.reconstruct()
    h.cancel(id_ + 100)
    h.until(Finished)


@pytest.mark.parametrize(
    "mode, code, text",
    [
        ("crash,at=0.3,code=3", ErrorCode.ENGINE_CRASHED, "exit code 3"),
        ("kill,signal=9", ErrorCode.ENGINE_CRASHED, "killed"),
        ("kill,signal=11", ErrorCode.ENGINE_CRASHED, "signal 11"),
        ("half_line", ErrorCode.ENGINE_CRASHED, "exit code 1"),
        ("partial", ErrorCode.ENGINE_CRASHED, "exit code 3"),
        ("oom", ErrorCode.OUT_OF_MEMORY, "memory"),
        ("garbage", ErrorCode.ENGINE_PROTOCOL, "progress: 10%"),
        ("huge_line", ErrorCode.ENGINE_PROTOCOL, "longer"),
        ("error,code=NO_FACE", ErrorCode.NO_FACE, "a.png"),
    ],
)
def test_failure_is_one_clear_error_and_the_next_click_works(harness, mode, code, text):
    h = harness()
    h.reconstruct(mode)
    failed = h.until(Failed)
    assert failed.error.code is code
    assert text in failed.error.message
    assert failed.error.hint
    assert failed.error.details["log"] == str(h.log.path)
    h.reconstruct()
    h.until(Finished)
    assert sum(isinstance(e, Failed) for e in h.events) == 1


def test_kill_by_a_launcher_points_at_memory(harness):
    h = harness()
    h.reconstruct("oom_exit")
    error = h.until(Failed).error
    assert error.code in (ErrorCode.ENGINE_CRASHED, ErrorCode.OUT_OF_MEMORY)
    assert "texture size" in error.hint


@pytest.mark.parametrize(
    "mode, code",
    [
        ("wrong_version", ErrorCode.VERSION_MISMATCH),
        ("exit_at_start", ErrorCode.ENGINE_CRASHED),
        ("garbage_at_start", ErrorCode.ENGINE_PROTOCOL),
    ],
)
def test_bad_start_is_one_clear_error(harness, mode, code):
    h = harness(mode)
    h.reconstruct()
    error = h.until(Failed).error
    assert error.code is code
    time.sleep(0.1)
    h.poll()
    assert h.engine.state is EngineState.STOPPED
    assert sum(isinstance(e, Failed) for e in h.events) == 1


def test_other_engine_version_is_refused(harness):
    h = harness()
    h.engine.version = "99.0.0"
    h.reconstruct()
    error = h.until(Failed).error
    assert error.code is ErrorCode.VERSION_MISMATCH
    assert "99.0.0" in error.message and __version__ in error.message


def test_silent_engine_is_given_up(harness):
    h = harness("silent", startup_timeout=0.5)
    h.reconstruct()
    error = h.until(Failed).error
    assert error.code is ErrorCode.ENGINE_CRASHED and "did not start" in error.message


def test_hanging_engine_is_pinged_and_given_up_but_a_slow_one_is_not(harness):
    h = harness(hang_seconds=1.0)
    h.reconstruct("slow,seconds=3")
    h.until(Finished)

    deaf = Harness(
        h.tmp_path,
        command=[
            sys.executable,
            "-I",
            "-u",
            "-c",
            "import sys, time\n"
            'print(\'{"method": "ready"}\')\n'
            "sys.stdin.readline()\n"
            f'print(\'{{"id": 1, "result": {{"engine_version": "{__version__}"}}}}\')\n'
            "time.sleep(60)",
        ],
        hang_seconds=0.3,
    )
    deaf.engine.start()
    deaf.until(Ready)
    deaf.reconstruct()
    error = deaf.until(Failed).error
    assert error.code is ErrorCode.ENGINE_CRASHED and "no longer answers" in error.message
    deaf.engine.kill(2)


@pytest.mark.parametrize("mode", ["silent", "hang"])
def test_no_call_waits_for_the_engine(harness, mode):
    """Whether it starts or works, each call comes back at once; best of five, for a machine that is busy itself."""
    h = harness("silent" if mode == "silent" else "ok")
    seconds = {"request": [], "cancel": [], "stop": []}

    def timed(name, function, *arguments):
        watch = Stopwatch()
        result = watch(function, *arguments)
        seconds[name] += watch.wall
        return result

    for _ in range(5):
        id_ = timed(
            "request",
            h.engine.request,
            "reconstruct",
            {"photos": ["a"], "out": str(h.tmp_path / "o"), "settings": {"method": "fake:hang"}},
        )
        if mode == "hang":
            h.until(Ready)
        timed("cancel", h.engine.cancel, id_)
        timed("stop", h.engine.stop)
        h.until(Failed)
    assert {name: min(taken) < PROMISE for name, taken in seconds.items()} == dict.fromkeys(seconds, True), seconds


def test_missing_program_is_engine_missing(harness, tmp_path):
    h = harness(command=[str(tmp_path / "nothing" / "python")])
    h.reconstruct()
    assert h.until(Failed).error.code is ErrorCode.ENGINE_MISSING


def test_launcher_that_refuses_fails_the_request(tmp_path):
    def refuse():
        raise HrnError(ErrorCode.ENGINE_MISSING, "Not installed.")

    engine = EngineProcess(refuse, version=__version__)
    engine.start()
    assert engine.poll() == []
    id_ = engine.request("reconstruct", {})
    (event,) = engine.poll()
    assert event.id == id_ and event.error.code is ErrorCode.ENGINE_MISSING


def test_idle_engine_is_stopped_and_comes_back(harness):
    h = harness(idle_seconds=0.3)
    h.reconstruct()
    h.until(Finished)
    child = h.engine._session.child
    assert h.until(Stopped).reason == "idle"
    deadline = time.monotonic() + 5
    while not child.ended and time.monotonic() < deadline:
        h.poll()
        time.sleep(0.02)
    assert child.ended and not pid_exists(child.pid)
    h.reconstruct()
    h.until(Finished)


def test_engine_that_dies_idle_does_not_hurt_the_next_request(harness):
    h = harness()
    h.reconstruct()
    h.until(Finished)
    h.engine._session.child.kill()
    h.until(Stopped)
    h.reconstruct()
    h.until(Finished)
    h.engine._session.child.kill()
    assert h.engine._session.child.wait(5)
    h.reconstruct()  # Before the exit was noticed.
    h.until(Finished)


def test_kill_leaves_no_process_and_no_zombie(harness):
    h = harness()
    h.reconstruct("slow")
    h.until(Progress)
    pid = h.engine.pid
    h.engine.kill(wait=2)
    assert not pid_exists(pid)
    assert [e.error.code for e in h.poll() if isinstance(e, Failed)] == [ErrorCode.CANCELLED]


def test_child_dies_with_its_blender(tmp_path):
    """A parent that is killed takes the engine along, because the engine's stdin ends."""
    import subprocess

    script = f"""
import os, sys, time
from hrn_blender.engine.wire.client import *
e = EngineProcess(lambda: Launch([sys.executable, '-I', '-u', {str(FAKE)!r}], dict(os.environ)), version={__version__!r})
e.request('reconstruct', {{'photos': ['a'], 'out': {str(tmp_path / "o")!r}, 'settings': {{'method': 'fake:slow'}}}})
while not any(isinstance(x, Progress) for x in e.poll()): time.sleep(0.02)
print(e.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], env=python_path(), stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and is_running(pid):
        time.sleep(0.05)
    assert not is_running(pid)


def test_stderr_goes_to_a_log_that_is_rotated(harness):
    h = harness()
    h.reconstruct("stderr_flood,megabytes=3")
    h.until(Finished)
    sizes, deadline = [], time.monotonic() + 10  # The log is written by a thread of its own.
    while len(sizes) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
        sizes = [p.stat().st_size for p in sorted(h.tmp_path.glob("engine.log*"))]
    assert len(sizes) == 3
    assert max(sizes) < 1.2e6


def test_an_owner_with_time_may_wait_for_news(tmp_path):
    h = Harness(tmp_path)
    try:
        h.engine.request("reconstruct", {"photos": ["a.png"], "out": str(tmp_path / "o"), "settings": {}})
        calls, found = 0, []
        while not any(isinstance(event, Finished) for event in found):
            found += h.engine.poll(wait=20)
            calls += 1
        assert isinstance(found[0], Ready)
        assert calls <= 2 + len(found) + 20  # each call came back with something, and none went round in circles
        started = time.monotonic()
        assert h.engine.poll(wait=0.3) == []
        assert time.monotonic() - started >= 0.3
    finally:
        h.engine.kill(wait=2)


def test_an_engine_that_is_let_go_in_the_middle_leaves_by_itself(harness):
    h = harness()
    id_ = h.reconstruct("slow")
    h.until(Progress)
    child = h.engine._session.child
    h.engine.leave(wait=10)
    assert child.ended
    (failed,) = [event for event in h.poll() if isinstance(event, Failed)]
    assert (failed.id, failed.error.code, failed.lost) == (id_, ErrorCode.CANCELLED, False)
    h.reconstruct()
    h.until(Finished)


@pytest.mark.parametrize(
    "start, mode, lost, ready",
    [
        ("ok", "crash", True, True),
        ("ok", "garbage", True, True),
        ("ok", "error,code=NO_FACE", False, True),
        ("exit_at_start", None, True, False),
        ("wrong_version", None, True, False),
    ],
)
def test_a_failure_says_whether_the_engine_went_down_with_it(harness, start, mode, lost, ready):
    h = harness(start)
    h.reconstruct(mode)
    failed = h.until(Failed)
    assert (failed.lost, failed.was_ready) == (lost, ready)


def test_silence_is_told_and_the_owner_may_end_it(harness):
    h = harness(hang_seconds=0)
    assert h.engine.silent_seconds == 0
    h.reconstruct("hang")
    h.until(Ready)
    time.sleep(0.3)
    assert h.poll() == [] and h.engine.silent_seconds > 0.2
    h.engine.abandon(HrnError(ErrorCode.ENGINE_CRASHED, "Enough."))
    failed = h.until(Failed)
    assert failed.lost and failed.error.message == "Enough."

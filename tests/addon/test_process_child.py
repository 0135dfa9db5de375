"""Child processes by themselves: their log, their environment, their end."""

from __future__ import annotations

import os
import sys
import time

import pytest

from hrn_blender.engine.wire.child_process import ChildProcess, Exited, Line, LogFile, SpawnFailed, clean_environment
from hrn_blender.engine.wire.errors import ErrorCode
from hrn_blender.engine.wire.exit_reason import explain_exit
from support.processes import is_running


def test_log_that_cannot_be_written_is_no_failure(tmp_path):
    (tmp_path / "file").write_text("")
    log = LogFile(tmp_path / "file" / "engine.log")
    log.write(b"lost\n")
    log.close()


def test_environment_is_cleaned():
    host = os.path.join(os.sep, "opt", "blender")
    env = clean_environment(
        {
            "PYTHONPATH": "/x",
            "PYTHONHOME": "/y",
            "LD_PRELOAD": "z",
            "HOME": "/home/me",
            "PATH": os.pathsep.join([os.path.join(host, "lib"), "/usr/bin"]),
        },
        host,
        EXTRA="1",
    )
    assert env == {"HOME": "/home/me", "PATH": "/usr/bin", "EXTRA": "1"}


def test_windows_memory_codes_are_recognised():
    assert explain_exit(0xC0000017, [], None).code is ErrorCode.OUT_OF_MEMORY
    assert explain_exit(1, ["numpy._core._exceptions._ArrayMemoryError: Unable"], None).code is ErrorCode.OUT_OF_MEMORY
    assert "0xC0000005" in explain_exit(0xC0000005, [], None).message


def test_system_counter_tells_an_out_of_memory_kill(monkeypatch):
    monkeypatch.setattr("hrn_blender.engine.wire.exit_reason.count_oom_kills", lambda: 4)
    assert explain_exit(-9, [], 3).code is ErrorCode.OUT_OF_MEMORY
    assert explain_exit(-9, [], 4).code is ErrorCode.ENGINE_CRASHED


def events_until(child: ChildProcess, kind) -> list:
    events, deadline = [], time.monotonic() + 20
    while not any(isinstance(e, kind) for e in events) and time.monotonic() < deadline:
        events += child.events()
        time.sleep(0.01)
    return events


def test_child_events_end_with_the_exit():
    child = ChildProcess([sys.executable, "-c", "print('a'); print('b', end=''); raise SystemExit(5)"], env=dict(os.environ))
    events = events_until(child, Exited)
    assert [e.data.strip() for e in events if isinstance(e, Line)] == [b"a", b"b"]
    assert events[-1] == Exited(5)
    child.send(b"too late")  # Neither raises nor waits.


def test_child_that_cannot_start_says_so(tmp_path):
    child = ChildProcess([str(tmp_path / "nothing")], env={})
    assert [type(e) for e in events_until(child, SpawnFailed)] == [SpawnFailed]


@pytest.mark.skipif(os.name == "nt", reason="process groups are a POSIX thing")
def test_kill_takes_grandchildren_along():
    child = ChildProcess(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time\n"
            "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
            "print(p.pid, flush=True); time.sleep(60)",
        ],
        env=dict(os.environ),
    )
    deadline, lines = time.monotonic() + 10, []
    while not lines and time.monotonic() < deadline:
        lines = child.events()
        time.sleep(0.02)
    grandchild = int(lines[0].data)
    child.kill()
    assert child.wait(3)
    time.sleep(0.2)
    assert not is_running(grandchild)

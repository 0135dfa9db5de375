"""``engine serve`` as a process: the real server around a stand-in method (stub_engine.py)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from engine import __version__
from engine.wire.bundle import load_bundle
from engine.wire.protocol import MAX_LINE_BYTES, PROTOCOL_VERSION, STAGES, encode_line, request
from support.processes import is_running
from support.serve_client import STUB, Client
from support.stopwatch import best_of

pytestmark = pytest.mark.alone


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def client(home):
    with Client() as client:
        yield client


def names(folder):
    return sorted(p.name for p in folder.iterdir() if p.name != "home")


def test_a_reconstruction(client, tmp_path):
    assert client.notified("ready")["params"] == {
        "protocol": PROTOCOL_VERSION,
        "engine_version": __version__,
        "pid": client.process.pid,
    }
    client.send(1, "initialize", protocol=PROTOCOL_VERSION, client_version=__version__)
    info = client.answer(1)["result"]
    assert info["engine_version"] == __version__ and info["methods"] == ["open"]
    out = tmp_path / "ein Kopf ü"
    client.reconstruct(2, "ok", out, keep_expression=False)
    result = client.answer(2)["result"]
    assert result["bundle"] == str(out) and set(result) == {"bundle", "quality", "timings"}
    bundle = load_bundle(out)
    bundle.verify()
    assert set(bundle.manifest["expression"]["values"]) == {0.0} != set(bundle.manifest["expression"]["photo_values"])
    progress = [m["params"] for m in client.messages if m.get("method") == "progress"]
    assert all(p["id"] == 2 and p["stage"] in STAGES and p["message"] for p in progress)
    overall = [p["overall"] for p in progress]
    assert overall == sorted(overall) and overall[-1] == 1 and progress[-1]["stage"] == "done"


@pytest.mark.parametrize(
    "params",
    [
        {"protocol": PROTOCOL_VERSION + 1, "client_version": __version__},
        {"protocol": PROTOCOL_VERSION, "client_version": "99.0.0"},
        {},
    ],
)
def test_a_client_of_another_version(client, params):
    client.send(1, "initialize", **params)
    assert client.answer(1)["error"]["code"] == "VERSION_MISMATCH"


def test_cancel_within_a_second_and_then_work_on(client, tmp_path):
    ids = iter(range(1, 100))

    def attempt() -> float:
        work, cancel = next(ids), next(ids)
        client.reconstruct(work, "slow", tmp_path / "a")
        client.notified("progress", id=work, stage="bundle")
        begin = time.monotonic()
        client.send(cancel, "cancel", id=work)
        assert client.answer(cancel)["result"] == {"cancelled": True}
        assert client.answer(work)["error"]["code"] == "CANCELLED"
        assert names(tmp_path) == []
        return time.monotonic() - begin

    best_of(attempt, 1.0)
    client.reconstruct(100, "ok", tmp_path / "a")
    assert "result" in client.answer(100)


def test_cancel_while_the_models_load(home, tmp_path):
    def attempt() -> float:
        with Client(STUB_WARM="30") as client:
            client.reconstruct(1, "ok", tmp_path / "a")
            client.notified("progress", id=1, stage="start")
            begin = time.monotonic()
            client.send(2, "cancel", id=1)
            assert client.answer(1)["error"]["code"] == "CANCELLED"
            seconds = time.monotonic() - begin
            client.send(3, "ping")
            assert client.answer(3)["result"] == {"busy": False}
        return seconds

    best_of(attempt, 1.0)


def test_cancel_of_something_else_changes_nothing(client, tmp_path):
    client.reconstruct(1, "ok", tmp_path / "a")
    client.send(2, "cancel", id=77)
    client.send(3, "cancel")
    answers = {client.wait(lambda m: m.get("id") in (1, 2, 3) and "method" not in m)["id"] for _ in range(3)}
    assert answers == {1, 2, 3} and names(tmp_path) == ["a"]


def test_ping_and_busy_during_work(client, tmp_path):
    client.reconstruct(1, "slow", tmp_path / "a")
    client.notified("progress", stage="bundle")
    client.send(2, "ping")
    assert client.answer(2)["result"] == {"busy": True}
    client.reconstruct(3, "ok", tmp_path / "b")
    assert client.answer(3)["error"]["code"] == "BUSY"


def test_ready_comes_before_the_models(home):
    with Client(STUB_WARM="20") as client:
        client.notified("ready", 5.0)
        client.send(1, "ping")
        assert client.answer(1, 1.0)["result"] == {"busy": False}


def test_prints_of_libraries_do_not_reach_the_protocol(client, tmp_path):
    client.reconstruct(1, "noise", tmp_path / "a")
    assert "result" in client.answer(1)  # every line was JSON, or the client had failed
    client.send(2, "shutdown")
    assert client.answer(2)["result"] == {} and client.exit_code() == 0
    time.sleep(0.1)
    for words in (b"a library says hello", b"native code says hello", b"a child says hello"):
        assert words in client.stderr


@pytest.mark.parametrize("action,code", [("memory", "OUT_OF_MEMORY"), ("torch_memory", "OUT_OF_MEMORY"), ("bug", "INTERNAL")])
def test_failures_of_a_job_are_answers_and_the_engine_lives_on(client, home, tmp_path, action, code):
    client.reconstruct(1, action, tmp_path / "a")
    error = client.answer(1)["error"]
    assert error["code"] == code and error["hint"] and "Traceback" not in error["message"]
    assert names(tmp_path) == []
    client.reconstruct(2, "ok", tmp_path / "a")
    assert "result" in client.answer(2)
    assert "Traceback" in (home / "logs" / "engine.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line,code",
    [
        (b"hello\n", "ENGINE_PROTOCOL"),
        (b"[]\n", "ENGINE_PROTOCOL"),
        (b'{"id": "x", "method": "ping"}\n', "ENGINE_PROTOCOL"),
        (b'{"id": 5, "method": "fly"}\n', "ENGINE_PROTOCOL"),
        (b'{"id": 5, "method": "ping", "params": []}\n', "ENGINE_PROTOCOL"),
        (b'{"id": 5, "method": "reconstruct", "params": {}}\n', "SETTINGS_INVALID"),
        (b'{"id": 5, "method": "reconstruct", "params": {"photos": "a", "out": "b"}}\n', "SETTINGS_INVALID"),
        (
            b'{"id": 5, "method": "reconstruct", "params": {"photos": ["a"], "out": "b", "settings": {"x": 1}}}\n',
            "SETTINGS_INVALID",
        ),
        (b'{"id": 5, "method": "ping", "params": {"x": "' + b"y" * 2 * MAX_LINE_BYTES + b'"}}\n', "ENGINE_PROTOCOL"),
    ],
)
def test_requests_that_make_no_sense(client, line, code):
    client.send_line(b"\n" + line)
    answer = client.wait(lambda m: "error" in m)
    assert answer["error"]["code"] == code and answer["id"] in (None, 5)
    client.send(6, "ping")
    assert client.answer(6)["result"] == {"busy": False}


def test_too_many_photos_are_refused_in_one_sentence(client, tmp_path):
    client.send(1, "reconstruct", photos=["a"] * 31, out=str(tmp_path / "a"))
    error = client.answer(1)["error"]
    assert error["code"] == "SETTINGS_INVALID" and "up to 30 photos, not 31" in error["message"]


def test_an_unknown_method(client, tmp_path):
    client.reconstruct(1, "ok", tmp_path / "a", method="hrm")
    error = client.answer(1)["error"]
    assert error["code"] == "METHOD_UNKNOWN" and "“hrm”" in error["message"] and "open" in error["message"]


class TestEnd:
    """The engine goes when its client goes, and takes half-written bundles with it."""

    def running(self, client, tmp_path):
        client.reconstruct(1, "writing", tmp_path / "a")
        client.notified("progress", stage="bundle", fraction=0.5)
        partial, claim = names(tmp_path)
        assert partial.endswith(".partial") and claim == ".a.reserved"

    def test_end_of_stdin(self, client, tmp_path):
        self.running(client, tmp_path)
        client.process.stdin.close()
        assert client.exit_code() == 0 and names(tmp_path) == []

    def test_shutdown(self, client, tmp_path):
        self.running(client, tmp_path)
        client.send(2, "shutdown")
        assert client.exit_code() == 0 and names(tmp_path) == []

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
    def test_terminate(self, client, tmp_path):
        self.running(client, tmp_path)
        client.process.terminate()
        assert client.exit_code() == 128 + signal.SIGTERM and names(tmp_path) == []

    def test_kill_leaves_no_bundle_and_the_next_job_cleans_up(self, client, home, tmp_path):
        self.running(client, tmp_path)
        client.process.kill()
        client.exit_code()
        partial, claim = names(tmp_path)
        assert partial.endswith(".partial") and claim == ".a.reserved"
        with Client() as second:
            second.reconstruct(1, "ok", tmp_path / "a")
            assert "result" in second.answer(1)
        assert names(tmp_path) == ["a"]

    def test_a_client_that_stopped_listening(self, home, tmp_path):
        process = subprocess.Popen(
            [sys.executable, "-I", str(STUB), "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            assert b"ready" in process.stdout.readline()
            process.stdout.close()
            line = request(1, "reconstruct", {"photos": ["slow"], "out": str(tmp_path / "a")})
            process.stdin.write(encode_line(line))
            process.stdin.flush()
            assert process.wait(5) == 0 and names(tmp_path) == []
        finally:
            process.kill()
            process.stdin.close()

    @pytest.mark.skipif(sys.platform == "win32", reason="there the client's job object does this")
    def test_the_parent_dies_while_another_process_holds_the_pipe(self, home, tmp_path):
        read, write = os.pipe()
        code = (
            "import subprocess, sys, os; p = subprocess.Popen([sys.executable, '-I', sys.argv[1], 'serve'], "
            "stdin=int(sys.argv[2]), stdout=subprocess.DEVNULL); print(p.pid, flush=True); import time; time.sleep(1.5); "
            "os._exit(0)"
        )
        parent = subprocess.run([sys.executable, "-c", code, str(STUB), str(read)], pass_fds=[read], stdout=subprocess.PIPE)
        pid = int(parent.stdout)
        try:
            for _ in range(50):
                if not is_running(pid):
                    return
                time.sleep(0.1)
            os.kill(pid, signal.SIGKILL)
            raise AssertionError("the engine outlived its parent by five seconds")
        finally:
            os.close(read), os.close(write)

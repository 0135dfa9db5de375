"""A batch driven by another program: docs/user/batch.md, "Protocol"."""

from __future__ import annotations

import os
import sys
import time

import pytest

from engine import __version__
from engine.wire.bundle import load_bundle
from engine.wire.protocol import PROTOCOL_VERSION
from support.batch import Bench, Driver

pytestmark = pytest.mark.alone


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_events_of_a_whole_batch(bench):
    bench.photo("Zoë/1.jpg"), bench.photo("b.jpg", "noface"), bench.photo("c.jpg")
    assert bench.run("--only", "c").returncode == 0
    with Driver(bench, "--jobs", 1) as driver:
        summary = driver.summary()
        assert driver.exit_code() == 1
    assert driver.messages[0] == {
        "method": "ready",
        "params": {"protocol": PROTOCOL_VERSION, "engine_version": __version__, "pid": driver.process.pid},
    }
    batch = driver.messages[1]
    assert batch["method"] == "batch" and batch["params"] == {
        "source": str(bench.source),
        "out": str(bench.out),
        "total": 3,
        "workers": 1,
        "notes": [],
        "report": str(bench.out / "report.html"),
    }
    assert [(q["subject"], q["title"], q["index"]) for q in driver.of("queued")] == [
        ("Zoë", "Zoë", 0),
        ("b", "b", 1),
        ("c", "c", 2),
    ]
    assert driver.of("queued")[0]["photos"] == [str(bench.source / "Zoë" / "1.jpg")]
    assert driver.of("started") == [{"subject": "Zoë", "attempt": 1}, {"subject": "b", "attempt": 1}]
    assert set(driver.of("progress")[0]) == {"subject", "stage", "fraction", "overall", "message"}
    done = {d["subject"]: d for d in driver.of("done")}
    assert done["c"]["reused"] and not done["Zoë"]["reused"] and done["Zoë"]["seconds"] > 0
    assert load_bundle(done["Zoë"]["bundle"]) and os.path.isfile(done["Zoë"]["preview"])
    assert done["Zoë"]["quality"]["warnings"] and done["Zoë"]["timings"]["total"] and done["Zoë"]["warnings"] == []
    (failed,) = driver.of("failed")
    assert failed["error"]["code"] == "NO_FACE" and failed["error"]["hint"] and not failed["reused"]
    state = driver.of("state")[-1]
    assert (state["total"], state["done"], state["failed"], state["queued"], state["running"]) == (3, 2, 1, 0, 0)
    assert summary["exit_status"] == 1 and (summary["total"], summary["done"], summary["failed"]) == (3, 2, 1)
    assert driver.messages[-1]["method"] == "summary" and summary["error"] is None

    with Driver(bench) as driver:
        driver.summary()
    assert driver.of("failed")[0]["reused"] and not driver.of("started")


def test_pause_resume_and_time_left(bench):
    for number in range(4):
        bench.photo(f"{number}.jpg", "ok 0.3")
    with Driver(bench, "--jobs", 1) as driver:
        driver.notified("started", subject="0")
        driver.command("pause", 5)
        assert driver.answer(5) == {"id": 5, "result": {}}
        driver.notified("done", subject="0")
        state = driver.notified("state", paused=True, running=0, done=1)["params"]
        assert 0.3 < state["eta_seconds"] < 30
        time.sleep(0.5)
        assert bench.begun() == ["0"]
        driver.command("resume")
        assert driver.summary()["done"] == 4
    assert any(state["eta_seconds"] is None for state in driver.of("state"))


def test_cancel_one_and_retry_it(bench):
    bench.photo("a.jpg", "ok 20"), bench.photo("b.jpg", "ok 0.8"), bench.photo("c.jpg")
    with Driver(bench, "--jobs", 1) as driver:
        driver.notified("progress", subject="a", stage="mid")
        driver.command("cancel", subject="c")
        driver.notified("cancelled", subject="c")
        driver.command("cancel", subject="a")
        driver.notified("cancelled", subject="a")
        driver.command("retry", subject="c")
        driver.notified("queued", subject="c")
        summary = driver.summary()
    assert (summary["done"], summary["cancelled"], summary["exit_status"]) == (2, 1, 1)
    assert sorted(bench.begun()) == ["a", "b", "c"] and bench.results() == ["b", "c"]
    assert len({line.split("\t")[1] for line in bench.log_lines()}) == 1  # the cancelled worker went on
    bench.photo("a.jpg", "ok")
    assert bench.run().returncode == 0 and bench.begun()[3:] == ["a"]


def test_retry_of_all_that_failed_while_others_run(bench):
    bench.photo("a.jpg", "noface"), bench.photo("b.jpg", "noface"), bench.photo("c.jpg", "ok 1.2")
    with Driver(bench, "--jobs", 2) as driver:
        driver.notified("state", failed=2)
        driver.command("retry")
        driver.notified("queued", subject="b")
        assert driver.summary()["failed"] == 2
    assert sorted(bench.begun()) == ["a", "a", "b", "b", "c"]


@pytest.mark.parametrize("how", ["cancel_all", "end of stdin"])
def test_cancel_all(bench, how):
    for number in range(4):
        bench.photo(f"{number}.jpg", "deaf")
    with Driver(bench, "--jobs", 2) as driver:
        driver.notified("started", subject="1")
        bench.wait_begun(2)
        driver.command("cancel_all") if how == "cancel_all" else driver.process.stdin.close()
        begin = time.monotonic()
        summary = driver.summary(10)
        assert driver.exit_code() == 130 and time.monotonic() - begin < 8
    assert summary["cancelled"] == 4 and summary["exit_status"] == 130 and bench.results() == []
    assert len(driver.of("cancelled")) == 4


def test_a_worker_deaf_to_cancel_is_killed(bench, monkeypatch):
    bench.photo("a.jpg", "deaf"), bench.photo("b.jpg")
    code = "from engine.batch import worker; worker.CANCEL_SECONDS = 0.5"
    command = bench.command("--json-lines", "--jobs", 1)
    stub = command[3]
    command[1:4] = [
        "-c",
        f"import sys, runpy; {code}; sys.argv[0] = {stub!r}; runpy.run_path({stub!r}, run_name='__main__')",
    ]
    monkeypatch.setattr(bench, "command", lambda *flags: command)
    with Driver(bench) as driver:
        driver.notified("progress", subject="a", stage="coarse")
        driver.command("cancel", subject="a")
        driver.notified("cancelled", subject="a")
        assert driver.summary()["done"] == 1


def test_commands_that_make_no_sense(bench):
    bench.photo("a.jpg", "ok 1")
    with Driver(bench) as driver:
        driver.notified("batch")
        for line in (
            b"hello",
            b"[]",
            b'{"id": 3, "method": "fly"}',
            b'{"id": 3, "method": "cancel"}',
            b'{"id": 3, "method": "cancel", "params": {"subject": "x"}}',
            b'{"id": 3, "method": "retry", "params": [1]}',
            b'{"id": 3, "method": "retry", "params": {"subject": 1}}',
        ):
            driver.send_line(line + b"\n")
            answer = driver.wait(lambda m: "error" in m and "method" not in m)
            assert answer["error"]["code"] in ("ENGINE_PROTOCOL", "SETTINGS_INVALID") and answer["id"] in (None, 3), line
        assert driver.summary()["done"] == 1


def test_a_batch_that_cannot_start(bench):
    with Driver(bench) as driver:
        error = driver.notified("error")["params"]["error"]
        assert error["code"] == "PHOTO_UNREADABLE" and driver.exit_code() == 10
    assert [m["method"] for m in driver.messages] == ["ready", "error"]
    with Driver(bench, "--detail", "9") as driver:
        assert driver.notified("error")["params"]["error"]["code"] == "SETTINGS_INVALID" and driver.exit_code() == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a process of another session")
def test_a_killed_worker_is_replaced(bench):
    bench.photo("a.jpg", "ok 0.5"), bench.photo("b.jpg")
    with Driver(bench, "--jobs", 1) as driver:
        driver.notified("progress", subject="a", stage="mid")
        os.kill(int(bench.log_lines()[0].split("\t")[1]), 9)
        driver.notified("started", subject="a", attempt=2)
        assert driver.summary()["done"] == 2

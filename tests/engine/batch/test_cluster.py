"""``engine batch --scheduler``: a dask scheduler and two workers of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from engine.wire.bundle import load_bundle
from support.batch import STUB, Bench, Driver

pytestmark = pytest.mark.alone

pytest.importorskip("distributed", reason="needs dask.distributed (python3 install_deps.py install --with dask)")


class Cluster:
    """A scheduler and worker processes, for as long as a test needs them."""

    def __init__(self, folder):
        self.environment = {
            **os.environ,
            "HRN_ENGINE_HOME": str(folder / "home"),
            "STUB_LOG": str(folder / "log.txt"),
            "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "False",
            "DASK_TEMPORARY_DIRECTORY": str(folder / "dask"),
        }
        self.processes, self.folder = [], folder
        file = folder / "scheduler.json"
        # Isolated and elsewhere: a scheduler needs no engine.
        self.start(
            "-I",
            "-m",
            "distributed.cli.dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            str(file),
        )
        end = time.monotonic() + 30
        while not file.exists() or not file.read_text().strip():
            assert time.monotonic() < end, "the scheduler does not start"
            time.sleep(0.1)
        self.address = json.loads(file.read_text())["address"]

    def start(self, *arguments) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def workers(self, *flags) -> None:
        self.start("-I", str(STUB), "cluster-worker", self.address, *flags)

    def stop(self) -> None:
        import psutil

        for process in reversed(self.processes):
            family = (
                [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                if process.poll() is None
                else []
            )
            for member in family:
                try:
                    member.kill()
                except psutil.Error:
                    pass
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.stop()


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def dask_worker_of(line: str) -> int:
    """Process number of the dask worker whose engine wrote this line of the log."""
    import psutil

    return psutil.Process(int(line.split("\t")[1])).ppid()


def test_two_workers_one_is_killed(cluster, bench):
    cluster.workers("--jobs", "2", "--gpu")
    for number in range(6):
        bench.photo(f"{number}.jpg", "ok 0.25")
    bench.photo("bad.jpg", "noface"), bench.photo("crash.jpg", f"die_once {bench.folder / 'mark'}")
    with Driver(bench, "--scheduler", cluster.address) as driver:
        bench.wait_begun(4, 60)
        victims = {dask_worker_of(line) for line in bench.log_lines()[2:4]}
        os.kill(victims.pop(), 9)
        summary = driver.summary(60)
        assert driver.exit_code() == 1
    assert (summary["done"], summary["failed"], summary["cancelled"]) == (7, 1, 0)
    assert driver.of("failed")[0]["error"]["code"] == "NO_FACE"
    assert any(started["attempt"] == 2 for started in driver.of("started")) and driver.of("progress")
    for name in bench.results():
        load_bundle(bench.out / name).verify()
    begun = bench.begun()
    assert 2 <= len({line.split("\t")[1] for line in bench.log_lines()}) < len(begun)  # two at work, and they stay warm
    assert bench.run().returncode == 1 and bench.begun() == begun  # the records are the same: nothing is redone


def test_cancel_and_interrupt(cluster, bench):
    cluster.workers("--jobs", "1")
    bench.photo("0.jpg"), bench.photo("1.jpg", "ok 30"), bench.photo("2.jpg", "ok 30"), bench.photo("3.jpg")
    with Driver(bench, "--scheduler", cluster.address) as driver:
        driver.notified("progress", 60, subject="1", stage="mid")
        driver.command("cancel", subject="1")
        driver.notified("cancelled", subject="1")
        driver.notified("progress", subject="2", stage="mid")
        driver.process.terminate()
        summary = driver.summary()
    assert summary["exit_status"] == 143 and (summary["done"], summary["cancelled"]) == (1, 3)
    assert bench.results() == ["0"] and bench.begun() == ["0", "1", "2"]


def test_no_scheduler_is_one_sentence(bench, monkeypatch, capsys):
    bench.photo("a.jpg")
    monkeypatch.setattr("engine.batch.cluster._CONNECT_SECONDS", 0.5)
    from engine.cli import main

    assert main(["batch", str(bench.source), "--out", str(bench.out), "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert capsys.readouterr().err.startswith("error: There is no scheduler at tcp://127.0.0.1:9.")


def test_without_dask(bench, monkeypatch, capsys):
    bench.photo("a.jpg")
    monkeypatch.setitem(sys.modules, "distributed", None)
    from engine.cli import main

    assert main(["batch", str(bench.source), "--out", str(bench.out), "--scheduler", "tcp://127.0.0.1:9"]) == 31
    assert "install --with dask" in capsys.readouterr().err
    assert main(["cluster-worker", "tcp://127.0.0.1:9"]) == 31


def test_no_workers_and_folders_that_a_worker_does_not_see(cluster, bench, monkeypatch, capsys):
    from engine.batch import cluster as module
    from engine.cli import main

    bench.photo("a.jpg")
    monkeypatch.setattr(module, "_CONNECT_SECONDS", 0.5)
    arguments = ["batch", str(bench.source), "--out", str(bench.out), "--scheduler", cluster.address]
    assert main(arguments) == 2 and "has no workers" in capsys.readouterr().err
    cluster.workers("--jobs", "1")
    monkeypatch.setattr(module, "_CONNECT_SECONDS", 60.0)
    monkeypatch.setattr(module, "replace_file", lambda path, text: None)
    assert main(arguments) == 21 and "does not see" in capsys.readouterr().err

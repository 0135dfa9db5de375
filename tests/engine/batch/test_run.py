"""``engine batch`` as a process: nothing is lost, nothing is done twice, one bad subject stops nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from engine.wire.bundle import load_bundle
from support.batch import STUB, Bench, Driver
from support.processes import is_running

pytestmark = pytest.mark.alone

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_folder_of_people_and_again(bench):
    bench.photo("Anna Ö/1.jpg"), bench.photo("p2.jpg"), bench.photo("p10.jpg"), bench.photo("nobody.jpg", "noface")
    first = bench.run("--jobs", 2)
    assert first.returncode == 1, first.stderr
    assert bench.results() == ["Anna Ö", "p10", "p2"]
    for name in bench.results():
        load_bundle(bench.out / name).verify()
    table = first.stdout.splitlines()
    assert [line.split("  ")[0] for line in table[1:5]] == ["Anna Ö", "nobody", "p2", "p10"]
    assert "NO_FACE: There is no face in nobody.jpg." in table[2] and table[5].startswith("3 done, 1 failed in ")
    assert "[4/4] " in first.stderr and "2 workers" in first.stderr
    assert len(bench.begun()) == 4 and {line.split("\t")[2] for line in bench.log_lines()} == {str(max(1, os.cpu_count() // 2))}
    page = (bench.out / "report.html").read_text(encoding="utf-8")
    assert 'src="Anna%20%C3%96/preview.png"' in page and "NO_FACE" in page and "3 of 4 heads done, 1 failed" in page

    again = bench.run()
    assert again.returncode == 1 and len(bench.begun()) == 4 and "failed before" in again.stdout


def test_what_changed_is_redone(bench):
    bench.photo("a.jpg"), bench.photo("b.jpg"), bench.photo("c.jpg", "noface")
    assert bench.run().returncode == 1
    bench.photo("b.jpg", "ok 0")
    assert bench.run().returncode == 1 and bench.begun()[3:] == ["b"]
    assert bench.run("--only", "a", "--detail", "0.5").returncode == 0 and bench.begun()[4:] == ["a"]
    assert load_bundle(bench.out / "a").manifest["settings"]["detail"] == 0.5
    bench.photo("c.jpg", "ok")
    (bench.out / "a" / "albedo.png").unlink()
    assert bench.run("--only", "c", "--only", "a", "--detail", "0.5").returncode == 0 and sorted(bench.begun()[5:]) == [
        "a",
        "c",
    ]
    load_bundle(bench.out / "a")


def test_nothing_to_do_is_one_sentence(bench):
    done = bench.run()
    assert done.returncode == 10 and done.stderr.count("\n") == 1 and "There is no photo in" in done.stderr
    bench.photo("a.jpg")
    done = bench.run("--only", "b")
    assert done.returncode == 2 and "no subject “b”" in done.stderr
    bench.out.write_text("a file")
    assert bench.run().returncode == 21


class TestWorkers:
    def test_one_that_dies_once_costs_nothing(self, bench):
        bench.photo("a.jpg", f"die_once {bench.folder / 'mark'}"), bench.photo("b.jpg")
        done = bench.run("--jobs", 1)
        assert done.returncode == 0 and bench.begun() == ["a", "a", "b"] and "trying once more" in done.stderr

    def test_one_that_always_dies_fails_its_subject_only(self, bench):
        bench.photo("a.jpg", "die"), bench.photo("b.jpg"), bench.photo("c.jpg")
        assert bench.run("--jobs", 1).returncode == 1
        assert bench.begun() == ["a", "a", "b", "c"] and bench.results() == ["b", "c"]
        assert bench.record("a")["error"]["code"] == "ENGINE_CRASHED"

    def test_one_that_hangs_is_stopped(self, bench):
        bench.photo("a.jpg", "hang"), bench.photo("b.jpg")
        done = bench.run("--jobs", 2, "--patience", 1)
        assert done.returncode == 1 and bench.results() == ["b"]
        assert "no progress for 1 seconds" in bench.record("a")["error"]["message"]

    def test_they_are_reused(self, bench):
        for number in range(8):
            bench.photo(f"{number}.jpg")
        assert bench.run("--jobs", 2).returncode == 0
        assert len({line.split("\t")[1] for line in bench.log_lines()}) <= 2

    def test_an_engine_that_does_not_start_stops_the_batch(self, bench):
        for number in range(20):
            bench.photo(f"{number}.jpg")
        code = (
            "import sys; from engine.batch import worker; from engine.cli import main; "
            "worker.PROGRAM = 'missing.py'; sys.exit(main(sys.argv[1:]))"
        )
        command = bench.command("--jobs", 1)
        done = subprocess.run(
            [command[0], "-c", code, *command[4:]],
            capture_output=True,
            text=True,
            env=bench.environment,
            timeout=30,
        )
        assert (
            done.returncode == 34
            and "stopped early" in done.stderr
            and "can't open file" in bench.record("0")["error"]["details"]["stderr"][-1]
        )


class TestFullDisk:
    def test_stops_cleanly_and_goes_on(self, bench):
        bench.photo("a.jpg"), bench.photo("b.jpg", "full"), bench.photo("c.jpg"), bench.photo("d.jpg")
        done = bench.run("--jobs", 1)
        assert done.returncode == 22 and bench.begun() == ["a", "b"] and "There is no space left" in done.stderr
        bench.environment["STUB_SPACE"] = str(STUB)
        assert bench.run("--jobs", 1).returncode == 0 and bench.begun()[2:] == ["b", "c", "d"]

    @pytest.mark.skipif(
        sys.platform != "linux" or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts a small disk"
    )
    def test_a_disk_that_is_really_full(self, bench):
        bench.out.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", bench.out], capture_output=True).returncode:
            pytest.skip("tmpfs cannot be mounted here")
        try:
            for number in range(16):
                bench.photo(f"{number}.jpg")
            done = bench.run("--jobs", 2)
            assert done.returncode == 22 and "no space left" in done.stderr
            assert not [name for name in bench.results() if name.startswith(".")]
            kept = bench.results()
            for name in kept:
                load_bundle(bench.out / name).verify()
            assert 0 < len(kept) < 16
            subprocess.run(["mount", "-o", "remount,size=100m", bench.out], check=True)
            before = len(bench.begun())
            assert bench.run("--jobs", 2).returncode == 0 and len(bench.results()) == 16
            assert not set(bench.begun()[before:]) & set(kept)
        finally:
            subprocess.run(["umount", bench.out], check=True)


@posix
class TestKilled:
    def test_the_same_command_finishes(self, bench):
        for number in range(6):
            bench.photo(f"{number}.jpg", "ok 0.25")
        process = bench.start("--jobs", 2)
        bench.wait_begun(3)
        process.kill()
        process.wait()
        before = len(bench.begun())
        done = {name for name in bench.results() if not name.startswith(".")}
        assert done and len(done) < 6
        assert bench.run("--jobs", 2).returncode == 0
        assert not set(bench.begun()[before:]) & done and bench.results() == [str(n) for n in range(6)]

    def test_between_bundle_and_record(self, bench):
        """The bundle was renamed, then everything died: the next run takes it over instead of redoing it."""
        bench.photo("a.jpg", f"written {bench.folder / 'mark'}")
        with Driver(bench, "--jobs", 1) as driver:
            driver.wait(lambda m: m.get("method") == "started" and m["params"]["attempt"] == 2)
            driver.process.kill()
            driver.process.wait()
        assert bench.record("a")["status"] == "running"
        load_bundle(bench.out / "a").verify()
        before = len(bench.begun())
        assert bench.run().returncode == 0 and len(bench.begun()) == before
        assert bench.record("a")["status"] == "done" and bench.record("a")["quality"]["warnings"]

    def test_leftovers_are_removed(self, bench):
        bench.photo("a.jpg")
        for name in (".a.0123abcd.partial", ".gone.0123abcd.partial"):
            (bench.out / name).mkdir(parents=True)
            (bench.out / name / "albedo.png").write_text("half")
            os.utime(bench.out / name, (1e9, 1e9))
        (bench.out / ".other.partial").mkdir()
        assert bench.run().returncode == 0 and bench.results() == [".other.partial", "a"]

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_interrupted(self, bench, number):
        bench.photo("a.jpg"), bench.photo("b.jpg", "deaf"), bench.photo("c.jpg")
        process = subprocess.Popen(
            bench.command("--jobs", 1),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=bench.environment,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        bench.wait_begun(2)
        time.sleep(0.1)
        process.send_signal(number)
        out, err = process.communicate(timeout=15)
        assert process.returncode == 128 + number and "1 done, 2 cancelled" in out and "Traceback" not in err
        assert bench.results() == ["a"]
        assert not any(is_running(int(line.split("\t")[1])) for line in bench.log_lines())

    def test_workers_end_with_their_runner(self, bench):
        bench.photo("b.jpg", "deaf")
        process = bench.start("--jobs", 1)
        bench.wait_begun(1)
        process.kill()
        process.wait()
        pid = int(bench.log_lines()[0].split("\t")[1])
        end = time.monotonic() + 10
        while is_running(pid) and time.monotonic() < end:
            time.sleep(0.05)
        assert not is_running(pid)


class TestTwoRuns:
    def test_at_once_do_everything_once(self, bench):
        for number in range(6):
            bench.photo(f"{number}.jpg", "ok 0.3")
        runs = [bench.start("--jobs", 1) for _ in range(2)]
        texts = [run.communicate(timeout=60)[0] for run in runs]
        assert [run.returncode for run in runs] == [0, 0], texts
        assert sorted(bench.begun()) == sorted(set(bench.begun())) == [str(n) for n in range(6)]
        assert len({line.split("\t")[1] for line in bench.log_lines()}) == 2
        for name in bench.results():
            load_bundle(bench.out / name).verify()

    @posix
    def test_the_second_takes_over_when_the_first_dies(self, bench):
        bench.photo("a.jpg", f"slow_once {bench.folder / 'mark'}")
        first = bench.start("--jobs", 1)
        bench.wait_begun(1)
        with Driver(bench, "--jobs", 1) as second:
            assert second.notified("waiting")["params"]["subject"] == "a"
            first.kill()
            first.wait()
            assert second.summary()["done"] == 1
        assert bench.begun() == ["a", "a"]


def test_ranges_and_leniency_for_render_farms(bench):
    bench.photo("a.jpg"), bench.photo("b.jpg", "noface"), bench.photo("c.jpg", "die"), bench.photo("d.jpg")
    assert bench.run("--range", "1-2", "--lenient").returncode == 0 and sorted(bench.begun()) == ["a", "b"]
    page = (bench.out / "report.html").read_text(encoding="utf-8")
    assert "1 of 4 heads done, 1 failed, 2 to do" in page
    assert bench.run("--range", "3", "--lenient").returncode == 1  # a crash is not the photo's fault
    assert bench.run("--range", "5-99", "--lenient").returncode == 0
    assert "1 of 4 heads done, 2 failed, 1 to do" in (bench.out / "report.html").read_text(encoding="utf-8")

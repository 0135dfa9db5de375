"""The parts of a batch one by one: records, locks, board, report, displays, shares of the machine."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import threading
import time

import pytest

from engine.batch import store as store_module
from engine.batch import worker as worker_module
from engine.batch.board import Board
from engine.batch.console import Console, duration, summary_table
from engine.batch.report import Report, render
from engine.batch.run import parse_range
from engine.batch.store import Store
from engine.batch.subjects import Subject
from engine.batch.work import Outcome, look_up, work
from engine.system import machine
from engine.system.progress import SILENT
from engine.wire.atomic import replace_file
from engine.wire.claims import claim_name
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.locks import try_lock
from engine.wire.settings import Settings
from support.batch import STUB
from support.checkout import python_path
from support.programs.batch_stub import StubMethod


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "heads")


@pytest.fixture
def subject(tmp_path):
    (tmp_path / "a.jpg").write_text("ok")
    os.utime(tmp_path / "a.jpg", (1e9, 1e9))
    return Subject("a", "A", (str(tmp_path / "a.jpg"),), Settings(texture_size=256))


def stub(subject, claim):
    bundle = StubMethod().reconstruct(subject.photos, claim.path, subject.settings, SILENT)
    return {"bundle": str(claim.path), "quality": bundle.manifest["quality"], "timings": bundle.manifest["timings"]}


class TestRecords:
    def test_done_once(self, store, subject):
        assert look_up(store, subject) is None
        first = work(store, subject, stub)
        assert (first.status, first.reused) == ("done", False) and first.record["preview"] == "preview.png"
        assert look_up(store, subject).reused and work(store, subject, stub).reused

    def test_a_head_that_something_else_made_is_not_replaced(self, store, subject, tmp_path):
        """Such as a Blender beside the batch, of a photo that has the same name."""
        (tmp_path / "other.jpg").write_text("somebody else")
        StubMethod().reconstruct([str(tmp_path / "other.jpg")], store.bundle_path("a"), subject.settings, SILENT)
        before = store.mark("a")
        outcome = work(store, subject, stub)
        assert outcome.error.code is ErrorCode.OUTPUT_EXISTS and store.mark("a") == before

    def test_a_name_that_something_else_has_claimed_is_waited_for(self, store, subject):
        with claim_name(store.bundle_path("a")):
            assert work(store, subject, stub).status == "waiting"
        assert work(store, subject, stub).status == "done"

    @pytest.mark.parametrize("change", ["photo", "settings", "engine", "more photos", "bundle"])
    def test_whatever_changes_it_is_redone(self, store, subject, tmp_path, monkeypatch, change):
        work(store, subject, stub)
        photos, settings = subject.photos, subject.settings
        if change == "photo":
            (tmp_path / "a.jpg").write_text("ok 0")
        elif change == "settings":
            settings = Settings(texture_size=256, seed=1)
        elif change == "engine":
            monkeypatch.setattr(store_module, "__version__", "99.0")
        elif change == "more photos":
            photos = photos * 2
        else:
            (store.out / "a" / "albedo.png").write_bytes(b"")
        changed = Subject("a", "A", photos, settings)
        assert look_up(store, changed) is None and not work(store, changed, stub).reused

    def test_a_touched_photo_is_the_same_photo(self, store, subject):
        work(store, subject, stub)
        os.utime(subject.photos[0], (2e9, 2e9))
        assert look_up(store, subject).reused

    def test_photos_are_hashed_once_but_fresh_ones_are_not_trusted(self, store, subject, monkeypatch):
        record = {"photos": store.fingerprint(subject, {}).photos}
        monkeypatch.setattr(store_module.hashlib, "file_digest", None)
        store.fingerprint(subject, record)
        os.utime(subject.photos[0])
        with pytest.raises(TypeError):
            store.fingerprint(subject, record)

    def test_an_unreadable_record_counts_as_none(self, store, subject):
        work(store, subject, stub)
        for data in (b"", b"{", b"[]", b'{"schema": 99}', b"\xff"):
            (store.out / ".hrn_batch" / "a.json").write_bytes(data)
            assert store.read("a") == {} and look_up(store, subject) is None
        assert work(store, subject, stub).status == "done"

    def test_a_bundle_finished_by_a_run_that_died_is_taken_over(self, store, subject):
        def dies(subject, claim):
            stub(subject, claim)
            raise SystemExit

        work(store, subject, stub)
        other = Subject("a", "A", subject.photos, Settings(texture_size=256, seed=1))
        with pytest.raises(SystemExit):
            work(store, other, dies)
        assert store.read("a")["status"] == "running"
        (store.out / "a" / "albedo.png").write_bytes((store.out / "a" / "albedo.png").read_bytes()[::-1])
        assert work(store, other, None).cut_off  # damaged (a power cut): not taken over
        with store.claim_bundle("a") as claim:
            stub(other, claim)
        taken = work(store, other, None)
        assert taken.reused and store.read("a")["status"] == "done" and taken.record["quality"]["warnings"]

    def test_an_old_bundle_is_not_mistaken_for_the_new_one(self, store, subject):
        def dies(subject, out):
            raise SystemExit

        work(store, subject, stub)
        other = Subject("a", "A", subject.photos, Settings(texture_size=256, seed=1))
        with pytest.raises(SystemExit):
            work(store, other, dies)
        assert work(store, other, None).cut_off
        assert not work(store, other, stub, patient=False).reused

    def test_failures_that_last_and_those_that_do_not(self, store, subject, tmp_path):
        (tmp_path / "a.jpg").write_text("noface")
        assert work(store, subject, stub).error.code is ErrorCode.NO_FACE
        again = work(store, subject, stub)
        assert again.reused and again.error.code is ErrorCode.NO_FACE and look_up(store, subject).reused
        assert look_up(store, subject, retry_failed=True) is None
        assert not work(store, subject, stub, retry_failed=True).reused
        (tmp_path / "a.jpg").unlink()
        assert work(store, subject, stub).error.code is ErrorCode.PHOTO_UNREADABLE
        (tmp_path / "a.jpg").write_text("full")
        assert work(store, subject, stub).error.code is ErrorCode.DISK_FULL
        assert not work(store, subject, stub).reused
        (tmp_path / "a.jpg").write_text("ok")
        assert work(store, subject, stub).status == "done"

    def test_a_foreign_folder_is_not_touched(self, store, subject):
        (store.out / "a").mkdir()
        (store.out / "a" / "thesis.txt").write_text("mine")
        outcome = work(store, subject, stub)
        assert outcome.error.code is ErrorCode.OUTPUT_EXISTS and os.listdir(store.out / "a") == ["thesis.txt"]

    def test_an_engine_that_says_done_without_a_bundle(self, store, subject):
        outcome = work(store, subject, lambda subject, out: {})
        assert outcome.status == "failed" and outcome.error.code is ErrorCode.BUNDLE_INVALID

    def test_a_full_disk_keeps_the_old_record_and_is_said(self, store, subject, monkeypatch):
        def full(descriptor):
            raise OSError(errno.ENOSPC, "No space left on device")

        work(store, subject, stub)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(HrnError) as caught:
            store.write("a", {})
        assert caught.value.code is ErrorCode.DISK_FULL
        assert store.read("a")["status"] == "done" and not list(store.out.rglob("*.partial"))
        with pytest.raises(HrnError) as caught:
            Store(store.out)
        assert caught.value.code is ErrorCode.DISK_FULL

    def test_flushed_before_it_counts_as_done(self, store, subject, monkeypatch):
        """Power cut: what the record calls done is on the disk, file by file, before the record is."""
        order, fsync, write = [], os.fsync, store.write

        def watched(descriptor):
            if sys.platform == "linux":
                order.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", watched)
        monkeypatch.setattr(store, "write", lambda name, record: (order.append(record["status"]), write(name, record)))
        work(store, subject, stub)
        if sys.platform == "linux":
            between = order[order.index("running") : order.index("done")]
            assert {"mesh.npz", "albedo.png", "photo_0.png", "a", "heads"} <= set(between)


class TestLocks:
    def test_one_at_a_time(self, tmp_path):
        with try_lock(tmp_path / "x"):
            assert try_lock(tmp_path / "x") is None
        with try_lock(tmp_path / "x") as lock:
            assert lock is not None

    def test_the_death_of_the_owner_releases_it_and_its_children_do_not_keep_it(self, tmp_path):
        code = (
            "import sys, time, pathlib, subprocess; from engine.wire.locks import try_lock; "
            "lock = try_lock(pathlib.Path(sys.argv[1])); "
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(5)'], stdout=subprocess.DEVNULL); "
            "print('locked', flush=True); time.sleep(60)"
        )
        command = [sys.executable, "-c", code, str(tmp_path / "x")]
        owner = subprocess.Popen(command, env=python_path(), stdout=subprocess.PIPE)
        try:
            assert owner.stdout.readline() == b"locked\n" and try_lock(tmp_path / "x") is None
        finally:
            owner.kill()
            owner.wait()
        assert try_lock(tmp_path / "x") is not None

    def test_a_subject_in_other_hands(self, store, subject):
        with store.claim("a"):
            outcome = work(store, subject, stub)
        assert outcome.status == "waiting" and not outcome.cut_off and not outcome.record

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks")
    def test_a_file_system_without_locks_is_one_sentence(self, store, monkeypatch):
        import fcntl

        def none(descriptor, how):
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", none)
        with pytest.raises(HrnError) as caught:
            store.claim("a")
        assert caught.value.code is ErrorCode.OUTPUT_NOT_WRITABLE


def test_a_reader_never_sees_half_a_file(tmp_path):
    path, stop, seen = tmp_path / "x", threading.Event(), set()

    def read():
        while not stop.is_set():
            seen.add(path.read_text())

    texts = ["a" * 100000, "b" * 50000]
    replace_file(path, texts[0])
    thread = threading.Thread(target=read)
    thread.start()
    for number in range(100):
        replace_file(path, texts[number % 2])
    stop.set()
    thread.join()
    assert seen <= set(texts)


def board_of(*names, photos=1):
    events = []
    board = Board(
        [Subject(name, name.upper(), ("x",) * photos, Settings()) for name in names],
        lambda name, entry: events.append((name, entry.subject.name)),
    )
    return board, events


class TestBoard:
    def test_everybody_gets_another_one(self):
        board, events = board_of("a", "b")
        a, b = board.take(), board.take()
        assert (a.subject.name, b.subject.name) == ("a", "b") and board.take(patience=0) is None
        board.started(a), board.settle(a, Outcome("done")), board.settle(b, Outcome("failed", error=_error()))
        assert board.finished and board.take() is None and events == [("started", "a"), ("done", "a"), ("failed", "b")]

    def test_what_others_have_comes_last_and_later(self):
        board, events = board_of("a", "b")
        a = board.take()
        board.settle(a, Outcome("waiting", again_at=time.monotonic() + 0.2))
        assert events == [("waiting", "a")]
        b = board.take()
        assert b.subject.name == "b" and board.take(patience=0) is None
        assert board.take(patience=5) is a
        board.settle(a, Outcome("waiting", again_at=0))
        assert events == [("waiting", "a")]

    def test_cancel_in_a_workers_hands_is_left_to_the_worker(self):
        board, events = board_of("a", "b")
        a = board.take()
        board.cancel()
        assert events == [("cancelled", "b")] and a.cancel.is_set() and not board.finished
        board.settle(a, Outcome("done"))
        assert board.counts()["done"] == 1

    def test_disk_full_stops_everything_new(self):
        board, events = board_of("a", "b", "c")
        a, b = board.take(), board.take()
        board.settle(a, Outcome("failed", error=HrnError(ErrorCode.DISK_FULL, "full")))
        assert board.error.code is ErrorCode.DISK_FULL and ("cancelled", "c") in events and not board.finished
        board.settle(b, Outcome("done"))
        assert board.finished

    def test_time_left(self, monkeypatch):
        now = [100.0]
        monkeypatch.setattr("engine.batch.board.time.monotonic", lambda: now[0])
        board, _ = board_of("a", "b", "c", "d", "e", photos=2)
        assert board.seconds_left(2) is None
        board.settle(board.take(), Outcome("done", reused=True))
        assert board.seconds_left(2) is None  # taking over costs nothing and tells nothing
        b = board.take()
        board.started(b)
        now[0] += 8
        board.settle(b, Outcome("done"))
        c = board.take()
        board.started(c), board.progress(c, "mid", 0.5, 0.25, "")
        assert board.seconds_left(2) == pytest.approx((0.75 + 2) * 8 / 2)


def _error():
    return HrnError(ErrorCode.NO_FACE, "There is no <face> here.")


class TestReport:
    def test_names_and_messages_are_escaped(self):
        evil = "<script>alert('x')</script>\"&"
        rows = [
            {
                "name": evil,
                "title": evil,
                "photos": 1,
                "state": "done",
                "record": {
                    "preview": "p.png",
                    "seconds": 2.0,
                    "warnings": [evil],
                    "quality": {"warnings": [{"message": evil}]},
                },
            },
            {
                "name": "b",
                "title": evil,
                "photos": 2,
                "state": "failed",
                "record": {"error": HrnError(ErrorCode.NO_FACE, evil, hint=evil).to_json()},
            },
            {"name": "c", "title": "c", "photos": 1, "state": "queued", "record": {}},
        ]
        page = render(evil, rows)
        assert "<script" not in page and "&lt;script&gt;" in page and 'href="%3Cscript%3E' in page
        assert "1 of 3 heads done, 1 failed, 1 to do" in page and "NO_FACE" in page
        assert "http:" not in page and "https:" not in page

    def test_the_page_is_well_formed(self):
        from html.parser import HTMLParser

        class Checker(HTMLParser):
            stack: list = []

            def handle_starttag(self, tag, attrs):
                if tag not in ("meta", "img"):
                    self.stack.append(tag)

            def handle_endtag(self, tag):
                assert self.stack.pop() == tag

        checker = Checker()
        checker.feed(
            render(
                "x",
                [
                    {
                        "name": "a",
                        "title": "a & b",
                        "photos": 1,
                        "state": "failed",
                        "record": {"error": _error().to_json(), "seconds": 80},
                    }
                ],
            )
        )
        assert checker.stack == []

    def test_written_seldom_and_whole(self, store, subject):
        board = Board([subject], lambda *_: None)
        report = Report(store, "source", [subject], board)
        report.refresh()
        first = report.path.stat().st_mtime_ns
        board.settle(board.take(), Outcome("failed", error=_error()))
        report.changed = True
        report.refresh()
        assert report.path.stat().st_mtime_ns == first
        report.refresh(force=True)
        assert "There is no &lt;face&gt; here." in report.path.read_text(encoding="utf-8")


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestConsole:
    def test_a_bar_with_the_time_left(self, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        stream = Terminal()
        console = Console(stream)
        board = Board([Subject(n, n, ("x",), Settings()) for n in "abcd"], console.event)
        a = board.take()
        board.started(a), time.sleep(0.05), board.settle(a, Outcome("done"))
        b = board.take()
        board.settle(b, Outcome("failed", error=_error()))
        c = board.take()
        board.started(c), board.progress(c, "mid", 0.5, 0.5, "Shaping 語" * 20)
        console.tick(board, 1, force=True)
        line = stream.getvalue().split("\r\x1b[K")[-1]
        assert line.startswith("[############        ] 2/4, 1 failed, 0 s left  c: Shaping") and len(line) < 80
        assert "There is no <face> here." in stream.getvalue()

    def test_table(self):
        board, _ = board_of("語", "b")
        board.settle(board.take(), Outcome("done", {"seconds": 12.34, "warnings": ["W."], "quality": {}}, reused=True))
        board.settle(board.take(), Outcome("failed", {"seconds": 1}, error=_error()))
        lines = summary_table(list(board.entries.values())).splitlines()
        assert lines == [
            "subject  state           s",
            "語       done before  12.3  W.",
            "B        failed        1.0  NO_FACE: There is no <face> here. " + ErrorCode.NO_FACE.hint,
        ]

    def test_durations(self):
        assert [duration(s) for s in (0.4, 59.6, 3599, 3600, 90000)] == [
            "0 s",
            "1 min 0 s",
            "59 min 59 s",
            "1 h 0 min",
            "25 h 0 min",
        ]


class TestMachine:
    def test_memory_bounds_the_workers(self, monkeypatch):
        monkeypatch.setattr(machine, "cores", lambda: 8)
        for gigabytes, size, workers in ((64, 2048, 8), (9, 2048, 3), (9, 8192, 1), (9, 4096, 2), (1, 2048, 1), (0, 2048, 8)):
            monkeypatch.setattr(machine, "available_memory", lambda: gigabytes * 10**9)
            assert machine.default_workers(Settings(texture_size=size)) == workers, (gigabytes, size)
        assert 2.2e9 < machine.worker_memory(Settings()) < 2.8e9

    def test_threads_are_shared_out(self, monkeypatch):
        monkeypatch.setattr(machine, "cores", lambda: 8)
        assert machine.thread_environment(3)["OMP_NUM_THREADS"] == "2"
        assert set(machine.thread_environment(99).values()) == {"1"}

    def test_this_machine(self):
        assert 1 <= machine.cores() <= (os.cpu_count() or 1)
        assert 2**26 < machine.available_memory() < 2**50


def test_ranges_of_subjects():
    assert parse_range("1-3, 7,9-9") == {1, 2, 3, 7, 9}
    for text in ("", "0", "3-1", "a", "1-", "-1", "1--2", "1,", "٣"):
        with pytest.raises(HrnError) as caught:
            parse_range(text)
        assert caught.value.code is ErrorCode.SETTINGS_INVALID


def test_a_worker_survives_a_listener_that_fails(store, subject, tmp_path, monkeypatch):
    monkeypatch.setattr(worker_module, "PROGRAM", STUB)
    worker = worker_module.Worker({"HRN_ENGINE_HOME": str(tmp_path / "home")})

    def fails(*step):
        raise ValueError("a listener")

    claim = store.claim_bundle("a")
    try:
        with pytest.raises(ValueError):
            worker.reconstruct(subject, claim, fails, lambda: False)
        steps = []
        answer = worker.reconstruct(subject, claim, lambda *step: steps.append(step), lambda: False)
        assert answer["bundle"] == str(store.out / "a")
        assert {step[0] for step in steps} >= {"coarse"}
    finally:
        worker.close()
        claim.release()
    assert worker.pid is None

"""The queue: one head after the other, names that never collide, nothing half-written left behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from hrn_blender.engine import __version__
from hrn_blender.engine.wire.child_process import clean_environment
from hrn_blender.engine.wire.client import EngineProcess, Launch, Progress
from hrn_blender.engine.wire.errors import ErrorCode, HrnError
from hrn_blender.engine.wire.protocol import overall_fraction
from hrn_blender.engine.wire.settings import Settings
from hrn_blender.link.jobs import JobQueue, JobState
from support.checkout import PROGRAMS
from support.stopwatch import best_of

FAKE = PROGRAMS / "fake_engine.py"
OK = Settings(texture_size=256)


def settings(mode: str) -> Settings:
    return Settings(texture_size=256, method=f"fake:{mode}")


@pytest.fixture
def queue():
    command = [sys.executable, "-I", "-u", str(FAKE), "serve"]
    engine = EngineProcess(lambda: Launch(command, clean_environment(os.environ)), version=__version__)
    made = JobQueue(engine)
    yield made
    made.shutdown()


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photos" / "Åsa Öberg.png"
    path.parent.mkdir()
    path.write_bytes(b"not looked at by the fake engine")
    return path


def pump(queue: JobQueue, until, seconds: float = 20.0) -> list:
    """Pump until `until()` holds; returns the events."""
    events, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        events += queue.pump()
        if until():
            return events
        time.sleep(0.01)
    pytest.fail(f"timed out; jobs: {[(j.name, j.state.value) for j in queue.jobs]}")


def test_job_runs_to_a_bundle(queue, photo, tmp_path):
    job = queue.add([photo], OK, tmp_path / "out")
    assert job.state is JobState.QUEUED and queue.busy and queue.waiting == 1
    events = pump(queue, lambda: not queue.busy)
    assert job.state is JobState.DONE
    assert job.bundle == tmp_path / "out" / "Åsa Öberg" and (job.bundle / "head.json").is_file()
    assert job.warnings == ["The eyes are closed; their colour is guessed."]
    kinds = [e.kind for e in events]
    assert kinds[0] == "started" and kinds[-1] == "done" and set(kinds[1:-1]) == {"progress"}
    assert job.fraction == 1.0 and job.seconds > 0


def test_starting_the_engine_is_shown_before_the_first_stage(queue, photo, tmp_path):
    job = queue.add([photo], OK, tmp_path / "out")
    queue.pump()
    assert job.state is JobState.RUNNING and job.message == "Starting the engine"
    pump(queue, lambda: job.stage)
    assert job.message.startswith("Pretending")


def test_progress_never_goes_back(queue, photo, tmp_path):
    job = queue.add([photo], OK, tmp_path / "out")
    seen = []
    pump(queue, lambda: seen.append(job.fraction) or not queue.busy)
    assert seen == sorted(seen) and len(set(seen)) > 3


def test_progress_of_a_stage_alone_moves_the_bar_by_the_stages_share(queue, photo, tmp_path):
    job = queue.add([photo], OK, tmp_path / "out")
    queue.pump()
    queue._take(Progress(job.request_id, "mid", 0.5, "Shaping the head"))
    assert job.fraction == overall_fraction("mid", 0.5) and 0.1 < job.fraction < 0.9
    queue._take(Progress(job.request_id, "a stage of a newer engine", 0.5, "Something"))
    assert job.fraction == overall_fraction("mid", 0.5)
    pump(queue, lambda: not queue.busy)


def test_jobs_run_one_after_the_other_in_order(queue, photo, tmp_path):
    jobs = [queue.add([photo], OK, tmp_path / "out") for _ in range(3)]
    assert len({j.out for j in jobs}) == 3
    running = []
    events = pump(queue, lambda: running.append(sum(j.state is JobState.RUNNING for j in jobs)) or not queue.busy)
    assert max(running) == 1
    assert [e.job.id for e in events if e.kind == "started"] == [j.id for j in jobs]
    assert [j.bundle.name for j in jobs] == ["Åsa Öberg", "Åsa Öberg_2", "Åsa Öberg_3"]


def test_nothing_on_disk_is_overwritten(queue, photo, tmp_path):
    taken = tmp_path / "out" / "Åsa Öberg"
    taken.mkdir(parents=True)
    (taken / "mine.txt").write_text("keep")
    job = queue.add([photo], OK, tmp_path / "out")
    later = tmp_path / "out" / "Åsa Öberg_2"
    assert job.out == later
    later.mkdir()  # Somebody takes the name while the job waits.
    pump(queue, lambda: not queue.busy)
    assert job.bundle.name == "Åsa Öberg_3"
    assert (taken / "mine.txt").read_text() == "keep" and not list(later.iterdir())


def test_failed_job_does_not_stop_the_next(queue, photo, tmp_path):
    bad = queue.add([photo], settings("error,code=NO_FACE"), tmp_path / "out")
    crash = queue.add([photo], settings("crash"), tmp_path / "out")
    good = queue.add([photo], OK, tmp_path / "out")
    pump(queue, lambda: not queue.busy)
    assert [j.state for j in (bad, crash, good)] == [JobState.FAILED, JobState.FAILED, JobState.DONE]
    assert bad.error.code is ErrorCode.NO_FACE and crash.error.code is ErrorCode.ENGINE_CRASHED


def test_cancel_of_the_running_job_starts_the_next(queue, photo, tmp_path):
    def attempt() -> float:
        first = queue.add([photo], settings("hang"), tmp_path / "out")
        second = queue.add([photo], OK, tmp_path / "out")
        pump(queue, lambda: queue.engine.state.value == "busy")
        started = time.monotonic()
        queue.cancel(first.id)
        assert first.state is JobState.CANCELLING
        pump(queue, lambda: first.state is JobState.CANCELLED)
        seconds = time.monotonic() - started
        pump(queue, lambda: not queue.busy)
        assert second.state is JobState.DONE
        return seconds

    best_of(attempt, 1.0)


def test_cancel_of_a_waiting_job_is_immediate(queue, photo, tmp_path):
    first = queue.add([photo], OK, tmp_path / "out")
    second = queue.add([photo], OK, tmp_path / "out")
    queue.pump()
    queue.cancel(second.id)
    assert second.state is JobState.CANCELLED
    pump(queue, lambda: not queue.busy)
    assert first.state is JobState.DONE and not second.out.exists()


def test_half_written_bundle_of_a_dead_engine_is_cleared(queue, photo, tmp_path):
    job = queue.add([photo], settings("partial"), tmp_path / "out")
    other = tmp_path / "out" / ".Somebody else.12345678.partial"
    other.mkdir()
    pump(queue, lambda: not queue.busy)
    assert job.state is JobState.FAILED
    deadline = time.monotonic() + 3
    while list((tmp_path / "out").glob(".Åsa*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [p.name for p in (tmp_path / "out").iterdir()] == [other.name]


def test_shutdown_in_the_middle_leaves_neither_process_nor_files(queue, photo, tmp_path):
    job = queue.add([photo], settings("slow"), tmp_path / "out")
    pump(queue, lambda: job.fraction > 0)
    child = queue.engine._session.child
    (tmp_path / "out" / f".{job.out.name}.00000000.partial").mkdir()
    queue.shutdown()
    assert child.ended and not (tmp_path / "out").exists()  # It had been made for this job.


def test_missing_photo_is_refused_before_it_is_queued(queue, tmp_path):
    with pytest.raises(HrnError) as caught:
        queue.add([tmp_path / "nothing.jpg"], OK, tmp_path / "out")
    assert caught.value.code is ErrorCode.PHOTO_UNREADABLE and not queue.jobs


def test_output_folder_that_cannot_be_made_is_refused(queue, photo, tmp_path):
    with pytest.raises(HrnError) as caught:
        queue.add([photo], OK, photo / "out")
    assert caught.value.code is ErrorCode.OUTPUT_NOT_WRITABLE and not queue.jobs


def test_only_ended_jobs_can_be_removed(queue, photo, tmp_path):
    job = queue.add([photo], OK, tmp_path / "out")
    queue.remove(job.id)
    assert queue.jobs == [job]
    pump(queue, lambda: not queue.busy)
    queue.remove(job.id)
    assert not queue.jobs and (job.bundle / "head.json").is_file()


def test_bundle_from_disk_is_listed_without_the_engine(queue, tmp_path):
    job = queue.add_bundle(tmp_path / "head", {"photos": [{"file": "photo_0.png"}], "quality": {"warnings": ["x"]}})
    assert job.state is JobState.DONE and job.warnings == ["x"] and job.photos == (tmp_path / "head" / "photo_0.png",)
    assert not queue.busy and queue.pump() == []
    assert queue.engine.pid is None


@pytest.mark.parametrize("name, expected", [("a/b", "a_b"), ("  . ", "head"), ("con", "con_")])
def test_a_bundle_gets_a_name_that_every_system_takes(queue, photo, tmp_path, name, expected):
    assert queue.add([photo], OK, tmp_path, name).out == tmp_path / expected


def test_warnings_keep_what_they_were_made_of():
    from hrn_blender.link.quality import quality_warnings

    made = {
        "code": "SMALL",
        "message": "The face is 41 pixels wide.",
        "template": "The face is {n} pixels wide.",
        "parameters": {"n": 41},
    }
    warnings = quality_warnings({"warnings": [made, {"code": "X", "message": "Blurred."}, "As older versions wrote it."]})
    assert warnings == ["The face is 41 pixels wide.", "Blurred.", "As older versions wrote it."]
    assert warnings[0].render(lambda text: text.replace("The face is", "Gesicht:")) == "Gesicht: 41 pixels wide."
    assert quality_warnings(None) == quality_warnings({}) == []

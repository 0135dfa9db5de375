"""What lives as long as Blender runs: the engine, the queue, the chosen photos, and the timer that moves them on.

Everything here survives opening another file and undo; :data:`ticker` moves it on.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import bpy

from ..build.draft import DRAFT_PROPERTY, drafts, remove_draft
from ..engine.wire.child_process import LogFile, kill_all
from ..engine.wire.client import EngineProcess, EngineState
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.paths import log_dir, log_path
from ..link import install_job
from ..link.jobs import Job, JobQueue, JobState
from ..link.location import ENGINE_VERSION, launch_engine
from .language import report
from .settings import preferences
from .ticker import Ticker
from .windows import ready_to_build, redraw, run_operator

__all__ = [
    "Notice",
    "answered",
    "asking",
    "begin",
    "cancel_all",
    "dismiss",
    "engine_methods",
    "fail",
    "install",
    "notice",
    "photos",
    "queue",
    "show_error",
    "sync",
    "ticker",
    "waiting_to_build",
]

_FAST = 0.1
"""Seconds between ticks while something is going on."""
_SLOW = 2.0
"""Seconds between ticks while the engine only waits."""


class Notice:
    """The one message that the panel shows until it is dismissed or something new begins."""

    def __init__(self, error: HrnError, subject: str = ""):
        self.error = error
        self.subject = subject
        """The thing that failed: the name of a photo, or a message."""

    def details(self) -> str:
        """Everything that helps in a report, as text, in English: it is developers who read it."""
        lines = [
            f"HRN for Blender {ENGINE_VERSION}, Blender {bpy.app.version_string}",
            f"{self.error.code.value}: {self.error.message}",
            self.error.hint,
        ]
        if self.subject:
            lines.insert(1, f"Photo: {self.subject}")
        for key, value in self.error.details.items():
            lines.append(f"{key}: " + ("\n  ".join(["", *value]) if isinstance(value, list) else str(value)))
        return "\n".join(lines)


queue: JobQueue | None = None
install: install_job.InstallJob | None = None
_after_install = None
"""Called when the installation has succeeded."""
photos: list[str] = []
"""Paths of the chosen photos."""
notice: Notice | None = None
_to_build: list[int] = []
"""Jobs that are done and wait for Blender to be ready for their head."""
_begun_in: dict[int, str] = {}
"""The .blend file in which a job was begun; jobs for which another one was opened meanwhile are no longer in it."""
_early: Path | None = None
"""Folder of the unfinished shapes of the job that runs."""
_asking: list[int] = []
"""Jobs that are done and were begun in another file: the artist is asked whether their head belongs here."""


def engine_methods() -> list[str]:
    """Methods that the engine offers, as far as it has been asked."""
    return [str(m) for m in (queue.engine.info if queue else {}).get("methods", ["open"])]


def show_error(error: HrnError, subject: str = "") -> None:
    """Show `error` in the panel; `subject` names what failed."""
    global notice
    notice = Notice(error, subject)


def dismiss() -> None:
    """Hide the message in the panel."""
    global notice
    notice = None


def begin(job: Job) -> None:
    """Remember that `job` was begun in the file that is open."""
    _begun_in[job.id] = bpy.data.filepath


def asking() -> list[Job]:
    """Finished jobs that were begun in another file, whose heads may belong here or not."""
    return [job for job in map(queue.get, _asking) if job is not None] if queue is not None else []


def answered(job_id: int) -> None:
    """The artist has said what becomes of a job that was begun in another file."""
    if job_id in _asking:
        _asking.remove(job_id)


def cancel_all() -> None:
    """Cancel all reconstructions."""
    queue.cancel_all()
    ticker.wake()


def choose(paths: list[str]) -> None:
    """Make `paths` the chosen photos."""
    photos[:] = paths
    dismiss()
    sync()


def start_install(command, env, what: install_job.Installed = install_job.ENGINE, then=None) -> None:
    """Run the installer; `then` is called when it has succeeded."""
    global install, _after_install
    dismiss()
    queue.engine.stop("install")
    install = install_job.InstallJob(command, env, LogFile(log_dir() / "install.log"), what)
    _after_install = then
    ticker.wake()


# -- the timer ---------------------------------------------------------------------------------------------------


def _step() -> float | None:
    """One step of everything; returns the seconds until the next, None when there is nothing to wait for."""
    if queue is None:
        return None
    queue.engine.idle_seconds = preferences().idle_minutes * 60.0
    for event in queue.pump():
        if event.kind == "done":
            (_to_build if event.job.id in _begun_in else _asking).append(event.job.id)
        elif event.kind == "early":
            _show_early(event.job)
        elif event.kind == "failed":
            show_error(event.job.error, event.job.name)
        elif event.kind == "cancelled":
            queue.remove(event.job.id)
    _pump_install()
    _build_next()
    _sweep()
    sync()
    if queue.busy or _to_build or install is not None:
        return _FAST
    return None if queue.engine.state is EngineState.STOPPED else _SLOW


def _pump_install() -> None:
    global install
    if install is None:
        return
    install.pump()
    if install.ended:
        if install.error is not None and install.error.code is not ErrorCode.CANCELLED:
            show_error(install.error)
        succeeded = install.error is None
        install = None
        if succeeded and _after_install is not None:
            _after_install()


def _build_next() -> None:
    """Build the next finished head, unless the user is in the middle of something that a new object would disturb."""
    if not _to_build or not ready_to_build():
        return
    job_id = _to_build.pop(0)
    if queue.get(job_id) is not None:
        run_operator(bpy.ops.hrn.build_result, undo=True, job_id=job_id)


def _early_folder() -> Path:
    """An empty folder for the unfinished shapes of the job that begins; that of the last one is gone."""
    global _early
    _remove_early()
    _early = Path(tempfile.mkdtemp(prefix="hrn-early-"))
    return _early


def _remove_early() -> None:
    if _early is not None:
        shutil.rmtree(_early, ignore_errors=True)


def _show_early(job: Job) -> None:
    """Let an unfinished head stand in the scene, without an undo step: the finished one makes it, so that one undo removes both."""
    if job.id in _begun_in and job.state is JobState.RUNNING and ready_to_build():
        run_operator(bpy.ops.hrn.show_early, undo=False, job_id=job.id)


def _sweep() -> None:
    """Remove unfinished heads whose job ends in nothing, or has long ended where an undo or a file brought them back."""
    for head in drafts():
        job = queue.get(head[DRAFT_PROPERTY])
        wanted = job is not None and (not job.state.ended or job.id in _to_build) and job.id in _begun_in
        if not wanted and head.library is None and ready_to_build():
            remove_draft(head)


# -- drawing -----------------------------------------------------------------------------------------------------


def sync() -> None:
    """Bring the window manager's mirror up to date."""
    state = bpy.context.window_manager.hrn
    ids = [job.id for job in queue.jobs]
    if [item.job_id for item in state.jobs] != ids:
        grown = len(ids) > len(state.jobs)
        state.jobs.clear()
        for id_ in ids:
            state.jobs.add().job_id = id_
        state.active_job = len(ids) - 1 if grown else max(0, min(state.active_job, len(ids) - 1))
    if [item.name for item in state.photos] != photos:
        state.photos.clear()
        for path in photos:
            state.photos.add().name = path
        state.active_photo = max(0, min(state.active_photo, len(photos) - 1))


def _shown() -> tuple:
    """What the panels show, in a form that can be compared."""
    if queue is None:
        return ()
    job = queue.active
    return (
        queue.engine.state,
        [(j.id, j.state) for j in queue.jobs],
        id(notice),
        job and (job.message, round(job.fraction, 2)),
        install and (install.message, round(install.fraction, 2)),
        bool(_to_build),
        tuple(_asking),
    )


def waiting_to_build() -> bool:
    """Whether a finished job waits for its head to be built."""
    return bool(_to_build)


def active_result() -> Job | None:
    """The job of the selected row."""
    state = bpy.context.window_manager.hrn
    if queue is None or not 0 <= state.active_job < len(state.jobs):
        return None
    return queue.get(state.jobs[state.active_job].job_id)


def _file_loaded() -> bool:
    for id_ in [id_ for id_, path in _begun_in.items() if not path or path != bpy.data.filepath]:
        del _begun_in[id_]
        if id_ in _to_build:
            _to_build.remove(id_)
            _asking.append(id_)
    sync()
    return queue is not None and (queue.busy or bool(_to_build) or bool(drafts()))


def _leaving() -> None:
    _remove_early()
    if queue is not None:
        queue.shutdown()
    kill_all()


ticker = Ticker(_step, shown=_shown, file_loaded=_file_loaded, undone=lambda: bool(drafts()), leaving=_leaving)


def register() -> None:
    global queue
    engine = EngineProcess(launch_engine, version=ENGINE_VERSION, log=LogFile(log_path()))
    queue = JobQueue(engine, _early_folder)
    ticker.start()


def unregister() -> None:
    global queue, install
    ticker.stop()
    queue.shutdown()
    if install is not None:
        install.cancel()
    _remove_early()
    queue = install = None
    photos.clear()
    for kept in (_to_build, _begun_in, _asking):
        kept.clear()
    dismiss()


def fail(operator: bpy.types.Operator, error: HrnError, subject: str = "") -> set[str]:
    """Show `error` in the panel and in the status bar."""
    show_error(error, subject)
    redraw()
    operator.report({"ERROR"}, report(error.sentence))
    return {"CANCELLED"}

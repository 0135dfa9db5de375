"""What lives as long as Blender runs: the engine, the queue, the chosen photos, and the timer that moves them on.

Everything here survives opening another file and undo. A timer calls :func:`tick` while there is something to do; where
timers do not run (Blender as a Python module) tests and scripts call it by hand.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import bpy

from ..engine.wire.child_process import LogFile, kill_all
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.paths import log_dir
from ..link import install_job
from ..link.jobs import Job, JobQueue
from ..link.location import ENGINE_VERSION, launch_engine
from ..link.process import EngineProcess, EngineState
from .settings import preferences

__all__ = [
    "Notice",
    "cancel_all",
    "dismiss",
    "engine_methods",
    "fail",
    "install",
    "log_path",
    "notice",
    "photos",
    "queue",
    "ready_to_build",
    "show_error",
    "sync",
    "tick",
    "wake",
    "window_context",
]

_FAST, _SLOW = 0.1, 2.0
"""Seconds between ticks while something is going on, and while the engine only waits."""


class Notice:
    """The one message that the panel shows until it is dismissed or something new begins."""

    def __init__(self, error: HrnError, subject: str = ""):
        self.error = error
        self.subject = subject
        """Whose failure it is: the name of a photo."""

    def details(self) -> str:
        """Everything that helps in a report, as text."""
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
_drawn: tuple = ()


def log_path() -> Path:
    return log_dir() / "engine.log"


def engine_methods() -> list[str]:
    """Methods that the engine offers, as far as it has been asked."""
    return [str(m) for m in (queue.engine.info if queue else {}).get("methods", ["open"])]


def show_error(error: HrnError, subject: str = "") -> None:
    global notice
    notice = Notice(error, subject)


def dismiss() -> None:
    global notice
    notice = None


def cancel_all() -> None:
    queue.cancel_all()
    wake()


def choose(paths: list[str]) -> None:
    """Make `paths` the chosen photos."""
    photos[:] = paths
    dismiss()
    sync()


def start_install(command, env, what: str = "Engine", then=None) -> None:
    """Run the installer; `then` is called when it has succeeded."""
    global install, _after_install
    dismiss()
    queue.engine.stop("install")
    install = install_job.InstallJob(command, env, LogFile(log_dir() / "install.log"), what)
    _after_install = then
    wake()


# -- the timer ---------------------------------------------------------------------------------------------------


def run_soon(step) -> None:
    """Make sure that the timer `step` runs soon."""
    if bpy.app.timers.is_registered(step):
        bpy.app.timers.unregister(step)
    bpy.app.timers.register(step, first_interval=0.02, persistent=True)


def wake() -> None:
    """Make sure that :func:`tick` runs soon."""
    run_soon(tick)


def tick() -> float | None:
    """One step of everything; returns the seconds until the next, None when there is nothing to wait for."""
    if queue is None:
        return None
    queue.engine.idle_seconds = preferences().idle_minutes * 60.0
    for event in queue.pump():
        if event.kind == "done":
            _to_build.append(event.job.id)
        elif event.kind == "failed":
            show_error(event.job.error, event.job.name)
        elif event.kind == "cancelled":
            queue.remove(event.job.id)
    _pump_install()
    _build_next()
    sync()
    _redraw_if_changed()
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
    job = queue.get(job_id)
    if job is None:
        return
    try:
        with window_context():
            # The second argument makes Blender push an undo step; called from a timer it would not otherwise.
            bpy.ops.hrn.build_result("EXEC_DEFAULT", True, job_id=job_id)
    except RuntimeError:
        pass  # The operator has already put its error where the user sees it.


def ready_to_build() -> bool:
    """Whether nothing goes on that a new object would disturb."""
    if bpy.app.is_job_running("RENDER"):
        return False
    windows = bpy.context.window_manager.windows
    if not windows:
        return True
    for window in windows:
        for operator in getattr(window, "modal_operators", ()):
            if operator.bl_idname.startswith(("TRANSFORM_OT_", "MESH_OT_", "SCULPT_OT_", "PAINT_OT_")):
                return False
    # In Edit Mode an undo step would record the mesh being edited instead of the new head.
    return all(_object_mode(window) for window in windows)


def _object_mode(window) -> bool:
    active = window.view_layer.objects.active
    return active is None or active.mode == "OBJECT"


def window_context():
    """A context with a window and a 3D viewport if there are any; a timer starts with neither."""
    windows = bpy.context.window_manager.windows
    if bpy.app.background or not windows:
        return nullcontext()  # Without a display, areas exist but crash Blender when used.
    area, window = _largest_viewport()
    if area is None:
        return bpy.context.temp_override(window=windows[0])
    region = next(r for r in area.regions if r.type == "WINDOW")
    return bpy.context.temp_override(window=window, area=area, region=region)


def _largest_viewport():
    found = [
        (area, window)
        for window in bpy.context.window_manager.windows
        for area in window.screen.areas
        if area.type == "VIEW_3D"
    ]
    return max(found, key=lambda pair: pair[0].width * pair[0].height, default=(None, None))


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


def _redraw_if_changed() -> None:
    global _drawn
    job = queue.active
    shown = (
        queue.engine.state,
        [(j.id, j.state) for j in queue.jobs],
        id(notice),
        job and (job.message, round(job.fraction, 2)),
        install and (install.message, round(install.fraction, 2)),
        bool(_to_build),
    )
    if shown != _drawn:
        _drawn = shown
        redraw()


def redraw() -> None:
    """Draw the sidebars and preferences again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "PREFERENCES"}:
                for region in area.regions:
                    if region.type in {"UI", "WINDOW"} and (area.type != "VIEW_3D" or region.type == "UI"):
                        region.tag_redraw()


def waiting_to_build() -> bool:
    return bool(_to_build)


def active_result() -> Job | None:
    """The job of the selected row."""
    state = bpy.context.window_manager.hrn
    if queue is None or not 0 <= state.active_job < len(state.jobs):
        return None
    return queue.get(state.jobs[state.active_job].job_id)


@bpy.app.handlers.persistent
def _file_loaded(*_args) -> None:
    sync()
    if queue is not None and (queue.busy or _to_build):
        wake()


@bpy.app.handlers.persistent
def _leaving(*_args) -> None:
    if queue is not None:
        queue.shutdown()
    kill_all()


def register() -> None:
    global queue
    engine = EngineProcess(launch_engine, version=ENGINE_VERSION, log=LogFile(log_path()))
    queue = JobQueue(engine)
    bpy.app.handlers.load_post.append(_file_loaded)
    if hasattr(bpy.app.handlers, "exit_pre"):
        bpy.app.handlers.exit_pre.append(_leaving)


def unregister() -> None:
    global queue, install
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    bpy.app.handlers.load_post.remove(_file_loaded)
    if hasattr(bpy.app.handlers, "exit_pre"):
        bpy.app.handlers.exit_pre.remove(_leaving)
    queue.shutdown()
    if install is not None:
        install.cancel()
    queue = install = None
    photos.clear()
    _to_build.clear()
    dismiss()


def fail(operator: bpy.types.Operator, error: HrnError, subject: str = "") -> set[str]:
    """Show `error` in the panel and in the status bar."""
    show_error(error, subject)
    redraw()
    operator.report({"ERROR"}, f"{error.message} {error.hint}")
    return {"CANCELLED"}

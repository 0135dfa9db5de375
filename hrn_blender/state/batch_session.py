"""The batch that this Blender runs, and the timer that moves it on: the counterpart of :mod:`.session` for many heads."""

from __future__ import annotations

import time
from pathlib import Path

import bpy

from ..build.grid import built_head
from ..engine.wire.child_process import LogFile
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from ..engine.wire.paths import log_dir
from ..link.asset_files import AssetFiles
from ..link.batch import Batch, Subject, SubjectState, batch_arguments
from ..link.location import ENGINE_VERSION, launch_engine
from . import session
from .asset_library import launch_builder, refresh_browsers, register_library
from .language import words
from .ticker import Ticker
from .windows import ready_to_build, run_operator, window_context

__all__ = ["active_subject", "assets_left", "batch", "chosen_folders", "place_all", "retry", "start", "sync", "ticker"]

_FAST = 0.1
"""Seconds between ticks while a head waits to be built."""
_SLOW = 0.3
"""Seconds between ticks while only the table changes."""
_REFRESH_SECONDS = 10.0
"""Seconds between two refreshes of the Asset Browsers while many assets are written: each one reads all files of the
library."""
_UNDO_SHARE = 0.1
"""Part of the time of building that may go into undo steps. Blender goes through the whole file for each one, so with 200
heads in it a step takes longer than a head; then several heads share one."""

batch: Batch | None = None
_to_build: list[str] = []
"""Keys of finished heads that wait to be built."""
_unrecorded: list[str] = []
"""Keys of heads that were built since the last undo step."""
_recorded_at = 0.0
"""Time of the last undo step, in the clock of :func:`time.monotonic`."""
_recording_seconds = 0.0
"""How long Blender took to make it."""
_assets: AssetFiles | None = None
_refreshed = 0
"""Number of written assets at the last refresh of the Asset Browsers."""
_refreshed_at = 0.0
"""Time of that refresh, in the clock of :func:`time.monotonic`."""
_synced = -1


def chosen_folders(choice) -> tuple[Path, Path]:
    """Source and output folder of the panel's fields `choice`.

    Raises:
        HrnError: ``PHOTO_UNREADABLE``, ``OUTPUT_NOT_WRITABLE``.
    """
    if not choice.source:
        raise HrnError(ErrorCode.PHOTO_UNREADABLE, "No folder of photos is chosen.", hint="Choose one in the field Photos.")
    source = Path(bpy.path.abspath(choice.source)).absolute()
    if not source.exists():
        raise HrnError(
            ErrorCode.PHOTO_UNREADABLE, say("{path} does not exist.", path=source), hint="Choose another folder or list."
        )
    out = (
        Path(bpy.path.abspath(choice.out)).absolute()
        if choice.out
        else source.parent / f"{source.name if source.is_dir() else source.stem} heads"
    )
    if out == source:
        raise HrnError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            "The heads cannot go into the folder of the photos itself.",
            hint="Leave Heads empty for a folder beside it.",
        )
    return source, out


def start(scene: bpy.types.Scene, *, retry_failed: bool = False, only: str = "") -> None:
    """Start or continue the batch of the scene's fields; with `only`, one subject of it.

    Raises:
        HrnError: the fields are wrong, there is no engine, or a batch is running.
    """
    global batch
    choice = scene.hrn.batch
    source, out = chosen_folders(choice)
    settings = scene.hrn.engine_settings()
    launch = launch_engine(*batch_arguments(source, out, settings, jobs=choice.jobs, retry=retry_failed, only=only))
    if batch is None or (batch.source, batch.out) != (source, out):
        if batch is not None and batch.running:
            raise HrnError(ErrorCode.BUSY, "Another batch is running.", hint="Wait for it or cancel it.")
        batch = Batch(source, out, version=ENGINE_VERSION, log=LogFile(log_dir() / "batch.log"))
        _to_build.clear()
    batch.start(launch, partly=bool(only))
    ticker.wake()


def retry(scene: bpy.types.Scene, key: str = "") -> None:
    """Try `key` again, or everything that failed or was cancelled; starts the engine where it has ended.

    Raises:
        HrnError: as :func:`start`.
    """
    if batch is not None and not batch.retry(key or None):
        start(scene, retry_failed=True, only=key)
    ticker.wake()


def place(subject: Subject, when_done: str) -> None:
    """Do with a finished head what the panel's field `when_done` says."""
    if when_done == "BUILD" and subject.key not in _to_build:
        _to_build.append(subject.key)
    elif when_done == "LIBRARY":
        register_library(batch.out)
        _assets.add(Path(subject.bundle))


def place_all(when_done: str) -> None:
    """Do it with all finished heads; nothing is built twice into a scene or written twice."""
    for subject in batch.subjects.values() if batch is not None else ():
        if subject.state is SubjectState.DONE:
            place(subject, when_done)
    ticker.wake()


def waiting_to_build() -> int:
    return len(_to_build)


def assets_left() -> int:
    """Heads that wait to be written as assets."""
    return _assets.left


def stop_building() -> None:
    _to_build.clear()
    if _unrecorded:
        _record()
    _assets.stop()


def active_subject() -> Subject | None:
    """The subject of the selected row."""
    rows, number = bpy.context.window_manager.hrn.subjects, bpy.context.window_manager.hrn.active_subject
    if batch is None or not 0 <= number < len(rows):
        return None
    return batch.subjects.get(rows[number].name)


# -- the timer ---------------------------------------------------------------------------------------------------


def _step() -> float | None:
    """One step: news of the child, at most one head built, the table brought up to date."""
    if batch is None:
        return None
    when_done = bpy.context.scene.hrn.batch.when_done
    for event in batch.pump():
        if event.kind == "done":
            place(event.subject, when_done)
        elif event.kind == "ended" and batch.error is not None and batch.error.code is not ErrorCode.CANCELLED:
            session.show_error(batch.error, say("Batch"))
    _pump_assets()
    started = time.monotonic()
    _build_next()
    building = time.monotonic() - started
    sync()
    if _to_build:
        return building + max(_FAST, building)  # Counted from the start of this step: half of the time is the user's.
    return _SLOW if batch.alive or _assets.left else None


def _pump_assets() -> None:
    global _refreshed, _refreshed_at
    for bundle, error in _assets.pump():
        session.show_error(error, bundle.name)
    if _assets.written != _refreshed and (not _assets.left or time.monotonic() - _refreshed_at > _REFRESH_SECONDS):
        refresh_browsers()
        _refreshed, _refreshed_at = _assets.written, time.monotonic()


def _build_next() -> None:
    """Build one head, and record it for undo when it is the last one or enough time has passed."""
    if not _to_build:
        return
    if not ready_to_build():
        _unrecorded.clear()  # What the user does now makes an undo step that holds them.
        return
    key = _to_build.pop(0)
    subject = batch.subjects.get(key)
    if subject is not None and subject.bundle and built_head(bpy.context.scene, subject.bundle) is None:
        if run_operator(bpy.ops.hrn.batch_build, undo=False, subject=key):
            _unrecorded.append(key)
    now = time.monotonic()
    if _unrecorded and (not _to_build or now - _recorded_at >= _recording_seconds / _UNDO_SHARE):
        _record()


def _record() -> None:
    """Make an undo step of what has been built."""
    global _recorded_at, _recording_seconds
    started = time.monotonic()
    with window_context():
        count = len(_unrecorded)
        bpy.ops.ed.undo_push(message="Build Head" if count == 1 else words("Build {count} Heads", count=count))
    _unrecorded.clear()
    _recorded_at = time.monotonic()
    _recording_seconds = _recorded_at - started


def _undone() -> bool:
    """Heads that no undo step knows are gone with any undo, though nobody wanted that: they are built again."""
    if batch is None or not _unrecorded:
        return False
    _to_build[:0] = [key for key in _unrecorded if key not in _to_build]
    _unrecorded.clear()
    return True


def sync(force: bool = False) -> None:
    """Bring the window manager's mirror of the table up to date."""
    global _synced
    revision = -1 if batch is None else batch.revision
    if revision == _synced and not force:
        return
    _synced = revision
    state = bpy.context.window_manager.hrn
    keys = [] if batch is None else list(batch.subjects)
    if [row.name for row in state.subjects] != keys[: len(state.subjects)]:
        state.subjects.clear()
    for key in keys[len(state.subjects) :]:
        state.subjects.add().name = key
    state.active_subject = max(0, min(state.active_subject, len(keys) - 1))


def _shown() -> tuple:
    """What the panel shows, in a form that can be compared."""
    return () if batch is None else (batch.change, len(_to_build), _assets.left, id(session.notice))


def _file_loaded() -> bool:
    _to_build.clear()  # They were meant for the file that was left.
    _unrecorded.clear()
    sync(force=True)
    return batch is not None and bool(batch.alive or _assets.left)


def _leaving() -> None:
    if batch is not None:
        batch.stop()
    _assets.stop()


ticker = Ticker(_step, shown=_shown, file_loaded=_file_loaded, undone=_undone, leaving=_leaving)


def register() -> None:
    global _assets, _refreshed
    _refreshed = 0
    _assets = AssetFiles(launch_builder, LogFile(log_dir() / "assets.log"))
    ticker.start()


def unregister() -> None:
    global batch
    ticker.stop()
    if batch is not None:
        batch.stop(wait=1.0)
    batch = None
    _to_build.clear()
    _unrecorded.clear()
    _assets.stop()
    sync(force=True)

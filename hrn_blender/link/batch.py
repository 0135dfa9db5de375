"""A folder of people as seen from the add-on: the child process ``engine batch`` and its table of subjects. No bpy.

:class:`Batch` speaks the protocol of ``--json-lines`` (docs/user/batch.md). Its owner calls :meth:`Batch.pump` a few times
per second; no call waits. What matters lies on the disk: whatever happens to the child or to Blender, starting the same
batch again finishes what is missing and redoes nothing.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from ..engine.wire.child_process import ChildProcess, Exited, Line, LogFile, SpawnFailed
from ..engine.wire.engine_events import Launch
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.exit_reason import count_oom_kills, explain_exit
from ..engine.wire.messages import Message, list_from_json, say
from ..engine.wire.protocol import MAX_LINE_BYTES, PROTOCOL_VERSION, decode_line, encode_line, versions_match
from ..engine.wire.settings import Settings
from ..engine.wire.settings_flags import as_flags
from .quality import quality_warnings

__all__ = ["Batch", "BatchEvent", "Subject", "SubjectState", "batch_arguments"]


class SubjectState(str, Enum):
    """What is known of a subject."""

    QUEUED = "queued"
    WAITING = "waiting"
    """Another run on the same folder has it in work."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (SubjectState.DONE, SubjectState.FAILED, SubjectState.CANCELLED)


@dataclass
class Subject:
    """One person: a row of the table."""

    key: str
    """Name of the bundle's folder in the output folder."""
    title: str
    photos: tuple[str, ...]
    index: int
    """Place in the batch, from 0."""
    state: SubjectState = SubjectState.QUEUED
    message: Message = Message("")
    fraction: float = 0.0
    error: HrnError | None = None
    bundle: str = ""
    preview: str = ""
    seconds: float = 0.0
    warnings: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class BatchEvent:
    """Something that the owner acts on: a subject is ``done`` or ``failed``, or the whole batch has ``ended``."""

    kind: str
    subject: Subject | None = None


class Batch:
    """One folder of people. It may be started again and again; its table stays.

    Args:
        source: folder or list of subjects.
        out: folder of the heads.
        version: the engine's version that is expected.
        log: where the child's stderr goes.
    """

    START_SECONDS = 120.0
    SILENT_SECONDS = 300.0
    """Seconds of silence after which the child counts as hung: it says something every second, except while it looks at
    thousands of photos before it starts."""
    PUMP_SECONDS = 0.03
    LEAVE_SECONDS = 15.0
    """Seconds that the child has to obey `cancel_all`; a worker has ten."""

    def __init__(self, source: Path, out: Path, *, version: str, log: LogFile | None = None):
        self.source, self.out = Path(source), Path(out)
        self.subjects: dict[str, Subject] = {}
        """The subjects by key, in order."""
        self.eta: float | None = None
        self.paused = False
        self.notes: list[Message] = []
        self.report: Path | None = None
        self.error: HrnError | None = None
        """Why the batch as a whole stopped."""
        self.revision = 0
        """Grows when the table gets or loses rows."""
        self.change = 0
        """Grows with every message."""
        self._version, self._log = version, log
        self._child: ChildProcess | None = None
        self._events: list[BatchEvent] = []
        self._ready = self._finished = self._fresh = False
        self._asked_to_leave: float | None = None
        self._last_heard = self._last_pump = 0.0
        self._oom_kills: int | None = None

    # -- for the owner -------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether it works on subjects, or is about to."""
        return self._child is not None and not self._finished

    @property
    def alive(self) -> bool:
        """Whether there is anything left to pump."""
        return self._child is not None

    @property
    def leaving(self) -> bool:
        return self._asked_to_leave is not None

    @property
    def message(self) -> Message:
        """One line about the whole batch."""
        if self.leaving and self.running:
            return say("Cancelling")
        if not self._ready:
            return say("Starting the engine")
        if not self.subjects:
            return say("Looking for photos")
        return say("Paused") if self.paused else Message("")

    @property
    def fraction(self) -> float:
        """0 to 1 over all subjects."""
        if not self.subjects:
            return 0.0
        return min(sum(1.0 if s.state.ended else s.fraction for s in self.subjects.values()) / len(self.subjects), 1.0)

    def count(self, *states: SubjectState) -> int:
        return sum(s.state in states for s in self.subjects.values())

    def start(self, launch: Launch, *, partly: bool = False) -> None:
        """Start the child. With `partly` it was told to do some subjects only, and the other rows stay.

        Raises:
            HrnError: ``BUSY``.
        """
        if self.running:
            raise HrnError(ErrorCode.BUSY, "A batch is running.", hint="Wait for it or cancel it.")
        if self._child is not None:
            self._child.kill()  # It has said that it is done and only has to leave.
        self.error, self.eta, self.paused, self.notes = None, None, False, []
        self._ready = self._finished = False
        self._fresh, self._asked_to_leave = not partly, None
        self._oom_kills = count_oom_kills()
        self._last_heard = self._last_pump = time.monotonic()
        self._child = ChildProcess(launch.command, env=launch.env, cwd=launch.cwd, log=self._log, max_line=MAX_LINE_BYTES)
        if self._log is not None:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S")
            self._log.write(f"{stamp} start: {json.dumps(list(map(str, launch.command)))}\n".encode())
        self.change += 1

    def pause(self, paused: bool = True) -> None:
        """Start nothing new; what runs is finished."""
        if self.running:
            self.paused = paused
            self._send("pause" if paused else "resume")

    def cancel(self, key: str) -> None:
        subject = self.subjects.get(key)
        if self.running and subject is not None and not subject.state.ended:
            subject.message = say("Cancelling")
            self._send("cancel", subject=key)

    def cancel_all(self) -> None:
        if self.running and not self.leaving:
            self._asked_to_leave = time.monotonic()
            self._send("cancel_all")

    def retry(self, key: str | None = None) -> bool:
        """Queue `key`, or all that failed or were cancelled, again; False when that needs a new start."""
        if not self.running or self.leaving:
            return False
        self._send("retry", **({"subject": key} if key else {}))
        return True

    def stop(self, wait: float = 0.0) -> None:
        """End the child at once, as when Blender closes."""
        child, self._child = self._child, None
        if child is not None:
            child.close_stdin()
            child.kill()
            child.wait(wait)
        self._stop_rows()

    def pump(self) -> list[BatchEvent]:
        """Take the child's news in and apply all time limits."""
        child, now = self._child, time.monotonic()
        if child is not None:
            if now - self._last_pump > 5:
                self._last_heard = now  # It was the owner who slept, perhaps the whole machine.
            self._last_pump = now
            news = child.events
            try:
                while self._child is child and time.monotonic() - now < self.PUMP_SECONDS:
                    if not (found := news(100)):
                        break
                    for event in found:
                        self._handle(child, event, now)
                if self._child is child:
                    self._check_time(now)
            except HrnError as error:
                self._end(error)
        events, self._events = self._events, []
        return events

    # -- messages ------------------------------------------------------------------------------------------------

    def _send(self, method: str, **params) -> None:
        self.change += 1
        if self._child is not None:
            self._child.send(encode_line({"method": method, "params": params}))

    def _handle(self, child: ChildProcess, event, now: float) -> None:
        self.change += 1
        if isinstance(event, SpawnFailed):
            raise HrnError(ErrorCode.ENGINE_MISSING, say("The engine could not be started: {reason}.", reason=event.error))
        if isinstance(event, Exited):
            if self._finished or self.leaving:
                self._end(self.error)
            else:
                error = explain_exit(event.code, child.stderr_tail, self._oom_kills)
                error.hint = say("Start the batch again: it goes on where it stopped.")
                self._end(error)
            return
        assert isinstance(event, Line)
        self._last_heard = now
        try:
            message = decode_line(event.data)
            params = message.get("params", {})
            method = message.get("method")
            if method == "ready":
                self._greeted(params)
            elif isinstance(method, str) and isinstance(params, dict):
                self._notified(method, params)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self._garbage(event.data, error)
        except HrnError as error:
            if error.code is not ErrorCode.ENGINE_PROTOCOL:
                raise
            self._garbage(event.data, error)

    def _garbage(self, line: bytes, error: Exception) -> None:
        """A line of some library must not end the work of a night; the next `state` puts everything right."""
        if self._log is not None:
            self._log.write(b"not a message (" + str(error)[:200].encode() + b"): " + line[:500].rstrip() + b"\n")

    def _greeted(self, params: dict) -> None:
        theirs = params.get("engine_version")
        if not versions_match(self._version, str(theirs)) or params.get("protocol") != PROTOCOL_VERSION:
            raise HrnError(
                ErrorCode.VERSION_MISMATCH,
                say("The engine has version {theirs}, the add-on needs {ours}.", theirs=theirs, ours=self._version),
            )
        self._ready = True

    def _notified(self, method: str, params: dict) -> None:
        if method == "batch":
            self.notes = list_from_json(params, "notes")
            self.report = Path(params["report"]) if params.get("report") else None
            if self._fresh:
                self.subjects.clear()
                self.revision += 1
        elif method == "state":
            eta = params.get("eta_seconds")
            self.eta, self.paused = None if eta is None else float(eta), bool(params.get("paused"))
        elif method == "summary":
            self._finished = True
            self.eta = None
            self.error = HrnError.from_json(params["error"]) if params.get("error") else None
            self.report = Path(params["report"]) if params.get("report") else self.report
        elif method == "error":
            self._finished = True
            self.error = HrnError.from_json(params["error"])
        elif method == "queued":
            self._queued(params)
        elif "subject" in params and params["subject"] in self.subjects:
            self._changed(self.subjects[params["subject"]], method, params)

    def _queued(self, params: dict) -> None:
        key = str(params["subject"])
        known = self.subjects.get(key)
        index = known.index if known and not self._fresh else int(params["index"])
        self.subjects[key] = Subject(key, str(params["title"]), tuple(map(str, params["photos"])), index)
        if known is None:
            self.revision += 1

    def _changed(self, subject: Subject, method: str, params: dict) -> None:
        if method == "progress":
            subject.fraction = min(max(float(params["overall"]), 0.0), 1.0)
            if subject.message != "Cancelling":
                subject.message = Message.from_json(params)
            subject.state = SubjectState.RUNNING
            return
        if method not in ("waiting", "started", "done", "failed", "cancelled"):
            return  # From a newer engine.
        if method == "done":
            subject.bundle, subject.preview = str(params["bundle"]), str(params.get("preview") or "")
            subject.warnings = [*quality_warnings(params.get("quality")), *list_from_json(params, "warnings")]
        elif method == "failed":
            subject.error = HrnError.from_json(params["error"])
        subject.state = SubjectState("running" if method == "started" else method)
        subject.message = Message.from_json(params)
        subject.fraction = 1.0 if method == "done" else 0.0
        subject.seconds = float(params.get("seconds") or 0.0)
        if method in ("done", "failed"):
            self._events.append(BatchEvent(method, subject))

    # -- endings -------------------------------------------------------------------------------------------------

    def _check_time(self, now: float) -> None:
        if self._finished or self.leaving:
            since = self._last_heard if self._finished or self._asked_to_leave is None else self._asked_to_leave
            if now - since > self.LEAVE_SECONDS:
                self._end(self.error)
        elif now - self._last_heard > (self.SILENT_SECONDS if self._ready else self.START_SECONDS):
            raise HrnError(
                ErrorCode.ENGINE_CRASHED,
                "The batch no longer answered and was stopped.",
                hint="Start it again: it goes on where it stopped.",
            )

    def _end(self, error: HrnError | None) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            if error is not None:
                error.details.setdefault("stderr", list(child.stderr_tail)[-10:])
        self._finished, self.error, self.eta = True, error, None
        if error is not None and self._log is not None:
            error.details.setdefault("log", str(self._log.path))
        self._stop_rows()
        self._events.append(BatchEvent("ended"))

    def _stop_rows(self) -> None:
        """What was not finished is not going on by itself."""
        self.change += 1
        for subject in self.subjects.values():
            if not subject.state.ended:
                subject.state, subject.message, subject.fraction = SubjectState.CANCELLED, Message(""), 0.0


def batch_arguments(
    source: Path, out: Path, settings: Settings, *, jobs: int = 0, retry: bool = False, only: str = ""
) -> list[str]:
    """Arguments of the engine for a batch; see docs/user/batch.md.

    Args:
        settings: for all subjects; lists may change them for single ones.
        jobs: workers; 0 leaves the number to the engine.
        retry: try again also what failed because of its photo.
        only: key of the only subject to do.
    """
    arguments = ["batch", str(source), "--out", str(out), "--json-lines", *as_flags(settings)]
    if jobs:
        arguments += ["--jobs", str(jobs)]
    if retry:
        arguments.append("--retry-failed")
    if only:
        arguments += ["--only", only]
    return arguments

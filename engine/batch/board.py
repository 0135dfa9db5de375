"""The table of a batch: every subject's state, who works on what, what comes next. Safe to use from any thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from .subjects import Subject
from .work import Outcome

__all__ = ["Board", "Entry"]

STATES = ("queued", "running", "waiting", "done", "failed", "cancelled")
"""States that a subject can have."""
_FINISHED = ("done", "failed", "cancelled")
"""States in which a subject stays for the rest of the run."""
_FATAL = frozenset(
    (
        ErrorCode.DISK_FULL,
        ErrorCode.MODEL_MISSING,
        ErrorCode.CHECKPOINT_INVALID,
        ErrorCode.VERSION_MISMATCH,
        ErrorCode.ENGINE_MISSING,
    )
)
"""Errors that every other subject would meet, too: the batch stops, and goes on when it is started again."""


@dataclass
class Entry:
    """One row. Only the board changes it."""

    subject: Subject
    index: int
    state: str = "queued"
    attempt: int = 0
    overall: float = 0.0
    stage: str = ""
    fraction: float = 0.0
    message: str = ""
    outcome: Outcome | None = None
    began: float = 0.0
    again_at: float = 0.0
    was_waiting: bool = False
    retried: bool = False
    """Whether it was asked for again after a failure, which then does not exclude it."""
    patient: bool = True
    """Whether to give a worker of a run that was cut off time to notice it."""
    in_hand: bool = False
    """Whether a worker has taken it, even if the worker has not found anything to do yet."""
    cancel: threading.Event = field(default_factory=threading.Event)


class Board:
    """
    Args:
        subjects: in the order in which they are done.
        notify: called as ``notify(event, entry)`` after each change, from whatever thread made it, never at the same
            time twice; `event` is one of ``queued waiting started progress done failed cancelled``.
    """

    def __init__(self, subjects: list[Subject], notify: Callable[[str, Entry], None]):
        self.entries = {s.name: Entry(s, index) for index, s in enumerate(subjects)}
        self.error: HrnError | None = None
        """Why the batch as a whole had to stop."""
        self.begun = time.monotonic()
        self._notify = notify
        self._changed = threading.Condition(threading.RLock())
        self._paused = self._stopping = False
        self._work_seconds = self._work_units = 0.0

    # -- for workers -----------------------------------------------------------------------------------------------

    def take(self, patience: float | None = None) -> Entry | None:
        """Wait for the next subject; None when nothing is left to do.

        With `patience` (seconds), None also when no subject could be taken within that time.
        """
        end = None if patience is None else time.monotonic() + patience
        with self._changed:
            while not self.finished:
                now = time.monotonic()
                entry = self._next(now)
                if entry is not None:
                    entry.in_hand = True
                    return entry
                if end is not None and now >= end:
                    return None
                self._changed.wait(0.2)
            return None

    def _next(self, now: float) -> Entry | None:
        if self._paused or self._stopping:
            return None
        for state in ("queued", "waiting"):
            for entry in self.entries.values():
                if entry.state == state and not entry.in_hand and entry.again_at <= now:
                    return entry
        return None

    def started(self, entry: Entry, attempt: int = 1) -> None:
        with self._changed:
            entry.attempt, entry.stage, entry.fraction, entry.overall, entry.message = attempt, "start", 0.0, 0.0, ""
            if entry.state != "running":
                entry.began = time.monotonic()
            self._set(entry, "running", "started")

    def progress(self, entry: Entry, stage: str, fraction: float, overall: float, message: str) -> None:
        with self._changed:
            entry.stage, entry.fraction, entry.overall, entry.message = stage, fraction, overall, message
            self._notify("progress", entry)

    def settle(self, entry: Entry, outcome: Outcome) -> None:
        """Record what a worker found out about an entry that it had taken."""
        with self._changed:
            entry.in_hand = False
            if outcome.status == "waiting":
                entry.again_at = outcome.again_at
                entry.patient = not outcome.cut_off
                if entry.cancel.is_set():
                    entry.outcome = Outcome("cancelled")
                    self._set(entry, "cancelled")
                elif not entry.was_waiting and not outcome.cut_off:
                    entry.was_waiting = True
                    self._set(entry, "waiting")
                return
            if entry.state == "running" and outcome.status == "done":  # what fails usually fails at once
                self._work_seconds += time.monotonic() - entry.began
                self._work_units += len(entry.subject.photos)
            entry.outcome = outcome
            if outcome.error is not None and outcome.error.code in _FATAL and not outcome.reused:
                self.stop(outcome.error)
            self._set(entry, outcome.status)

    # -- for whoever drives the batch ------------------------------------------------------------------------------

    def pause(self, paused: bool) -> None:
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    @property
    def paused(self) -> bool:
        return self._paused

    def cancel(self, name: str | None = None) -> None:
        """Give up one subject, or all that are not finished.

        Raises:
            HrnError: ``SETTINGS_INVALID`` for an unknown subject.
        """
        with self._changed:
            for entry in self._chosen(name):
                if entry.state in _FINISHED:
                    continue
                entry.cancel.set()
                if not entry.in_hand:
                    entry.outcome = Outcome("cancelled")
                    self._set(entry, "cancelled")

    def retry(self, name: str | None = None) -> None:
        """Queue one subject again, or all that failed or were cancelled. One that is in a worker's hands is left alone.

        Raises:
            HrnError: ``SETTINGS_INVALID`` for an unknown subject.
        """
        with self._changed:
            for entry in self._chosen(name):
                if entry.state in ("failed", "cancelled") and not entry.in_hand and not self._stopping:
                    entry.cancel.clear()
                    entry.outcome, entry.was_waiting, entry.again_at, entry.attempt = None, False, 0.0, 0
                    entry.retried = True
                    self._set(entry, "queued")

    def stop(self, error: HrnError | None = None) -> None:
        """Start nothing new; subjects that are in work may end."""
        with self._changed:
            self.error = self.error or error
            self._stopping = True
            for entry in self.entries.values():
                if entry.state in ("queued", "waiting") and not entry.in_hand:
                    entry.outcome = Outcome("cancelled")
                    self._set(entry, "cancelled")

    def _chosen(self, name: str | None) -> list[Entry]:
        if name is None:
            return list(self.entries.values())
        if name not in self.entries:
            raise HrnError(ErrorCode.SETTINGS_INVALID, say("There is no subject “{name}”.", name=name))
        return [self.entries[name]]

    # -- for displays ----------------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        with self._changed:
            return all(entry.state in _FINISHED and not entry.in_hand for entry in self.entries.values())

    def counts(self) -> dict[str, int]:
        with self._changed:
            states = [entry.state for entry in self.entries.values()]
        return {state: states.count(state) for state in STATES}

    def elapsed(self) -> float:
        return time.monotonic() - self.begun

    def seconds_left(self, workers: int) -> float | None:
        """Estimate from what this run took per photo so far; None before the first subject is done."""
        with self._changed:
            if not self._work_units:
                return None
            units = 0.0
            for entry in self.entries.values():
                if entry.state in ("queued", "waiting", "running"):
                    units += len(entry.subject.photos) * (1.0 - (entry.overall if entry.state == "running" else 0.0))
            return units * self._work_seconds / self._work_units / max(1, workers)

    def _set(self, entry: Entry, state: str, event: str | None = None) -> None:
        entry.state = state
        self._notify(event or state, entry)
        self._changed.notify_all()

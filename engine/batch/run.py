"""``engine batch``: finds the subjects, puts them on the board, lets workers take them, shows what happens."""

from __future__ import annotations

import argparse
import copy
import queue
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from ..system.failures import as_hrn_error
from ..system.machine import default_workers
from ..wire.errors import EXIT_CODES, ErrorCode, HrnError
from ..wire.messages import say
from ..wire.settings import Settings
from .board import Board, Entry
from .console import Console
from .local import LocalWorkers
from .report import Report
from .store import LASTING, Store
from .stream import Stream, answer_command
from .subjects import Found, Subject, find_subjects
from .work import look_up

__all__ = ["parse_range", "run_batch"]

_LOOK_SECONDS = 0.1
"""How long one look at the events waits for the first of them, seconds."""
_UNUSABLE = LASTING | {ErrorCode.PHOTO_UNREADABLE.value}
"""Codes of errors that lie in the photos and, in a lenient run, do not count as failures."""


def run_batch(options: argparse.Namespace, settings: Callable[[], Settings]) -> int:
    """Run the verb; the exit status is that of docs/user/batch.md.

    Args:
        options: `source`, `out`, `jobs`, `only`, `range`, `retry_failed`, `lenient`, `patience`, `json_lines`, `scheduler`.
        settings: makes those of every subject; may raise ``SETTINGS_INVALID``.
    """
    display = Stream() if options.json_lines else Console()
    try:
        return _Run(options, settings(), display).run()
    except Exception as failure:
        error = as_hrn_error(failure)
    display.fail(error)
    return EXIT_CODES[error.code]


class _Run:
    def __init__(self, options: argparse.Namespace, settings: Settings, display):
        self._display, self._options = display, options
        self._events: queue.SimpleQueue = queue.SimpleQueue()
        self._status: int | None = None
        self._executor = None
        self._source = str(Path(options.source).absolute())
        found = find_subjects(options.source, options.out, settings)
        self._all = found.subjects
        self._subjects = _chosen(found, options.only, options.range)
        self._notes = found.notes
        self._store = Store(options.out)
        self._store.clean()
        self._board = Board(self._subjects, self._notify)
        self._report = Report(self._store, self._source, self._all, self._board)
        self._make_executor(settings)

    def _make_executor(self, settings: Settings) -> None:
        options = self._options
        if options.scheduler:
            from .cluster import ClusterWorkers

            self._executor = ClusterWorkers(self._board, self._store, options.scheduler, options.patience, options.retry_failed)
        else:
            largest = max((s.settings for s in self._subjects), key=lambda s: s.texture_size, default=settings)
            count = options.jobs or default_workers(largest)
            self._executor = LocalWorkers(
                self._board, self._store, max(1, min(count, len(self._subjects))), options.patience, options.retry_failed
            )

    def run(self) -> int:
        self._display.begin(self._source, self._store.out, self._subjects, self._executor.count, self._notes, self._report.path)
        for entry in self._board.entries.values():
            self._display.event("queued", entry)
        if isinstance(self._display, Stream):
            self._display.listen(
                lambda message: self._events.put(("command", message)), lambda: self._events.put(("end", None))
            )
        restore = self._catch_signals()
        try:
            self._take_over_finished()
            self._executor.start()
            while not self._board.finished:
                self._pump(_LOOK_SECONDS)
                self._report.refresh()
            self._executor.close()
            self._board.stop()  # a `retry` that comes now is too late
            self._pump(0.0)
            return self._conclude()
        finally:
            self._board.stop()
            self._executor.interrupt()
            self._executor.close()
            restore()

    def _take_over_finished(self) -> None:
        """Mark what an earlier run has done: it needs no worker."""
        for entry in list(self._board.entries.values()):
            self._pump(0.0)
            if entry.state != "queued":
                continue
            try:
                outcome = look_up(self._store, entry.subject, self._options.retry_failed)
            except HrnError:
                continue  # a worker finds the same and records it
            if outcome is not None:
                self._board.settle(entry, outcome)

    def _notify(self, name: str, entry: Entry) -> None:
        self._events.put((name, copy.copy(entry)))

    def _pump(self, patience: float) -> None:
        """Handle what has happened; waits up to `patience` for something to happen."""
        try:
            name, value = self._events.get(timeout=patience) if patience else self._events.get_nowait()
            while True:
                self._handle(name, value)
                name, value = self._events.get_nowait()
        except queue.Empty:
            self._display.tick(self._board, self._executor.count)

    def _handle(self, name: str, value) -> None:
        if name == "command":
            answer = answer_command(value, self._board, lambda: self._give_up(130))
            if answer is not None:
                self._display.answer(answer)
        elif name == "end":
            self._give_up(130)
        elif name == "signal":
            self._give_up(128 + value)
        else:
            self._display.event(name, value)
            if name in ("done", "failed", "cancelled"):
                self._report.changed = True

    def _give_up(self, status: int) -> None:
        self._status = self._status or status
        self._board.stop()
        self._board.cancel()
        self._executor.interrupt()

    def _catch_signals(self):
        """Turn signals into events, except for those that the caller has switched off (``nohup``, background jobs).

        Returns what puts the old handlers back.
        """
        if threading.current_thread() is not threading.main_thread():
            return lambda: None
        numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]

        def handler(number, frame):
            return self._events.put(("signal", int(number)))

        old = {number: signal.signal(number, handler) for number in numbers if signal.getsignal(number) is not signal.SIG_IGN}
        return lambda: [signal.signal(number, action) for number, action in old.items()]

    def _conclude(self) -> int:
        counts = self._board.counts()
        if self._board.error is not None:
            status = EXIT_CODES[self._board.error.code]
        elif self._status is not None:
            status = self._status
        else:
            status = 1 if counts["cancelled"] or any(map(self._counts_as_failed, self._board.entries.values())) else 0
        try:
            self._report.refresh(force=True)
        except HrnError as error:
            self._board.error = self._board.error or error
            status = status or EXIT_CODES[error.code]
        error = self._board.error
        self._display.tick(self._board, self._executor.count, force=True)
        self._display.end(
            {
                "total": len(self._subjects),
                **{k: counts[k] for k in ("done", "failed", "cancelled")},
                "seconds": round(self._board.elapsed(), 1),
                "report": str(self._report.path),
                "exit_status": status,
                "error": error.to_json() if error else None,
            },
            self._board,
        )
        return status

    def _counts_as_failed(self, entry: Entry) -> bool:
        return entry.state == "failed" and not (self._options.lenient and entry.outcome.error.code.value in _UNUSABLE)


def _chosen(found: Found, only: list[str] | None, numbers: str | None) -> list[Subject]:
    if numbers:
        wanted_numbers = parse_range(numbers)
        found = found._replace(subjects=[s for number, s in enumerate(found.subjects, 1) if number in wanted_numbers])
    if not only:
        return found.subjects
    known = {key: subject for subject in found.subjects for key in (subject.title, subject.name)}
    unknown = next((name for name in only if name not in known), None)
    if unknown is not None:
        raise HrnError(
            ErrorCode.SETTINGS_INVALID,
            say("There is no subject “{name}”.", name=unknown),
            hint="Give the name of a result's folder to --only.",
        )
    wanted = {known[name].name for name in only}
    return [subject for subject in found.subjects if subject.name in wanted]


def parse_range(text: str) -> set[int]:
    """Whole numbers from 1, such as ``3, 5-10``, as render farms write frames.

    Raises:
        HrnError: ``SETTINGS_INVALID``.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        found = re.fullmatch(r"\s*([0-9]{1,7})(?:\s*-\s*([0-9]{1,7}))?\s*", part)
        if not found or not 1 <= int(found[1]) <= int(found[2] or found[1]):
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("“{text}” is not a range of subjects.", text=text),
                hint="Write it like 1-20,25.",
            )
        numbers.update(range(int(found[1]), int(found[2] or found[1]) + 1))
    return numbers

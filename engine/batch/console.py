"""The batch for people: a progress bar with the time left in a terminal, one line per subject elsewhere, a table at the end."""

from __future__ import annotations

import shutil
import sys
import time
import unicodedata
from pathlib import Path

from ..wire.errors import HrnError
from .board import Board, Entry
from .subjects import Subject

__all__ = ["Console", "duration", "summary_table"]

_REDRAW_SECONDS = 0.2


class Console:
    """Display on stderr; the table goes to stdout."""

    def __init__(self, stream=None):
        for output in (sys.stdout, sys.stderr):
            if hasattr(output, "reconfigure"):
                output.reconfigure(errors="replace")  # a name that the console cannot show is no reason to stop
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._drawn = ""
        self._last = 0.0
        self._latest = ""
        self._finished = self._total = 0
        self._paused = False

    def begin(self, source: str, out: Path, subjects: list[Subject], workers: int, notes: list[str], report: Path) -> None:
        self._total = len(subjects)

        def plural(count, word):
            return f"{count} {word}{'' if count == 1 else 's'}"

        self._line(f"{plural(len(subjects), 'subject')} from {source} to {out}, {plural(workers, 'worker')}")
        for note in notes:
            self._line(f"note: {note}")

    def event(self, name: str, entry: Entry) -> None:
        title = entry.subject.title
        if name == "progress":
            self._latest = f"{title}: {entry.message}"
        elif name == "started" and entry.attempt > 1:
            self._line(f"{title}: its worker died, trying once more on a fresh one")
        elif name == "waiting":
            self._line(f"{title}: another run has it in work, waiting")
        elif name in ("done", "failed", "cancelled"):
            self._finished += 1
            if name == "done" and (self._live or entry.outcome.reused):
                return
            text = {
                "done": f"{entry.outcome.record.get('seconds', 0):.1f} s",
                "failed": str(entry.outcome.error),
                "cancelled": "",
            }[name]
            if not entry.outcome.reused and not (name == "cancelled" and self._live):
                self._line(f"[{self._finished}/{self._total}] {title}: {name} {text}".rstrip())
        elif name == "queued" and entry.retried:
            self._finished -= 1

    def tick(self, board: Board, workers: int, force: bool = False) -> None:
        now = time.monotonic()
        if not self._live or now - self._last < _REDRAW_SECONDS and not force:
            return
        self._last = now
        counts, left = board.counts(), board.seconds_left(workers)
        finished, total = counts["done"] + counts["failed"] + counts["cancelled"], len(board.entries)
        part = (finished + sum(e.overall for e in board.entries.values() if e.state == "running")) / max(1, total)
        text = f"[{'#' * int(20 * part):<20}] {finished}/{total}"
        if counts["failed"]:
            text += f", {counts['failed']} failed"
        if left is not None and finished < total:
            text += f", {duration(left)} left"
        self._draw(f"{text}  {self._latest}")

    def end(self, summary: dict, board: Board) -> None:
        self._draw("")
        print(summary_table(list(board.entries.values())))
        parts = [f"{summary[key]} {key}" for key in ("done", "failed", "cancelled") if summary[key]]
        print(f"{', '.join(parts) or 'nothing to do'} in {duration(summary['seconds'])}; {summary['report']}")
        sys.stdout.flush()
        if board.error is not None:
            print(f"error: stopped early. {board.error}", file=self._stream)

    def fail(self, error: HrnError) -> None:
        self._draw("")
        print(f"error: {error}", file=self._stream)

    def _line(self, text: str) -> None:
        drawn, self._drawn = self._drawn, ""
        if self._live and drawn:
            self._stream.write("\r\x1b[K")
        print(text, file=self._stream, flush=True)

    def _draw(self, text: str) -> None:
        if not self._live:
            return
        text = _cut(text, shutil.get_terminal_size().columns - 1)
        if text != self._drawn:
            self._stream.write("\r\x1b[K" + text)
            self._stream.flush()
            self._drawn = text


def summary_table(entries: list[Entry]) -> str:
    """One line per subject: name, state, seconds, what there is to say."""
    rows = [("subject", "state", "s", "")]
    for entry in entries:
        outcome, record = entry.outcome, entry.outcome.record if entry.outcome else {}
        if entry.state == "failed":
            text = f"{outcome.error.code.value}: {outcome.error}"
        else:
            warnings = [w.get("message", "") for w in record.get("quality", {}).get("warnings", [])]
            text = " ".join([*record.get("warnings", []), *warnings])
        state = f"{entry.state} before" if outcome is not None and outcome.reused else entry.state
        seconds = f"{record['seconds']:.1f}" if record.get("seconds") is not None else ""
        rows.append((_cut(entry.subject.title, 40), state, seconds, text))
    widths = [max(_width(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([_pad(row[0], widths[0]), _pad(row[1], widths[1]), row[2].rjust(widths[2]), row[3]]).rstrip() for row in rows
    )


def duration(seconds: float) -> str:
    """A time span in words, such as ``4 min 10 s``."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def _width(text: str) -> int:
    """Columns in a terminal: East Asian characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _cut(text: str, width: int) -> str:
    text = "".join(c if c.isprintable() else " " for c in text)
    if _width(text) <= width:
        return text
    while text and _width(text) > width - 1:
        text = text[:-1]
    return text + "…"

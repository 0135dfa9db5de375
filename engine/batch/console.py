"""The batch for people: a progress bar with the time left in a terminal, one line per subject elsewhere, a table at the end."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from ..wire.columns import cut, pad, width
from ..wire.errors import HrnError
from ..wire.language import local
from ..wire.messages import Message, as_message, list_from_json, say, sentences
from .board import Board, Entry
from .subjects import Subject

__all__ = ["Console", "duration", "summary_table"]

_REDRAW_SECONDS = 0.2
"""Least time between two drawings of the lines that change in place, seconds."""


class Console:
    """Display on stderr; the table goes to stdout."""

    def __init__(self, stream=None):
        for output in (sys.stdout, sys.stderr):
            if hasattr(output, "reconfigure"):
                output.reconfigure(errors="replace")  # a name that the console cannot show must not stop the batch
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._drawn = ""
        self._last = 0.0
        self._latest = ""
        self._finished = self._total = 0
        self._paused = False

    def begin(self, source: str, out: Path, subjects: list[Subject], workers: int, notes: list[str], report: Path) -> None:
        self._total = len(subjects)
        count = len(subjects)
        self._line(
            say(
                "{subjects} from {source} to {out}, {workers}",
                subjects=say("1 subject") if count == 1 else say("{count} subjects", count=count),
                source=source,
                out=out,
                workers=say("1 worker") if workers == 1 else say("{count} workers", count=workers),
            )
        )
        for note in notes:
            self._line(say("note: {text}", text=note))

    def event(self, name: str, entry: Entry) -> None:
        title = entry.subject.title
        if name == "progress":
            self._latest = f"{title}: {local(entry.message)}"
        elif name == "started" and entry.attempt > 1:
            self._line(say("{title}: its worker died; trying once more with a new one", title=title))
        elif name == "waiting":
            self._line(say("{title}: another run is working on it, waiting", title=title))
        elif name in ("done", "failed", "cancelled"):
            self._finished += 1
            if name == "done" and (self._live or entry.outcome.reused):
                return
            text = {
                "done": local(say("{seconds:.1f} s", seconds=entry.outcome.record.get("seconds", 0))),
                "failed": local(entry.outcome.error.sentence) if entry.outcome.error else "",
                "cancelled": "",
            }[name]
            if not entry.outcome.reused and not (name == "cancelled" and self._live):
                self._line(f"[{self._finished}/{self._total}] {title}: {local(name)} {text}".rstrip())
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
            text += f", {local(say('{count} failed', count=counts['failed']))}"
        if left is not None and finished < total:
            text += f", {local(say('{duration} left', duration=duration(left)))}"
        self._draw(f"{text}  {self._latest}")

    def end(self, summary: dict, board: Board) -> None:
        self._draw("")
        print(summary_table(list(board.entries.values())))
        parts = [
            say("{count} {state}", count=summary[key], state=as_message(key))
            for key in ("done", "failed", "cancelled")
            if summary[key]
        ]
        print(
            local(
                say(
                    "{parts} in {duration}; {report}",
                    parts=parts or say("nothing to do"),
                    duration=duration(summary["seconds"]),
                    report=summary["report"],
                )
            )
        )
        sys.stdout.flush()
        if board.error is not None:
            print(local(say("error: stopped early. {error}", error=board.error)), file=self._stream)

    def fail(self, error: HrnError) -> None:
        self._draw("")
        print(local(say("error: {error}", error=error)), file=self._stream)

    def _line(self, text: str) -> None:
        drawn, self._drawn = self._drawn, ""
        if self._live and drawn:
            self._stream.write("\r\x1b[K")
        print(local(text), file=self._stream, flush=True)

    def _draw(self, text: str) -> None:
        if not self._live:
            return
        text = cut(text, shutil.get_terminal_size().columns - 1)
        if text != self._drawn:
            self._stream.write("\r\x1b[K" + text)
            self._stream.flush()
            self._drawn = text


def summary_table(entries: list[Entry]) -> str:
    """One line per subject: name, state, seconds, what there is to say."""
    rows = [(local(say("subject")), local(say("state")), local(say("s")), "")]
    for entry in entries:
        outcome, record = entry.outcome, entry.outcome.record if entry.outcome else {}
        if entry.state == "failed":
            text = f"{outcome.error.code.value}: {local(outcome.error.sentence)}"
        else:
            warnings = [Message.from_json(one) for one in record.get("quality", {}).get("warnings", [])]
            text = local(sentences("", *list_from_json(record, "warnings"), *warnings))
        state = local(entry.state)
        if outcome is not None and outcome.reused:
            state = local(say("{state} before", state=as_message(entry.state)))
        seconds = f"{record['seconds']:.1f}" if record.get("seconds") is not None else ""
        rows.append((cut(entry.subject.title, 40), state, seconds, text))
    widths = [max(width(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([pad(row[0], widths[0]), pad(row[1], widths[1]), row[2].rjust(widths[2]), row[3]]).rstrip() for row in rows
    )


def duration(seconds: float) -> Message:
    """A time span in words, such as ``4 min 10 s``."""
    seconds = round(seconds)
    if seconds < 60:
        return say("{seconds} s", seconds=seconds)
    if seconds < 3600:
        return say("{minutes} min {seconds} s", minutes=seconds // 60, seconds=seconds % 60)
    return say("{hours} h {minutes} min", hours=seconds // 3600, minutes=seconds % 3600 // 60)

"""The batch for programs: events as JSON lines on stdout, commands on stdin (docs/user/batch.md)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from .. import __version__
from ..system.failures import as_hrn_error
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import as_message, list_from_json, list_to_json, say
from ..wire.protocol import MAX_LINE_BYTES, PROTOCOL_VERSION, decode_line, encode_line, error_response, notification, response
from .board import Board, Entry
from .subjects import Subject

__all__ = ["Stream", "answer_command"]

_STATE_SECONDS = 1.0
"""Pause between two lines about the batch while no count changes, seconds."""
_CHANGE_SECONDS = 0.1
"""Least time between two lines about the batch when counts change, seconds."""


class Stream:
    """Display that writes JSON lines. Call :meth:`listen` to have commands handed over."""

    def __init__(self):
        self._lines = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)  # what libraries print goes to stderr
        self._last_state: dict | None = None
        self._last_time = 0.0
        self._out = Path()
        self._send(notification("ready", {"protocol": PROTOCOL_VERSION, "engine_version": __version__, "pid": os.getpid()}))

    def listen(self, command: Callable[[dict | HrnError], None], ended: Callable[[], None]) -> None:
        """Read stdin in a thread: `command` gets each message or what is wrong with it, `ended` is called at the end."""
        descriptor = os.dup(0)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)  # no child process may swallow commands
        os.close(null)
        requests = os.fdopen(descriptor, "rb")

        def read() -> None:
            while line := requests.readline(MAX_LINE_BYTES + 1):
                if line.strip():
                    try:
                        command(decode_line(line))
                    except HrnError as error:
                        command(error)
            ended()

        threading.Thread(target=read, name="commands", daemon=True).start()

    def answer(self, message: dict) -> None:
        self._send(message)

    # -- display ---------------------------------------------------------------------------------------------------

    def begin(self, source: str, out: Path, subjects: list[Subject], workers: int, notes: list[str], report: Path) -> None:
        self._out = out
        self._send(
            notification(
                "batch",
                {
                    "source": source,
                    "out": str(out),
                    "total": len(subjects),
                    "workers": workers,
                    "report": str(report),
                    **list_to_json("notes", notes),
                },
            )
        )

    def event(self, name: str, entry: Entry) -> None:
        self._send(notification(name, {"subject": entry.subject.name, **self._params(name, entry)}))

    def _params(self, name: str, entry: Entry) -> dict:
        subject, outcome = entry.subject, entry.outcome
        if name == "queued":
            photos = [path.encode("utf-8", "replace").decode() for path in subject.photos]
            return {"title": subject.title, "photos": photos, "index": entry.index}
        if name == "started":
            return {"attempt": entry.attempt}
        if name == "progress":
            return {
                "stage": entry.stage,
                "fraction": entry.fraction,
                "overall": entry.overall,
                **as_message(entry.message).to_json(),
            }
        if name == "waiting":
            return say("Another run with this output folder is working on it.").to_json()
        if name == "done":
            record, bundle = outcome.record, self._out / subject.name
            preview = record.get("preview")
            return {
                "bundle": str(bundle),
                "preview": str(bundle / preview) if preview else None,
                "reused": outcome.reused,
                "seconds": record.get("seconds", 0.0),
                "quality": record.get("quality", {}),
                "timings": record.get("timings", {}),
                **list_to_json("warnings", list_from_json(record, "warnings")),
            }
        if name == "failed":
            return {"error": outcome.error.to_json(), "reused": outcome.reused, "seconds": outcome.record.get("seconds", 0.0)}
        return {}

    def tick(self, board: Board, workers: int, force: bool = False) -> None:
        now = time.monotonic()
        state = {"total": len(board.entries), **board.counts(), "paused": board.paused}
        least = _STATE_SECONDS if state == self._last_state else _CHANGE_SECONDS
        if now - self._last_time < least and not force:
            return
        self._last_state, self._last_time = state, now
        left = board.seconds_left(workers)
        self._send(
            notification(
                "state",
                {
                    **state,
                    "elapsed_seconds": round(board.elapsed(), 1),
                    "eta_seconds": None if left is None else round(left, 1),
                },
            )
        )

    def end(self, summary: dict, board: Board) -> None:
        self._send(notification("summary", summary))

    def fail(self, error: HrnError) -> None:
        self._send(notification("error", {"error": error.to_json()}))

    def _send(self, message: dict) -> None:
        data = encode_line(message)
        try:
            while data:
                data = data[self._lines.write(data) :]
        except OSError:
            pass  # nobody listens any more; the end of stdin says so as well


def answer_command(message: dict | HrnError, board: Board, cancel_all: Callable[[], None]) -> dict | None:
    """Carry out one command; its answer, or None when none is wanted."""
    number = message.get("id") if isinstance(message, dict) else None
    number = number if isinstance(number, int) else None
    try:
        if isinstance(message, HrnError):
            raise message
        params = message.get("params") or {}
        subject = params.get("subject") if isinstance(params, dict) else 0
        if subject is not None and not isinstance(subject, str):
            raise HrnError(
                ErrorCode.ENGINE_PROTOCOL, "The params of a command must be an object, and its subject must be text."
            )
        method = message.get("method")
        if method in ("pause", "resume"):
            board.pause(method == "pause")
        elif method == "cancel_all":
            cancel_all()
        elif method == "cancel" and subject is not None:
            board.cancel(subject)
        elif method == "retry":
            board.retry(subject)
        else:
            raise HrnError(
                ErrorCode.ENGINE_PROTOCOL, say("There is no command “{name}”, or its subject is missing.", name=method)
            )
    except Exception as error:
        return error_response(number, as_hrn_error(error))
    return None if number is None else response(number, {})

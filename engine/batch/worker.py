"""One worker: a child process ``engine serve`` that loads the models once and takes one subject after the other."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .. import __version__
from ..wire.child_process import ChildProcess, Exited, Line, SpawnFailed, clean_environment
from ..wire.errors import ErrorCode, HrnError
from ..wire.exit_reason import count_oom_kills, explain_exit
from ..wire.messages import Message, reason, say
from ..wire.protocol import MAX_LINE_BYTES, PROTOCOL_VERSION, decode_line, encode_line, request
from .subjects import Subject

__all__ = ["PROGRAM", "PATIENCE", "Worker", "WorkerLost"]

PROGRAM = Path(__file__).resolve().parent.parent / "__main__.py"
"""What is started; tests put a stand-in here."""

PATIENCE = 600.0
"""Seconds without any progress after which a worker counts as hung."""

CANCEL_SECONDS = 10.0
"""A worker that does not react to `cancel` within this time is killed."""

_LEAVE_SECONDS = 3.0
_LOOK_SECONDS = 0.2

Progress = Callable[[str, float, float, str], None]
"""``progress(stage, fraction, overall, message)``"""


class WorkerLost(Exception):
    """The process died or hung in the middle of a subject, or could not start.

    Attributes:
        error: for the user.
        started: whether it had come up at all.
    """

    def __init__(self, error: HrnError, started: bool):
        super().__init__(str(error))
        self.error, self.started = error, started


class Worker:
    """Starts its process with the first subject, and a fresh one after a loss. Belongs to one thread.

    Args:
        environment: variables to set, such as the number of threads.
        patience: seconds without progress after which the process is killed.
        stopped: asked about five times a second; when true, everything is left at once.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
        stopped: Callable[[], bool] = lambda: False,
    ):
        self._environment, self.patience, self._stopped = dict(environment or {}), patience, stopped
        self._child: ChildProcess | None = None
        self._ready = False
        self._last_id = 0
        self._oom_kills: int | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def reconstruct(self, subject: Subject, out: str, progress: Progress, cancelled: Callable[[], bool]) -> dict:
        """The server's answer for one subject: bundle, quality, timings.

        Raises:
            HrnError: the reconstruction failed or was cancelled; the process lives on.
            WorkerLost: the process is gone.
        """
        if self._child is None or self._child.ended:
            self._start()
        self._last_id += 1
        number, cancel_sent, last_sign = self._last_id, 0.0, time.monotonic()
        self._send(number, "reconstruct", {"photos": list(subject.photos), "out": out, "settings": subject.settings.to_json()})
        while True:
            message = self._next()
            now = time.monotonic()
            if message is not None:
                last_sign = now
                params = message.get("params") or {}
                if message.get("id") == number and "result" in message:
                    return message["result"]
                if message.get("id") == number and "error" in message:
                    raise HrnError.from_json(message["error"])
                if message.get("method") == "progress" and params.get("id") == number:
                    progress(params["stage"], params["fraction"], params["overall"], Message.from_json(params))
            if not cancel_sent and (self._stopped() or cancelled()):
                self._last_id += 1
                self._send(self._last_id, "cancel", {"id": number})
                cancel_sent = now
            if self._stopped() or cancel_sent and now - cancel_sent > CANCEL_SECONDS:
                self.close()
                raise HrnError(ErrorCode.CANCELLED, "The reconstruction was cancelled.")
            if now - last_sign > self.patience:
                self._lose(
                    HrnError(
                        ErrorCode.ENGINE_CRASHED,
                        say("The engine made no progress for {duration} and was stopped.", duration=_duration(self.patience)),
                        hint="Try again; for very large photos give it more time with --patience.",
                    )
                )

    def close(self) -> None:
        """Ask the process to leave (it removes what is half-written), kill it when it does not."""
        child, self._child = self._child, None
        if child is not None and not child.ended:
            child.close_stdin()
            if not child.wait(_LEAVE_SECONDS):
                child.kill()
                child.wait(_LEAVE_SECONDS)

    # -- process ---------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._oom_kills = count_oom_kills()
        self._ready = False
        self._child = ChildProcess(
            [sys.executable, "-I", "-u", str(PROGRAM), "serve"],
            max_line=MAX_LINE_BYTES,
            env=clean_environment(os.environ, **self._environment),
        )
        self._last_id += 1
        self._send(self._last_id, "initialize", {"protocol": PROTOCOL_VERSION, "client_version": __version__})

    def _send(self, number: int, method: str, params: dict) -> None:
        self._child.send(encode_line(request(number, method, params)))

    def _next(self) -> dict | None:
        """The next message, or None when there was none for a moment.

        Raises:
            WorkerLost: the process is gone or talks nonsense.
        """
        event = self._child.next_event(_LOOK_SECONDS)
        if isinstance(event, Line):
            try:
                message = decode_line(event.data)
            except HrnError as error:
                self._lose(error)
            if message.get("method") == "ready":
                self._ready = True
            if isinstance(message.get("error"), dict) and message["error"].get("code") == ErrorCode.VERSION_MISMATCH.value:
                self._lose(HrnError.from_json(message["error"]))
            return message
        if isinstance(event, SpawnFailed):
            self._child = None
            raise WorkerLost(
                HrnError(ErrorCode.ENGINE_CRASHED, say("A worker cannot be started: {reason}.", reason=reason(event.error))),
                False,
            )
        if isinstance(event, Exited):
            child, self._child = self._child, None
            raise WorkerLost(explain_exit(event.code, child.stderr_tail, self._oom_kills), self._ready)
        return None

    def _lose(self, error: HrnError) -> None:
        error.details.setdefault("stderr", list(self._child.stderr_tail)[-10:])
        self._child.kill()
        self._child.wait(_LEAVE_SECONDS)
        self._child = None
        raise WorkerLost(error, self._ready)


def _duration(seconds: float) -> Message:
    return say("{count:.0f} minutes", count=seconds / 60) if seconds >= 120 else say("{count:.0f} seconds", count=seconds)

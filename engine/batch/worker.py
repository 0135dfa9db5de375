"""One worker: a child process ``engine serve`` that loads the models once and takes one subject after the other."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from .. import __version__
from ..wire.child_process import clean_environment
from ..wire.claims import Claim
from ..wire.client import EngineProcess, EngineState, Failed, Finished, Launch, Ready, Stopped
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import Message, say
from .subjects import Subject

__all__ = ["PROGRAM", "PATIENCE", "Worker", "WorkerLost"]

PROGRAM = Path(__file__).resolve().parent.parent / "__main__.py"
"""The program that is started; tests put a stand-in here."""

PATIENCE = 600.0
"""Seconds without any progress after which a worker counts as hung."""

CANCEL_SECONDS = 10.0
"""A worker that does not react to `cancel` within this time is killed."""

_LEAVE_SECONDS = 3.0
"""How long a worker that is asked to leave is waited for, seconds."""
_LOOK_SECONDS = 0.2
"""How long one look at the worker waits for its answer, seconds."""

Step = Callable[[str, float, float, str], None]
"""``progress(stage, fraction, overall, message)``: of the stage, and of the whole head."""


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
        self.patience, self._stopped = patience, stopped
        launch = Launch(
            [sys.executable, "-I", "-u", str(PROGRAM), "serve"], clean_environment(os.environ, **(environment or {}))
        )
        self._engine = EngineProcess(
            lambda: launch,
            version=__version__,
            startup_timeout=math.inf,
            idle_seconds=0,
            hang_seconds=0,
            cancel_grace=CANCEL_SECONDS,
        )

    @property
    def pid(self) -> int | None:
        return self._engine.pid

    def reconstruct(self, subject: Subject, claim: Claim, progress: Step, cancelled: Callable[[], bool]) -> dict:
        """The server's answer for one subject, whose bundle is claimed: bundle, quality, timings.

        Raises:
            HrnError: the reconstruction failed or was cancelled; the process lives on.
            WorkerLost: the process is gone.
        """
        number = self._engine.request(
            "reconstruct",
            {
                "photos": list(subject.photos),
                "out": str(claim.path),
                "settings": subject.settings.to_json(),
                "claim": claim.token,
            },
        )
        try:
            return self._wait(number, progress, cancelled)
        finally:
            if self._engine.state in (EngineState.STARTING, EngineState.BUSY):
                self.close()  # A listener has failed; the next subject must not meet this one's request.

    def close(self) -> None:
        """Ask the process to leave (it removes what is half-written), kill it when it does not."""
        self._engine.leave(_LEAVE_SECONDS)

    def _wait(self, number: int, progress: Step, cancelled: Callable[[], bool]) -> dict:
        while True:
            for event in self._engine.poll(_LOOK_SECONDS):
                if isinstance(event, (Ready, Stopped)) or event.id != number:
                    continue
                if isinstance(event, Finished):
                    return event.result
                if isinstance(event, Failed):
                    raise WorkerLost(event.error, event.was_ready) if event.lost else event.error
                progress(event.stage, event.fraction, event.overall or 0.0, event.message)
            if self._stopped():
                self.close()
                raise HrnError(ErrorCode.CANCELLED, "The reconstruction was cancelled.")
            if cancelled():
                self._engine.cancel(number)
            if self._engine.silent_seconds > self.patience:
                self._engine.abandon(
                    HrnError(
                        ErrorCode.ENGINE_CRASHED,
                        say("The engine made no progress for {duration} and was stopped.", duration=_duration(self.patience)),
                        hint="Try again; for very large photos give it more time with --patience.",
                    )
                )


def _duration(seconds: float) -> Message:
    return say("{count:.0f} minutes", count=seconds / 60) if seconds >= 120 else say("{count:.0f} seconds", count=seconds)

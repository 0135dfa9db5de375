"""The workers of one machine: a thread for each worker process, which takes subjects from the board until none is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..system.failures import as_hrn_error
from ..system.machine import thread_environment
from ..wire.claims import Claim
from ..wire.errors import ErrorCode, HrnError
from .board import Board, Entry
from .store import Store
from .work import Outcome, work
from .worker import Worker, WorkerLost

__all__ = ["LocalWorkers", "reconstruct_with"]

_ATTEMPTS = 2
"""How often a subject is tried when its worker is lost."""
_FAILED_STARTS = 3
"""When this many workers in a row do not even start, the subjects are not the cause."""
_PROGRESS_SECONDS = 0.2
"""Least time between two reports of progress within one stage, seconds."""


class LocalWorkers:
    """
    Args:
        count: number of worker processes.
        patience: seconds without progress after which one is killed.
    """

    def __init__(self, board: Board, store: Store, count: int, patience: float, retry_failed: bool):
        self.count = count
        self._board, self._store, self._patience, self._retry_failed = board, store, patience, retry_failed
        self._interrupted = threading.Event()
        self._failed_starts = 0
        self._threads = [threading.Thread(target=self._slot, name=f"slot-{number}", daemon=True) for number in range(count)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def interrupt(self) -> None:
        """Drop all work at once; heads that are finished stay."""
        self._interrupted.set()

    def close(self) -> None:
        """Wait for the workers to leave."""
        for thread in self._threads:
            thread.join()

    def _slot(self) -> None:
        worker = Worker(thread_environment(self.count), self._patience, self._interrupted.is_set)
        try:
            while (entry := self._board.take()) is not None:
                self._board.settle(entry, self._outcome(worker, entry))
        finally:
            worker.close()

    def _outcome(self, worker: Worker, entry: Entry) -> Outcome:
        board = self._board

        def reconstruct(subject, claim):
            return reconstruct_with(
                worker,
                subject,
                claim,
                lambda attempt: board.started(entry, attempt),
                lambda *step: board.progress(entry, *step),
                entry.cancel.is_set,
                self._lost,
            )

        try:
            return work(
                self._store, entry.subject, reconstruct, retry_failed=self._retry_failed or entry.retried, patient=entry.patient
            )
        except HrnError as error:
            board.stop(error)  # the output folder fails everybody
            return Outcome("failed", error=error)
        except Exception as error:
            return Outcome("failed", error=as_hrn_error(error))

    def _lost(self, loss: WorkerLost | None) -> None:
        self._failed_starts = self._failed_starts + 1 if loss is not None and not loss.started else 0
        if self._failed_starts >= _FAILED_STARTS:
            self._board.stop(loss.error)


def reconstruct_with(
    worker: Worker,
    subject,
    claim: Claim,
    started: Callable[[int], None],
    progress: Callable[..., None],
    cancelled: Callable[[], bool],
    lost: Callable[[WorkerLost | None], None] = lambda loss: None,
) -> dict:
    """Reconstruct one subject on a worker, with a second attempt on a fresh process when the first one dies.

    Args:
        claim: the right to make its bundle.
        started: called with the number of the attempt.
        progress: called as ``progress(stage, fraction, overall, message)``, a few times a second.
        lost: told about every process that died, and with None about every attempt that ended well or with an error.

    Raises:
        HrnError: the reconstruction failed or was cancelled, or the worker died twice.
    """
    last_stage, last_time = "", 0.0

    def seldom(stage: str, fraction: float, overall: float, message: str) -> None:
        nonlocal last_stage, last_time
        now = time.monotonic()
        if stage != last_stage or now - last_time >= _PROGRESS_SECONDS:
            last_stage, last_time = stage, now
            progress(stage, fraction, overall, message)

    for attempt in range(1, _ATTEMPTS + 1):
        if cancelled():
            raise HrnError(ErrorCode.CANCELLED, "The reconstruction was cancelled.")
        started(attempt)
        try:
            answer = worker.reconstruct(subject, claim, seldom, cancelled)
        except WorkerLost as loss:
            lost(loss)
            if attempt == _ATTEMPTS:
                raise loss.error from loss
            continue
        except HrnError:
            lost(None)
            raise
        lost(None)
        return answer
    raise AssertionError("unreachable")

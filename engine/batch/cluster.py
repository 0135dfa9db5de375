"""The workers of a ``dask.distributed`` cluster: feeds it from the board, one task per subject.

Scheduling, lost workers and connections are dask's business. The output folder is shared by all machines and holds the
truth, as on one machine.
"""

from __future__ import annotations

import threading
import time
import uuid

from ..system.failures import as_hrn_error
from ..wire.atomic import replace_file
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import Message, reason, say
from .board import Board, Entry
from .cluster_worker import cancel_tasks, close_idle, import_distributed, outcome_from_json, probe
from .store import FOLDER, Store
from .work import Outcome

__all__ = ["ClusterWorkers"]

_CONNECT_SECONDS = 30.0
"""How long the scheduler, and then a first worker, is waited for, seconds."""
_LEAVE_SECONDS = 20.0
"""How long running tasks are waited for after an interrupt, seconds."""
_COUNT_SECONDS = 2.0
"""Pause between two looks at how many workers the cluster has, seconds."""


class ClusterWorkers:
    """
    Args:
        address: of the scheduler, such as ``tcp://host:8786``.
        patience: seconds without progress after which an engine process is killed.

    Raises:
        HrnError: ``MODEL_MISSING`` without dask; ``SETTINGS_INVALID`` when there is no scheduler or no worker;
            ``OUTPUT_NOT_WRITABLE`` when a worker does not see the output folder; ``VERSION_MISMATCH``.
    """

    def __init__(self, board: Board, store: Store, address: str, patience: float, retry_failed: bool):
        distributed = import_distributed()
        self._board, self._store, self._patience, self._retry_failed = board, store, patience, retry_failed
        self._run = uuid.uuid4().hex[:8]
        self._flying: dict[str, tuple[Entry, object]] = {}
        """Tasks that were given to dask: entry and future, by key."""
        self._told: set[str] = set()
        self._lock = threading.Lock()
        self._interrupted = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="cluster", daemon=True)
        try:
            self._client = distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("There is no scheduler at {address}.", address=address),
                hint="Start one with `dask scheduler`, or correct the address given to --scheduler.",
            ) from error
        try:
            self._client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
            self._probe()
            self.count, self._resources = self._count()
        except TimeoutError as error:
            self._client.close()
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("The scheduler at {address} has no workers.", address=address),
                hint="Start some with `engine cluster-worker ADDRESS`.",
            ) from error
        except BaseException:
            self._client.close()
            raise

    def _probe(self) -> None:
        token = self._store.out / FOLDER / f"cluster-{self._run}"
        replace_file(token, self._run)
        try:
            answers = self._client.run(probe, str(token))
        except Exception as error:
            raise HrnError(
                ErrorCode.VERSION_MISMATCH,
                say("A worker of the cluster cannot run the engine: {reason}.", reason=reason(error)),
                hint="Start the workers with `engine cluster-worker ADDRESS`, of the same version.",
            ) from error
        finally:
            token.unlink(missing_ok=True)
        from .. import __version__

        for address, answer in answers.items():
            if answer["engine_version"] != __version__:
                raise HrnError(
                    ErrorCode.VERSION_MISMATCH,
                    say(
                        "The worker {address} has engine version {theirs}; this is version {ours}.",
                        address=address,
                        theirs=answer["engine_version"],
                        ours=__version__,
                    ),
                )
            if not answer["sees"]:
                raise HrnError(
                    ErrorCode.OUTPUT_NOT_WRITABLE,
                    say(
                        "The worker {address} on {host} does not see the folder {path}.",
                        address=address,
                        host=answer["host"],
                        path=self._store.out,
                    ),
                    hint="Photos and heads must lie in folders that every machine of the cluster mounts under the same path.",
                )

    def _count(self) -> tuple[int, dict]:
        """How many subjects the cluster can have in work at a time, and what each asks for."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        gpus = sum(worker["resources"].get("GPU", 0) for worker in workers)
        if gpus >= 1:
            return int(gpus), {"GPU": 1}
        return max(1, sum(worker["nthreads"] for worker in workers)), {}

    def start(self) -> None:
        self._client.subscribe_topic(f"hrn-{self._run}", self._hear)
        self._thread.start()

    def interrupt(self) -> None:
        """Drop all work at once; heads that are finished stay."""
        self._interrupted.set()

    def close(self) -> None:
        """Wait for subjects in work, end the engines on the workers, leave the cluster."""
        if self._thread.is_alive():
            self._thread.join()
        if self._client.status == "running":
            self._client.run(close_idle, on_error="ignore")
        self._client.close()

    # -- feeding ---------------------------------------------------------------------------------------------------

    def _feed(self) -> None:
        counted = time.monotonic()
        try:
            while not self._board.finished and not self._interrupted.is_set():
                if time.monotonic() - counted > _COUNT_SECONDS:
                    self.count, self._resources = self._count()
                    counted = time.monotonic()
                self._pass_on_cancels()
                if len(self._flying) >= self.count:
                    time.sleep(0.05)
                elif (entry := self._board.take(patience=0.1)) is not None:
                    self._submit(entry)
        except Exception as failure:
            self._board.stop(as_hrn_error(failure))
        self._land()

    def _submit(self, entry: Entry) -> None:
        key = f"hrn-{self._run}-{entry.index}-{uuid.uuid4().hex[:6]}"
        task = {
            "key": key,
            "topic": f"hrn-{self._run}",
            "out": str(self._store.out),
            "subject": entry.subject.to_json(),
            "retry_failed": self._retry_failed or entry.retried,
            "patience": self._patience,
        }
        with self._lock:
            future = self._client.submit(_launcher(), task, key=key, pure=False, resources=self._resources or None)
            self._flying[key] = entry, future
        future.add_done_callback(lambda done: self._landed(key, done))

    def _landed(self, key: str, future) -> None:
        stop = False
        try:
            result = future.result(timeout=5)
            outcome, stop = outcome_from_json(result), result.get("stop", False)
        except Exception as failure:
            outcome = self._lost(failure)
        self._settle(key, outcome)
        if stop:
            self._board.stop(outcome.error)

    def _lost(self, failure: Exception) -> Outcome:
        name = type(failure).__name__
        if name == "KilledWorker":
            return _failed(
                ErrorCode.ENGINE_CRASHED,
                say("Several workers of the cluster died one after another with this subject."),
                say("Look at their machines: memory is probably short."),
            )
        if "Cancelled" in name:
            if not self._interrupted.is_set():
                self._board.stop(
                    HrnError(
                        ErrorCode.ENGINE_CRASHED,
                        "The connection to the scheduler was lost.",
                        hint="Run the same command again when it is back: it continues from here.",
                    )
                )
            return Outcome("cancelled")
        return Outcome("failed", error=as_hrn_error(failure))

    def _settle(self, key: str, outcome: Outcome) -> None:
        with self._lock:
            entry, _ = self._flying.pop(key, (None, None))
        if entry is not None:
            self._board.settle(entry, outcome)

    def _hear(self, event: tuple) -> None:
        """Take in what tasks report, in a thread of dask."""
        message = event[1]
        entry, _ = self._flying.get(message["key"], (None, None))
        if entry is None:
            return
        if message["event"] == "started":
            again = entry.attempt + 1 if entry.state == "running" else 1
            self._board.started(entry, max(again, message["attempt"]))
        elif entry.state == "running":
            self._board.progress(entry, *message["step"], Message.from_json(message))

    def _pass_on_cancels(self, everything: bool = False) -> None:
        with self._lock:
            keys = [
                key
                for key, (entry, _) in self._flying.items()
                if (everything or entry.cancel.is_set()) and key not in self._told
            ]
            futures = [self._flying[key][1] for key in keys if self._flying[key][0].state != "running"]
        if keys:
            self._told.update(keys)
            self._client.run(cancel_tasks, keys, on_error="ignore")
            self._client.cancel(futures)  # what has not begun anywhere

    def _land(self) -> None:
        """Wait for the tasks that are not finished; after an interrupt only for a while."""
        end = time.monotonic() + _LEAVE_SECONDS
        while self._flying and (not self._interrupted.is_set() or time.monotonic() < end):
            if self._client.status != "running":
                break
            try:
                self._pass_on_cancels(everything=self._interrupted.is_set())
            except Exception as failure:
                as_hrn_error(failure)
                break
            time.sleep(0.05)
        for key in list(self._flying):
            self._settle(key, Outcome("cancelled"))


def _launcher():
    """The task's function, in a form that the scheduler can unpack without having the engine: it travels by value."""

    def run(task: dict) -> dict:
        from engine.batch.cluster_worker import run_task

        return run_task(task)

    return run


def _failed(code: ErrorCode, message: Message, hint: Message) -> Outcome:
    return Outcome("failed", error=HrnError(code, message, hint=hint))

"""What runs on the machines of a cluster: one dask task per subject, on warm engine processes of the dask worker.

The task does what a slot of :mod:`.local` does, with the same records in the same (shared) folder. The engine is a child
process here as well: a crash or a hang of one subject leaves the dask worker alone, and the child ends with it.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from .. import __version__
from ..system.failures import as_hrn_error
from ..system.machine import cores, thread_environment
from ..wire.claims import Claim
from ..wire.errors import ErrorCode, HrnError
from ..wire.language import local
from ..wire.messages import as_message, reason, say
from .local import reconstruct_with
from .store import Store
from .subjects import Subject
from .work import Outcome, work
from .worker import Worker

__all__ = ["cancel_tasks", "close_idle", "outcome_from_json", "probe", "run_task", "serve_cluster"]

_IDLE_SECONDS = 300.0
"""Seconds after which an engine without work ends: its memory belongs to other users of the cluster."""
_PROGRESS_SECONDS = 1.0
"""Least time between two reports of progress within one stage, seconds."""

_lock = threading.Lock()
_idle: list[tuple[float, Worker]] = []
_cancelled: set[str] = set()


def run_task(task: dict) -> dict:
    """Reconstruct one subject.

    Args:
        task: ``key``, ``topic``, ``out``, ``subject`` (of :meth:`Subject.to_json`), ``retry_failed``, ``patience``.

    Returns:
        The outcome as JSON. Errors are results, too, so that dask retries only tasks whose worker died.
    """
    from distributed import get_worker

    dask_worker, key, last = get_worker(), task["key"], [0.0, ""]

    def tell(event: str, **members) -> None:
        dask_worker.log_event(task["topic"], {"key": key, "event": event, **members})

    def progress(stage: str, fraction: float, overall: float, message: str) -> None:
        now = time.monotonic()
        if stage != last[1] or now - last[0] > _PROGRESS_SECONDS:
            last[:] = now, stage
            tell("progress", step=[stage, fraction, overall], **as_message(message).to_json())

    def cancelled():
        return key in _cancelled

    worker = _take_worker(task["patience"])

    def reconstruct(subject: Subject, claim: Claim) -> dict:
        return reconstruct_with(worker, subject, claim, lambda attempt: tell("started", attempt=attempt), progress, cancelled)

    try:
        store, subject, patient = Store(task["out"]), Subject.from_json(task["subject"]), True
        while True:
            outcome = work(store, subject, reconstruct, retry_failed=task["retry_failed"], patient=patient)
            if not outcome.cut_off:
                return _to_json(outcome)
            patient = False
            while time.monotonic() < outcome.again_at and not cancelled():
                time.sleep(0.1)
            if cancelled():
                return _to_json(Outcome("cancelled"))
    except Exception as failure:
        error = as_hrn_error(failure)
        return {**_to_json(Outcome("failed", error=error)), "stop": isinstance(failure, HrnError)}
    finally:
        with _lock:
            _idle.append((time.monotonic(), worker))
        threading.Timer(_IDLE_SECONDS + 1, close_idle, (_IDLE_SECONDS,)).start()


def _to_json(outcome: Outcome) -> dict:
    return {
        "status": outcome.status,
        "record": outcome.record,
        "reused": outcome.reused,
        "error": outcome.error.to_json() if outcome.error else None,
    }


def outcome_from_json(data: dict) -> Outcome:
    """The outcome that :func:`run_task` returned as JSON."""
    return Outcome(
        data["status"],
        data["record"],
        data["reused"],
        HrnError.from_json(data["error"]) if data["error"] else None,
        again_at=time.monotonic() + 1.0,
    )


def _take_worker(patience: float) -> Worker:
    with _lock:
        if _idle:
            worker = _idle.pop()[1]
            worker.patience = patience
            return worker
    return Worker(patience=patience)


def close_idle(seconds: float = 0.0) -> None:
    """End the engines that had no work for that long."""
    now = time.monotonic()
    with _lock:
        old = [entry for entry in _idle if now - entry[0] >= seconds]
        _idle[:] = [entry for entry in _idle if now - entry[0] < seconds]
    for _, worker in old:
        worker.close()


def cancel_tasks(keys: list[str]) -> None:
    """Let the tasks with these keys end as cancelled, the one that runs at its next progress."""
    _cancelled.update(keys)


def probe(token: str) -> dict:
    """Whether this machine sees the output folder, and what runs here."""
    return {
        "engine_version": __version__,
        "sees": Path(token).is_file(),
        "host": os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", ""),
    }


def serve_cluster(address: str, count: int | None, gpu: bool) -> int:
    """``engine cluster-worker``: workers of this machine for the scheduler at `address`, until the scheduler ends.

    Args:
        count: number of workers; by default as many as a batch of default settings gets on this machine.
        gpu: offer the resource ``GPU``, one per worker.

    Raises:
        HrnError: ``MODEL_MISSING`` without dask, ``SETTINGS_INVALID`` when there is no scheduler.
    """
    import asyncio

    from ..system.machine import default_workers
    from ..wire.settings import Settings

    distributed = import_distributed()
    count = count or default_workers(Settings())

    async def serve() -> None:
        environment = {**thread_environment(min(count, cores())), "DASK_LOGGING__DISTRIBUTED": "warning"}
        options = {
            "nthreads": 1,
            "memory_limit": 0,
            "resources": {"GPU": 1} if gpu else None,
            "env": environment,
            "death_timeout": 30,
        }
        nannies = [distributed.Nanny(address, **options) for _ in range(count)]
        try:
            await asyncio.gather(*nannies)
        except (OSError, TimeoutError, RuntimeError, ValueError) as error:
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("There is no scheduler at {address}.", address=address),
                hint="Start one with `dask scheduler`, or correct the address.",
            ) from error
        print(local(say("{count} workers for {address}", count=count, address=address)), flush=True)
        await asyncio.gather(*(nanny.finished() for nanny in nannies))

    asyncio.run(serve())
    return 0


def import_distributed():
    try:
        import distributed
    except ImportError as error:
        raise HrnError(
            ErrorCode.MODEL_MISSING,
            say("A cluster needs the Python package dask.distributed ({reason}).", reason=reason(error)),
            hint="Run `python3 install_deps.py install --with dask`.",
        ) from error
    return distributed

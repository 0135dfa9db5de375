"""Several calls at a time in threads of this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TypeVar

from .machine import cores
from .progress import SILENT, Progress

__all__ = ["concurrently", "threads"]

Result = TypeVar("Result")


def threads() -> int:
    """Threads that this process may keep busy: ``OMP_NUM_THREADS`` where set (each worker of a batch has its share)."""
    try:
        return max(1, int(os.environ["OMP_NUM_THREADS"]))
    except (KeyError, ValueError):
        return min(4, cores())


def concurrently(
    tasks: Iterable[Callable[[], Result]],
    progress: Progress = SILENT,
    most: int | None = None,
    stop: threading.Event | None = None,
) -> list[Result]:
    """The results of calls without arguments, several at a time.

    Args:
        tasks: they release the interpreter lock most of the time, as NumPy, OpenCV and compiled code do.
        progress: of this thread, at least every fifth of a second; what it raises ends the work, after the calls that had
            begun.
        most: threads; :func:`threads` by default.
        stop: set when the work ends early, for long calls that look at it.
    """
    tasks = list(tasks)
    with ThreadPoolExecutor(max(1, min(most or threads(), len(tasks)))) as pool:
        futures = [pool.submit(task) for task in tasks]
        waiting = set(futures)
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                progress(1 - len(waiting) / len(tasks))
            return [future.result() for future in futures]
        except BaseException:
            if stop is not None:
                stop.set()
            for future in waiting:
                future.cancel()
            raise

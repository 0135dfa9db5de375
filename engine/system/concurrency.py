"""Several calls at a time in threads of this process."""

from __future__ import annotations

import os
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from .machine import cores

__all__ = ["concurrently", "threads"]


def threads() -> int:
    """Threads that this process may keep busy: ``OMP_NUM_THREADS`` where set (each worker of a batch has its share)."""
    try:
        return max(1, int(os.environ["OMP_NUM_THREADS"]))
    except (KeyError, ValueError):
        return min(4, cores())


def concurrently(tasks, tick=None, most: int | None = None, stop: threading.Event | None = None) -> list:
    """The results of calls without arguments, several at a time.

    Args:
        tasks: they release the interpreter lock most of the time, as NumPy, OpenCV and compiled code do.
        tick: ``tick(share)`` is called from this thread at least every fifth of a second with the share of finished
            calls; what it raises ends the work, after the calls that had begun.
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
                if tick is not None:
                    tick(1 - len(waiting) / len(tasks))
            return [future.result() for future in futures]
        except BaseException:
            if stop is not None:
                stop.set()
            for future in waiting:
                future.cancel()
            raise

"""Time limits that hold the promise to the user and not the state of the machine that runs the tests.

Two things make a call slow in a test and not for a user: other programs on the machine, and Python's garbage
collector, which goes through every object of the test run (0.05 s of work with Blender loaded) in whichever call
happens to allocate the object that is one too many. So a call's own work is measured in processor time without the
collector, and waiting time is judged by the median or by the best of several attempts: a call that waits or works too
long does so every time.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable

__all__ = ["PROMISE", "Stopwatch", "best_of"]

PROMISE = 0.1
"""Seconds that no call from Blender's main thread may take."""


class Stopwatch:
    """Calls functions and remembers how long each call worked (processor time of this thread) and took."""

    def __init__(self):
        self.work: list[float] = []
        self.wall: list[float] = []

    def __call__(self, function: Callable, *arguments):
        collecting = gc.isenabled()
        gc.disable()
        wall, work = time.perf_counter(), time.thread_time()
        try:
            return function(*arguments)
        finally:
            self.work.append(time.thread_time() - work)
            self.wall.append(time.perf_counter() - wall)
            if collecting:
                gc.enable()

    def check(self) -> None:
        """Every call's work, and the median call as seen by the user, keep the promise."""
        if self.work:
            assert max(self.work) < PROMISE, f"a call worked for {max(self.work):.3f} s"
            assert statistics.median(self.wall) < PROMISE, f"the median call took {statistics.median(self.wall):.3f} s"


def best_of(attempt: Callable[[], float], limit: float, attempts: int = 3) -> None:
    """`attempt` makes one try and returns its seconds; the first one below `limit` is enough."""
    seconds = []
    while len(seconds) < attempts:
        seconds.append(attempt())
        if seconds[-1] < limit:
            return
    raise AssertionError(f"never within {limit} s: {', '.join(f'{s:.2f}' for s in seconds)}")

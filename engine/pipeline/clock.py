"""Progress and time of the stages."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..system.progress import Progress
from ..wire.protocol import STAGES

__all__ = ["StageClock"]


class StageClock:
    """A receiver of progress that passes it on and measures what each stage takes: a stage lasts until another one reports.

    A stage that reports an earlier stage's name (the deformation stage may refine the coarse fit) is counted and
    shown under the later one, so that a progress bar never runs backwards.

    Args:
        progress: what the clock passes on to.
        clock: seconds; ``time.process_time`` measures work instead of waiting.
    """

    def __init__(self, progress: Progress, clock: Callable[[], float] = time.perf_counter):
        self._progress = progress
        self._clock = clock
        self._begin = self._since = clock()
        self._stage: str | None = None
        self._seconds: dict[str, float] = {}
        self._reached = 0.0

    def __call__(self, stage: str, fraction: float, message: str = "") -> None:
        order = STAGES.index
        if self._stage is None or order(stage) > order(self._stage):
            self._close()
            self._stage, self._reached = stage, 0.0
        self._reached = max(self._reached, min(max(float(fraction), 0.0), 1.0) if stage == self._stage else 0.0)
        self._progress.stage(self._stage)(self._reached, message)

    def timings(self) -> dict[str, float]:
        """Seconds per stage so far, and ``total``."""
        self._close()
        return {**{k: round(v, 3) for k, v in self._seconds.items()}, "total": round(self._clock() - self._begin, 3)}

    def _close(self) -> None:
        now = self._clock()
        if self._stage is not None:
            self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._since = now

"""Using Batch Import as an artist does."""

from __future__ import annotations

import time

import pytest

from support.addon.operators import heads_in_scene
from support.stopwatch import Stopwatch

__all__ = ["addon_module", "heads_by_name", "run", "states"]


def run(table, until=None, seconds: float = 60.0) -> None:
    """Tick until the batch has ended and is built, or `until()`; only a tick that builds may take over 100 ms."""
    watch, deadline = Stopwatch(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        heads = len(heads_in_scene())
        watch(table.ticker.tick)
        if len(heads_in_scene()) != heads:
            watch.work.pop(), watch.wall.pop()
        if until() if until else not (table.batch.alive or table.waiting_to_build()):
            watch.check()
            return
        time.sleep(0.01)
    pytest.fail(f"timed out: {[(s.key, s.state) for s in table.batch.subjects.values()]}")


def states(table) -> dict[str, str]:
    return {s.key: s.state.value for s in table.batch.subjects.values()}


def heads_by_name() -> dict:
    return {head.name: head for head in heads_in_scene()}


def addon_module():
    from hrn_blender.state import session

    return session

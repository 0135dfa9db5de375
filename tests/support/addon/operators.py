"""Using the add-on as an artist does, for tests of operators and panels."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import pytest

from support.stopwatch import Stopwatch

__all__ = ["choose", "fails", "heads_in_scene", "run", "tick_until"]


def choose(*photos: Path) -> set:
    return bpy.ops.hrn.choose_photo(directory=str(photos[0].parent), files=[{"name": p.name} for p in photos])


def run(session, until=None, seconds: float = 20.0) -> None:
    """Tick until idle (or `until()`)."""
    tick_until(
        session.ticker,
        until or (lambda: not (session.queue.busy or session.waiting_to_build())),
        seconds,
        lambda: [(j.name, j.state) for j in session.queue.jobs],
    )


def tick_until(ticker, done, seconds: float, states) -> None:
    """Tick until `done()`; no tick that does not build a head may take over 100 ms.

    `states()` is what a test that waits in vain shows.
    """
    watch, deadline = Stopwatch(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        heads = len(heads_in_scene())
        watch(ticker.tick)
        if len(heads_in_scene()) != heads:
            watch.work.pop(), watch.wall.pop()
        if done():
            watch.check()
            return
        time.sleep(0.01)
    pytest.fail(f"timed out: {states()}")


def heads_in_scene() -> list:
    return [o for o in bpy.context.scene.objects if "hrn_bundle" in o]


def fails(operator, text: str, **properties) -> None:
    """`operator` must report an error with `text`."""
    with pytest.raises(RuntimeError, match=text):
        operator(**properties)

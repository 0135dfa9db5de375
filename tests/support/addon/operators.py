"""Using the add-on as an artist does, for tests of operators and panels."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import pytest

from support.stopwatch import Stopwatch

__all__ = ["choose", "fails", "heads_in_scene", "run"]


def choose(*photos: Path) -> set:
    return bpy.ops.hrn.choose_photo(directory=str(photos[0].parent), files=[{"name": p.name} for p in photos])


def run(session, until=None, seconds: float = 20.0) -> None:
    """Tick until idle (or `until()`); no tick that does not build a head may take over 100 ms."""
    watch, deadline = Stopwatch(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        heads = len(heads_in_scene())
        watch(session.ticker.tick)
        if len(heads_in_scene()) != heads:
            watch.work.pop(), watch.wall.pop()
        if until() if until else not (session.queue.busy or session.waiting_to_build()):
            watch.check()
            return
        time.sleep(0.01)
    pytest.fail(f"timed out: {[(j.name, j.state) for j in session.queue.jobs]}")


def heads_in_scene() -> list:
    return [o for o in bpy.context.scene.objects if "hrn_bundle" in o]


def fails(operator, text: str, **properties) -> None:
    """`operator` must report an error with `text`."""
    with pytest.raises(RuntimeError, match=text):
        operator(**properties)

"""Batch Import with the engine's real batch around a stand-in for the method."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import bpy
import pytest
from operator_support import addon, heads_in_scene  # noqa: F401
from stopwatch import Stopwatch

__all__ = ["addon_module", "heads_by_name", "people", "run", "states", "table"]

HERE = Path(__file__).resolve().parent
STUB = HERE.parent / "engine" / "batch_stub.py"


@pytest.fixture
def people(tmp_path) -> Path:
    """Three people: two good ones, one of two photos, and one without a face."""
    folder = tmp_path / "people"
    (folder / "Zoë").mkdir(parents=True)
    for name, text in {"Zoë/1.jpg": "ok", "Zoë/2.jpg": "ok", "ben.jpg": "ok 0.2", "carl.jpg": "noface"}.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def table(addon, people, monkeypatch):  # noqa: F811
    """The module with the running batch."""
    from hrn_blender.state import batch_session

    monkeypatch.setenv("HRN_ENGINE_COMMAND", json.dumps([sys.executable, "-I", "-u", str(STUB), "serve"]))
    bpy.context.scene.hrn.batch.source = str(people)
    bpy.context.scene.hrn.batch.jobs = 1
    return batch_session


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

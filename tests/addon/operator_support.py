"""The registered add-on with the scripted engine, for tests of operators and panels."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import bpy
import pytest
from stopwatch import Stopwatch

import hrn_blender

__all__ = ["FAKE", "addon", "choose", "fails", "heads_in_scene", "photo", "run"]

FAKE = Path(__file__).resolve().parent.parent / "fake_engine.py"


@pytest.fixture
def addon(tmp_path, monkeypatch):
    """The registered add-on with the scripted engine, in an empty file; yields its session module."""
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HRN_ENGINE_COMMAND", json.dumps([sys.executable, "-I", "-u", str(FAKE), "serve"]))
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=0.2")
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    hrn_blender.register()
    from hrn_blender.state import session

    yield session
    hrn_blender.unregister()


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photos" / "Zoë 1.png"
    path.parent.mkdir()
    path.write_bytes(b"")
    return path


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

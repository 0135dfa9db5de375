"""What the add-on's tests share."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from support.checkout import PROGRAMS


@pytest.fixture(scope="session", autouse=True)
def fake_bundles(tmp_path_factory):
    """The scripted engine makes one bundle and copies it, see tests/support/programs/fake_engine.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HRN_FAKE_BUNDLES", str(tmp_path_factory.mktemp("fake bundles")))
        yield


@pytest.fixture
def addon(tmp_path, monkeypatch):
    """The registered add-on with the scripted engine, in an empty file; yields its session module."""
    import bpy

    import hrn_blender

    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(
        "HRN_ENGINE_COMMAND", json.dumps([sys.executable, "-I", "-u", str(PROGRAMS / "fake_engine.py"), "serve"])
    )
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


@pytest.fixture
def people(tmp_path) -> Path:
    """Three people: two good ones, one of two photos, and one without a face."""
    folder = tmp_path / "people"
    (folder / "Zoë").mkdir(parents=True)
    for name, text in {"Zoë/1.jpg": "ok", "Zoë/2.jpg": "ok", "ben.jpg": "ok 0.2", "carl.jpg": "noface"}.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def table(addon, people, monkeypatch):
    """Batch Import with the engine's real batch around a stand-in for the method; the module with the running batch."""
    import bpy

    from hrn_blender.state import batch_session

    monkeypatch.setenv("HRN_ENGINE_COMMAND", json.dumps([sys.executable, "-I", "-u", str(PROGRAMS / "batch_stub.py"), "serve"]))
    bpy.context.scene.hrn.batch.source = str(people)
    bpy.context.scene.hrn.batch.jobs = 1
    return batch_session


_STATUS = pytest.StashKey[int]()


def pytest_sessionfinish(session, exitstatus):
    session.config.stash[_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Leave Blender 4.2 with pytest's status.

    As a module it crashes when Python ends, once any property with a Python callback has been registered, also when it was
    unregistered again: it is never closed then, and frees its editors' classes after the interpreter.
    """
    bpy = sys.modules.get("bpy")
    if bpy is not None and bpy.app.version < (4, 3) and _STATUS in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_STATUS])

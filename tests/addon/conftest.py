"""What the add-on's tests share."""

from __future__ import annotations

import os
import sys

import pytest


@pytest.fixture(scope="session", autouse=True)
def fake_bundles(tmp_path_factory):
    """The scripted engine makes one bundle and copies it, see tests/fake_engine.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HRN_FAKE_BUNDLES", str(tmp_path_factory.mktemp("fake bundles")))
        yield


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

"""Enabling, disabling and reloading leave nothing behind."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest

from support.checkout import python_path

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

import hrn_blender


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path / "home"))


def ours() -> set[str]:
    return {name for name in dir(bpy.types) if name.startswith("HRN_")}


def test_registering_twice_and_unregistering_leaves_nothing():
    handlers = len(bpy.app.handlers.load_post)
    for _ in range(2):
        hrn_blender.register()
        hrn_blender.register()  # As a script that is run again does.
        assert {"HRN_PT_main", "HRN_OT_reconstruct", "HRN_UL_heads"} <= ours()
        assert len(bpy.app.handlers.load_post) == handlers + 4  # Of the session, the batch, the corrections and added photos.
        hrn_blender.unregister()
        assert not ours()
        assert len(bpy.app.handlers.load_post) == handlers
        assert not hasattr(bpy.types.Scene, "hrn") and not hasattr(bpy.types.WindowManager, "hrn")


def test_failed_registration_is_taken_back(monkeypatch):
    panel = importlib.import_module("hrn_blender.ui.panel")

    def broken():
        raise RuntimeError("no")

    monkeypatch.setattr(panel, "register", broken)
    with pytest.raises(RuntimeError):
        hrn_blender.register()
    assert not ours()
    monkeypatch.undo()
    os.environ.setdefault("HRN_ENGINE_HOME", "")
    hrn_blender.register()
    hrn_blender.unregister()


def test_missing_module_is_an_error_and_leaves_nothing(monkeypatch):
    monkeypatch.setitem(sys.modules, "hrn_blender.ui.panel_batch", None)  # Importing it says that there is none.
    with pytest.raises(ModuleNotFoundError, match="panel_batch"):
        hrn_blender.register()
    assert not ours() and not hasattr(bpy.types.Scene, "hrn")


def test_engine_folder_preference_is_used_and_given_back(tmp_path):
    from hrn_blender.engine.wire.paths import engine_home

    hrn_blender.register()
    addon = bpy.context.preferences.addons.new()
    try:
        addon.module = "hrn_blender"
        before = engine_home()
        addon.preferences.engine_folder = str(tmp_path / "studio")
        assert engine_home() == tmp_path / "studio"
        from hrn_blender.state.settings import output_folder

        assert output_folder() == tmp_path / "studio" / "heads"
        addon.preferences.engine_folder = ""
        assert engine_home() == before
    finally:
        bpy.context.preferences.addons.remove(addon)
        hrn_blender.unregister()


def test_addon_never_imports_the_engines_packages():
    code = (
        "import sys, bpy, hrn_blender; hrn_blender.register();"
        "bad = {'torch', 'cv2', 'mediapipe', 'scipy', 'numba', 'PIL'} & set(sys.modules);"
        "hrn_blender.unregister(); print(sorted(bad), flush=True); import os; os._exit(0)"
    )
    result = subprocess.run(
        [sys.executable, "-s", "-P", "-c", code], env=python_path(), capture_output=True, text=True, timeout=120
    )
    assert result.stdout.strip().splitlines()[-1:] == ["[]"], result.stderr


def test_process_and_job_code_needs_no_blender():
    code = (
        "import sys; sys.modules['bpy'] = None;"
        "import hrn_blender.link.batch, hrn_blender.link.jobs, hrn_blender.link.location, hrn_blender.link.install_job; print('fine')"
    )
    result = subprocess.run(
        [sys.executable, "-s", "-P", "-c", code], env=python_path(), capture_output=True, text=True, timeout=60
    )
    assert result.stdout.strip() == "fine", result.stderr

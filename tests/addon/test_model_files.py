"""Licensed files in the add-on: the table, the method menu, and the commercial switch."""

from __future__ import annotations

import json
import os
import sys
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from support.addon import ui as addon_ui

ENGINE = """
import json, os, pathlib, sys
assert sys.argv[1:] == ["models", "--json"], sys.argv
home = pathlib.Path(os.environ["HRN_ENGINE_HOME"])
settings = json.loads((home / "settings.json").read_text()) if (home / "settings.json").exists() else {}
there = bool(settings.get("model_files"))
if "broken" in settings.get("model_files", ""):
    sys.exit("no answer")
file = {"name": "epoch_20.pth", "what": "coarse network", "state": "there" if there else "missing", "required": True,
        "path": "/files/epoch_20.pth" if there else None, "problem": "", "source": "their page", "licences": []}
wrong = {**file, "name": "net_recon.pth", "state": "wrong", "problem": "net_recon.pth is a web page."}
def row(name, title, ready, files, missing):
    commercial = not files
    return {"name": name, "title": title, "ready": ready, "missing": missing, "licence": "research only", "files": files,
            "commercial": commercial, "hidden": settings.get("commercial_work", False) and not commercial, "max_photos": 1}
print(json.dumps({"folder": "/files", "commercial_work": False, "pytorch": not (home / "no_pytorch").exists(), "methods": [
    row("open", "Open", True, [], []),
    row("deep3d", "Deep3D", there, [file], [] if there else ["epoch_20.pth is not in /files; get it from their page."]),
    row("tddfa_v3", "3DDFA-V3", False, [wrong], ["net_recon.pth is a web page."])]}))
"""


@pytest.fixture
def files(addon, tmp_path, monkeypatch):
    """The add-on's module, with an engine that answers ``models`` as its settings say."""
    script = tmp_path / "models_engine.py"
    script.write_text(ENGINE)
    monkeypatch.setenv("HRN_ENGINE_COMMAND", json.dumps([sys.executable, "-I", str(script), "serve"]))
    from hrn_blender.state import model_files

    return model_files


def answer(files, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while files.ticker.tick() is not None:
        assert time.monotonic() < end
        time.sleep(0.02)


def menu() -> list[str]:
    from hrn_blender.state.methods import available_methods

    return available_methods()


def table(files) -> str:
    from hrn_blender.ui import panel_methods

    layout = addon_ui.Layout()
    panel_methods.draw_table(layout, bpy.context)
    return addon_ui.texts(layout.drawn)


def test_before_anything_was_asked_only_the_open_method_is_offered(files):
    assert menu() == ["open"] and files.usable_methods() is None
    assert "licensed files" in addon_ui.texts(addon_ui.draw("HRN_PT_methods")).replace("\n", " ")


def test_a_method_appears_with_its_files_and_the_reason_is_told_until_then(files):
    assert bpy.ops.hrn.check_model_files() == {"FINISHED"}
    answer(files)
    assert menu() == ["open"]
    panel = addon_ui.texts(addon_ui.draw("HRN_PT_methods")).replace("\n", " ")
    assert "Deep3D" in panel and "epoch_20.pth is not in" in panel and "web page" in panel
    shown = table(files).replace("\n", " ")
    assert "get it from their page" in shown and "research only" in shown and "net_recon.pth is a web page" in shown
    files.change_settings(model_files="/files")
    answer(files)
    assert menu() == ["open", "deep3d"]
    bpy.context.scene.hrn.method = "deep3d"
    assert bpy.context.scene.hrn.engine_settings().method == "deep3d"
    assert "Deep3D" not in addon_ui.texts(addon_ui.draw("HRN_PT_methods"))
    assert "/files/epoch_20.pth" in table(files).replace("\n", " ")


def test_commercial_work_hides_methods_and_falls_back_to_the_open_one(files, tmp_path):
    files.change_settings(model_files="/files")
    answer(files)
    bpy.context.scene.hrn.method = "deep3d"
    files.change_settings(commercial_work=True)
    answer(files)
    assert menu() == ["open"] and bpy.context.scene.hrn.engine_settings().method == "open"
    shown = table(files)
    assert "epoch_20.pth" not in shown and "no commercial work" in shown.replace("\n", " ")
    assert "Deep3D" not in addon_ui.texts(addon_ui.draw("HRN_PT_methods"))
    stored = json.loads((tmp_path / "home" / "settings.json").read_text())
    assert stored == {"model_files": "/files", "commercial_work": True}


def test_the_menu_speaks_as_the_table_of_methods_and_unknown_ones_are_told(files, monkeypatch):
    from hrn_blender.engine.wire.methods import METHODS
    from hrn_blender.state.methods import method_items

    names = [*reversed(METHODS), "of_tomorrow"]
    rows = [{"name": name, "title": name, "ready": True, "hidden": False} for name in names]
    monkeypatch.setattr(files, "report", {"methods": rows, "pytorch": True})
    numbers = {name: number for number, name in enumerate(METHODS)}
    assert [tuple(item) for item in method_items(None, None)] == [
        (name, METHODS[name].title, METHODS[name].description, numbers[name]) for name in reversed(METHODS)
    ]
    shown = addon_ui.texts(addon_ui.draw("HRN_PT_methods")).replace("\n", " ")
    assert "'of_tomorrow'" in shown and "newer version of the add-on" in shown and "'open'" not in shown


def test_options_are_shown_with_their_methods_only(files, monkeypatch):
    from hrn_blender.engine.wire.methods import METHODS

    settings = bpy.context.scene.hrn
    monkeypatch.setattr(
        files, "report", {"pytorch": True, "methods": [{"name": name, "ready": True, "hidden": False} for name in METHODS]}
    )
    shown = {}
    for name in METHODS:
        settings.method = name
        shown[name] = {entry[1] for entry in addon_ui.draw("HRN_PT_settings") if entry[0] == "prop"}
    for option in ("hair_texture", "corrected"):
        assert [name for name in METHODS if option in shown[name]] == [n for n in METHODS if option in METHODS[n].options]


def test_an_engine_that_cannot_answer_is_told_and_the_old_answer_stays(files):
    files.change_settings(model_files="/files")
    answer(files)
    files.change_settings(model_files="/broken")
    answer(files)
    assert "could not check the files" in files.problem and menu() == ["open", "deep3d"]
    assert "could not check" in table(files).replace("\n", " ")


def test_without_an_engine_the_check_says_so(files, monkeypatch):
    monkeypatch.delenv("HRN_ENGINE_COMMAND")
    files.check()
    assert "not installed" in files.problem and files.ticker.tick() is None


def test_the_preferences_edit_the_settings_of_all_programs(files, tmp_path):
    entry = bpy.context.preferences.addons.new()
    entry.module = "hrn_blender"
    try:
        own = entry.preferences
        own.commercial_work = True
        own.model_files = "/files"
        answer(files)
        assert own.commercial_work and own.model_files == "/files" and files.report["methods"][1]["hidden"]
        (tmp_path / "home" / "settings.json").write_text('{"model_files": "/changed/by/the/shell"}')
        assert own.model_files == "/changed/by/the/shell" and not own.commercial_work
        layout = addon_ui.Layout()
        type(own).draw(addon_ui._Panel(type(own), layout), bpy.context)
        assert {("prop", "commercial_work", None), ("prop", "model_files", None)} <= set(layout.drawn)
    finally:
        bpy.context.preferences.addons.remove(entry)


def test_pytorch_is_offered_with_its_size_where_the_engine_has_none(files, tmp_path, monkeypatch):
    from hrn_blender.engine.install.environments import EXTRAS
    from hrn_blender.operators import engine as operators_engine
    from hrn_blender.state import session

    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "no_pytorch").touch()
    files.check()
    answer(files)
    drawn = addon_ui.draw("HRN_PT_methods")
    download, _ = EXTRAS["published"].sizes.here
    assert f"about {download} MB" in addon_ui.texts(drawn).replace("\n", " ") and f"about {download} MB" in table(
        files
    ).replace("\n", " ")
    assert ("operator", "hrn.install_pytorch", "Install PyTorch") in drawn
    commands = []

    def command(*given, **options):
        commands.append(options["extra"])
        done = (
            "import json; print(json.dumps({'method': 'progress', 'params': {'fraction': 1.0, 'message': 'PyTorch is there'}}))"
        )
        return [sys.executable, "-c", done], dict(os.environ)

    monkeypatch.setattr(operators_engine, "install_command", command)
    monkeypatch.setattr(operators_engine, "preferences", lambda: SimpleNamespace(wheels=str(tmp_path), python=""))
    assert bpy.ops.hrn.install_pytorch() == {"FINISHED"} and commands == ["published"]
    assert "install_pytorch" not in str(addon_ui.draw("HRN_PT_methods"))  # a bar in its place
    (tmp_path / "home" / "no_pytorch").unlink()
    end = time.monotonic() + 20
    while session.install is not None:
        session.ticker.tick()
        assert time.monotonic() < end
        time.sleep(0.02)
    answer(files)  # it looks again by itself
    assert files.report["pytorch"] and "Install PyTorch" not in addon_ui.texts(addon_ui.draw("HRN_PT_methods"))


def test_the_installer_is_asked_for_what_the_button_says(files):
    from hrn_blender.link.location import install_command

    assert install_command(extra="published")[0][-3:] == ["install", "--with", "published"]
    assert install_command()[0][-1] == "install"

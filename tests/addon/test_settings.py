"""The panel's properties are those of the table of settings, with its words and limits, and all of them are drawn."""

from __future__ import annotations

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.engine.wire.methods import METHODS
from hrn_blender.engine.wire.settings import SETTINGS, Settings
from support.addon import ui

SHOWN = [setting for setting in SETTINGS.values() if not setting.not_in_panel]


def test_no_property_is_missing_or_too_many(addon):
    own = {one.identifier for one in bpy.context.scene.hrn.bl_rna.properties} - {"rna_type", "name", "batch"}
    assert own == {one.property_name for one in SHOWN} | {one.switch.name for one in SHOWN if one.switch}
    assert {one.name for one in SETTINGS.values() if one.not_in_panel} == {"focal_px", "seed", "part_distance"}


@pytest.mark.parametrize("setting", SHOWN, ids=[setting.name for setting in SHOWN])
def test_a_property_has_the_words_and_limits_of_its_setting(addon, setting):
    found = bpy.context.scene.hrn.bl_rna.properties[setting.property_name]
    assert (found.name, found.description) == (setting.label, setting.description)
    if setting.choices:
        items = [(item.identifier, item.name, item.description) for item in found.enum_items]
        assert items == [(choice.key, choice.label, choice.description) for choice in setting.choices]
    elif setting.kind in ("int", "float"):
        assert found.hard_min == setting.minimum + setting.panel_from
        assert setting.maximum is None or found.hard_max == setting.maximum


@pytest.mark.parametrize("setting", SHOWN, ids=[setting.name for setting in SHOWN])
def test_what_the_panel_shows_reaches_the_engine(addon, setting, monkeypatch):
    from hrn_blender.state import model_files

    monkeypatch.setattr(model_files, "report", {"methods": [{"name": n, "ready": True, "hidden": False} for n in METHODS]})
    own = bpy.context.scene.hrn
    assert own.engine_settings() == Settings()
    if setting.choices:
        values = {choice.key: choice.value for choice in setting.choices}
    elif setting.name == "method":
        values = {name: name for name in METHODS}
    elif setting.kind == "bool":
        values = {True: True, False: False}
    else:
        first = setting.minimum + setting.panel_from
        values = {first: setting.minimum, first + 2: setting.minimum + 2}
    if setting.switch is not None:
        setattr(own, setting.property_name, 99)
        assert own.engine_settings() == Settings()
        setattr(own, setting.switch.name, True)
    for shown, meant in values.items():
        setattr(own, setting.property_name, shown)
        assert own.engine_settings() == Settings(**{setting.name: meant})


def test_every_setting_is_drawn(addon, monkeypatch):
    from hrn_blender.state import model_files

    monkeypatch.setattr(model_files, "report", {"methods": [{"name": n, "ready": True, "hidden": False} for n in METHODS]})
    drawn = set()
    for name in METHODS:
        bpy.context.scene.hrn.method = name
        drawn |= {entry[1] for entry in ui.draw("HRN_PT_settings") if entry[0] == "prop"}
    assert drawn == {one.property_name for one in SHOWN} | {one.switch.name for one in SHOWN if one.switch}


def test_the_command_without_a_window_takes_all_settings(addon, photo, monkeypatch):
    from hrn_blender.cli import reconstruct

    asked = []
    monkeypatch.setattr(addon.queue, "add", lambda photos, settings, folder: asked.append(settings) or stop())

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reconstruct.main(["--photo", str(photo), "--quality", "draft", "--no-expression", "--focal-mm", "85"])
    assert asked == [Settings(quality="draft", keep_expression=False, focal_mm=85.0)]
    assert reconstruct.main(["--photo", str(photo), "--texture-size", "1"]) == 1
    assert reconstruct.main(["--photo", str(photo), "--method", "df_mvr"]) == 1 and len(asked) == 1

"""Each setting is declared once: field, check, flag, list of subjects and documentation agree. The panel's side is in
tests/addon/test_settings.py."""

from __future__ import annotations

import argparse
import ast
import csv
import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.batch.lists import read_list
from engine.cli import make_parser
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.methods import METHODS
from engine.wire.settings import SETTINGS, Settings
from engine.wire.settings_flags import add_flags, as_flags, from_flags
from support.checkout import ROOT


def values(setting) -> st.SearchStrategy:
    """All that a setting may be."""
    if setting.name == "method":
        return st.sampled_from(list(METHODS))
    if setting.only_choices:
        return st.sampled_from([choice.value for choice in setting.choices])
    least = -(2**40) if setting.minimum is None else setting.minimum
    most = 2**40 if setting.maximum is None else setting.maximum
    found = {
        "bool": st.booleans(),
        "int": st.integers(least, most),
        "float": st.floats(least, most),
    }[setting.kind]
    return st.none() | found if setting.optional else found


@st.composite
def any_settings(draw) -> Settings:
    chosen = {name: draw(values(setting)) for name, setting in SETTINGS.items()}
    if chosen["focal_mm"] is not None:
        chosen["focal_px"] = None
    return Settings(**chosen)


@hypothesis_settings(max_examples=60, deadline=None)
@given(any_settings())
def test_flags_and_messages_carry_all_settings(chosen):
    parser = argparse.ArgumentParser()
    add_flags(parser)
    assert from_flags(parser.parse_args(as_flags(chosen))) == chosen
    assert Settings.from_json(json.loads(json.dumps(chosen.to_json()))) == chosen


def test_defaults_need_no_flag():
    assert as_flags(Settings()) == []
    assert from_flags(make_parser().parse_args(["reconstruct", "a.jpg", "--out", "b"])) == Settings()


@pytest.mark.parametrize("command", [["reconstruct", "a.jpg", "--out", "b"], ["batch", "a", "--out", "b"]], ids=lambda c: c[0])
def test_every_setting_has_a_flag_of_the_commands(command, capsys):
    with pytest.raises(SystemExit):
        make_parser().parse_args([command[0], "--help"])
    shown = capsys.readouterr().out.split()
    for setting in SETTINGS.values():
        assert (setting.flag in {word.strip("[,") for word in shown}) is not setting.hidden_flag
        value = [] if setting.kind == "bool" else ["7" if setting.kind != "str" else "draft"]
        options = make_parser().parse_args([*command, setting.flag, *value])
        assert getattr(options, setting.name) != setting.default, setting.name


def test_limits_are_told_where_they_are_exceeded_and_in_the_help():
    parser = argparse.ArgumentParser()
    add_flags(parser)
    text = " ".join(parser.format_help().split())
    for setting in SETTINGS.values():
        setting.check(setting.default)
        for limit, wrong in ((setting.minimum, -1), (setting.maximum, 1)):
            if limit is None:
                continue
            setting.check(limit)
            with pytest.raises(HrnError) as caught:
                setting.check(limit + wrong)
            assert caught.value.code is ErrorCode.SETTINGS_INVALID
            assert setting.label in caught.value.message and str(limit) in caught.value.message
            assert str(limit + wrong) in caught.value.message
        if setting.maximum is not None:
            assert f"{setting.minimum} to {setting.maximum}" in text


def test_options_of_methods_say_so_on_the_command_line():
    parser = argparse.ArgumentParser()
    add_flags(parser)
    text = " ".join(parser.format_help().split())
    for setting in SETTINGS.values():
        users = [method.name for method in METHODS.values() if setting.name in method.options]
        assert list(setting.methods) == users
        assert not users or f"{', '.join(users)}: " in text


@pytest.mark.parametrize("cell", ["7", "true", "draft"])
def test_every_setting_is_a_column_of_lists(tmp_path, cell):
    kinds = {"7": ("int", "float"), "true": ("bool",), "draft": ("str",)}[cell]
    names = [setting.name for setting in SETTINGS.values() if setting.kind in kinds]
    with open(tmp_path / "list.csv", "w", newline="") as stream:
        csv.writer(stream).writerows([["photos", *names], ["a.jpg", *[cell] * len(names)]])
    notes: list[str] = []
    (row,) = read_list(tmp_path / "list.csv", notes)
    assert not notes and row.error is None
    assert row.settings == dict.fromkeys(names, {"7": 7, "true": True, "draft": "draft"}[cell])
    for name in names:
        assert type(row.settings[name]).__name__ == SETTINGS[name].kind


def test_declarations_are_whole():
    assert list(SETTINGS) == [one.name for one in fields(Settings)]
    assert len({setting.flag for setting in SETTINGS.values()}) == len(SETTINGS)
    for setting in SETTINGS.values():
        assert setting.label and setting.help and setting.kind in ("str", "int", "float", "bool")
        assert setting.description[0].isupper() and not setting.description.endswith(".")
        assert setting.optional is (setting.default is None)
        assert not setting.choices or setting.default in [choice.value for choice in setting.choices]
        for choice in setting.choices:
            setting.check(choice.value)


def documented(setting) -> str:
    """The setting's row in the pages."""
    if setting.only_choices:
        allowed = ", ".join(f"`{choice.value}`" for choice in setting.choices)
    elif setting.maximum is not None:
        allowed = f"{setting.minimum} to {setting.maximum} {setting.unit}".rstrip()
    elif setting.minimum is not None:
        allowed = f"{setting.minimum} or more"
    else:
        allowed = {"bool": "true, false", "int": "whole numbers", "str": "[methods](methods.md)"}[setting.kind]
    default = "" if setting.default is None else f"`{json.dumps(setting.default)}`"
    words = setting.description
    if setting.choices:
        words += ". " + "; ".join(f"*{choice.label}*: {choice.description}" for choice in setting.choices)
    if setting.panel_from:
        words += f". The panel counts from {setting.panel_from}, everything else from 0"
    if setting.not_in_panel:
        words += f". Not in the panel: {setting.not_in_panel}"
    panel = "" if setting.not_in_panel else setting.label
    methods = ", ".join(f"`{name}`" for name in setting.methods) or "all"
    return f"| `{setting.name}` | {panel} | `{setting.flag}` | {allowed} | {default} | {methods} | {words} |"


def test_the_pages_have_a_row_for_each_setting():
    (page,) = ROOT.glob("docs/**/settings.md")
    lines = page.read_text(encoding="utf-8").splitlines()
    missing = [row for row in map(documented, SETTINGS.values()) if row not in lines]
    assert not missing, "\n" + "\n".join(missing)
    assert len([line for line in lines if line.startswith("| `")]) == len(SETTINGS)


def test_there_is_no_second_table():
    """No other file of the product lists names of settings, but where single ones are meant."""
    others = []
    for path in [*ROOT.glob("engine/**/*.py"), *ROOT.glob("hrn_blender/**/*.py")]:
        if path.relative_to(ROOT).as_posix() == "engine/wire/settings.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            elements = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", ())
            named = {e.value for e in elements if isinstance(e, ast.Constant)} & (set(SETTINGS) - {"method"})
            if len(named) > 2:
                others.append((str(path), node.lineno, named))
    assert not others

"""Licences stand in one table; what is installed, shown and asked for agrees with it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys

import pytest

from engine.cli import main
from engine.published.files import FILES
from engine.wire.licenses import LICENSES, forbids_commercial
from engine.wire.methods import METHODS
from support.checkout import ROOT


def test_all_terms_are_those_of_the_table_and_all_of_the_users_are_some_files():
    used = {term for file in FILES.values() for term in file.terms}
    assert used | {"nvdiffrast"} == {key for key, entry in LICENSES.items() if entry.kind == "user"}
    assert {key for method in METHODS.values() for key in method.licenses} <= set(LICENSES)


def test_only_what_users_bring_along_may_forbid_commercial_work():
    assert {entry.kind for entry in LICENSES.values() if not entry.commercial} == {"user"}
    assert [name for name in METHODS if not forbids_commercial(name)] == ["open"]


@pytest.mark.parametrize("file", sorted((ROOT / "engine" / "requirements").glob("*.txt")), ids=lambda file: file.stem)
def test_every_package_that_is_asked_for_has_its_licence(file):
    if file.stem in ("test", "lint", "likeness"):
        pytest.skip("tools of the developers, which no user gets")
    named = " ".join(f"{entry.part} {entry.distribution}" for entry in LICENSES.values()).lower().replace("-", "_")
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if re.match(r"[A-Za-z]", line)]
    if file.stem not in ("engine", "data"):
        lines = lines[:1]  # the others are what the first one needs
    for line in lines:
        assert re.match(r"[A-Za-z0-9_.-]+", line)[0].lower().replace("-", "_") in named, f"{file.name}: {line}"


def test_the_plan_and_the_command_show_the_table(capsys, tmp_path):
    command = [sys.executable, str(ROOT / "install_deps.py"), "--home", str(tmp_path), "--json", "plan"]
    plan = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert plan["licences"] == [[e.part, e.license, e.used_for] for e in LICENSES.values() if e.kind != "user"]
    assert main(["licenses"]) == 0
    shown = capsys.readouterr().out
    for entry in LICENSES.values():
        assert (f"{entry.part} " in shown and entry.license in shown) is (entry.kind != "tools")
    assert "of all published methods" in shown and "of hrn_head, hrn_face_fit" in shown


def test_there_is_no_second_table():
    """No other file of the product holds names of licences."""
    others = []
    for path in [*ROOT.glob("engine/**/*.py"), *ROOT.glob("hrn_blender/**/*.py")]:
        if path.relative_to(ROOT).as_posix() == "engine/wire/licenses.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if re.search(r"\b(BSD-\d|LGPL|GPL-3|CC0-1|MIT-CMU)", node.value):
                    others.append((path.name, node.lineno))
    assert not others

"""``install_deps.py lint``: which tools look at what, and what becomes of their findings."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from engine.install.environments import REQUIREMENTS
from engine.install.lint import LINT, Check, checks, run_checks

ROOT = Path(__file__).resolve().parents[2]


def test_all_findings_are_shown_and_named(capfd):
    found = run_checks(
        [
            Check("first", (sys.executable, "-c", "print('line 3 is wrong'); raise SystemExit(1)")),
            Check("second", (sys.executable, "-c", "print('nothing to say')")),
            Check("third", (sys.executable, "-c", "raise SystemExit(2)")),
        ]
    )
    said = capfd.readouterr()
    assert found == ["first", "third"]
    assert "line 3 is wrong" in said.out
    assert "nothing to say" not in said.out
    assert re.findall(r"(ok|FAIL)  (\w+)", said.err) == [("FAIL", "first"), ("ok", "second"), ("FAIL", "third")]


def test_only_fix_changes_files():
    plain, fixing = ([" ".join(map(str, check.command)) for check in checks(fix)] for fix in (False, True))
    assert not any("--fix" in command for command in plain)
    assert any(command.endswith("--check .") for command in plain)
    assert any("--fix" in command for command in fixing)
    assert not any("--check" in command for command in fixing)


def test_every_tool_is_pinned_and_has_its_settings():
    pins = dict(re.findall(r"^([\w.-]+)==([\d.]+)$", (REQUIREMENTS / LINT.steps[0].file).read_text(), re.M))
    assert {"ruff", "mypy", "import-linter"} <= set(pins)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(settings) == {"tool"}, "nothing is built from this file"
    assert {"ruff", "mypy", "importlinter"} <= set(settings["tool"])
    for contract in settings["tool"]["importlinter"]["contracts"]:
        assert contract["name"] and contract["type"] in ("acyclic_siblings", "layers", "independence", "forbidden")


def test_wrong_arguments_are_named():
    said = subprocess.run(
        [sys.executable, ROOT / "install_deps.py", "lint", "--fxi"], capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 1
    assert "--fxi" in said.stderr

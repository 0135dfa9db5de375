"""``install_deps.py lint``: layout, common mistakes, types and the import graph, with the settings of pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..wire.messages import say
from .environments import ENGINE, Environment, Step, clean_environ
from .packaging import ROOT

__all__ = ["LINT", "Check", "checks", "run_checks"]

LINT = Environment(
    "lint",
    ((3, 12), (3, 11), (3, 13)),
    (Step("lint.txt", True, 1.0, say("Installing ruff, mypy and import-linter")),),
    "import importlinter, mypy, importlib.util as u; assert u.find_spec('ruff')",
    disk_mb=190,
    download_mb=35,
    purpose=say("linter and type checker"),
)
"""The environment of the tools that check the sources."""


class Check(NamedTuple):
    """One tool, as it is called."""

    title: str
    command: tuple[str | Path, ...]


def checks(fix: bool = False) -> list[Check]:
    """The checks in order; with `fix`, the first two correct what they can."""
    ruff = (LINT.python, "-m", "ruff")
    return [
        Check("ruff", (*ruff, "check", "--quiet", *(["--fix"] if fix else []), ".")),
        Check("ruff format", (*ruff, "format", "--quiet", *([] if fix else ["--check"]), ".")),
        # The engine's packages bring their own types.
        Check("mypy", (LINT.python, "-m", "mypy", "--no-error-summary", "--python-executable", ENGINE.python)),
        Check("import-linter", (LINT.python.with_name("lint-imports" + LINT.python.suffix), "--no-logo")),
    ]


def run_checks(wanted: Sequence[Check]) -> list[str]:
    """Run the checks in the checkout; returns the titles of those that found something. They print what they find."""
    failed = []
    for check in wanted:
        result = subprocess.run(
            check.command, cwd=ROOT, env=clean_environ(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        print(f"{'  ok' if result.returncode == 0 else 'FAIL'}  {check.title}", file=sys.stderr, flush=True)
        if result.returncode:
            print(result.stdout, flush=True)
            failed.append(check.title)
    return failed

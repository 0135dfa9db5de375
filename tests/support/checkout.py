"""Where the checkout lies, for tests that start processes in it or read its files."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["PROGRAMS", "ROOT", "SHARED", "TESTS", "python_path"]

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
PROGRAMS = TESTS / "support" / "programs"
SHARED = ROOT.parent / "shared"
"""Specifications, goldens, benchmark heads and photos beside a developer's checkout; elsewhere it is absent."""


def python_path(**more: str) -> dict[str, str]:
    """This process's environment, from which a Python started with ``-c`` finds the add-on, the engine and ``support``."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(TESTS))), **more}

"""Fixtures for every tier."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
os.environ["LC_ALL"] = "C.UTF-8"  # messages are English whatever the developer's language


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of specifications, goldens, benchmark heads and photos that lies beside a developer's checkout."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip("needs the developers' folder ../shared (benchmark heads, goldens and photos), which is absent here")
    return path


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: starts processes or looks at the clock; never beside other tests")

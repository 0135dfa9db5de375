"""Fixtures for every tier."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.checkout import SHARED

os.environ["LC_ALL"] = "C.UTF-8"  # messages are English whatever the developer's language


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of specifications, goldens, benchmark heads and photos that lies beside a developer's checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs the developers' folder ../shared (benchmark heads, goldens and photos), which is absent here")
    return SHARED

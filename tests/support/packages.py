"""Files of installed packages that tests read."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def packaged(package: str, *parts: str) -> Path:
    """A data file of an installed package that need not be importable."""
    spec = importlib.util.find_spec(package)
    path = Path(list(spec.submodule_search_locations)[0]).joinpath(*parts) if spec else None
    if path is None or not path.is_file():
        pytest.skip(f"needs {'/'.join(parts)} of the package {package}")
    return path

"""Official files of the user who runs the tests, where there are any."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.wire.user_settings import model_files_folder


def official_file(name: str) -> Path:
    """The file of that name in the folder of licensed files; the test is skipped where it is not there."""
    folder = model_files_folder()
    found = sorted(folder.rglob(name)) if folder.is_dir() else []
    if not found:
        pytest.skip(f"needs the official file {name} in the folder that HRN_MODEL_FILES names")
    return found[0]

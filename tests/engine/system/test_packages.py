"""Which packages are missing, asked at any moment."""

from __future__ import annotations

import sys
import types

from engine.system.packages import absent_packages


def test_only_packages_that_cannot_be_imported_are_told():
    assert [str(one) for one in absent_packages(["numpy", "no_such_package", "json"])] == [
        "The Python package “no_such_package” is not installed."
    ]


def test_a_package_that_another_thread_is_importing_is_there(monkeypatch):
    """OpenCV takes its place in ``sys.modules`` before it has a spec, while `engine serve` loads it and is asked for its methods."""
    half = types.ModuleType("half_imported")
    assert half.__spec__ is None
    monkeypatch.setitem(sys.modules, "half_imported", half)
    assert absent_packages(["half_imported"]) == []

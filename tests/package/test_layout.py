"""Tests lie where their subjects do, and take their path from one place."""

from __future__ import annotations

import re

from support.checkout import ROOT, TESTS


def sources():
    return [path for path in sorted(TESTS.rglob("*.py")) if "__pycache__" not in path.parts]


def test_rooms_of_the_engines_tests_are_the_engines_rooms():
    files = [path for path in sources() if path.is_relative_to(TESTS / "engine")]
    rooms = {path.parent.relative_to(TESTS / "engine") for path in files}
    assert len(rooms) > 20
    strange = [room for room in rooms if not (ROOT / "engine" / room / "__init__.py").is_file()]
    assert not strange
    assert all(path.name.startswith("test_") or path.name == "conftest.py" for path in files), "helpers lie in tests/support"


def test_the_path_is_set_in_one_place():
    found = [
        path.relative_to(TESTS).as_posix()
        for path in sources()
        if re.search(r"\bsys\.path\b *(\[|\.insert|\.append|\+?=)", path.read_text(encoding="utf-8"))
    ]
    assert found == ["support/paths.py"]


def test_fixtures_are_not_imported():
    """They are in conftest.py: nothing is silenced that an imported fixture would make the linter say."""
    silenced = re.compile(r"# *noqa\b(?!: (?!.*\bF(401|811)\b))")
    found = [path.relative_to(TESTS).as_posix() for path in sources() if silenced.search(path.read_text(encoding="utf-8"))]
    assert not found

"""Which room of the add-on may use which: arrows go one way, and `link` knows no Blender."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ADDON = Path(__file__).resolve().parents[2] / "hrn_blender"
BELOW = {
    "link": set(),
    "adjust": set(),
    "build": {"adjust", "compat"},
    "state": {"adjust", "link", "build"},
    "operators": {"adjust", "link", "build", "state"},
    "ui": {"adjust", "link", "build", "state"},
    "cli": {"link", "build", "state"},
}
"""What each room may import, itself and the engine's messages and tables apart."""
ENGINE = ("engine", "engine.wire", "engine.install.environments")
"""What of the engine the add-on may import: nothing that computes."""


def files(room: str = "") -> list[Path]:
    return sorted((ADDON / room).rglob("*.py"))


def imports(file: Path) -> list[str]:
    """Modules that a file imports, at its top or in a function; those of the add-on from its root, as ``.state.session``."""
    here = [*file.relative_to(ADDON).parts[:-1]]
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.append(node.module)
        elif isinstance(node, ast.ImportFrom):
            parents = here[: len(here) - node.level + 1]
            base = ".".join(["", *parents, *([node.module] if node.module else [])])
            found += [f"{base}.{alias.name}".replace("..", ".") for alias in node.names] if is_package(base) else [base]
    return found


def is_package(name: str) -> bool:
    return ADDON.joinpath(*name.split(".")).is_dir()


def module(file: Path) -> str:
    return "." + ".".join(file.relative_to(ADDON).with_suffix("").parts).removesuffix(".__init__")


def test_every_folder_with_code_has_its_place():
    folders = {file.relative_to(ADDON).parts[0] for file in files() if file.parent != ADDON}
    assert folders == set(BELOW)


def test_relative_imports_are_understood():
    found = imports(ADDON / "state" / "batch_session.py")
    assert {"bpy", ".build.grid", ".engine.wire.errors", ".state.session", ".state.ticker"} <= set(found)


@pytest.mark.parametrize("room", BELOW)
def test_arrows_go_one_way(room):
    for file in files(room):
        for name in imports(file):
            if name.startswith(".") and not name.startswith(".engine"):
                assert name.split(".")[1] in {room, *BELOW[room]}, f"{file.name} imports {name}"


def test_only_messages_and_tables_of_the_engine_are_used():
    used = {name.removeprefix(".") for file in files() for name in imports(file) if name.startswith(".engine")}
    assert used
    for name in used:
        assert name.startswith("engine.wire.") or name in ENGINE or name.rpartition(".")[0] in ENGINE, name


@pytest.mark.parametrize("room", ["adjust", "link"])
def test_what_needs_no_blender_knows_none(room):
    assert len(files(room)) > 5
    for file in files(room):
        names = imports(file)
        assert not {name.split(".")[0] for name in names} & {"bpy", "bpy_extras", "blf", "gpu", "mathutils"}, file.name


def test_no_circle_of_files():
    known = {module(file) for file in files()}
    graph = {module(file): known.intersection(imports(file)) - {module(file)} for file in files()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(known)

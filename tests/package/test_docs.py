"""The documentation names what exists: pages, files, modules, packages, environment variables."""

from __future__ import annotations

import argparse
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from support.checkout import ROOT
from support.pages import PAGES, blocks, code, commands, heading_anchors, links, page_name, prose_lines

CODE = ("engine", "hrn_blender", "tests")
ELSEWHERE = {"score.py"}
"""Files that a page names and that are not the checkout's: of a benchmark folder."""
LINE = 130
"""Characters of a line of prose; tables and code cannot be broken."""

pages = pytest.mark.parametrize("page", PAGES, ids=page_name)


@cache
def files() -> frozenset[str]:
    """Every file of the checkout's own folders, from the root."""
    found = {p.relative_to(ROOT).as_posix() for folder in (*CODE, "docs", ".ci") for p in (ROOT / folder).rglob("*")}
    return frozenset({name for name in found if "__pycache__" not in name} | {p.name for p in ROOT.iterdir()})


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pages
def test_links_lead_somewhere(page):
    dead = []
    for number, target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not there.is_relative_to(ROOT) or not there.exists():
            dead.append(f"{number}: {target}")
        elif anchor and anchor not in heading_anchors(there):
            dead.append(f"{number}: {target} (no such heading)")
    assert not dead


def test_every_page_and_picture_can_be_reached_from_the_readme():
    seen, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        seen.add(page)
        for _, target in links(page):
            there = (page.parent / target.partition("#")[0]).resolve()
            if there.is_file() and there not in seen:
                seen.add(there)
                if there.suffix == ".md":
                    ahead.append(there)
    assert {p for p in (ROOT / "docs").rglob("*") if p.is_file()} - seen == set()


@pages
def test_named_files_exist(page):
    absent = []
    for name in re.findall(r"(?<![\w/.~…-])(?:engine|hrn_blender|tests|docs)/[\w./*-]*[\w*]", text(page)):
        if not list(ROOT.glob(re.sub(r"[A-Z]{3,}", "*", name))):
            absent.append(name)
    ends = tuple(f"/{name}" for name in files())
    for name in re.findall(r"(?<![\w/.*-])(?:\.\./)?(?:…?/)?([\w/]*\w\.py)\b", text(page)):
        if name not in ELSEWHERE and not any(end.endswith(f"/{name}") for end in ends):
            absent.append(name)
    assert not absent


@cache
def defined(module: Path) -> frozenset[str]:
    """Names at the top of a module, or bound to it by its imports."""
    source = module.read_text(encoding="utf-8")
    names = re.findall(r"^(?:async )?(?:def|class) (\w+)|^(\w+)\b[^=\n]*=|^    \"(\w+)\": \"", source, re.M)
    imported = re.findall(r"^from .* import (.*)$", source, re.M)
    return frozenset({n for row in names for n in row if n} | set(re.findall(r"\w+", " ".join(imported))))


@pages
def test_named_modules_exist(page):
    absent = []
    for span in code(page):
        for name in re.findall(r"(?<![\w/.:-])(?:engine|hrn_blender)(?:\.\w+)+(?![\w/])", span):
            first, *parts = name.replace("hrn_blender.engine.", "engine.").split(".")
            if not parts or parts[-1] in ("log", "txt") or parts[-1].startswith("__"):
                continue  # a file of that name; what every module has
            place, left = ROOT / first, parts
            while left and ((place / left[0]).is_dir() or (place / f"{left[0]}.py").is_file()):
                place, left = place / left[0], left[1:]
            module = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            if left and left[0] not in defined(module):
                absent.append(name)
    assert not absent


def packages() -> list[str]:
    return [
        p.parent.relative_to(ROOT).as_posix()
        for folder in ("engine", "hrn_blender")
        for p in sorted((ROOT / folder).rglob("__init__.py"))
        if p.parent != ROOT / folder
    ]


@pytest.mark.parametrize("package", packages())
def test_architecture_names_every_package(package):
    """As ``package/`` below the folder that holds it."""
    page = text(ROOT / "docs" / "develop" / "architecture.md")
    assert re.search(rf"(?<![\w/]){re.escape(package.split('/', 1)[1])}/(?![\w])", page), package


def test_architecture_lists_the_rooms_as_they_stand_on_each_other():
    """In the order of the layers of ``pyproject.toml``, the highest first."""
    settings = tomllib.loads(text(ROOT / "pyproject.toml"))["tool"]["importlinter"]
    page = text(ROOT / "docs" / "develop" / "architecture.md")
    for package, whole in (("engine", "The engine:"), ("hrn_blender", "The add-on:")):
        (layers,) = [one["layers"] for one in settings["contracts"] if one["name"].startswith(whole)]
        floor = {room: number for number, layer in enumerate(layers) for room in re.findall(rf"{package}\.(\w+)", layer)}
        title = "## The rooms of the engine" if package == "engine" else "## The rooms of the add-on"
        rooms = re.findall(r"^\| `(\w+)/` \|", page.partition(title)[2].partition("\n## ")[0], re.M)
        assert len(rooms) > 4
        assert [floor[room] for room in rooms] == sorted(floor[room] for room in rooms)


def environment_variables(folder: str) -> set[str]:
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in (".py", ".js") and "__pycache__" not in path.parts:
            found |= set(re.findall(r"[\"'](HRN_[A-Z_]+)[\"']", path.read_text(encoding="utf-8")))
    return {name for name in found if not re.match(r"HRN_(PT|OT|UL|MT|FH|AP|PG)_", name)}


def test_environment_variables_are_told_and_exist():
    named = {name for page in PAGES for name in re.findall(r"\bHRN_[A-Z_]+\b", text(page))}
    ours = environment_variables("engine") | environment_variables("hrn_blender")
    assert {"HRN_ENGINE_HOME", "HRN_PYTHON"} <= ours
    assert ours - named == set(), "no page names these"
    assert named - ours - environment_variables("tests") == set(), "no code reads these"


def test_warnings_are_told():
    """Every code with which a head may come with a warning has its row."""
    found: set[str] = set()
    for module in ("photo/quality.py", "pipeline/quality.py"):
        source = (ROOT / "engine" / module).read_text(encoding="utf-8")
        found |= set(re.findall(r"warn\(\s*\"([a-z_]+)\"", source))
        found |= set(re.findall(r",\s*\"([a-z_]+)\",\s*(?:f?\"[A-Z]|covered\b|say\()", source))
    assert {"covered", "face_small", "photos_differ", "poor_fit"} <= found
    told = text(ROOT / "docs" / "user" / "photos.md") + text(ROOT / "docs" / "user" / "several_photos.md")
    assert {code for code in found if f"`{code}`" not in told} == set()


def test_pages_named_in_the_code_exist():
    absent = []
    for folder in CODE:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".js") and "__pycache__" not in path.parts:
                named = re.findall(r"\bdocs/[\w/]+\.md", path.read_text(encoding="utf-8"))
                absent += [f"{path.relative_to(ROOT)}: {page}" for page in named if not (ROOT / page).is_file()]
    assert not absent


def test_snippet_for_blender_runs(tmp_path, monkeypatch):
    """In a folder with a head, as the page says."""
    bpy = pytest.importorskip("bpy", reason="needs Blender as a Python module")
    from support.synthetic_bundle import make_bundle

    bpy.ops.wm.read_factory_settings(use_empty=True)
    make_bundle(tmp_path / "head")
    monkeypatch.chdir(tmp_path)
    (block,) = [block for block in blocks(ROOT / "docs" / "user" / "scripting.md") if block.info == ("python", "blender")]
    exec(compile(block.text, "scripting.md", "exec"), {"__name__": "__main__"})
    assert "Anna" in bpy.data.objects
    assert bpy.data.objects["Anna"].data.shape_keys.key_blocks["Deformation"].value == 0.5


def test_blenders_own_command_line_is_told_as_it_is(monkeypatch):
    pytest.importorskip("bpy", reason="needs Blender as a Python module")
    from hrn_blender.cli import reconstruct

    class Parsed(Exception):
        pass

    parse_known = argparse.ArgumentParser.parse_known_args

    def parse_args(self, args=None, namespace=None):
        _, rest = parse_known(self, args, namespace)
        assert not rest, f"blender --command hrn does not know {rest}"
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    shown = [
        words[2:] for page in PAGES for program, words in commands(page) if words[:2] == ["--command", "hrn"] and words[2:]
    ]
    assert shown
    for words in shown:
        with pytest.raises(Parsed):
            reconstruct.main(words)


@pages
def test_lines_of_prose_are_not_long(page):
    long = [number for number, line in prose_lines(page) if len(line) > LINE and not line.lstrip().startswith("|")]
    assert not long

"""The commands that the documentation shows exist, with their flags, and the snippets of its scripting page run."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import runpy
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from engine.cli import main as engine_command
from engine.install import run_tests, shell, verbs
from support.checkout import ROOT
from support.pages import PAGES, blocks, commands, page_name

SCRIPTING = ROOT / "docs" / "user" / "scripting.md"
SHOWN = sorted({(page_name(page), program, tuple(words)) for page in PAGES for program, words in commands(page)})
INCOMPLETE = re.compile(r"the following arguments are required|expected (one|at least one) argument|one of the arguments")
PLACEHOLDER = re.compile(r"[A-Z_]{1,}(,[A-Z]+)*…?|…")


class Parsed(Exception):
    """Raised in place of running a command that its parser has accepted."""

    def __init__(self, options: argparse.Namespace):
        super().__init__(str(options))
        self.options = options


class Refused(Exception):
    """A parser's complaint about more than what a page leaves out."""


@pytest.fixture
def parse_only(monkeypatch):
    """``parse_only(main, words)``: what `main` would run, from the parser that it makes; raises :class:`Refused`."""
    parse_known = argparse.ArgumentParser.parse_known_args
    value_of = argparse.ArgumentParser._get_value

    def parse_args(self, args=None, namespace=None):
        options, rest = parse_known(self, args, namespace)
        if rest:
            raise Refused(f"unknown: {rest}")
        raise Parsed(options)

    def error(self, message):
        if INCOMPLETE.search(message):
            raise Parsed(argparse.Namespace())
        raise Refused(message)

    def value(self, action, text):
        return text if PLACEHOLDER.fullmatch(text) and action.type is not None else value_of(self, action, text)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    monkeypatch.setattr(argparse.ArgumentParser, "error", error)
    monkeypatch.setattr(argparse.ArgumentParser, "_get_value", value)

    def parse(main, words) -> argparse.Namespace:
        with pytest.raises((Parsed, SystemExit)) as seen:
            main(list(words))
        if isinstance(seen.value, SystemExit):  # --help and --version
            assert not seen.value.code
            return argparse.Namespace()
        return seen.value.options

    return parse


def check_engine(parse_only, words):
    options = parse_only(engine_command, words)
    if hasattr(options, "what"):
        parse_only(importlib.import_module(f"engine.bench.{options.what}").main, options.arguments)


def check_pytest(words):
    """The files exist, and a word behind ``-k`` is in a test's name there."""
    paths = [word for word in words if "/" in word and not word.startswith("-")]
    found = [file for path in paths for file in ROOT.glob(path.split("::")[0])]
    assert len(found) >= len(paths), words
    if "-k" in words:
        names = [file for path in found for file in (path.rglob("test_*.py") if path.is_dir() else [path])]
        source = "\n".join(file.read_text(encoding="utf-8") for file in names)
        assert re.search(rf"def test_\w*{words[words.index('-k') + 1]}", source), words


def check_installer(parse_only, words):
    options = parse_only(verbs.main, words)
    if not hasattr(options, "verb"):
        return
    arguments = options.arguments
    if options.verb == "engine":
        check_engine(parse_only, arguments)
    elif options.verb == "blender":
        check_blender(parse_only, arguments)
    elif options.verb == "test":
        _, rest = run_tests.blenders_in([word for word in arguments if word != "VERSION"])
        check_pytest(rest)
    elif options.verb in ("install", "wheels"):
        _, rest = shell.extras_in(arguments)
        assert not [word for word in rest if word.startswith("-")], rest
    elif options.verb == "window":
        check_program(parse_only, ROOT / "tests" / "gui" / "run.py", arguments)
    else:
        assert not [word for word in arguments if word.startswith("-") and word != "--fix"], arguments


def check_blender(parse_only, words):
    from hrn_blender.cli.build import main

    if "--command" not in words:  # Blender's own, which needs bpy: tests/package/test_docs.py
        parse_only(main, words)


def check_program(parse_only, file: Path, words):
    def main(arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", [str(file), *arguments])
            patch.syspath_prepend(file.parent)
            runpy.run_path(str(file), run_name="__main__")

    parse_only(main, words)


@pytest.mark.parametrize("page, program, words", SHOWN, ids=lambda one: " ".join(one) if isinstance(one, tuple) else one)
def test_commands_that_pages_show_exist(page, program, words, parse_only, monkeypatch):
    monkeypatch.delenv("HRN_ENGINE_HOME", raising=False)
    if program == "engine":
        check_engine(parse_only, words)
    elif program == "install_deps.py":
        check_installer(parse_only, words)
    elif program == "blender":
        check_blender(parse_only, words)
    elif program == "pytest":
        check_pytest(words)
    else:
        file = ROOT / program.replace(".", "/")
        module = file.with_suffix(".py") if file.with_suffix(".py").is_file() else file / "__main__.py"
        assert module.is_file(), program

        def main(arguments):
            monkeypatch.setattr(sys, "argv", [program, *arguments])
            runpy.run_module(program, run_name="__main__", alter_sys=False)

        if "argparse" in module.read_text(encoding="utf-8"):
            parse_only(main, words)


def test_pages_show_commands_of_every_kind():
    """The search for commands finds what a reader would."""
    assert {"engine", "install_deps.py", "blender", "pytest"} <= {program for _, program, _ in SHOWN}
    engine = {words[0] for _, program, words in SHOWN if program == "engine" and words}
    assert {"reconstruct", "batch", "models", "bench", "train", "serve"} <= engine


@pytest.mark.parametrize(
    "command",
    ["engine reconstruct a.jpg --out head --no-such-flag", "engine bench no_such_bench", "engine bench speed a.jpg --no-such"],
)
def test_a_command_that_does_not_exist_is_noticed(command, parse_only):
    with pytest.raises(Refused):
        check_engine(parse_only, command.split()[1:])


def test_reference_is_built_from_the_docstrings(tmp_path):
    pytest.importorskip("pdoc", reason="needs pdoc, which `install_deps.py test` and `docs` install")
    from engine.install.reference import build_reference

    assert build_reference(tmp_path / "reference", "engine.geometry") == []
    assert {path.stem for path in (tmp_path / "reference" / "engine" / "geometry").iterdir()} >= {"mesh", "closest", "fields"}
    page = (tmp_path / "reference" / "engine" / "geometry" / "closest.html").read_text(encoding="utf-8")
    assert "<h6" in page and "Returns" in page  # Google's sections are understood
    assert (tmp_path / "reference" / "index.html").is_file()


def test_reference_leaves_out_what_cannot_be_imported_here(tmp_path, monkeypatch):
    pytest.importorskip("pdoc", reason="needs pdoc, which `install_deps.py test` and `docs` install")
    from engine.install.reference import build_reference

    package = tmp_path / "some_package"
    package.mkdir()
    (package / "__init__.py").write_text('"""A package."""\n')
    (package / "works.py").write_text('"""It works."""\n')
    (package / "lacks.py").write_text("import no_such_package\n")
    (package / "leaves.py").write_text('raise SystemExit("needs PyTorch")\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert build_reference(tmp_path / "out", "some_package") == ["some_package.lacks", "some_package.leaves"]
    assert {path.stem for path in (tmp_path / "out" / "some_package").iterdir()} == {"works"}


@pytest.fixture(scope="module")
def place(portrait, tmp_path_factory) -> Path:
    """The folder that the page's blocks begin in."""
    folder = tmp_path_factory.mktemp("scripting")
    Image.open(portrait).convert("RGB").save(folder / "photo.jpg", quality=95)
    return folder


def run_python(block) -> None:
    code = compile("\n" * (block.line - 1) + block.text, page_name(block.page), "exec")
    exec(code, {"__name__": "__main__"})


def run_shell(text: str) -> None:
    """Lines of ``python3 install_deps.py engine …``, in this process."""
    for line in text.splitlines():
        start, words = shlex.split(line)[:3], shlex.split(line)[3:]
        assert start == ["python3", "install_deps.py", "engine"], line
        assert engine_command(words) == 0, line


OTHERS = [block for page in PAGES if page != SCRIPTING for block in blocks(page) if block.info == ("python", "run")]


@pytest.mark.parametrize("block", OTHERS, ids=lambda block: f"{page_name(block.page)}:{block.line}")
def test_snippets_of_other_pages_run(block, place, monkeypatch):
    monkeypatch.chdir(place)
    run_python(block)


def test_scripting_page_runs_from_top_to_bottom(place, monkeypatch, capfd):
    """In order, since later blocks read what earlier ones wrote."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ran = [block for block in blocks(SCRIPTING) if "run" in block.info]
    assert len(ran) >= 8
    for block in ran:
        if block.info[0] == "sh":
            run_shell(block.text)
        else:
            run_python(block)

    said = capfd.readouterr().out
    assert "CANCELLED" in said and "vertices; the smile is" in said and "mm at most" in said
    assert (place / "head.obj").is_file() and (place / "exported" / "head.obj").is_file()
    assert {path.name for path in (place / "heads").iterdir()} >= {"Anna", "Anna, smooth", "report.html"}
    assert not (place / "not_finished").exists() and (place / "served" / "head.json").is_file()
    shutil.rmtree(place / "heads")
    assert os.getcwd() == str(place)

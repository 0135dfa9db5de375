"""The pages of the documentation, read as a reader would: prose, code and commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from support.checkout import ROOT

__all__ = ["PAGES", "Block", "Line", "blocks", "code", "commands", "heading_anchors", "links", "page_name", "prose_lines"]

PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))

_FENCE = re.compile(r"^\s*```\s*(.*)$")
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")


class Block(NamedTuple):
    """A fenced block of code."""

    page: Path
    line: int
    """Of its first line of code, from 1."""
    info: tuple[str, ...]
    """Words behind the fence: the language, and whatever follows it."""
    text: str


class Line(NamedTuple):
    """A line of prose."""

    number: int
    text: str


def page_name(page: Path) -> str:
    """For messages and test ids."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    found, inside = [], None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if fence and inside is None:
            inside = (number + 1, tuple(fence[1].split()), [])
        elif fence and inside is not None:
            found.append(Block(page, inside[0], inside[1], "\n".join(inside[2]) + "\n"))
            inside = None
        elif inside is not None:
            inside[2].append(line)
    assert inside is None, f"{page_name(page)}: a fenced block is not closed"
    return found


def prose_lines(page: Path) -> list[Line]:
    """The lines outside of code."""
    lines, inside, before = [], False, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if _FENCE.match(line):
            inside = not inside
        elif not inside and not (line.startswith("    ") and (not before.strip() or before.startswith("    "))):
            lines.append(Line(number, line))
        before = line
    return lines


def code(page: Path) -> Iterator[str]:
    """Every line of a block of code, with what continues it, and every span of code in the prose."""
    text = [line.text for line in prose_lines(page)]
    yield from (" ".join(span.split()) for span in _SPAN.findall("\n".join(text)))
    inside = {line.number for line in prose_lines(page)}
    rest = [
        line
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        if number not in inside and not _FENCE.match(line)
    ]
    yield from (line.strip() for line in re.sub(r"\\\n\s*", "", "\n".join(rest)).splitlines())


_BEFORE = re.compile(r"^(\$ |time |taskset -c \d+ |[A-Z_]+=\S+ )+")
_COMMAND = re.compile(
    r"(?:(?:python3?|\S*/bin/python|BPY_PYTHON) )?"
    r"(?:(?:\S*/)?(?P<installer>install_deps\.py)|-m (?P<module>engine[\w.]*|pytest)|(?P<program>engine|blender|pytest)(?= [a-z-]))"
    r"(?P<rest>(?: .*)?)$"
)

_CHOSEN = re.compile(r"((?:\w+/)*test_\w+\.py) -k (\w+)")
"""Tests that a table names below ``tests/engine``."""


def commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """The commands that a page shows: the program and its arguments.

    Placeholders stay as they are written; brackets around what may be left out are taken off, and of alternatives
    (``a|b``) the first is kept.
    """
    for line in code(page):
        line = _BEFORE.sub("", re.split(r"\s+#\s", line)[0].strip())
        chosen = _CHOSEN.fullmatch(line)
        if chosen:
            yield "pytest", [f"tests/engine/{chosen[1]}", "-k", chosen[2]]
        match = _COMMAND.match(line)
        if match is None:
            continue
        program = match["installer"] or match["module"] or match["program"]
        words = re.sub(r"[\[\]]", " ", match["rest"]).replace(" | ", " ").split()
        yield program, [re.sub(r"\|.*", "", word) for word in words if word != "…"]


def links(page: Path) -> Iterator[tuple[int, str]]:
    """Line and target of every link and picture, also of those whose text runs over two lines."""
    lines = prose_lines(page)
    text = _SPAN.sub(lambda span: "`" + "\n" * span[0].count("\n"), "\n".join(line.text for line in lines))
    for match in _LINK.finditer(text):
        yield lines[text.count("\n", 0, match.start(1))].number, match[1]


def heading_anchors(page: Path) -> set[str]:
    """What a link may name behind ``#``, as GitHub makes it of the headings."""
    anchors: dict[str, int] = {}
    for _, line in prose_lines(page):
        heading = re.match(r"^#{1,6}\s+(.*)$", line)
        if heading:
            slug = re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-")
            count = anchors[slug] = anchors.get(slug, -1) + 1
            anchors[f"{slug}-{count}" if count else slug] = count
    return set(anchors)

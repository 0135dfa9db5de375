"""Whether every array of the goldens is used by a test.

What is looked for is the array's name in the tests' code: as a whole, as the word of an argument, or put together of parts
(``f"{field}/sample"``, ``"loss/" + name``), where the parts that vary must be words of the tests, too. That a test which names
an array also compares it is not seen.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np

from support.checkout import TESTS

_IN_A_LOOP = re.compile(r"(.+/)?stage/.+")
"""``published/nets/test_numbers.py`` compares whatever there is of these."""
_FEWEST_LETTERS, _DEEPEST = 3, 2
"""Letters of the fixed parts of a name that is put together; how often parts may be put together themselves."""


def _pattern(node: ast.AST) -> str:
    """A regular expression for the strings that an expression gives."""
    match node:
        case ast.Constant(value=str(text)):
            return re.escape(text)
        case ast.JoinedStr(values=values):
            return "".join(map(_pattern, values))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _pattern(left) + _pattern(right)
    return "(.+)"


def _named_in(source: str) -> tuple[set[str], set[str]]:
    """Whole names, and expressions of composed ones."""
    names, patterns = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg:
            names.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
        elif isinstance(node, (ast.JoinedStr, ast.BinOp)):
            pattern = _pattern(node)
            if len(re.findall(r"\w", pattern.replace("(.+)", ""))) >= _FEWEST_LETTERS:
                patterns.add(pattern)
    return names, patterns


def _unused(arrays: dict[str, list[str]], sources: list[str]) -> list[str]:
    names, patterns = set(), set()
    for source in sources:
        found = _named_in(source)
        names |= found[0]
        patterns |= found[1]
    composed = [re.compile(pattern) for pattern in sorted(patterns)]

    def known(name: str, depth: int = 0) -> bool:
        if name in names or name.isdigit():
            return True
        return depth < _DEEPEST and any(
            all(known(part, depth + 1) for part in match.groups())
            for match in (pattern.fullmatch(name) for pattern in composed)
            if match
        )

    return [
        f"{file}: {name}"
        for file, all_names in arrays.items()
        for name in all_names
        if not known(name) and not _IN_A_LOOP.fullmatch(name)
    ]


def test_every_array_is_named_by_a_test(shared_dir):
    folder = shared_dir / "golden"
    arrays = {str(path.relative_to(folder)): np.load(path).files for path in sorted(folder.rglob("*.npz"))}
    places = [path for folder in ("engine", "support") for path in sorted((TESTS / folder).rglob("*.py"))]
    sources = [path.read_text() for path in places if path != Path(__file__)]
    assert sum(map(len, arrays.values())) > 400 and len(sources) > 50
    assert _unused(arrays, sources) == []


def test_a_name_that_no_test_has_is_found():
    arrays = {
        "a.npz": [
            "known",
            "field/sample",
            "loss/photo",
            "word",
            "seed1/f32",
            "stage/layer1",
            "loss/other",
            "forgotten",
            "field/shape",
        ]
    }
    code = (
        'use(g["known"], word=1)\nfor name in ("field", "photo"):\n'
        '    use(g[f"{name}/sample"], g["loss/" + name], g[f"{name}"], g[f"seed{1}/f32"])'
    )
    assert _unused(arrays, [code]) == ["a.npz: loss/other", "a.npz: forgotten", "a.npz: field/shape"]

"""Functions that fit on a screen, with as many parameters as one can keep in mind.

What Numba compiles may be longer and take more: it takes apart what elsewhere is an object.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 80
"""Lines from ``def`` to the end, without the docstring."""
MOST_PARAMETERS = 8
"""Without self and cls."""
FILES = sorted([*(ROOT / "engine").rglob("*.py"), *(ROOT / "hrn_blender").rglob("*.py")])


def functions(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not any(is_jit(one) for one in node.decorator_list):
            yield node


def is_jit(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called).rpartition(".")[2] in {"njit", "jit", "guvectorize", "vectorize"}


def length(node: ast.FunctionDef) -> int:
    first = node.body[0]
    doc = ast.get_docstring(node) is not None
    return node.end_lineno - node.lineno + 1 - (first.end_lineno - first.lineno + 1 if doc else 0)


def parameters(node: ast.FunctionDef) -> int:
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return len([one for one in given if one is not None and one.arg not in {"self", "cls"}])


def offenders(source: str) -> list[str]:
    found = []
    for node in functions(ast.parse(source)):
        if length(node) > LONGEST:
            found.append(f"{node.name} has {length(node)} lines")
        if parameters(node) > MOST_PARAMETERS:
            found.append(f"{node.name} takes {parameters(node)} parameters")
    return found


def test_the_limits_hold():
    assert len(FILES) > 200
    found = [f"{path.relative_to(ROOT)}: {one}" for path in FILES for one in offenders(path.read_text(encoding="utf-8"))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source, said",
    [
        ("def f():\n" + "    x = 1\n" * 80, ["f has 81 lines"]),
        ("def f():\n" + "    x = 1\n" * 79, []),
        ('def f():\n    """\n' + "    word\n" * 90 + '    """\n    return 1\n', []),
        ("def f(a, b, c, d, e, /, f, g, *, h, i): ...\n", ["f takes 9 parameters"]),
        ("def f(self, a, b, c, d, e, f, g, h): ...\n", []),
        ("def f(a, b, c, d, e, f, g, *h, **i): ...\n", ["f takes 9 parameters"]),
        ("@numba.njit(cache=True)\ndef f(a, b, c, d, e, f, g, h, i): ...\n", []),
        ("@functools.cache\ndef f(a, b, c, d, e, f, g, h, i): ...\n", ["f takes 9 parameters"]),
    ],
)
def test_what_counts(source, said):
    assert offenders(source) == said

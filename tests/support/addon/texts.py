"""Everything that the add-on may show in English, collected from its sources and from what it registers in Blender."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import bpy

from support.checkout import ROOT
from support.messages_in_source import choices

__all__ = ["ADDON", "composed", "from_blender", "from_sources", "from_tables", "registered", "shown_properties"]

ADDON = ROOT / "hrn_blender"
LABEL, OPERATOR = "*", "Operator"
"""Contexts in which Blender looks a text up."""

_FIRST = {"say": LABEL, "words": LABEL, "tip": LABEL, "report": LABEL}
"""Functions whose first argument is a text."""
_SECOND = {"draw_text": LABEL, "draw_progress": LABEL, "HrnError": LABEL}
_KEYWORDS = {
    "label": {"text": LABEL},
    "operator": {"text": OPERATOR},
    "menu": {"text": LABEL},
    "prop": {"text": LABEL},
    "row": {"heading": LABEL},
    "column": {"heading": LABEL},
    "HrnError": {"hint": LABEL},
    "undo_push": {"message": OPERATOR},
    "add_argument": {"help": LABEL},
    "add_parser": {"help": LABEL},
    "Parser": {"description": LABEL},
}


def _calls() -> Iterator[tuple[str, str, ast.expr, str]]:
    """(file, function, argument that is shown, context) of every call that shows something."""
    for file in sorted(ADDON.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            method = isinstance(node.func, ast.Attribute)
            if method and name == "report":  # Of an operator; Blender translates it.
                yield file.name, name, node.args[1], LABEL
            elif name in _FIRST and not method and node.args:
                yield file.name, name, node.args[0], _FIRST[name]
            elif name in _SECOND and len(node.args) > 1:
                yield file.name, name, node.args[1], _SECOND[name]
            untranslated = any(k.arg == "translate" and getattr(k.value, "value", None) is False for k in node.keywords)
            for keyword in node.keywords:
                if keyword.arg in _KEYWORDS.get(name, {}) and not untranslated:
                    yield file.name, name, keyword.value, _KEYWORDS[name][keyword.arg]
                elif keyword.arg == "text" and name in _KEYWORDS and untranslated:
                    yield file.name, name, keyword.value, ""


def _constants(node: ast.expr) -> Iterator[str]:
    for value in choices(node):
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
            yield value.value


def from_sources() -> set[tuple[str, str]]:
    """(context, text) of the constants and templates in calls that show something, and of the batch's tooltips."""
    found = {(context, text) for _, _, node, context in _calls() if context for text in _constants(node)}
    for file in sorted((ADDON / "operators").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "tooltip_of_row" and node.value.value:
                found.add((LABEL, node.value.value))
    return found


def composed() -> list[str]:
    """Calls that show a sentence put together in the source, which nobody could translate."""
    return [
        f"{file}, line {node.lineno}"
        for file, _, node, _ in _calls()
        for part in ast.walk(node)
        if isinstance(part, ast.JoinedStr)
        and any(isinstance(v, ast.Constant) and any(c.isalpha() for c in v.value) for v in part.values)
    ]


def from_blender() -> set[tuple[str, str]]:
    """(context, text) of the names and tooltips of all registered classes, their properties and the items of menus."""
    return set().union(*(_of_class(cls, OPERATOR if issubclass(cls, bpy.types.Operator) else LABEL) for cls in registered()))


def registered() -> Iterator[type]:
    """The add-on's classes that Blender knows by a name or by named properties."""
    types = bpy.types
    for base in (
        types.Operator,
        types.Panel,
        types.Menu,
        types.PropertyGroup,
        types.AddonPreferences,
        getattr(types, "FileHandler", types.Menu),
    ):
        for cls in base.__subclasses__():
            if cls.__module__.startswith("hrn_blender.") and cls.is_registered:
                yield cls


def _of_class(cls: type, context: str) -> set[tuple[str, str]]:
    found = {(context, getattr(cls, "bl_label", ""))}
    if issubclass(cls, bpy.types.Operator):
        found.add((LABEL, _rna(cls).description))
    for property_ in shown_properties(cls):
        found |= {(LABEL, property_.name), (LABEL, property_.description)}
        for item in getattr(property_, "enum_items_static", ()):
            found |= {(LABEL, item.name), (LABEL, item.description)}
    return {(context, text) for context, text in found if text}


def _rna(cls: type) -> bpy.types.Struct:
    if issubclass(cls, bpy.types.Operator):
        return getattr(bpy.ops.hrn, cls.bl_idname.split(".")[1]).get_rna_type()
    return cls.bl_rna


def shown_properties(cls: type) -> list[bpy.types.Property]:
    """A class's properties that have a name of their own; others are drawn nowhere."""
    if not issubclass(cls, (bpy.types.Operator, bpy.types.PropertyGroup, bpy.types.AddonPreferences)):
        return []
    return [
        one
        for one in _rna(cls).properties
        if one.identifier not in ("rna_type", "name", "bl_idname", "module")
        and not one.is_hidden
        and one.name != one.identifier
    ]


def from_tables() -> set[tuple[str, str]]:
    """(context, text) of stages without a message of their own, and of the menu of methods."""
    from hrn_blender.engine.wire.methods import METHODS
    from hrn_blender.engine.wire.protocol import STAGES

    methods = {text for method in METHODS.values() for text in (method.title, method.description)}
    return {(LABEL, text) for text in methods | {stage.capitalize() for stage in STAGES}}

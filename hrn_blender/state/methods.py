"""The methods that can be chosen now."""

from __future__ import annotations

from ..engine.wire.methods import METHODS
from . import model_files, session

__all__ = ["available_methods", "method_items", "unknown_methods"]

_method_items: list = []
"""Blender keeps no reference to the strings of a dynamic enum, so they are kept here."""


def available_methods() -> list[str]:
    """Methods whose files have been checked, else those that the running engine offers; at least the one that always
    works."""
    return [name for name in _offered() if name in METHODS] or ["open"]


def unknown_methods() -> list[str]:
    """Methods that the engine offers and this version of the add-on knows nothing of."""
    return [name for name in _offered() if name not in METHODS]


def _offered() -> list[str]:
    found = model_files.usable_methods()
    return session.engine_methods() if found is None else found


def method_items(_self, _context):
    """The items of the enum property of methods, as Blender asks for them; numbers are those of :data:`METHODS`."""
    numbers = list(METHODS)
    _method_items[:] = [
        (name, METHODS[name].title, METHODS[name].description, numbers.index(name)) for name in available_methods()
    ]
    return _method_items

"""Which methods can be chosen now."""

from __future__ import annotations

from . import model_files, session

__all__ = ["available_methods", "method_items"]

_METHODS = {
    "open": ("Open", "Works out of the box, with nothing to download by hand"),
    "hrn": ("HRN", "The published network; needs its own files and licence"),
    "mvhrn": ("HRN, Several Views", "The published multi-view network; needs its own files and licence"),
    "deep3d": ("Deep3D", "The published network; needs its own files and licence"),
    "tddfa_v3": ("3DDFA-V3", "The published network; needs its own files and licence"),
    "df_mvr": ("DF-MVR", "The published network; needs its own files and licence"),
    "hrn_face": ("HRN of ModelScope", "The published network; needs its own files and licence"),
    "hrn_head": ("HRN Full Head", "The published network; needs its own files and licence"),
    "hrn_face_fit": ("HRN of ModelScope, Fitted", "The published fitting of 2023; needs its own files and licence"),
}


_method_items: list = []
"""Blender keeps no reference to the strings of a dynamic enum, so they are kept here."""


def available_methods() -> list[str]:
    """Methods whose files have been checked, else those that the running engine offers; at least the one that always
    works."""
    found = model_files.usable_methods()
    return [m for m in (session.engine_methods() if found is None else found) if m in _METHODS] or ["open"]


def method_items(_self, _context):
    numbers = list(_METHODS)
    _method_items[:] = [(m, *_METHODS[m], numbers.index(m)) for m in available_methods()]
    return _method_items

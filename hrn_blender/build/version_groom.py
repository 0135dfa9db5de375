"""The groom of a version: guides where they are at rest, how they are bound to the head, and their sliders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy
import numpy as np

from .hair.bind import set_rest
from .hair.build import find_hair, tint_scalp
from .hair.edit import grow
from .hair.modifiers import SLIDERS, slider_input
from .hair.names import BIND_PLACE, BIND_TURN, BIND_UV, REST, SHOWN
from .hair.skin import set_shown
from .hair.stamp import MADE
from .hair.strands import Guides, new_curves, read_attribute, read_guides, set_attribute
from .hair_games.names import CURVES, KINDS, find_games, show_as
from .ledger import Ledger
from .names import UV_MAP
from .new_maps import is_foreign
from .source import HeadSource

__all__ = ["groom_state", "set_groom"]

_BINDING = {BIND_PLACE: "FLOAT_VECTOR", BIND_TURN: "QUATERNION", BIND_UV: "FLOAT2"}
"""Attributes by which strands are bound to the head, and their types."""
_FIELDS = ("offsets", "points", "radius", "color", "uv", "layer")
"""The arrays of :class:`.hair.strands.Guides`."""


def groom_state(head: bpy.types.Object) -> tuple[list[dict], dict[str, np.ndarray]]:
    """What is small about the groom of a head, and its arrays by names of their own."""
    arrays, groups = {}, []
    strands = find_hair(head)
    rest = read_attribute(head.data, REST) if strands else None
    if rest is not None:
        arrays[REST] = rest
    for name, hair in strands.items():
        guides = read_guides(hair.data)
        arrays |= {f"groom_{name}_{field}": getattr(guides, field) for field in _FIELDS}
        bound = {attribute: read_attribute(hair.data, attribute) for attribute in _BINDING}
        arrays |= {f"groom_{name}_{attribute}": values for attribute, values in bound.items() if values is not None}
        inputs = {one.name: slider_input(hair, one.name) for one in SLIDERS}
        sliders = {one: found.value for one, found in inputs.items() if found is not None}
        groups.append({"name": name, "shown": bool(head.get(SHOWN[name], 1)), "made": hair.get(MADE), "sliders": sliders})
    return groups, arrays


def set_groom(head: bpy.types.Object, groups: Sequence[Mapping], arrays: Mapping[str, np.ndarray], source: HeadSource) -> None:
    """Give a head the groom of a version. Strands that the version has not are hidden, none is removed: the artist may have made
    them; what was removed since grows again where the bundle of the version has it.

    Args:
        arrays: see :func:`groom_state`.
        source: the bundle.
    """
    present = find_hair(head)
    if any(map(is_foreign, present.values())):
        return
    missing = [one["name"] for one in groups if one["name"] not in present and one["name"] in source.hair]
    if missing:
        grow(head, source, missing)
        present = find_hair(head)
    if REST in arrays and len(arrays[REST]) == len(head.data.vertices):
        set_rest(head, arrays[REST])
    wanted = {one["name"]: one for one in groups}
    for name, hair in present.items():
        about = wanted.get(name)
        if about is not None:
            _set_strands(head, hair, name, about, arrays)
        shown = about is not None and about["shown"]
        if shown != bool(head.get(SHOWN[name], 1)):
            hair.hide_viewport = hair.hide_render = not shown
            set_shown(head, name, shown)
    tint_scalp(head)


def _set_strands(
    head: bpy.types.Object, hair: bpy.types.Object, name: str, about: Mapping, arrays: Mapping[str, np.ndarray]
) -> None:
    guides = Guides(*(arrays[f"groom_{name}_{field}"] for field in _FIELDS))
    bound = {one: arrays[f"groom_{name}_{one}"] for one in _BINDING if f"groom_{name}_{one}" in arrays}
    now = read_guides(hair.data)
    if any(not np.array_equal(getattr(now, field), getattr(guides, field)) for field in _FIELDS):
        with Ledger() as ledger:
            data = new_curves(hair.data.name, guides, ledger)
            for material in hair.data.materials:
                data.materials.append(material)
            data.surface, data.surface_uv_map = head, UV_MAP
            before, hair.data = hair.data, data
        old = before.name
        if before.users == 0:
            bpy.data.hair_curves.remove(before)
            hair.data.name = old
        if name == "hair" and hair.hide_viewport and any(find_games(head, kind) for kind in KINDS):
            show_as(head, CURVES)  # The cards are of another groom.
    for attribute, values in bound.items():
        set_attribute(hair.data, attribute, _BINDING[attribute], "CURVE", values)
    if about["made"] is not None:
        hair[MADE] = about["made"]
    for one, value in about["sliders"].items():
        found = slider_input(hair, one)
        if found is not None and abs(found.value - value) > 1e-6:
            found.set(value)
    hair.data.update_tag()

"""What grows on the guides: Blender's own hair nodes as modifiers, found by their names, which are the same in 4.2 to 5.2.

The modifiers' inputs are the values: the panel's sliders show them, so that there is nothing to keep in step.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import bpy

from ... import compat
from ...engine.wire.hair import HairStyle
from ..ledger import Ledger
from . import follow

__all__ = ["SLIDERS", "Slider", "add_follow", "add_modifiers", "hair_nodes", "slider_input"]

_FILE = "procedural_hair_node_assets.blend"
_FOLDERS = ("assets/nodes", "assets/geometry_nodes")
"""Where the file lies below Blender's data files, from 5.0 and before."""
_MARK = "hrn_hair_nodes"
"""Custom property of an appended group: its name in the file."""

DUPLICATE = "Duplicate Hair Curves"
"""Blender's group that grows curves around each guide."""
CLUMP = "Clump Hair Curves"
"""Blender's group that lets tips meet."""
CURL = "Curl Hair Curves"
"""Blender's group that curls."""
NOISE = "Hair Curves Noise"
"""Blender's group for slow wandering."""
FRIZZ = "Frizz Hair Curves"
"""Blender's group for quick wandering."""
TRIM = "Trim Hair Curves"
"""Blender's group that cuts."""
PROFILE = "Set Hair Curve Profile"
"""Blender's group for thickness."""
GROUPS = (TRIM, DUPLICATE, CLUMP, CURL, NOISE, FRIZZ, PROFILE)
"""Blender's groups in the order of the modifiers: what is cheap runs while there are few curves."""

_WAVE = 0.03
"""Length of one wave of the noise, metres."""
_WANDER = 2.5
"""Distance of Blender's noise at which tips are one metre off in the mean (measured in 4.5 and 5.2)."""
_TURNS = 3.0
"""Turns per metre of curls of frequency 1 (measured in 4.5 and 5.2)."""
_TIGHTEST = 0.004
"""Metres of the shortest turn of a curl that is made: the curves' points show no shorter ones."""


_MOST = 200
"""Children of a guide that a bundle may ask for."""


class Slider(NamedTuple):
    """A number that the panel offers: an input of one of the modifiers."""

    name: str
    modifier: str
    input: str


SLIDERS = (
    Slider("density", DUPLICATE, "Amount"),
    Slider("viewport", DUPLICATE, "Viewport Amount"),
    Slider("spread", DUPLICATE, "Radius"),
    Slider("length", TRIM, "Length Factor"),
    Slider("thickness", PROFILE, "Factor Max"),
    Slider("clump", CLUMP, "Factor"),
    Slider("noise", NOISE, "Distance"),
    Slider("frizz", FRIZZ, "Distance"),
    Slider("curl", CURL, "Radius"),
)
"""All sliders of modifiers; a curves object lacks those whose modifier the user removed."""


def slider_input(hair: bpy.types.Object, name: str) -> compat.ModifierInput | None:
    """The modifier input behind the slider `name` of a curves object; None where it has none."""
    slider = next(one for one in SLIDERS if one.name == name)
    for modifier in hair.modifiers:
        if modifier.type == "NODES" and modifier.node_group is not None and modifier.node_group.get(_MARK) == slider.modifier:
            return compat.modifier_input(modifier, slider.input)
    return None


def hair_nodes(ledger: Ledger) -> dict[str, bpy.types.GeometryNodeTree]:
    """Name -> Blender's hair node group, appended once per file; empty where this Blender has none."""
    found = {tree[_MARK]: tree for tree in bpy.data.node_groups if _MARK in tree and tree.library is None}
    missing = [name for name in GROUPS if name not in found]
    path = _file() if missing else None
    if path is None:
        return found
    before = set(bpy.data.node_groups)
    with bpy.data.libraries.load(str(path), link=False) as (there, here):
        here.node_groups = [name for name in missing if name in there.node_groups]
    for name, tree in zip([name for name in missing if name in there.node_groups], here.node_groups):
        if tree is not None:
            tree[_MARK] = name
            found[name] = tree
    for tree in set(bpy.data.node_groups) - before:
        ledger.add(tree)
        if tree.asset_data is not None:
            tree.asset_clear()  # It is an asset of Blender's, not of the user's file.
    return found


def _file() -> Path | None:
    """Blender's file of hair nodes."""
    data = bpy.utils.system_resource("DATAFILES")
    return next((path for folder in _FOLDERS if data and (path := Path(data, folder, _FILE)).is_file()), None)


def add_modifiers(
    hair: bpy.types.Object, head: bpy.types.Object, style: HairStyle, thickness: float, share: float, ledger: Ledger
) -> None:
    """Give `hair` its modifiers; where Blender's nodes are missing only the guides show.

    Args:
        thickness: gain of the guides' radius.
        share: part of the children that the viewport shows, 0 to 1.
    """
    add_follow(hair, head, ledger)
    groups = hair_nodes(ledger)
    for name, inputs in _inputs(style, thickness, share):
        if name in groups:
            modifier = hair.modifiers.new(name, "NODES")
            modifier.node_group = groups[name]
            modifier.show_expanded = False
            _fill(modifier, inputs)


def add_follow(hair: bpy.types.Object, head: bpy.types.Object, ledger: Ledger) -> None:
    """Give `hair` the modifier of :mod:`.follow`, before all others."""
    modifier = hair.modifiers.new(follow.GROUP, "NODES")
    modifier.node_group = _follow_group(ledger)
    _fill(modifier, {follow.HEAD: head, follow.VERTICES: len(head.data.vertices)})
    hair.modifiers.move(len(hair.modifiers) - 1, 0)


def _inputs(style: HairStyle, thickness: float, share: float) -> Iterator[tuple[str, dict]]:
    """The modifiers with their inputs that differ from Blender's defaults."""
    yield TRIM, {"Replace Length": False, "Length Factor": 1.0}
    yield (
        DUPLICATE,
        {
            "Amount": min(max(0, style.children - 1), _MOST),
            "Viewport Amount": share,
            "Radius": style.spread,
            "Distribution Shape": 0.3,
        },
    )
    yield CLUMP, {"Factor": style.clump, "Shape": 0.3, "Existing Guide Map": True, "Tip Spread": 0.0}
    if style.curl_radius > 0:
        turns = 1 / max(style.curl_length, _TIGHTEST) / _TURNS
        yield CURL, {"Radius": style.curl_radius, "Frequency": turns, "Existing Guide Map": True, "Subdivision": 1}
    # Not cumulative: the distances are how far the tips wander, not steps that add up to ten times as much.
    yield (
        NOISE,
        {
            "Cumulative Offset": False,
            "Distance": _WANDER * style.noise,
            "Scale": 1 / _WAVE,
            "Shape": 0.4,
            "Offset per Curve": 1.0,
        },
    )
    yield FRIZZ, {"Cumulative Offset": False, "Distance": style.frizz, "Shape": 0.3}
    # Shape 0 leaves the guides' own taper, which the thickness multiplies.
    yield PROFILE, {"Replace Radius": False, "Shape": 0.0, "Factor Min": 0.0, "Factor Max": thickness}


def _fill(modifier: bpy.types.NodesModifier, inputs: dict) -> None:
    for name, value in inputs.items():
        target = compat.modifier_input(modifier, name)
        if target is not None:
            target.set(value)


def _follow_group(ledger: Ledger) -> bpy.types.GeometryNodeTree:
    """The group of :mod:`.follow`, once per file."""
    for tree in bpy.data.node_groups:
        if follow.MARK in tree and tree.library is None:
            return tree
    return follow.build_follow_group(ledger)

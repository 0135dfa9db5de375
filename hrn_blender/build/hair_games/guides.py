"""A groom's guides as they are now: combed, cut, trimmed and where the head's pose puts them."""

from __future__ import annotations

import bpy
import numpy as np

from ...engine.wire.hair_color import BUILT
from ..hair import follow
from ..hair.alone import evaluated_alone, switched_off
from ..hair.material import BRIGHTNESS, CHOSEN, MELANIN, REDNESS, color_input, pigment_color
from ..hair.modifiers import TRIM
from ..hair.strands import read_guides
from .strips import Guides

__all__ = ["groom_guides"]


def groom_guides(curves: bpy.types.Object, head: bpy.types.Object) -> Guides:
    """The guides of a curves object of `head`, in the head's object space.

    Raises:
        ValueError: there is no curve of at least two points.
    """
    children = [modifier for modifier in curves.modifiers if not _keeps_guides(modifier)]
    with switched_off(children), evaluated_alone([head, curves]) as (_, seen):
        found = read_guides(seen.data)
    count = np.diff(found.offsets)
    kept = count > 1
    if not kept.any():
        raise ValueError("The hair has no guides.")
    turn = np.array(head.matrix_world.inverted() @ curves.matrix_world)
    points = found.points @ turn[:3, :3].T + turn[:3, 3]
    # Curves of different numbers of points side by side: shorter ones repeat their tip, which adds no length.
    first, count = found.offsets[:-1][kept], count[kept]
    index = first[:, None] + np.minimum(np.arange(count.max()), count[:, None] - 1)
    return Guides(points[index], _shown(found.color, curves)[index], found.layer[kept])


def _shown(color: np.ndarray, curves: bpy.types.Object) -> np.ndarray:
    """(M, 3) linear colours with what the sliders of the strands' material make of them."""
    chosen, melanin, redness, brightness = (
        socket.default_value if (socket := color_input(curves, name)) is not None else usual
        for name, usual in ((CHOSEN, 0.0), (MELANIN, 0.0), (REDNESS, 0.0), (BRIGHTNESS, 1.0))
    )
    pigment = BUILT.look(np.array(pigment_color(melanin, redness)))
    return np.clip(brightness * ((1 - chosen) * color + chosen * pigment), 0, 1).astype(np.float32)


def _keeps_guides(modifier: bpy.types.Modifier) -> bool:
    """Whether a modifier moves or shortens guides without growing others around them."""
    if modifier.type != "NODES" or modifier.node_group is None:
        return False
    return follow.MARK in modifier.node_group or modifier.node_group.name.startswith(TRIM)

"""A groom's guides as they are now: combed, cut, trimmed and where the head's pose puts them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np

from ...engine.wire.hair_color import BUILT
from ..hair import follow
from ..hair.material import BRIGHTNESS, CHOSEN, MELANIN, REDNESS, color_input, pigment_color
from ..hair.modifiers import TRIM
from ..hair.strands import read_guides
from ..ledger import Ledger
from .strips import Guides

__all__ = ["groom_guides"]


def groom_guides(curves: bpy.types.Object, head: bpy.types.Object) -> Guides:
    """The guides of a curves object of `head`, in the head's object space.

    Raises:
        ValueError: there is no curve of at least two points.
    """
    with _without_children(curves, head) as data:
        found = read_guides(data)
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


@contextmanager
def _without_children(curves: bpy.types.Object, head: bpy.types.Object) -> Iterator[bpy.types.Curves]:
    """The curves' data after those modifiers that move or shorten guides, in a scene with nothing but the two, for as long as
    the context lasts."""
    ledger = Ledger()
    off = [m for m in curves.modifiers if m.show_viewport and not _keeps_guides(m)]
    hidden = [thing for thing in (curves, head) if thing.hide_viewport]
    try:
        for modifier in off:
            modifier.show_viewport = False
        for thing in hidden:
            thing.hide_viewport = False
        scene = ledger.add(bpy.data.scenes.new("HRN Hair"))
        for thing in (head, curves):
            scene.collection.objects.link(thing)
        layer = scene.view_layers[0]
        layer.update()
        yield curves.evaluated_get(layer.depsgraph).data
    finally:
        for thing in hidden:
            thing.hide_viewport = True
        for modifier in off:
            modifier.show_viewport = True
        ledger.undo()


def _keeps_guides(modifier: bpy.types.Modifier) -> bool:
    if modifier.type != "NODES" or modifier.node_group is None:
        return False
    return follow.MARK in modifier.node_group or modifier.node_group.name.startswith(TRIM)

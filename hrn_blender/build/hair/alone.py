"""Objects evaluated in a scene of their own: whatever the user hides, and without evaluating the rest of the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import bpy

from ..ledger import Ledger

__all__ = ["evaluated_alone", "switched_off"]


@contextmanager
def evaluated_alone(things: Iterable[bpy.types.Object]) -> Iterator[list[bpy.types.Object]]:
    """`things` as evaluated for the viewport, in their order, for as long as the context lasts; none of them is hidden then."""
    things, ledger = list(things), Ledger()
    hidden = [thing for thing in things if thing.hide_viewport]
    try:
        for thing in hidden:
            thing.hide_viewport = False
        scene = ledger.add(bpy.data.scenes.new("HRN Hair"))
        for thing in things:
            scene.collection.objects.link(thing)
        layer = scene.view_layers[0]
        layer.update()
        yield [thing.evaluated_get(layer.depsgraph) for thing in things]
    finally:
        for thing in hidden:
            thing.hide_viewport = True
        ledger.undo()


@contextmanager
def switched_off(modifiers: Iterable[bpy.types.Modifier]) -> Iterator[None]:
    """The viewport does without `modifiers` for as long as the context lasts."""
    shown = [modifier for modifier in modifiers if modifier.show_viewport]
    try:
        for modifier in shown:
            modifier.show_viewport = False
        yield
    finally:
        for modifier in shown:
            modifier.show_viewport = True

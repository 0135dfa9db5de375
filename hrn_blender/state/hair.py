"""The hair that the panel and its buttons mean."""

from __future__ import annotations

import bpy

from ..build import find_heads
from ..build.hair.build import find_hair
from ..build.head import HAIR_PROPERTY
from .heads import active_head

__all__ = ["active_hair", "lacking", "other_heads"]


def active_hair(context) -> bpy.types.Object | None:
    """The curves whose sliders the panel shows: the active object, or the first group of the active head."""
    head = active_head(context)
    found = find_hair(head) if head is not None else {}
    active = context.active_object
    return active if active in found.values() else next(iter(found.values()), None)


def lacking(head: bpy.types.Object) -> list[str]:
    """Groups that the head's bundle has and the head has not."""
    present = find_hair(head)
    return [name for name in head.get(HAIR_PROPERTY, "").split() if name not in present]


def other_heads(context, head: bpy.types.Object) -> list[bpy.types.Object]:
    """Heads of the scene that `head` can take hair from."""
    return [other for other in find_heads(context.scene) if other != head and find_hair(other)]

"""The head that an operator of this room changes, and the others beside it."""

from __future__ import annotations

import bpy

from ...build import find_heads
from ...engine.wire.errors import ErrorCode, HrnError
from ...engine.wire.messages import say
from ...state import adding
from ...state.correct import is_adjusted
from ...state.heads import active_head
from ...state.language import tip
from ..shared import in_object_mode, own_head

__all__ = ["OwnHead", "QuietHead", "other_heads", "refuse_other_mesh"]


class OwnHead:
    """An operator that changes the active head, which belongs to this file."""

    @classmethod
    def poll(cls, context):
        head = own_head(cls, context)
        if head is None:
            return False
        if is_adjusted(head):
            cls.poll_message_set(tip("Leave Adjust Mode first"))
            return False
        return in_object_mode(cls, context)


class QuietHead(OwnHead):
    """An operator that changes the shape of the active head, to which no photo is being added meanwhile."""

    @classmethod
    def poll(cls, context):
        if not super().poll(context):
            return False
        if adding.running(active_head(context)) is not None:
            cls.poll_message_set(tip("A photo is being added to this head"))
            return False
        return True


def other_heads(context, head: bpy.types.Object) -> list[bpy.types.Object]:
    """The scene's heads but this one."""
    return [one for one in find_heads(context.scene) if one != head]


def refuse_other_mesh(head: bpy.types.Object, other: bpy.types.Object) -> None:
    """
    Raises:
        HrnError: ``BUNDLE_INVALID`` where two heads do not have the same vertices and faces.
    """
    a, b = head.data, other.data
    if len(a.vertices) != len(b.vertices) or len(a.polygons) != len(b.polygons) or len(a.loops) != len(b.loops):
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            say("{head} and {other} have different meshes.", head=head.name, other=other.name),
            hint="Choose two heads whose meshes were not edited.",
        )

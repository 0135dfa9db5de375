"""Hair for games: cards and a mesh made of the active head's hair."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty

from ..build.hair.build import find_hair
from ..build.hair_games.cards import build_cards
from ..build.hair_games.guides import groom_guides
from ..build.hair_games.mesh import build_hair_mesh
from ..build.hair_games.names import CARDS, CURVES, KINDS, MESH, find_games, remove_games, show_as, triangles_of, ways
from ..build.own import own
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from ..state.heads import active_head
from ..state.language import CONTEXT, report, tip
from ..state.session import fail
from .shared import in_object_mode, not_linked

__all__ = ["register", "unregister"]

_WAYS = (
    (CURVES, "Strands", "The hair curves"),
    (CARDS, "Cards", "Strips with a texture of strands"),
    (MESH, "Mesh", "The hair's outer surface"),
)
"""Ways to show the hair, as items of an enumeration."""
_FEWEST = 200
"""Fewest triangles that hair can be asked for in."""


def _scalp_hair(operator: type[bpy.types.Operator], context) -> bpy.types.Object | None:
    """The curves of the active head's scalp hair, where something can be made of them; otherwise says why not."""
    head = active_head(context)
    hair = find_hair(head).get("hair") if head is not None else None
    if hair is None:
        operator.poll_message_set(tip("This head has no hair"))
    elif not_linked(operator, hair) and in_object_mode(operator, context):
        return hair
    return None


def _show_as(context, head: bpy.types.Object, way: str) -> None:
    """Show the scalp hair of `head` in one way and hide the others."""
    show_as(head, way)
    if context.active_object is None:  # A hidden object is nobody's active one; the panel would go with it.
        context.view_layer.objects.active = head


def _made(operator: bpy.types.Operator, context, build: Callable) -> set[str]:
    """Run `build` with the head and the guides of its hair, show what it returns, and say how large it is."""
    head = active_head(context)
    try:
        own(head)
        made = build(head, groom_guides(find_hair(head)["hair"], head))
    except HrnError as error:
        return fail(operator, error, head.name)
    except ValueError:
        return fail(
            operator,
            HrnError(ErrorCode.INTERNAL, "The hair has no guides.", hint="Comb to Photo Again brings them back."),
            head.name,
        )
    except (RuntimeError, MemoryError) as error:
        return fail(
            operator, HrnError(ErrorCode.INTERNAL, say("The hair could not be changed: {reason}.", reason=error)), head.name
        )
    _show_as(context, head, made["hrn_hair_games"])
    operator.report({"INFO"}, report("{count} triangles", count=triangles_of(made)))
    return {"FINISHED"}


class HRN_OT_hair_cards(bpy.types.Operator):
    """Make strips with a texture of strands from this head's hair as it is now. Earlier cards are replaced"""

    bl_idname = "hrn.hair_cards"
    bl_label = "Make Hair Cards"
    bl_options = {"REGISTER", "UNDO"}

    triangles: IntProperty(
        name="Triangles", translation_context=CONTEXT, default=7000, min=_FEWEST, soft_max=30000, max=200000,
        description="The most that the cards may have",
    )  # fmt: skip

    @classmethod
    def poll(cls, context):
        return _scalp_hair(cls, context) is not None

    def execute(self, context):
        return _made(self, context, lambda head, guides: build_cards(head, guides, self.triangles))


class HRN_OT_hair_mesh(bpy.types.Operator):
    """Make the outer surface of this head's hair as it is now, one mesh for stylised games and printing. An earlier one is replaced"""

    bl_idname = "hrn.hair_mesh"
    bl_label = "Make Hair Mesh"
    bl_options = {"REGISTER", "UNDO"}

    triangles: IntProperty(
        name="Triangles", translation_context=CONTEXT, default=5000, min=_FEWEST, soft_max=30000, max=200000,
        description="The most that the mesh may have",
    )  # fmt: skip
    closed: BoolProperty(
        name="Closed", translation_context=CONTEXT, default=False,
        description="Keep the side that lies on the head, which nobody sees: a solid body, as printers want it",
    )  # fmt: skip

    @classmethod
    def poll(cls, context):
        return _scalp_hair(cls, context) is not None

    def execute(self, context):
        return _made(self, context, lambda head, guides: build_hair_mesh(head, guides, self.triangles, self.closed))


class HRN_OT_hair_show_as(bpy.types.Operator):
    """Show the hair of this head in one way, here and in renders, and hide the others"""

    bl_idname = "hrn.hair_show_as"
    bl_label = "Show Hair As"
    bl_options = {"REGISTER", "UNDO"}

    way: EnumProperty(name="Way", translation_context=CONTEXT, items=_WAYS)

    @classmethod
    def poll(cls, context):
        return not_linked(cls, active_head(context))

    def execute(self, context):
        head = active_head(context)
        if ways(head)[self.way] is None:
            return {"CANCELLED"}
        _show_as(context, head, self.way)
        return {"FINISHED"}


class HRN_OT_hair_games_remove(bpy.types.Operator):
    """Remove the cards or the mesh; the strands stay"""

    bl_idname = "hrn.hair_games_remove"
    bl_label = "Remove Cards or Mesh"
    bl_options = {"REGISTER", "UNDO"}

    way: EnumProperty(name="Way", translation_context=CONTEXT, items=_WAYS[1:])

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        return head is not None and head.library is None and in_object_mode(cls, context)

    def execute(self, context):
        head = active_head(context)
        if find_games(head, self.way) is None:
            return {"CANCELLED"}
        own(head)
        remove_games(find_games(head, self.way))
        other = next((kind for kind in KINDS if find_games(head, kind) is not None), CURVES)
        _show_as(context, head, other)
        return {"FINISHED"}


_CLASSES = (HRN_OT_hair_cards, HRN_OT_hair_mesh, HRN_OT_hair_show_as, HRN_OT_hair_games_remove)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)

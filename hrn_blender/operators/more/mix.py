"""Mix: a third head between two, with a slider."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty

from ...build.hair.build import find_hair
from ...build.hair.edit import hair_from
from ...build.mix import make_mix, set_mix
from ...engine.wire.errors import ErrorCode, HrnError
from ...engine.wire.messages import say
from ...state import session
from ...state.heads import active_head
from ...state.language import CONTEXT, tip
from ...state.session import fail
from .own import OwnHead, other_heads, refuse_other_mesh

__all__ = ["CLASSES"]


class HRN_OT_mix_heads(OwnHead, bpy.types.Operator):
    """Make a third head between this one and another, with a slider in the panel. Both stay as they are"""

    bl_idname = "hrn.mix_heads"
    bl_label = "Mix"
    bl_options = {"REGISTER", "UNDO"}

    other: StringProperty(options={"SKIP_SAVE"}, description="Name of the other head; empty: the other selected one")
    share: FloatProperty(
        name="Share",
        translation_context=CONTEXT,
        default=0.5,
        min=-0.5,
        max=1.5,
        description="0 is this head, 1 the other one; beyond, their difference is exaggerated",
    )
    hair: EnumProperty(
        name="Hair",
        translation_context=CONTEXT,
        items=(("FIRST", "This Head's", ""), ("SECOND", "The Other's", ""), ("NONE", "None", "")),
        description="Whose hair the new head gets",
    )

    @classmethod
    def poll(cls, context):
        if not super().poll(context):
            return False
        if not other_heads(context, active_head(context)):
            cls.poll_message_set(tip("There is no other head in this scene"))
            return False
        return True

    def execute(self, context):
        first = active_head(context)
        session.dismiss()
        try:
            second = self._other(context, first)
            refuse_other_mesh(first, second)
        except HrnError as error:
            return fail(self, error, first.name)
        head = make_mix(first, second, f"{first.name} + {second.name}", context.scene)
        mixed = head.hrn_mix
        mixed.first, mixed.second = first, second
        mixed.share = self.share
        set_mix(head, first, second, self.share)
        context.view_layer.update()
        model = {"FIRST": first, "SECOND": second}.get(self.hair)
        if model is not None and find_hair(model):
            set_mix(head, first, second, float(model == second))  # It is planted on the head that it grew on.
            context.view_layer.update()
            hair_from(head, model)
            set_mix(head, first, second, self.share)
        for one in list(context.view_layer.objects.selected):
            one.select_set(False)
        head.select_set(True)
        context.view_layer.objects.active = head
        return {"FINISHED"}

    def _other(self, context, first: bpy.types.Object) -> bpy.types.Object:
        others = other_heads(context, first)
        if self.other:
            chosen = [one for one in others if one.name == self.other]
        else:
            chosen = [one for one in others if one.select_get()] or others
        if len(chosen) != 1:
            text = say("There is no other head “{name}” in this scene.", name=self.other)
            raise HrnError(
                ErrorCode.BUNDLE_INVALID,
                text if self.other else "It is not clear which other head is meant.",
                hint="Select both heads, the one to begin with last.",
            )
        return chosen[0]


class HRN_MT_mix(bpy.types.Menu):
    bl_idname = "HRN_MT_mix"
    bl_label = "Mix With"
    bl_translation_context = CONTEXT

    def draw(self, context):
        head = active_head(context)
        for other in other_heads(context, head) if head is not None else ():
            self.layout.operator("hrn.mix_heads", text=other.name, translate=False, icon="USER").other = other.name


CLASSES = (HRN_OT_mix_heads, HRN_MT_mix)

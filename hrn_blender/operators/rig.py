"""Bones for the active head, and shape keys of speech."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.props import EnumProperty

from ..build.rig import add_visemes, build_rig, find_rig, fit_rig, remove_rig, rename_bones, set_lead
from ..engine.wire.errors import HrnError
from ..engine.wire.rig import load_rig
from ..state.heads import active_head
from ..state.language import CONTEXT, report, tip
from ..state.session import fail
from .more.own import QuietHead

__all__ = ["register", "unregister"]


def _done(operator: bpy.types.Operator, context, what: Callable[[bpy.types.Object], object]) -> set[str]:
    """Do something to the active head; what cannot be done is said."""
    head = active_head(context)
    try:
        what(head)
    except HrnError as error:
        return fail(operator, error, head.name)
    return {"FINISHED"}


class _Rigged(QuietHead):
    """An operator for a head that has a rig."""

    @classmethod
    def poll(cls, context):
        if not super().poll(context):
            return False
        rig = find_rig(active_head(context))
        if rig is None:
            cls.poll_message_set(tip("Add a rig first"))
            return False
        if rig.library is not None or rig.data.library is not None:
            cls.poll_message_set(tip("This rig belongs to another file"))
            return False
        return True


class HRN_OT_rig_add(QuietHead, bpy.types.Operator):
    """Give this head an armature: neck, head, jaw, eyes and tongue. Expressions stay, and jaw and eyes follow them"""

    bl_idname = "hrn.rig_add"
    bl_label = "Add Rig"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        if not super().poll(context):
            return False
        if find_rig(active_head(context)) is not None:
            cls.poll_message_set(tip("This head has a rig"))
            return False
        return True

    def execute(self, context):
        return _done(self, context, build_rig)


class HRN_OT_rig_fit(_Rigged, bpy.types.Operator):
    """Put the bones where this head's joints are now, after it was corrected or sculpted. Poses and weights stay"""

    bl_idname = "hrn.rig_fit"
    bl_label = "Fit Rig Again"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        return _done(self, context, lambda head: fit_rig(head, find_rig(head)))


class HRN_OT_rig_remove(_Rigged, bpy.types.Operator):
    """Remove the armature. The head keeps its place and its expression"""

    bl_idname = "hrn.rig_remove"
    bl_label = "Remove Rig"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        head = active_head(context)
        context.view_layer.objects.active = head
        remove_rig(head, find_rig(head))
        return {"FINISHED"}


class HRN_OT_rig_lead(_Rigged, bpy.types.Operator):
    """Choose what moves the face: its shape keys or its bones. The face stays as it is"""

    bl_idname = "hrn.rig_lead"
    bl_label = "Face Led By"
    bl_options = {"REGISTER", "UNDO"}

    lead: EnumProperty(
        name="Led By", translation_context=CONTEXT,
        items=(
            ("KEYS", "Shape Keys", "Jaw and eyes follow the expressions, as motion capture and sliders set them"),
            ("BONES", "Bones", "Expressions follow the bones of jaw and eyes: pose them, or let the eyes look at their target"),
            ("SKIN", "Bones with Weights", "Bones carry jaw, eyes and tongue by weights, as in game engines. Expressions add to that"),
        ),
    )  # fmt: skip

    def execute(self, context):
        return _done(self, context, lambda head: set_lead(head, find_rig(head), self.lead, load_rig()))


class HRN_OT_rig_names(_Rigged, bpy.types.Operator):
    """Give the bones the names that another program looks for"""

    bl_idname = "hrn.rig_names"
    bl_label = "Bone Names"
    bl_options = {"REGISTER", "UNDO"}

    naming: EnumProperty(
        name="Names", translation_context=CONTEXT,
        items=(
            ("BLENDER", "Blender", "With .L and .R, so that poses can be mirrored"),
            ("RIGIFY", "Rigify", "As in the human meta-rig"),
            ("UNREAL", "Unreal", "As in the mannequin, with MetaHuman's names in the face"),
            ("MIXAMO", "Mixamo", "As in characters from Mixamo"),
            ("VRM", "VRM", "As in characters from VRoid, which VRM programs recognize"),
        ),
    )  # fmt: skip

    def execute(self, context):
        rename_bones(find_rig(active_head(context)), self.naming)
        return {"FINISHED"}


class HRN_OT_visemes(QuietHead, bpy.types.Operator):
    """Add shape keys for the sounds of speech, made of this head's expressions. Again: make them anew"""

    bl_idname = "hrn.visemes"
    bl_label = "Add Visemes"
    bl_options = {"REGISTER", "UNDO"}

    kind: EnumProperty(
        name="Set", translation_context=CONTEXT,
        items=(
            ("OCULUS", "Oculus, Meta", "15 visemes, named viseme_PP and so on"),
            ("MICROSOFT", "Microsoft", "22 visemes of its speech service, named viseme_ms_00 to viseme_ms_21"),
        ),
    )  # fmt: skip

    def execute(self, context):
        names = add_visemes(active_head(context), self.kind)
        self.report({"INFO"}, report("{count} visemes are shape keys of this head", count=len(names)))
        return {"FINISHED"} if names else {"CANCELLED"}


register, unregister = bpy.utils.register_classes_factory(
    (HRN_OT_rig_add, HRN_OT_rig_fit, HRN_OT_rig_remove, HRN_OT_rig_lead, HRN_OT_rig_names, HRN_OT_visemes)
)

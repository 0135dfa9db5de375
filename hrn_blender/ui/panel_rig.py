"""The panel Rig: bones of the active head and shape keys of speech."""

from __future__ import annotations

import bpy

from ..build.rig import find_rig, lead_of, look_at
from ..state.heads import active_head
from ..state.language import CONTEXT, words
from .drawing import Sidebar

__all__ = ["register", "unregister"]


class HRN_PT_rig(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_rig"
    bl_label = "Rig"
    bl_translation_context = CONTEXT
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        return active_head(context) is not None

    def draw(self, context):
        layout = self.layout
        rig = find_rig(active_head(context))
        if rig is None:
            layout.operator("hrn.rig_add", icon="ARMATURE_DATA")
        else:
            lead = lead_of(rig)
            column = layout.column(align=True)
            column.label(text=words("Face Led By"), translate=False)
            for name, text in (
                ("KEYS", words("Shape Keys")), ("BONES", words("Bones")), ("SKIN", words("Bones with Weights"))
            ):  # fmt: skip
                icon = "RADIOBUT_ON" if name == lead else "RADIOBUT_OFF"
                column.operator("hrn.rig_lead", text=text, icon=icon, translate=False, depress=name == lead).lead = name
            target = look_at(rig)
            if target is not None and lead != "KEYS":
                layout.prop(target, '["influence"]', text=words("Eyes Look at Target"), translate=False, slider=True)
            layout.operator_menu_enum("hrn.rig_names", "naming", icon="SORTALPHA")
            row = layout.row(align=True)
            row.operator("hrn.rig_fit", icon="FILE_REFRESH")
            row.operator("hrn.rig_remove", text="", icon="X")
        layout.operator_menu_enum("hrn.visemes", "kind", icon="SPEAKER")
        layout.operator("hrn.capture", icon="IMPORT")


register, unregister = bpy.utils.register_classes_factory((HRN_PT_rig,))

"""The panel More of One Person, below Correct: another photo, and the versions of the active head."""

from __future__ import annotations

import bpy

from ..build.refit import photo_cameras
from ..state import adding, history
from ..state.heads import active_head
from ..state.language import words
from .drawing import Sidebar, draw_progress

__all__ = ["register", "unregister"]


def _own(context) -> bpy.types.Object | None:
    """The active head, where it belongs to this file."""
    head = active_head(context)
    return None if head is None or head.library is not None or head.override_library is not None else head


class HRN_PT_more(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_more"
    bl_label = "More of One Person"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        return _own(context) is not None

    def draw(self, context):
        head = _own(context)
        layout = self.layout
        errand = adding.running(head)
        if errand is None:
            layout.operator("hrn.add_photo", icon="FILE_IMAGE")
        else:
            row = layout.row(align=True)
            draw_progress(row, errand.title, errand.fraction)
            row.operator("hrn.add_photo_cancel", text="", icon="X")
        count = len(photo_cameras(head))
        layout.label(text=words("Photos in this head: {count}", count=count), translate=False, icon="CAMERA_DATA")
        row = layout.row()
        row.enabled = bpy.ops.hrn.compare.poll()
        row.menu("HRN_MT_compare", icon="IMAGE_REFERENCE")
        if head.hrn_mix.first is not None and head.hrn_mix.second is not None:
            layout.prop(head.hrn_mix, "share", slider=True)
        else:
            row = layout.row()
            row.enabled = bpy.ops.hrn.mix_heads.poll()
            row.menu("HRN_MT_mix", icon="FORCE_VORTEX")
        column = layout.column(align=True)
        column.operator("hrn.symmetrise", icon="MOD_MIRROR")
        column.operator("hrn.relax_expression", icon="SHAPEKEY_DATA")
        column.operator("hrn.rest_shape", icon="KEY_HLT")


class HRN_PT_more_history(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_more_history"
    bl_label = "History"
    bl_parent_id = "HRN_PT_more"

    def draw(self, context):
        head = _own(context)
        if head is None:
            return
        layout = self.layout
        row = layout.row(align=True)
        row.operator("hrn.version_back", icon="TRIA_LEFT")
        row.operator("hrn.version_forward", icon="TRIA_RIGHT")
        layout.operator("hrn.version_keep", icon="BOOKMARKS")
        here = history.place(head)
        found = history.versions(head)
        for number in reversed(range(len(found))):
            version = found[number]
            box = layout.box()
            row = box.row()
            picture = history.thumbnail(head, version)
            if picture:
                row.template_icon(icon_value=picture, scale=3.0)
            column = row.column(align=True)
            column.label(text=words("Before: {what}", what=words(version.name)), translate=False)
            column.label(text=version.when, translate=False)
            column.operator("hrn.version_go", depress=number == here).number = number


_CLASSES = (HRN_PT_more, HRN_PT_more_history)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)

"""The panel Correct: Adjust Mode, what pins may change, locks, masks and sliders of the active head."""

from __future__ import annotations

import bpy

from ..build.refit import photo_cameras
from ..engine.wire.corrections import LOCK_PARTS
from ..engine.wire.sliders import SLIDERS
from ..state import correct, said
from ..state.heads import active_head, meant_camera
from ..state.language import words
from .drawing import Sidebar, draw_progress, draw_text

__all__ = ["register", "unregister"]


def _own(context) -> bpy.types.Object | None:
    """The active head, where it can be corrected."""
    head = active_head(context)
    if head is None or head.library is not None or head.override_library is not None or not photo_cameras(head):
        return None
    return head


class HRN_PT_correct(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_correct"
    bl_label = "Correct"

    @classmethod
    def poll(cls, context):
        return _own(context) is not None

    def draw(self, context):
        layout = self.layout
        head = _own(context)
        wanted = head.hrn_correct
        column = layout.column()
        column.scale_y = 1.3
        column.operator("hrn.adjust", icon="PINNED", depress=correct.is_adjusted(head))
        errand = correct.running(head)
        if errand is not None and errand.title:
            draw_progress(layout, errand.title, errand.fraction)
        elif errand is None and wanted.fit_old:
            layout.operator("hrn.adjust_refit", icon="FILE_REFRESH")
        elif not correct.is_adjusted(head):
            layout.operator("hrn.adjust_texture", icon="TEXTURE")
        layout.prop(wanted, "opacity", slider=True)
        count = len(correct.pins_of_head(head))
        row = layout.row(align=True)
        row.label(text=words("{count} pins", count=count), translate=False, icon="PINNED")
        row.operator_menu_enum("hrn.adjust_clear", "what", text="Clear")
        layout.prop(wanted, "deviation")
        for sentence in (*said.sentences(head), *said.about_maps(head)):
            draw_text(layout.box(), sentence, context, icon="ERROR")
        column = layout.column(align=True)
        column.prop(wanted, "rigid_only")
        sub = column.column(align=True)
        sub.active = not wanted.rigid_only
        for name in ("shape", "expression", "symmetric"):
            sub.prop(wanted, name)
        column.prop(wanted, "neutral")
        column.prop(wanted, "focal_free")


class _Below(Sidebar):
    """A panel within the panel Correct."""

    bl_parent_id = "HRN_PT_correct"
    bl_options = {"DEFAULT_CLOSED"}


class HRN_PT_correct_locks(_Below, bpy.types.Panel):
    bl_idname = "HRN_PT_correct_locks"
    bl_label = "Stays As It Is"

    def draw(self, context):
        head = _own(context)
        if head is None:
            return
        flow = self.layout.grid_flow(columns=2, align=True)
        for name in LOCK_PARTS:
            flow.prop(head.hrn_correct, f"lock_{name}", toggle=True)
        self.layout.prop_search(head.hrn_correct, "lock_group", head, "vertex_groups")


class HRN_PT_correct_masks(_Below, bpy.types.Panel):
    bl_idname = "HRN_PT_correct_masks"
    bl_label = "Paint on the Photo"

    def draw(self, context):
        head = _own(context)
        if head is None:
            return
        cameras = photo_cameras(head)
        camera = meant_camera(context, head)
        any_mask = False
        for kind, text in (("ignore", words("Paint What to Ignore")), ("skin", words("Paint What Is Skin"))):
            row = self.layout.row(align=True)
            row.operator("hrn.adjust_paint", text=text, translate=False, icon="BRUSH_DATA").kind = kind
            if correct.mask_of(camera, kind) is not None:
                row.operator("hrn.adjust_remove_mask", text="", icon="X").kind = kind
            any_mask = any_mask or any(correct.mask_of(one, kind) is not None for one in cameras)
        if any_mask:
            self.layout.operator("hrn.adjust_use_masks", icon="CHECKMARK")


class HRN_PT_correct_sliders(_Below, bpy.types.Panel):
    bl_idname = "HRN_PT_correct_sliders"
    bl_label = "By Numbers"

    def draw(self, context):
        head = _own(context)
        if head is None:
            return
        columns: dict[str, bpy.types.UILayout] = {}
        for slider in SLIDERS.values():
            column = columns.get(slider.group)
            if column is None:
                column = columns[slider.group] = self.layout.column(align=True)
            text = words("{measure} ({unit})", measure=slider.label, unit=slider.unit) if slider.unit else words(slider.label)
            column.prop(head.hrn_correct, correct.SLIDER + slider.name, text=text, translate=False, slider=True)


_CLASSES = (HRN_PT_correct, HRN_PT_correct_locks, HRN_PT_correct_masks, HRN_PT_correct_sliders)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)

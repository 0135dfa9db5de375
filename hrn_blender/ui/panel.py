"""The sidebar panel HRN of the 3D viewport.

Drawing only reads: the session, the scene's settings, and the engine's state on disk (looked at every two seconds).
"""

from __future__ import annotations

from pathlib import Path

import bpy

from ..build import DEFORMATION_KEY, FOLDS_KEY, can_have_mesh_detail, has_mesh_detail, strength_socket
from ..engine.wire.messages import Message, say
from ..engine.wire.methods import METHODS
from ..link.jobs import Job, JobState
from ..link.location import engine_status
from ..state import session, thumbnails
from ..state.heads import active_head, head_cameras, linked_head, photo_label
from ..state.language import CONTEXT, words
from ..state.methods import available_methods
from .drawing import Sidebar, draw_name, draw_progress, draw_text
from .panel_engine import draw_engine

__all__ = ["register", "unregister"]


class HRN_PT_main(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_main"
    bl_label = "Head from Photo"

    def draw(self, context):
        layout = self.layout
        if session.install is not None or not engine_status().installed:
            draw_engine(layout.box(), context)
            layout.separator()
        self._draw_photos(layout, context)
        self._draw_action(layout)
        for job in session.asking():
            self._draw_question(layout, context, job)
        if session.notice is not None:
            self._draw_notice(layout, context, session.notice)

    @staticmethod
    def _draw_photos(layout, context) -> None:
        photos = session.photos
        if not photos:
            column = layout.column(align=True)
            column.scale_y = 1.3
            column.operator("hrn.choose_photo", text="Choose Photo...", icon="FILE_IMAGE")
            return
        if len(photos) > 1:
            state = context.window_manager.hrn
            row = layout.row()
            row.template_list("HRN_UL_photos", "", state, "photos", state, "active_photo", rows=min(max(len(photos), 3), 8))
            column = row.column(align=True)
            column.operator("hrn.add_photos", text="", icon="ADD")
            column.operator("hrn.remove_photo", text="", icon="REMOVE")
            column.operator("hrn.clear_photos", text="", icon="X")
            if 0 <= state.active_photo < len(photos):
                picture = thumbnails.icon(photos[state.active_photo])
                if picture:
                    layout.template_icon(icon_value=picture, scale=5.0)
            draw_text(layout, say("{count} views of one person", count=len(photos)), context, icon="INFO")
            return
        column = layout.column(align=True)
        box = column.box()
        icon = thumbnails.icon(photos[0])
        if icon:
            box.template_icon(icon_value=icon, scale=7.0)
        else:
            box.label(text="No preview for this kind of file", icon="IMAGE_DATA")
        row = column.row(align=True)
        row.operator("hrn.choose_photo", text=Path(photos[0]).name, icon="FILE_IMAGE", translate=False)
        row.operator("hrn.add_photos", text="", icon="ADD")
        row.operator("hrn.clear_photos", text="", icon="X")

    @staticmethod
    def _draw_action(layout) -> None:
        count = len(session.photos)
        column = layout.column()
        column.scale_y = 1.6
        if count > 1:
            text = words("Reconstruct from {count} Photos", count=count)
            column.operator("hrn.reconstruct", text=text, icon="USER", translate=False)
        else:
            column.operator("hrn.reconstruct", icon="USER")
        job = session.queue.active
        waiting = session.queue.waiting
        if job is not None:
            column = layout.column(align=True)
            row = column.row(align=True)
            message = say("Cancelling") if job.state is JobState.CANCELLING else job.message or say("Starting")
            draw_progress(row, message, job.fraction)
            row.operator("hrn.cancel", text="", icon="X").job_id = job.id
            if waiting:
                row = column.row()
                row.label(text=words("{head}, {count} more waiting", head=job.name, count=waiting), translate=False)
                row.operator("hrn.cancel", text="Cancel All").job_id = 0
            else:
                column.label(text=job.name, translate=False)
        elif session.waiting_to_build():
            layout.label(text="Ready. Return to Object Mode to see it", icon="INFO")

    @staticmethod
    def _draw_question(layout, context, job: Job) -> None:
        """A head that was begun in another file."""
        box = layout.box()
        draw_text(box, say("{head} is finished. It was begun in another file.", head=job.name), context, icon="QUESTION")
        row = box.row(align=True)
        row.operator("hrn.build_result", text="Build Here", icon="ADD").job_id = job.id
        row.operator("hrn.keep_result").job_id = job.id

    @staticmethod
    def _draw_notice(layout, context, notice) -> None:
        box = layout.box()
        row = box.row()
        row.alert = True
        subject = notice.subject or say("That did not work")
        text = words(subject) if isinstance(subject, Message) else subject
        row.label(text=text, icon="ERROR", translate=False)
        row.operator("hrn.dismiss", text="", icon="X", emboss=False)
        draw_text(box, notice.error.message, context)
        if notice.error.hint:
            draw_text(box, notice.error.hint, context, icon="INFO")
        row = box.row(align=True)
        row.operator("hrn.copy_details", icon="COPYDOWN")
        row.operator("hrn.open_log", icon="TEXT")


class HRN_UL_photos(bpy.types.UIList):
    bl_idname = "HRN_UL_photos"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property):
        draw_name(layout, Path(item.name).name, thumbnails.icon(item.name), "IMAGE_DATA")


class HRN_UL_heads(bpy.types.UIList):
    bl_idname = "HRN_UL_heads"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property):
        job = session.queue.get(item.job_id)
        if job is None:
            layout.label(text="")
            return
        row = layout.row(align=True)
        draw_name(row, job.name, _picture(job), "USER")
        state = row.row()
        state.alignment = "RIGHT"
        if job.state is JobState.DONE:
            state.label(text="", icon="ERROR" if job.warnings else "CHECKMARK")
        elif job.state is JobState.QUEUED:
            state.label(text="waiting", icon="SORTTIME")
        elif job.state is JobState.FAILED:
            state.alert = True
            state.label(text="failed", icon="CANCEL")
        else:
            state.label(text=f"{job.fraction:.0%}", translate=False)

    def filter_items(self, _context, data, property_name):
        flags = []
        if self.filter_name:
            jobs = [session.queue.get(item.job_id) for item in getattr(data, property_name)]
            flags = [self.bitflag_filter_item if job and self.filter_name.lower() in job.name.lower() else 0 for job in jobs]
        return flags, []


def _picture(job: Job) -> int:
    if job.state is JobState.DONE:
        preview = thumbnails.icon(job.bundle / "preview.png")
        if preview:
            return preview
    return thumbnails.icon(job.photos[0]) if job.photos else 0


class HRN_PT_heads(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_heads"
    bl_label = "Heads"

    def draw(self, context):
        layout = self.layout
        state = context.window_manager.hrn
        if not len(state.jobs):
            layout.operator("hrn.load_bundle", icon="FILE_FOLDER")
            return
        row = layout.row()
        row.template_list("HRN_UL_heads", "", state, "jobs", state, "active_job", rows=4)
        column = row.column(align=True)
        column.operator("hrn.load_bundle", text="", icon="FILE_FOLDER")
        column.operator("hrn.remove_result", text="", icon="REMOVE")
        job = session.active_result()
        if job is None:
            return
        if job.state is JobState.DONE:
            row = layout.row(align=True)
            row.operator("hrn.build_result", text="Build Again", icon="ADD")
            row.operator("hrn.open_result", icon="FILE_FOLDER")
            if job.seconds:
                layout.label(text=words("Made in {seconds:.0f} s", seconds=job.seconds), translate=False, icon="TIME")
        for warning in job.warnings:
            draw_text(layout, warning, context, icon="ERROR")
        shown = session.notice is not None and session.notice.error is job.error
        if job.state is JobState.FAILED and job.error is not None and not shown:
            draw_text(layout, job.error.sentence, context, icon="CANCEL")


class HRN_PT_head(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_head"
    bl_label = "Active Head"

    @classmethod
    def poll(cls, context):
        return active_head(context) is not None or linked_head(context) is not None

    def draw(self, context):
        layout = self.layout
        linked = linked_head(context)
        if linked is not None:
            layout.label(text=linked.name, icon="LINKED", translate=False)
            layout.operator("hrn.make_editable", icon="LIBRARY_DATA_OVERRIDE")
            return
        head = active_head(context)
        layout.label(text=head.name, icon="USER", translate=False)
        column = layout.column(align=True)
        blocks = head.data.shape_keys.key_blocks if head.data.shape_keys is not None else {}
        for name, text in ((DEFORMATION_KEY, words("Deformation")), (FOLDS_KEY, words("Folds"))):
            if name in blocks:
                column.prop(blocks[name], "value", text=text, translate=False, slider=True)
        socket = strength_socket(head)
        if socket is not None:
            column.prop(socket, "default_value", text=words("Detail"), translate=False, slider=True)
        if can_have_mesh_detail(head):
            column.operator("hrn.detail_in_mesh", depress=has_mesh_detail(head), icon="MESH_GRID")
        row = layout.row(align=True)
        row.operator("hrn.pack_head", icon="PACKAGE")
        row.operator("hrn.copy_head", icon="FILE_FOLDER")
        layout.operator("hrn.export", text="Export Head...", icon="EXPORT")
        layout.operator("hrn.adjust", icon="PINNED")
        cameras = head_cameras(head)
        if len(cameras) < 2:
            layout.operator("hrn.look_through_photo", icon="OUTLINER_OB_CAMERA")
            return
        row = layout.row(align=True)
        row.operator("hrn.look_through_photo", text="", icon="TRIA_LEFT").step = -1
        current = context.scene.camera
        text = photo_label(current) if current in cameras else words("Look Through Photo Camera")
        row.menu("HRN_MT_photo_cameras", text=text, icon="OUTLINER_OB_CAMERA", translate=False)
        row.operator("hrn.look_through_photo", text="", icon="TRIA_RIGHT").step = 1


class HRN_MT_photo_cameras(bpy.types.Menu):
    bl_idname = "HRN_MT_photo_cameras"
    bl_label = "Look Through Photo Camera"
    bl_translation_context = CONTEXT

    def draw(self, context):
        head = active_head(context)
        for camera in head_cameras(head) if head is not None else ():
            chosen = camera == context.scene.camera
            self.layout.operator(
                "hrn.look_through_photo",
                text=photo_label(camera),
                translate=False,
                icon="RADIOBUT_ON" if chosen else "RADIOBUT_OFF",
            ).camera = camera.name


class HRN_PT_settings(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_settings"
    bl_label = "Settings"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.hrn
        column = layout.column()
        if len(available_methods()) > 1:
            column.prop(settings, "method")
        for option in METHODS[settings.method or "open"].options:
            if option in settings.bl_rna.properties:
                column.prop(settings, option)
        column.prop(settings, "texture_size")
        column.prop(settings, "quality")
        column.prop(settings, "detail", slider=True)
        column.separator()
        column.prop(settings, "keep_expression")
        column.prop(settings, "hair")
        column.prop(settings, "face_number")
        column.prop(settings, "same_expression")
        row = column.row(align=True, heading="Focal Length")
        row.prop(settings, "use_focal", text="")
        sub = row.row(align=True)
        sub.active = settings.use_focal
        sub.prop(settings, "focal_mm", text="")


_CLASSES = (
    HRN_UL_photos,
    HRN_UL_heads,
    HRN_MT_photo_cameras,
    HRN_PT_main,
    HRN_PT_heads,
    HRN_PT_head,
    HRN_PT_settings,
)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)

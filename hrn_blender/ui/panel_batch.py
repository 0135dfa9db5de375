"""The panel Batch Import."""

from __future__ import annotations

import bpy

from ..engine.wire.messages import Message, say
from ..link.batch import Batch, Subject, SubjectState
from ..state import batch_session, thumbnails
from ..state.language import words
from .drawing import Sidebar, draw_name, draw_progress, draw_text

__all__ = ["register", "unregister"]

_STATES = {
    SubjectState.QUEUED: (say("queued"), "SORTTIME"),
    SubjectState.WAITING: (say("in another run"), "SORTTIME"),
    SubjectState.DONE: ("", "CHECKMARK"),
    SubjectState.CANCELLED: (say("stopped"), "PANEL_CLOSE"),
    SubjectState.FAILED: ("", "ERROR"),
}
"""Word and icon of a subject's state; no word where the icon says it."""


def _picture(subject: Subject) -> int:
    preview = thumbnails.icon(subject.preview) if subject.preview else 0
    return preview or (thumbnails.icon(subject.photos[0]) if subject.photos else 0)


def time_left(seconds: float) -> Message:
    """A duration as people say it."""
    if seconds < 60:
        return say("less than a minute left")
    if seconds < 5400:
        return say("about {minutes:.0f} min left", minutes=seconds / 60)
    return say("about {hours:.1f} h left", hours=seconds / 3600)


class HRN_UL_subjects(bpy.types.UIList):
    bl_idname = "HRN_UL_subjects"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property):
        subject = batch_session.batch.subjects.get(item.name) if batch_session.batch is not None else None
        if subject is None:
            layout.label(text="")
            return
        row = layout.row(align=True)
        draw_name(row, subject.title, _picture(subject), "USER")
        state = row.row(align=True)
        state.alignment = "RIGHT"
        if subject.state is SubjectState.RUNNING:
            state.label(text=f"{subject.fraction:.0%}", translate=False)
            state.operator("hrn.batch_cancel", text="", icon="X", emboss=False).subject = subject.key
        elif subject.state is SubjectState.FAILED:
            state.alert = True  # The button is there for its tooltip, which says why.
            state.operator("hrn.batch_select", text="failed", icon="ERROR", emboss=False).subject = subject.key
        elif subject.state is SubjectState.DONE and subject.warnings:
            state.operator("hrn.batch_select", text="", icon="INFO", emboss=False).subject = subject.key
        else:
            message, icon = _STATES[subject.state]
            state.label(text=words(message), icon=icon, translate=False)

    def filter_items(self, _context, data, property_name):
        wanted = self.filter_name.lower()
        if not wanted or batch_session.batch is None:
            return [], []
        subjects = batch_session.batch.subjects
        return [
            self.bitflag_filter_item if wanted in (subjects[row.name].title if row.name in subjects else "").lower() else 0
            for row in getattr(data, property_name)
        ], []


class HRN_PT_batch(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_batch"
    bl_label = "Batch Import"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout = self.layout
        batch = batch_session.batch
        if batch is not None and batch.running:
            _draw_running(layout, context, batch)
        else:
            _draw_choice(layout, context, batch)
        if batch is not None and batch.subjects:
            _draw_table(layout, context, batch)


def _draw_choice(layout, context, batch: Batch | None) -> None:
    choice = context.scene.hrn.batch
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    row = column.row(align=True)
    row.prop(choice, "source")
    row.operator("hrn.batch_choose", text="", icon="FILE_FOLDER")
    column.prop(choice, "out")
    column.prop(choice, "when_done")
    column.prop(choice, "jobs")
    column = layout.column()
    column.scale_y = 1.3
    unfinished = batch is not None and batch.count(SubjectState.CANCELLED)
    column.operator("hrn.batch_start", text="Continue" if unfinished else "Start Batch", icon="COMMUNITY")
    if context.scene.hrn.use_focal:
        draw_text(
            layout,
            say(
                "Settings: all photos count as taken with {focal:.0f} mm, unless a list says otherwise.",
                focal=context.scene.hrn.focal_mm,
            ),
            context,
            icon="INFO",
        )
    if batch is None:
        draw_text(
            layout,
            "Each sub-folder is one person, each loose photo another. Closing Blender stops the batch; "
            "starting it again with the same folders continues where it stopped.",
            context,
            icon="INFO",
        )


def _draw_running(layout, context, batch: Batch) -> None:
    total = len(batch.subjects)
    ended = batch.count(SubjectState.DONE, SubjectState.FAILED, SubjectState.CANCELLED)
    parts = [say("{ended} of {total}", ended=ended, total=total)] if total else []
    if batch.message:
        parts.insert(0, batch.message)
    elif batch.eta is not None:
        parts.append(time_left(batch.eta))
    row = layout.row(align=True)
    draw_progress(row, say("{parts}", parts=parts), batch.fraction)
    row.operator("hrn.batch_pause", text="", icon="PLAY" if batch.paused else "PAUSE")
    row.operator("hrn.batch_cancel", text="", icon="X").subject = ""
    for note in batch.notes[:3]:
        draw_text(layout, note, context, icon="INFO")
    draw_text(layout, "Closing Blender stops the batch; starting it again continues where it stopped.", context)


def _draw_table(layout, context, batch: Batch) -> None:
    state = context.window_manager.hrn
    layout.template_list("HRN_UL_subjects", "", state, "subjects", state, "active_subject", rows=6)
    done, failed = batch.count(SubjectState.DONE), batch.count(SubjectState.FAILED)
    row = layout.row()
    row.label(text=words("{done} done, {failed} failed", done=done, failed=failed), translate=False)
    waiting, assets = batch_session.waiting_to_build(), batch_session.assets_left()
    if waiting or assets:
        left = say("{count} to build", count=waiting) if waiting else say("{count} to add to the library", count=assets)
        row.label(text=words(left), translate=False)
        if not batch.running:
            row.operator("hrn.batch_cancel", text="", icon="X", emboss=False).subject = ""
    row = layout.row(align=True)
    row.operator("hrn.batch_retry", icon="FILE_REFRESH").subject = ""
    if context.scene.hrn.batch.when_done == "LIBRARY":
        row.operator("hrn.batch_place_all", text="Add Missing", icon="ASSET_MANAGER").into = "LIBRARY"
    else:
        row.operator("hrn.batch_place_all", icon="GRID").into = "BUILD"
    row.operator("hrn.batch_open", text="", icon="URL").subject = ""
    subject = batch_session.active_subject()
    if subject is not None:
        _draw_subject(layout.box(), context, batch, subject)


def _draw_subject(box, context, batch: Batch, subject: Subject) -> None:
    """Everything about the selected row."""
    row = box.row()
    row.label(text=subject.title, translate=False)
    picture = _picture(subject)
    if picture:
        box.template_icon(icon_value=picture, scale=5.0)
    if subject.state is SubjectState.RUNNING:
        draw_progress(box, subject.message or say("Starting"), subject.fraction)
    elif subject.message:
        draw_text(box, subject.message, context, icon="INFO")
    if subject.state is SubjectState.FAILED and subject.error is not None:
        draw_text(box, subject.error.message, context, icon="ERROR")
        if subject.error.hint:
            draw_text(box, subject.error.hint, context, icon="INFO")
    for warning in subject.warnings if subject.state is SubjectState.DONE else ():
        draw_text(box, warning, context, icon="ERROR")
    row = box.row(align=True)
    if subject.state is SubjectState.DONE:
        row.operator("hrn.batch_build", icon="ADD").subject = subject.key
        row.operator("hrn.batch_open", text="Open Folder", icon="FILE_FOLDER").subject = subject.key
    elif subject.state in (SubjectState.FAILED, SubjectState.CANCELLED):
        row.operator("hrn.batch_retry", text="Retry", icon="FILE_REFRESH").subject = subject.key
    elif batch.running:
        row.operator("hrn.batch_cancel", icon="X").subject = subject.key


_CLASSES = (HRN_UL_subjects, HRN_PT_batch)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)

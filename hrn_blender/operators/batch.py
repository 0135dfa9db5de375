"""Batch import: a folder of people becomes a folder of heads."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty

from ..build.grid import build_in_grid, frame_grid, has_heads
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say, sentences
from ..link.batch import SubjectState
from ..state import batch_session, session
from ..state.language import tip
from ..state.session import fail
from ..state.settings import preferences
from ..state.windows import redraw
from .shared import FileBrowser, built, engine_is_ready, free_viewport, in_object_mode

__all__ = ["register", "unregister"]


class HRN_OT_batch_choose(FileBrowser, bpy.types.Operator):
    """Choose a folder of photos, or a CSV or JSON list"""

    bl_idname = "hrn.batch_choose"
    bl_label = "Use This Folder"
    bl_options = {"INTERNAL"}

    filter_glob: StringProperty(default="*.csv;*.tsv;*.txt;*.json", options={"HIDDEN"})

    def first_folder(self, context) -> Path:
        return Path(bpy.path.abspath(context.scene.hrn.batch.source or "//"))

    def execute(self, context):
        chosen = self.chosen()
        context.scene.hrn.batch.source = str(chosen if chosen.exists() else chosen.parent)
        redraw()
        return {"FINISHED"}


class HRN_OT_batch_start(bpy.types.Operator):
    """Make a head for each person. Heads that are finished already are not made again. Blender stays usable meanwhile"""

    bl_idname = "hrn.batch_start"
    bl_label = "Start Batch"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        batch = batch_session.batch
        if batch is not None and batch.running:
            cls.poll_message_set(tip("A batch is running"))
            return False
        if not engine_is_ready(cls):
            return False
        if not context.scene.hrn.batch.source:
            cls.poll_message_set(tip("Choose a folder of photos first"))
            return False
        return True

    def execute(self, context):
        session.dismiss()
        try:
            batch_session.start(context.scene)
        except HrnError as error:
            return fail(self, error, say("Batch"))
        return {"FINISHED"}


class HRN_OT_batch_pause(bpy.types.Operator):
    """Start no further heads; those being made are finished. Click again to continue"""

    bl_idname = "hrn.batch_pause"
    bl_label = "Pause"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context):
        return batch_session.batch is not None and batch_session.batch.running

    def execute(self, _context):
        batch_session.batch.pause(not batch_session.batch.paused)
        batch_session.ticker.wake()
        return {"FINISHED"}


class _Rows:
    """An operator on one row of the table, or on the whole batch."""

    bl_options = {"INTERNAL"}

    subject: StringProperty(options={"HIDDEN", "SKIP_SAVE"}, description="Key of the row; empty stands for the whole batch")

    tooltip_of_row = ""
    """The tooltip where the operator has a row; the docstring is that of the whole batch."""

    @classmethod
    def description(cls, _context, properties):
        return tip(cls.tooltip_of_row) if properties.subject else ""


class HRN_OT_batch_cancel(_Rows, bpy.types.Operator):
    """Stop the batch. Finished heads stay, and it can be continued"""

    bl_idname = "hrn.batch_cancel"
    bl_label = "Cancel"
    tooltip_of_row = "Do not make this head"

    @classmethod
    def poll(cls, _context):
        batch = batch_session.batch
        return batch is not None and (batch.running or bool(batch_session.waiting_to_build() + batch_session.assets_left()))

    def execute(self, _context):
        if self.subject:
            batch_session.batch.cancel(self.subject)
        else:
            batch_session.stop_building()
            batch_session.batch.cancel_all()
        batch_session.ticker.wake()
        return {"FINISHED"}


class HRN_OT_batch_retry(_Rows, bpy.types.Operator):
    """Try again everything that failed or was cancelled"""

    bl_idname = "hrn.batch_retry"
    bl_label = "Retry Failed"
    tooltip_of_row = "Try again to make this head"

    @classmethod
    def poll(cls, _context):
        batch = batch_session.batch
        return (
            batch is not None
            and not (batch.running and batch.leaving)
            and bool(batch.count(SubjectState.FAILED, SubjectState.CANCELLED))
        )

    def execute(self, context):
        session.dismiss()
        try:
            batch_session.retry(context.scene, self.subject)
        except HrnError as error:
            return fail(self, error, say("Batch"))
        return {"FINISHED"}


def _show_grid(context, total: int) -> None:
    """Bring the place of all heads into the 3D viewport that an operator was called in, once: with the first of them."""
    space, area, region = free_viewport(context), context.area, context.region
    if space is not None and preferences().frame_result and space.region_3d.view_perspective != "CAMERA":
        bpy.ops.view3d.view_axis(type="FRONT")
        covered = sum(r.width for r in area.regions if r.type == "UI") * context.preferences.system.use_region_overlap
        frame_grid(space.region_3d, total, max(1 - 2 * covered / max(region.width, 1), 0.3))


class HRN_OT_batch_build(bpy.types.Operator):
    """Build this head into the scene, at its place in the grid"""

    bl_idname = "hrn.batch_build"
    bl_label = "Build Head"
    bl_options = {"REGISTER", "UNDO"}

    subject: StringProperty(options={"HIDDEN", "SKIP_SAVE"}, description="Which one; empty is the selected one")

    @classmethod
    def poll(cls, context):
        return in_object_mode(cls, context) and batch_session.batch is not None

    def execute(self, context):
        batch = batch_session.batch
        subject = batch.subjects.get(self.subject) if self.subject else batch_session.active_subject()
        if subject is None or subject.state is not SubjectState.DONE:
            return fail(
                self, HrnError(ErrorCode.BUNDLE_INVALID, "There is no finished head to build.", hint="Choose one in the table.")
            )
        first = not has_heads(context.scene, batch.out)
        total = len(batch.subjects)
        head = built(
            self,
            lambda: build_in_grid(context.scene, batch.out, subject.bundle, subject.title, subject.index, total),
            subject.title,
        )
        if head is None:
            return {"CANCELLED"}
        if first:
            _show_grid(context, total)
        return {"FINISHED"}


class HRN_OT_batch_place_all(bpy.types.Operator):
    """Bring all finished heads that are not there yet into the scene or the library"""

    bl_idname = "hrn.batch_place_all"
    bl_label = "Build All"
    bl_options = {"INTERNAL"}

    into: EnumProperty(items=(("BUILD", "Scene", ""), ("LIBRARY", "Asset Library", "")), options={"HIDDEN"})

    @classmethod
    def description(cls, _context, properties):
        if properties.into == "BUILD":
            return tip("Build all finished heads that this scene does not have yet, one after the other")
        return tip("Add all finished heads to the asset library of the heads' folder, for the Asset Browser")

    @classmethod
    def poll(cls, _context):
        return batch_session.batch is not None and bool(batch_session.batch.count(SubjectState.DONE))

    def execute(self, _context):
        batch_session.place_all(self.into)
        return {"FINISHED"}


class HRN_OT_batch_select(bpy.types.Operator):
    """Select this row"""

    bl_idname = "hrn.batch_select"
    bl_label = "Select"
    bl_options = {"INTERNAL"}

    subject: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context, properties):
        """What went wrong, where the mouse rests on a failed row."""
        batch = batch_session.batch
        subject = batch.subjects.get(properties.subject) if batch is not None else None
        if subject is None:
            return ""
        return tip(subject.error.sentence if subject.error is not None else sentences("", *subject.warnings))

    def execute(self, context):
        state = context.window_manager.hrn
        names = [row.name for row in state.subjects]
        if self.subject in names:
            state.active_subject = names.index(self.subject)
        return {"FINISHED"}


class HRN_OT_batch_open(_Rows, bpy.types.Operator):
    """Show the report with all heads in the browser"""

    bl_idname = "hrn.batch_open"
    bl_label = "Open Report"
    tooltip_of_row = "Show this head's folder"

    @classmethod
    def poll(cls, _context):
        return batch_session.batch is not None

    def execute(self, _context):
        batch = batch_session.batch
        subject = batch.subjects.get(self.subject)
        path = Path(subject.bundle) if subject is not None else batch.report or batch.out / "report.html"
        if not path.exists():
            return fail(self, HrnError(ErrorCode.BUNDLE_INVALID, say("{path} is not there.", path=path)), say("Batch"))
        bpy.ops.wm.path_open(filepath=str(path))
        return {"FINISHED"}


_CLASSES = (
    HRN_OT_batch_choose,
    HRN_OT_batch_start,
    HRN_OT_batch_pause,
    HRN_OT_batch_cancel,
    HRN_OT_batch_retry,
    HRN_OT_batch_build,
    HRN_OT_batch_place_all,
    HRN_OT_batch_select,
    HRN_OT_batch_open,
)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)

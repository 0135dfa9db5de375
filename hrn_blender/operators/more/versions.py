"""History: keeping versions of a head, and going back and forward among them."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty

from ...engine.wire.errors import HrnError
from ...state import history, session
from ...state.heads import active_head
from ...state.language import tip
from ...state.session import fail
from ...state.windows import redraw
from .own import OwnHead, QuietHead

__all__ = ["CLASSES"]


def _go(operator: bpy.types.Operator, context, number: int) -> set[str]:
    head = active_head(context)
    session.dismiss()
    try:
        history.go(head, number, context.scene)
    except HrnError as error:
        return fail(operator, error, head.name)
    redraw()
    return {"FINISHED"}


class _Among(QuietHead):
    """An operator that goes to another version."""

    @classmethod
    def poll(cls, context):
        if not super().poll(context):
            return False
        if not history.versions(active_head(context)):
            cls.poll_message_set(tip("This head has no earlier version yet"))
            return False
        return True


class HRN_OT_version_back(_Among, bpy.types.Operator):
    """Make the head what it was before the last change of its history"""

    bl_idname = "hrn.version_back"
    bl_label = "Go Back"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        if not super().poll(context):
            return False
        if history.place(active_head(context)) == 0:
            cls.poll_message_set(tip("This is the earliest version"))
            return False
        return True

    def execute(self, context):
        return _go(self, context, history.place(active_head(context)) - 1)


class HRN_OT_version_forward(_Among, bpy.types.Operator):
    """Make the head what it was before you went back"""

    bl_idname = "hrn.version_forward"
    bl_label = "Go Forward"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        if not super().poll(context):
            return False
        head = active_head(context)
        if history.place(head) >= len(history.versions(head)) - 1:
            cls.poll_message_set(tip("This is the newest version"))
            return False
        return True

    def execute(self, context):
        return _go(self, context, history.place(active_head(context)) + 1)


class HRN_OT_version_go(_Among, bpy.types.Operator):
    """Make the head what this version was. Its newest state is kept"""

    bl_idname = "hrn.version_go"
    bl_label = "Go to This Version"
    bl_options = {"REGISTER", "UNDO"}

    number: IntProperty(default=0, min=0, options={"HIDDEN", "SKIP_SAVE"}, description="Which version, from 0, the oldest")

    def execute(self, context):
        return _go(self, context, self.number)


class HRN_OT_version_keep(OwnHead, bpy.types.Operator):
    """Keep the head as it is now as a version, before you sculpt or try something"""

    bl_idname = "hrn.version_keep"
    bl_label = "Keep This Version"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        head = active_head(context)
        session.dismiss()
        try:
            history.keep(head, "Keep This Version")
        except HrnError as error:
            return fail(self, error, head.name)
        redraw()
        return {"FINISHED"}


CLASSES = (HRN_OT_version_back, HRN_OT_version_forward, HRN_OT_version_go, HRN_OT_version_keep)

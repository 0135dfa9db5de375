"""Add a Photo: another photo of the same person for a head that stands in the scene."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, FloatProperty, StringProperty

from ...build.camera import PHOTO_PROPERTY
from ...engine.wire.errors import ErrorCode, HrnError
from ...engine.wire.formats import PHOTO_GLOB, is_photo
from ...engine.wire.messages import say
from ...state import adding, session
from ...state.heads import active_head
from ...state.language import tip
from ...state.session import fail
from ...state.settings import preferences
from ..shared import FileBrowser, engine_is_ready
from .own import OwnHead

__all__ = ["CLASSES"]


class HRN_OT_add_photo(OwnHead, FileBrowser, bpy.types.Operator):
    """Fit this head to one more photo of the same person. Shape keys, pins and what you sculpted stay; one undo takes it back"""

    bl_idname = "hrn.add_photo"
    bl_label = "Add a Photo"
    bl_options = {"REGISTER"}

    filter_glob: StringProperty(default=PHOTO_GLOB, options={"HIDDEN"})
    filter_image: BoolProperty(default=True, options={"HIDDEN"})
    wait: FloatProperty(
        default=0.0, min=0.0, options={"HIDDEN", "SKIP_SAVE"}, description="Seconds to wait for the engine's answer at most"
    )

    @classmethod
    def poll(cls, context):
        if not super().poll(context):
            return False
        if not any(PHOTO_PROPERTY in child for child in active_head(context).children):
            cls.poll_message_set(tip("This head has no photo cameras"))
            return False
        if adding.running(active_head(context)) is not None:
            cls.poll_message_set(tip("Another photo is being added to this head"))
            return False
        return engine_is_ready(cls)

    def first_folder(self, _context) -> Path | None:
        return Path(preferences().last_folder) if preferences().last_folder else None

    def execute(self, context):
        head, photo = active_head(context), self.chosen()
        session.dismiss()
        if not photo.is_file() or not is_photo(photo):
            return fail(self, HrnError(ErrorCode.NOT_AN_IMAGE, say("{file} is not a photo.", file=photo.name)), head.name)
        try:
            adding.add(head, photo)
        except HrnError as error:
            return fail(self, error, head.name)
        if self.wait and not adding.wait(head, self.wait):
            message = say("The engine has not answered within {seconds:.0f} s.", seconds=self.wait)
            return fail(self, HrnError(ErrorCode.BUSY, message), head.name)
        if session.notice is not None:
            return fail(self, session.notice.error, head.name)
        return {"FINISHED"}


class HRN_OT_add_photo_cancel(bpy.types.Operator):
    """Stop adding the photo. The head stays as it is"""

    bl_idname = "hrn.add_photo_cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        return head is not None and adding.running(head) is not None

    def execute(self, context):
        adding.cancel(active_head(context))
        return {"FINISHED"}


CLASSES = (HRN_OT_add_photo, HRN_OT_add_photo_cancel)

"""Choosing photos and reconstructing a head from them."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, StringProperty

from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.formats import PHOTO_GLOB, PHOTO_SUFFIXES, is_photo
from ..engine.wire.messages import say
from ..engine.wire.methods import check_photo_count, check_photo_limit
from ..link.location import engine_status
from ..state import session
from ..state.language import report, tip
from ..state.session import fail
from ..state.settings import output_folder, preferences
from ..state.windows import redraw
from .shared import FileBrowser, engine_is_ready

__all__ = ["register", "unregister"]


class _PhotoBrowser(FileBrowser):
    """The file browser for one or more photos."""

    bl_options = {"REGISTER"}

    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"})
    filter_glob: StringProperty(default=PHOTO_GLOB, options={"HIDDEN"})
    display_type: EnumProperty(
        items=(("DEFAULT", "", ""), ("LIST_VERTICAL", "", ""), ("LIST_HORIZONTAL", "", ""), ("THUMBNAIL", "", "")),
        default="THUMBNAIL",
        options={"HIDDEN"},
    )
    filter_image: BoolProperty(default=True, options={"HIDDEN"})

    def first_folder(self, _context) -> Path | None:
        if session.photos:
            return Path(session.photos[0]).parent
        return Path(preferences().last_folder) if preferences().last_folder else None

    def execute(self, context):
        paths = [Path(bpy.path.abspath(self.directory)) / f.name for f in self.files if f.name]
        if not paths and self.filepath:
            paths = [Path(bpy.path.abspath(self.filepath))]
        found = [p for p in paths if p.is_file() and is_photo(p)]
        if not found:
            message = say("{file} is not a photo.", file=paths[0].name) if paths else say("No photo was chosen.")
            return fail(self, HrnError(ErrorCode.NOT_AN_IMAGE, message))
        if len(found) < len(paths):
            others = [p.name for p in paths if p not in found]
            self.report({"WARNING"}, report("Left out, not a photo: {files}", files=others))
        photos = list(dict.fromkeys([*(session.photos if self.adds else []), *map(str, found)]))
        try:
            check_photo_limit(context.scene.hrn.method or "open", len(photos))
        except HrnError as error:
            return fail(self, error)
        session.choose(photos)
        preferences().last_folder = str(found[0].parent)
        redraw()
        return {"FINISHED"}


class HRN_OT_choose_photo(_PhotoBrowser, bpy.types.Operator):
    """Choose a portrait, or several photos of one person"""

    bl_idname = "hrn.choose_photo"
    bl_label = "Choose Photo"
    adds = False


class HRN_OT_add_photos(_PhotoBrowser, bpy.types.Operator):
    """Add more photos of the same person: other views make a better head"""

    bl_idname = "hrn.add_photos"
    bl_label = "Add Photos"
    adds = True


class HRN_OT_remove_photo(bpy.types.Operator):
    """Remove the selected photo from the list. The file stays"""

    bl_idname = "hrn.remove_photo"
    bl_label = "Remove Photo"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context):
        return 0 <= context.window_manager.hrn.active_photo < len(session.photos)

    def execute(self, context):
        active = context.window_manager.hrn.active_photo
        session.choose([p for number, p in enumerate(session.photos) if number != active])
        return {"FINISHED"}


class HRN_OT_drop_photo(bpy.types.Operator):
    """Use the dropped pictures as photos"""

    bl_idname = "hrn.drop_photo"
    bl_label = "Use as Photo for Reconstruction"
    bl_options = {"REGISTER", "INTERNAL"}

    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, _context):
        return bpy.ops.hrn.choose_photo(directory=self.directory, files=[{"name": f.name} for f in self.files])


class HRN_FH_photo(bpy.types.FileHandler):
    """Photos may be dropped onto the sidebar. The viewport itself keeps Blender's own image drop."""

    bl_idname = "HRN_FH_photo"
    bl_label = "Photo for Reconstruction"
    bl_import_operator = "hrn.drop_photo"
    bl_file_extensions = ";".join(PHOTO_SUFFIXES)

    @classmethod
    def poll_drop(cls, context):
        return bool(context.area and context.area.type == "VIEW_3D" and context.region and context.region.type == "UI")


class HRN_OT_clear_photos(bpy.types.Operator):
    """Forget the chosen photos. The files stay"""

    bl_idname = "hrn.clear_photos"
    bl_label = "Clear Photos"
    bl_options = {"INTERNAL"}

    def execute(self, _context):
        session.choose([])
        return {"FINISHED"}


class HRN_OT_reconstruct(bpy.types.Operator):
    """Make a complete head with textures from the chosen photos. Blender stays usable meanwhile"""

    bl_idname = "hrn.reconstruct"
    bl_label = "Reconstruct from Photo"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, _context):
        if not session.photos:
            cls.poll_message_set(tip("Choose a photo first"))
            return False
        return engine_is_ready(cls)

    def execute(self, context):
        session.dismiss()
        status = engine_status(fresh=True)
        if status.error is not None:
            return fail(self, status.error)
        photos = list(session.photos)
        try:
            settings = context.scene.hrn.engine_settings()
            check_photo_count(settings.method, len(photos))
            session.begin(session.queue.add(photos, settings, output_folder()))
        except HrnError as error:
            return fail(self, error, Path(photos[0]).name)
        session.ticker.tick()
        session.ticker.wake()
        return {"FINISHED"}


class HRN_OT_cancel(bpy.types.Operator):
    """Stop this reconstruction. Nothing is changed in the scene"""

    bl_idname = "hrn.cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    job_id: IntProperty(default=0, options={"SKIP_SAVE"}, description="Which one; 0 stops all")

    @classmethod
    def poll(cls, _context):
        return session.queue is not None and session.queue.busy

    def execute(self, _context):
        if self.job_id:
            session.queue.cancel(self.job_id)
            session.ticker.wake()
        else:
            session.cancel_all()
        redraw()
        return {"FINISHED"}


_CLASSES = (
    HRN_OT_choose_photo,
    HRN_OT_add_photos,
    HRN_OT_remove_photo,
    HRN_OT_drop_photo,
    HRN_OT_clear_photos,
    HRN_OT_reconstruct,
    HRN_OT_cancel,
    HRN_FH_photo,
)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)

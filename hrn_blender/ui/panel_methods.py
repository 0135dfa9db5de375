"""The table of published methods and their licensed files."""

from __future__ import annotations

import bpy

from ..engine.install.environments import EXTRAS
from ..engine.wire.messages import Message, as_message, list_from_json, say
from ..engine.wire.pytorch import PYTORCH_MISSING
from ..engine.wire.user_settings import model_files_folder
from ..state import model_files, session
from ..state.language import words
from ..state.methods import unknown_methods
from ..state.settings import ADDON
from ..state.windows import redraw
from .drawing import Sidebar, draw_progress, draw_text

__all__ = ["draw_table", "register", "unregister"]

_ICONS = {"there": "CHECKMARK", "wrong": "ERROR", "unread": "QUESTION"}
"""Icon of a file's state; a missing file gets its own."""


def draw_table(layout, context) -> None:
    """All methods with their files: what is there, what is missing, and how to get it."""
    row = layout.row(align=True)
    row.label(
        text=words("Checking the files") if model_files.checking() else str(model_files_folder()),
        icon="FILE_FOLDER",
        translate=False,
    )
    row.operator("hrn.check_model_files", text="", icon="FILE_REFRESH")
    if model_files.problem:
        draw_text(layout, model_files.problem, context, icon="ERROR")
    _draw_pytorch(layout, context)
    for entry in model_files.report["methods"] if model_files.report else ():
        if entry["hidden"] or not entry["files"]:
            continue
        box = layout.box()
        box.label(text=words(entry["title"]), icon="CHECKMARK" if entry["ready"] else "CANCEL", translate=False)
        draw_text(box, Message.from_json(entry, "licence"), context)
        for file in entry["files"]:
            icon = _ICONS.get(file["state"], "CANCEL" if file["required"] else "DOT")
            draw_text(box, _about(file), context, icon=icon)
        for sentence in list_from_json(entry, "missing"):
            if sentence != PYTORCH_MISSING and not any(file["name"] in sentence for file in entry["files"]):
                draw_text(box, sentence, context, icon="INFO")
    hidden = (
        [as_message(entry["title"]) for entry in model_files.report["methods"] if entry["hidden"]] if model_files.report else []
    )
    if hidden:
        draw_text(layout, say("Hidden, because their licences allow no commercial work: {methods}", methods=hidden), context)


def _about(file: dict) -> Message:
    """One file of a published method: what it is, and where it lies, what is wrong with it, or where it comes from."""
    if file["problem"]:
        state = Message.from_json(file, "problem")
    else:
        state = file["path"] or say("get it from {source}", source=as_message(file["source"]))
    about = {"name": file["name"], "what": as_message(file["what"]), "state": state}
    return say("{name}: {what}; {state}", **about) if file["required"] else say("{name} (optional): {what}; {state}", **about)


def _draw_pytorch(layout, context) -> None:
    """Offers PyTorch where the engine has none."""
    if model_files.report is None or model_files.report["pytorch"]:
        return
    if session.install is not None:
        draw_progress(layout.row(), session.install.message, session.install.fraction)
        return
    download, disk = EXTRAS["published"].sizes.here
    need = say(
        "Published methods need PyTorch: about {download} MB to download, {disk:.1f} GB on disk",
        download=download,
        disk=disk / 1000,
    )
    draw_text(layout, need, context, icon="INFO")
    layout.operator("hrn.install_pytorch", icon="IMPORT")


class HRN_OT_check_model_files(bpy.types.Operator):
    """Check the licensed files in the chosen folder again. Nothing is downloaded"""

    bl_idname = "hrn.check_model_files"
    bl_label = "Check Files"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context):
        return not model_files.checking()

    def execute(self, _context):
        model_files.check()
        redraw()
        return {"FINISHED"}


class HRN_PT_methods(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_methods"
    bl_label = "Published Methods"
    bl_parent_id = "HRN_PT_settings"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout = self.layout
        if model_files.report is None:
            draw_text(
                layout,
                "Published methods need licensed files of your own. Choose their folder in the preferences.",
                context,
                icon="INFO",
            )
        _draw_pytorch(layout, context)
        for row in model_files.report["methods"] if model_files.report else ():
            if row["hidden"] or row["ready"]:
                continue
            layout.label(text=words(row["title"]), icon="CANCEL", translate=False)
            missing = [sentence for sentence in list_from_json(row, "missing") if sentence != PYTORCH_MISSING]
            if missing:
                more, message = len(missing) - 1, missing[0]
                draw_text(layout, say("{missing} And {count} more.", missing=message, count=more) if more else message, context)
        for name in unknown_methods():
            message = say("Method {name!r} of this engine needs a newer version of the add-on.", name=name)
            draw_text(layout, message, context, icon="INFO")
        if model_files.problem:
            draw_text(layout, model_files.problem, context, icon="ERROR")
        row = layout.row(align=True)
        row.operator("hrn.check_model_files", icon="FILE_REFRESH")
        row.operator("preferences.addon_show", text="Preferences", icon="PREFERENCES").module = ADDON


register, unregister = bpy.utils.register_classes_factory((HRN_OT_check_model_files, HRN_PT_methods))

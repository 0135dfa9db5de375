"""Licensed files of the published methods: where they lie, what the engine thinks of them, which methods they enable.

The engine looks at the files (``engine models``) in a child process of its own, so that neither Blender nor a running
reconstruction waits while gigabytes are read. The folder and the commercial switch are the user's settings for all
programs (:mod:`.engine.wire.user_settings`), not Blender's alone.
"""

from __future__ import annotations

import json
from dataclasses import replace

import bpy

from . import session
from .drawing import draw_text
from .engine.wire.child_process import ChildProcess, Exited, Line, LogFile, SpawnFailed
from .engine.wire.errors import HrnError
from .engine.wire.paths import log_dir
from .engine.wire.user_settings import model_files_folder, read_user_settings, write_user_settings
from .engine_location import launch_engine

__all__ = ["change_settings", "check", "draw_table", "register", "report", "unregister", "usable_methods"]

report: dict | None = None
"""The engine's last answer."""
problem = ""
"""Why the last check failed."""
_child: ChildProcess | None = None
_said: list[bytes] = []
_STEP = 0.1


def usable_methods() -> list[str] | None:
    """Methods whose files are there and good, as far as the engine has been asked; None before."""
    if report is None:
        return None
    return [row["name"] for row in report["methods"] if row["ready"] and not row["hidden"]]


def change_settings(**changes) -> None:
    """Change the user's settings and look at the files again."""
    global problem
    settings = replace(read_user_settings(), **changes)
    if settings == read_user_settings():
        return
    try:
        write_user_settings(settings)
    except HrnError as error:
        problem = str(error)
        return
    check()


def check() -> None:
    """Ask the engine about the files; :func:`_tick` takes the answer."""
    global _child, problem
    if _child is not None:
        _child.kill()
    _said.clear()
    problem = ""
    try:
        launch = launch_engine("models", "--json")
    except HrnError as error:
        _child, problem = None, str(error)
        return
    _child = ChildProcess(launch.command, env=launch.env, cwd=launch.cwd, log=LogFile(log_dir() / "models.log"))
    session.run_soon(_tick)


def _tick() -> float | None:
    """One look at the child; returns the seconds until the next, None when it has ended."""
    global _child
    if _child is None:
        return None
    for event in _child.events():
        if isinstance(event, Line):
            _said.append(event.data)
        elif isinstance(event, (Exited, SpawnFailed)):
            _end(event)
            session.redraw()
            return None
    return _STEP


def _end(event) -> None:
    global _child, report, problem
    _child = None
    try:
        answer = json.loads(b"".join(_said))
        if "error" in answer:
            problem = str(HrnError.from_json(answer["error"]))
        elif isinstance(answer["methods"], list):
            report = answer
    except (ValueError, KeyError, TypeError):
        code = event.code if isinstance(event, Exited) else event.error
        problem = f"The engine could not look at the files ({code}). {log_dir() / 'models.log'} may say why."


def draw_table(layout, context) -> None:
    """All methods with their files: what is there, what is missing, and how to get it."""
    row = layout.row(align=True)
    row.label(text="Looking at the files" if _child is not None else str(model_files_folder()), icon="FILE_FOLDER",
              translate=False)
    row.operator("hrn.check_model_files", text="", icon="FILE_REFRESH")
    if problem:
        draw_text(layout, problem, context, icon="ERROR")
    for entry in report["methods"] if report else ():
        if entry["hidden"] or not entry["files"]:
            continue
        box = layout.box()
        box.label(text=entry["title"], icon="CHECKMARK" if entry["ready"] else "CANCEL", translate=False)
        draw_text(box, entry["licence"], context)
        for file in entry["files"]:
            icon = {"there": "CHECKMARK", "wrong": "ERROR"}.get(file["state"], "CANCEL" if file["required"] else "DOT")
            optional = "" if file["required"] else " (optional)"
            words = file["problem"] or (file["path"] if file["state"] == "there" else f"get it from {file['source']}")
            draw_text(box, f"{file['name']}{optional}: {file['what']}; {words}", context, icon=icon)
        for sentence in entry["missing"]:
            if not any(file["name"] in sentence for file in entry["files"]):
                draw_text(box, sentence, context, icon="INFO")
    hidden = [entry["title"] for entry in report["methods"] if entry["hidden"]] if report else []
    if hidden:
        draw_text(layout, f"Hidden, because their licences allow no commercial work: {', '.join(hidden)}", context)


class HRN_OT_check_model_files(bpy.types.Operator):
    """Look again at the licensed files in the chosen folder. Nothing is downloaded"""

    bl_idname = "hrn.check_model_files"
    bl_label = "Check Files"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context):
        return _child is None

    def execute(self, _context):
        check()
        session.redraw()
        return {"FINISHED"}


class HRN_PT_methods(bpy.types.Panel):
    bl_idname = "HRN_PT_methods"
    bl_label = "Published Methods"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "HRN"
    bl_parent_id = "HRN_PT_settings"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout = self.layout
        if report is None:
            draw_text(layout, "Published methods need licensed files of your own. Choose their folder in the preferences.",
                      context, icon="INFO")
        for row in report["methods"] if report else ():
            if row["hidden"] or row["ready"]:
                continue
            layout.label(text=row["title"], icon="CANCEL", translate=False)
            more = len(row["missing"]) - 1
            draw_text(layout, row["missing"][0] + (f" And {more} more." if more else ""), context)
        if problem:
            draw_text(layout, problem, context, icon="ERROR")
        row = layout.row(align=True)
        row.operator("hrn.check_model_files", icon="FILE_REFRESH")
        row.operator("preferences.addon_show", text="Preferences", icon="PREFERENCES").module = __package__


_CLASSES = (HRN_OT_check_model_files, HRN_PT_methods)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    if model_files_folder().is_dir():
        bpy.app.timers.register(_first_check, first_interval=2.0, persistent=True)


def _first_check() -> None:
    if report is None and _child is None:
        check()


def unregister() -> None:
    global report, problem, _child
    for timer in (_tick, _first_check):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    if _child is not None:
        _child.kill()
    report, problem, _child = None, "", None
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)

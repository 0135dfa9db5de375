"""The engine's installation, its log, and error reports."""

from __future__ import annotations

import bpy

from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.paths import log_path
from ..link import install_job
from ..link.location import engine_status, install_command
from ..state import model_files, session
from ..state.language import report, tip
from ..state.session import fail
from ..state.settings import preferences
from ..state.windows import redraw

__all__ = ["register", "unregister"]


class _Install:
    what = install_job.ENGINE
    extra = ""
    """A key of :data:`engine.install.environments.EXTRAS`."""

    @classmethod
    def poll(cls, _context):
        if session.queue is None or session.queue.busy:
            cls.poll_message_set(tip("Wait for the running reconstruction or cancel it"))
            return False
        return session.install is None

    def execute(self, _context):
        wheels = bpy.path.abspath(preferences().wheels) if preferences().wheels else ""
        online = bpy.app.online_access
        if not online and not wheels:
            return fail(
                self,
                HrnError(
                    ErrorCode.ENGINE_MISSING,
                    "Blender is not allowed to use the internet.",
                    hint="Switch on Allow Online Access in Preferences > System, or choose a Wheel Folder in the "
                    "preferences of this add-on.",
                ),
            )
        python = bpy.path.abspath(preferences().python) if preferences().python else ""
        session.start_install(*install_command(python, wheels, offline=not online, extra=self.extra), self.what, self.then)
        redraw()
        return {"FINISHED"}

    @staticmethod
    def then() -> None:
        """What happens when it has succeeded."""
        engine_status(fresh=True)


class HRN_OT_install_engine(_Install, bpy.types.Operator):
    """Download and install the engine. Blender stays usable meanwhile, and it can be stopped and continued"""

    bl_idname = "hrn.install_engine"
    bl_label = "Install Engine"
    bl_options = {"INTERNAL"}


class HRN_OT_install_pytorch(_Install, bpy.types.Operator):
    """Download and install PyTorch, which the published methods need. Blender stays usable meanwhile"""

    bl_idname = "hrn.install_pytorch"
    bl_label = "Install PyTorch"
    bl_options = {"INTERNAL"}
    what, extra = install_job.PYTORCH, "published"

    @staticmethod
    def then() -> None:
        model_files.check()


class HRN_OT_cancel_install(bpy.types.Operator):
    """Stop the installation. Installing again continues from there"""

    bl_idname = "hrn.cancel_install"
    bl_label = "Stop Installing"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context):
        return session.install is not None

    def execute(self, _context):
        session.install.cancel()
        session.ticker.wake()
        return {"FINISHED"}


class HRN_OT_stop_engine(bpy.types.Operator):
    """Stop the waiting engine and free its memory. The next photo starts it again"""

    bl_idname = "hrn.stop_engine"
    bl_label = "Stop Engine"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context):
        return session.queue is not None and not session.queue.busy and session.queue.engine.pid is not None

    def execute(self, _context):
        session.queue.engine.stop("user")
        session.ticker.wake()
        return {"FINISHED"}


class HRN_OT_open_log(bpy.types.Operator):
    """Open the log of the engine in a text editor"""

    bl_idname = "hrn.open_log"
    bl_label = "Open Log"
    bl_options = {"INTERNAL"}

    def execute(self, _context):
        path = log_path()
        notice = session.notice
        if notice is not None and notice.error.details.get("log"):
            path = type(path)(notice.error.details["log"])
        if not path.is_file():
            self.report({"INFO"}, report("Nothing has been logged yet ({path})", path=path))
            return {"CANCELLED"}
        bpy.ops.wm.path_open(filepath=str(path))
        return {"FINISHED"}


class HRN_OT_copy_details(bpy.types.Operator):
    """Copy the error, with everything that helps in a report, to the clipboard"""

    bl_idname = "hrn.copy_details"
    bl_label = "Copy Details"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context):
        return session.notice is not None

    def execute(self, context):
        context.window_manager.clipboard = session.notice.details()
        self.report({"INFO"}, "Copied")
        return {"FINISHED"}


class HRN_OT_dismiss(bpy.types.Operator):
    """Hide this message"""

    bl_idname = "hrn.dismiss"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, _context):
        session.dismiss()
        redraw()
        return {"FINISHED"}


class HRN_OT_check_engine(bpy.types.Operator):
    """Check again whether the engine is installed"""

    bl_idname = "hrn.check_engine"
    bl_label = "Check Again"
    bl_options = {"INTERNAL"}

    def execute(self, _context):
        engine_status(fresh=True)
        redraw()
        return {"FINISHED"}


_CLASSES = (
    HRN_OT_install_engine,
    HRN_OT_install_pytorch,
    HRN_OT_cancel_install,
    HRN_OT_stop_engine,
    HRN_OT_open_log,
    HRN_OT_copy_details,
    HRN_OT_dismiss,
    HRN_OT_check_engine,
)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)

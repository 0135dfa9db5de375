"""The engine's panel: its state, and how to get one."""

from __future__ import annotations

import bpy

from ..engine.install.environments import ENGINE
from ..engine.wire.client import EngineState
from ..engine.wire.messages import say
from ..link.location import engine_status
from ..state import session
from ..state.language import words
from .drawing import Sidebar, draw_progress, draw_text

__all__ = ["draw_engine", "register", "unregister"]


class HRN_PT_engine(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_engine"
    bl_label = "Engine"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, _context):
        return engine_status().installed and session.install is None

    def draw(self, context):
        draw_engine(self.layout, context)


_STATES = {
    EngineState.STOPPED: say("Starts with the next photo"),
    EngineState.STARTING: say("Starting"),
    EngineState.READY: say("Ready"),
    EngineState.BUSY: say("Working"),
}
"""Words for the engine's state."""


def draw_engine(layout, context) -> None:
    """The engine's state, and how to get one where there is none. Also part of the preferences."""
    if session.install is not None:
        layout.label(text=words(session.install.what.running), icon="IMPORT", translate=False)
        row = layout.row(align=True)
        draw_progress(row, f"{session.install.fraction:.0%}", session.install.fraction)
        row.operator("hrn.cancel_install", text="", icon="X")
        draw_text(layout, session.install.message, context)
        return
    status = engine_status()
    if not status.installed:
        draw_text(layout, status.error.message, context, icon="INFO")
        draw_text(
            layout,
            say(
                "Once per computer: about {download} MB to download, {disk:.1f} GB on disk, in {folder}",
                download=ENGINE.download_mb,
                disk=ENGINE.disk_mb / 1000,
                folder=status.home,
            ),
            context,
        )
        row = layout.row()
        row.scale_y = 1.3
        row.operator("hrn.install_engine", icon="IMPORT")
        return
    row = layout.row()
    row.label(text=words(_STATES[session.queue.engine.state]), icon="CHECKMARK", translate=False)
    row.operator("hrn.stop_engine", text="", icon="PANEL_CLOSE")
    row = layout.row(align=True)
    row.operator("hrn.open_log", icon="TEXT")
    row.operator("hrn.install_engine", text="Repair", icon="FILE_REFRESH")


register, unregister = bpy.utils.register_classes_factory((HRN_PT_engine,))

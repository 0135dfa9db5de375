"""Blender's windows as timers need them: drawing again, a context to work in, and whether the user may be disturbed."""

from __future__ import annotations

from contextlib import nullcontext

import bpy

__all__ = ["ready_to_build", "ready_to_change", "redraw", "run_operator", "window_context"]


def redraw() -> None:
    """Draw the sidebars and preferences again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "PREFERENCES"}:
                for region in area.regions:
                    if region.type in {"UI", "WINDOW"} and (area.type != "VIEW_3D" or region.type == "UI"):
                        region.tag_redraw()


def ready_to_build() -> bool:
    """Whether nothing goes on that a new object would disturb: :func:`ready_to_change`, and no head is being corrected."""
    windows = bpy.context.window_manager.windows
    modal = [operator for window in windows for operator in getattr(window, "modal_operators", ())]
    return ready_to_change() and not any(operator.bl_idname == "HRN_OT_adjust" for operator in modal)


def ready_to_change() -> bool:
    """Whether nothing goes on that another shape of a head would disturb."""
    if bpy.app.is_job_running("RENDER"):
        return False
    windows = bpy.context.window_manager.windows
    if not windows:
        return True
    for window in windows:
        for operator in getattr(window, "modal_operators", ()):
            if operator.bl_idname.startswith(("TRANSFORM_OT_", "MESH_OT_", "SCULPT_OT_", "PAINT_OT_")):
                return False
    # In Edit Mode an undo step would record the mesh being edited instead of the new head.
    return all(_object_mode(window) for window in windows)


def _object_mode(window) -> bool:
    active = window.view_layer.objects.active
    return active is None or active.mode == "OBJECT"


def window_context():
    """A context with a window and a 3D viewport if there are any; a timer starts with neither."""
    windows = bpy.context.window_manager.windows
    if bpy.app.background or not windows:
        return nullcontext()  # Without a display, areas exist but crash Blender when used.
    area, window = _largest_viewport()
    if area is None:
        return bpy.context.temp_override(window=windows[0])
    region = next(r for r in area.regions if r.type == "WINDOW")
    return bpy.context.temp_override(window=window, area=area, region=region)


def _largest_viewport():
    found = [
        (area, window)
        for window in bpy.context.window_manager.windows
        for area in window.screen.areas
        if area.type == "VIEW_3D"
    ]
    return max(found, key=lambda pair: pair[0].width * pair[0].height, default=(None, None))


def run_operator(operator, *, undo: bool, **properties) -> bool:
    """Run one of the add-on's operators from a timer; returns whether it worked.

    Args:
        operator: as in ``bpy.ops``. It shows its errors itself.
        undo: whether Blender pushes an undo step, which it does not by itself for an operator called from a timer.
    """
    try:
        with window_context():
            return operator("EXEC_DEFAULT", undo, **properties) == {"FINISHED"}
    except RuntimeError:
        return False

"""What several operators do alike: looking for files, building a head, saying why they cannot be used now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from ..link.location import engine_status
from ..state import session
from ..state.heads import active_head
from ..state.language import tip
from ..state.session import fail

__all__ = ["FileBrowser", "built", "engine_is_ready", "free_viewport", "in_object_mode", "not_linked", "own_head"]


class FileBrowser:
    """An operator that asks for a file or folder with Blender's file browser."""

    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    filepath: StringProperty(subtype="FILE_PATH", options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: BoolProperty(default=True, options={"HIDDEN"})

    def first_folder(self, context) -> Path | None:
        """Where the browser opens; None leaves that to Blender."""
        raise NotImplementedError

    def invoke(self, context, _event):
        folder = self.first_folder(context)
        if folder is not None and folder.is_dir():
            self.directory = str(folder)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def chosen(self) -> Path:
        """The file that was chosen, or the folder where there is none."""
        return Path(bpy.path.abspath(self.filepath or self.directory))


def engine_is_ready(operator: type[bpy.types.Operator]) -> bool:
    """Whether the engine can be started; otherwise the reason becomes the poll message of `operator`."""
    if session.install is not None:
        operator.poll_message_set(tip("The engine is being installed"))
    elif not engine_status().installed:
        operator.poll_message_set(tip("Install the engine first"))
    else:
        return True
    return False


def in_object_mode(operator: type[bpy.types.Operator], context) -> bool:
    """Whether objects can be made now; otherwise the reason becomes the poll message of `operator`."""
    if context.mode == "OBJECT":
        return True
    operator.poll_message_set(tip("Leave the current mode first"))
    return False


def own_head(operator: type[bpy.types.Operator], context) -> bpy.types.Object | None:
    """The active head where it belongs to this file; otherwise that becomes the poll message of `operator`."""
    head = active_head(context)
    if head is None or head.library is not None or head.override_library is not None:
        operator.poll_message_set(tip("Select a head of this file first"))
        return None
    return head


def not_linked(operator: type[bpy.types.Operator], *things: bpy.types.ID | None) -> bool:
    """Whether `things`, of a head's hair, are there and this file's; otherwise the reason becomes the poll message of `operator`."""
    if any(one is not None and one.library is not None for one in things):
        operator.poll_message_set(tip("This hair belongs to another file. Click Make Editable first"))
        return False
    return all(one is not None for one in things)


def built(operator: bpy.types.Operator, build: Callable, subject: str):
    """What `build` returns, or None after showing why the head of `subject` cannot be built."""
    try:
        return build()
    except HrnError as error:
        fail(operator, error, subject)
    except (RuntimeError, OSError, MemoryError) as error:
        fail(operator, HrnError(ErrorCode.INTERNAL, say("The head could not be built: {reason}.", reason=error)), subject)
    return None


def free_viewport(context) -> bpy.types.SpaceView3D | None:
    """The 3D viewport that an operator was called in, where there is one; a view is not part of undo."""
    space, region = context.space_data, context.region
    if bpy.app.background or space is None or space.type != "VIEW_3D" or region is None or region.type != "WINDOW":
        return None
    return space

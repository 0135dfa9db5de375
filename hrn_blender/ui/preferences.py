"""Preferences of the add-on: where things lie. Kept per user, not per file."""

from __future__ import annotations

import os

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ..engine.wire.user_settings import read_user_settings
from ..state import model_files
from ..state.language import CONTEXT
from ..state.settings import ADDON, preferences
from .panel_engine import draw_engine
from .panel_methods import draw_table

__all__ = ["HRN_Preferences", "register", "unregister"]

_replaced: list[str | None] = []
"""The variable's value before the preferences took it over; empty while they have not."""


def _use_engine_folder(self, _context=None) -> None:
    """Hand the chosen folder to everything that asks :func:`engine.wire.paths.engine_home`, child processes too."""
    if self.engine_folder:
        if not _replaced:
            _replaced.append(os.environ.get("HRN_ENGINE_HOME"))
        os.environ["HRN_ENGINE_HOME"] = bpy.path.abspath(self.engine_folder)
    elif _replaced:
        before = _replaced.pop()
        if before is None:
            os.environ.pop("HRN_ENGINE_HOME", None)
        else:
            os.environ["HRN_ENGINE_HOME"] = before


# Named, not lambdas: Blender evaluates the annotations below in a namespace of its own.


def _model_files(_self) -> str:
    return read_user_settings().model_files


def _set_model_files(_self, path: str) -> None:
    model_files.change_settings(model_files=bpy.path.abspath(path) if path else "")


def _commercial_work(_self) -> bool:
    return read_user_settings().commercial_work


def _set_commercial_work(_self, on: bool) -> None:
    model_files.change_settings(commercial_work=on)


class HRN_Preferences(bpy.types.AddonPreferences):
    bl_idname = ADDON

    engine_folder: StringProperty(
        name="Engine Folder",
        translation_context=CONTEXT,
        subtype="DIR_PATH",
        update=_use_engine_folder,
        description="Where the engine is installed. Empty: a folder in your user data, shared by all Blender versions",
    )
    python: StringProperty(
        name="Python",
        translation_context=CONTEXT,
        subtype="FILE_PATH",
        description="Python 3.11, 3.12 or 3.13 that the engine is installed with. Empty: found automatically",
    )
    wheels: StringProperty(
        name="Wheel Folder",
        translation_context=CONTEXT,
        subtype="DIR_PATH",
        description="Folder with the engine's packages, for installing without internet. "
        "It is made by `install_deps.py wheels` on another machine",
    )
    output_folder: StringProperty(
        name="Output Folder",
        translation_context=CONTEXT,
        subtype="DIR_PATH",
        description="Where finished heads are kept, each in a new folder. Empty: a folder in your user data",
    )
    idle_minutes: IntProperty(
        name="Stop Engine After",
        translation_context=CONTEXT,
        default=10,
        min=0,
        max=600,
        subtype="NONE",
        description="Minutes without work after which the engine is stopped to free its memory. "
        "The next photo then takes a few seconds longer. 0 keeps it running",
    )
    model_files: StringProperty(
        name="Licensed Files",
        translation_context=CONTEXT,
        subtype="DIR_PATH",
        description="Folder with the official files of published methods that you have a licence for, in any arrangement. "
        "Empty: a folder beside the engine",
        get=_model_files,
        set=_set_model_files,
    )
    commercial_work: BoolProperty(
        name="Commercial Work",
        translation_context=CONTEXT,
        description="Hide methods whose licences allow no commercial use, and refuse to run them",
        get=_commercial_work,
        set=_set_commercial_work,
    )
    frame_result: BoolProperty(
        name="Frame New Heads",
        translation_context=CONTEXT,
        default=True,
        description="Move the 3D viewport to a head when it is finished",
    )
    show_material: BoolProperty(
        name="Show in Material Preview",
        translation_context=CONTEXT,
        default=True,
        description="Switch the 3D viewport from solid display to Material Preview when a head is finished",
    )
    maps: EnumProperty(
        name="Maps of New Heads",
        translation_context=CONTEXT,
        items=(
            ("REFER", "In the Output Folder", "The .blend file refers to them where they are"),
            ("PACK", "Packed", "Inside the .blend file, which can then be sent on its own"),
            ("COPY", "Beside the .blend File", "Copied into a folder beside the saved file, to be moved together with it"),
        ),
        default="REFER",
        description="Where a new head keeps its maps and photos. Each head can be changed in the panel",
    )
    last_folder: StringProperty(options={"HIDDEN"}, subtype="DIR_PATH")

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        box = layout.box()
        draw_engine(box, context)
        column = layout.column()
        column.prop(self, "engine_folder")
        column.prop(self, "python")
        column.prop(self, "wheels")
        column.separator()
        column.prop(self, "output_folder")
        column.prop(self, "idle_minutes")
        column.separator()
        column.prop(self, "frame_result")
        column.prop(self, "show_material")
        column.prop(self, "maps")
        box = layout.box()
        column = box.column()
        column.prop(self, "commercial_work")
        column.prop(self, "model_files")
        draw_table(box, context)


def register() -> None:
    bpy.utils.register_class(HRN_Preferences)
    _use_engine_folder(preferences())


def unregister() -> None:
    bpy.utils.unregister_class(HRN_Preferences)

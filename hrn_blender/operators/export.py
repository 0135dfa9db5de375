"""Exports of the active head for other programs."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from ..build.export import FORMATS, NO_HAIR, PRESETS, ExportOptions
from ..build.export.run import exported
from ..build.hair_games.names import CARDS, CURVES, MESH
from ..engine.wire.errors import HrnError
from ..engine.wire.names import folder_name
from ..state.heads import active_head
from ..state.language import CONTEXT, report
from ..state.session import fail
from .shared import in_object_mode

__all__ = ["register", "unregister"]


class HRN_OT_export(bpy.types.Operator):
    """Export this head for other programs: at rest, with its facial expressions as targets, plain materials and its hair"""

    bl_idname = "hrn.export"
    bl_label = "Export Head"

    filepath: StringProperty(subtype="FILE_PATH", options={"HIDDEN", "SKIP_SAVE"})
    kind: EnumProperty(
        name="Format", translation_context=CONTEXT,
        items=(
            ("GLTF", "glTF", "For game engines and the web: cards or mesh, maps inside the file"),
            ("FBX", "FBX", "For game engines: cards or mesh, maps inside the file"),
            ("USD", "USD", "Cards, mesh or strands, maps beside the file"),
            ("OBJ", "OBJ", "The head as it looks now, without targets, maps beside the file"),
            ("ALEMBIC", "Alembic", "For other programs' hair: strands as rendered"),
        ),
    )  # fmt: skip
    preset: EnumProperty(
        name="Program", translation_context=CONTEXT,
        items=(
            ("NONE", "Any Program", "Blender's own settings"),
            ("UNREAL", "Unreal", "Smoothing by faces, tangents, green of normal maps downwards"),
            ("UNITY", "Unity", "Axes and units in the mesh"),
            ("VRM", "VRM", "glTF with VRoid's bone names, for programs that make VRM of it"),
            ("WEB", "Web", "Small: maps as JPEG, no normals of targets"),
        ),
        description="What reads the file: axes, units, normal maps and sizes of maps differ",
    )  # fmt: skip
    hair: EnumProperty(
        name="Hair", translation_context=CONTEXT,
        items=(
            ("BEST", "Best", "The first of cards, mesh and strands that there is and that the format carries; cards are made where there is none"),
            (CURVES, "Strands", "The hair curves"),
            (CARDS, "Cards", "Strips with a texture of strands"),
            (MESH, "Mesh", "The hair's outer surface"),
            (NO_HAIR, "None", "The head alone"),
        ),
    )  # fmt: skip
    map_size: IntProperty(
        name="Largest Map", translation_context=CONTEXT, default=0, min=0, max=16384, subtype="PIXEL",
        description="Width of the largest map; 0: as large as the head's, or as the program wants it",
    )  # fmt: skip
    levels: IntProperty(
        name="Subdivision", translation_context=CONTEXT, default=0, min=0, max=2,
        description="How often the mesh is subdivided: each time there are four times as many faces",
    )  # fmt: skip

    @classmethod
    def poll(cls, context):
        if active_head(context) is None:
            return False
        return in_object_mode(cls, context)

    def invoke(self, context, _event):
        self.filepath = folder_name(active_head(context).name, "head") + FORMATS[self.kind].suffix
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context):
        path = Path(self.filepath)
        suffix = FORMATS[self.kind].suffix
        if path.suffix.lower() in {one.suffix for one in FORMATS.values()} and path.suffix.lower() != suffix:
            self.filepath = str(path.with_suffix(suffix))
            return True
        return False

    def draw(self, _context):
        self.layout.use_property_split = True
        for name in ("kind", "preset", "hair", "map_size", "levels"):
            self.layout.prop(self, name)

    def execute(self, context):
        head = active_head(context)
        options = ExportOptions(PRESETS[self.preset], self.map_size, self.levels)
        try:
            files = exported(head, Path(bpy.path.abspath(self.filepath)), self.kind, self.hair, options)
        except HrnError as error:
            return fail(self, error, head.name)
        self.report({"INFO"}, report("{file} was written", file=files[-1].name))
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((HRN_OT_export,))

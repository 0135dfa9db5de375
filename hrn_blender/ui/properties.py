"""What the panel edits.

Settings belong to the scene: they are saved with the file and undone like everything else. The chosen photos and the
list of heads belong to the session (:mod:`..state.session`); the window manager only mirrors them for drawing, because an
undo must not bring back a list of yesterday.
"""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..engine.wire.protocol import Settings
from ..state.methods import method_items

__all__ = ["HRN_JobItem", "HRN_Settings", "HRN_State", "register", "unregister"]


class HRN_BatchSettings(bpy.types.PropertyGroup):
    """Fields of Batch Import; saved with the scene so that opening the file and clicking Start goes on."""

    source: StringProperty(
        name="Photos",
        description="Folder in which each sub-folder and each loose photo is one person, or a CSV or JSON list of people",
    )
    out: StringProperty(
        name="Heads", subtype="DIR_PATH", description="Folder that gets a folder for each head. Empty: beside the photos"
    )
    when_done: EnumProperty(
        name="When Done",
        default="BUILD",
        description="What happens to each head as soon as it is finished",
        items=(
            ("BUILD", "Build in This Scene", "Build the heads as they arrive, in rows and columns, with their names"),
            (
                "LIBRARY",
                "Asset Library",
                "Make the output folder an asset library and each head an asset with its "
                "picture, to be linked from the Asset Browser",
            ),
            ("FILES", "Only Files", "Keep them on the disk; single heads can be built from the table"),
        ),
    )
    jobs: IntProperty(
        name="Workers",
        default=0,
        min=0,
        max=256,
        description="Heads that are made at the same time. 0: as many as memory and processor cores allow",
    )


class HRN_Settings(bpy.types.PropertyGroup):
    """Settings of the next reconstruction."""

    batch: PointerProperty(type=HRN_BatchSettings)
    method: EnumProperty(name="Method", items=method_items, description="How the head is reconstructed")
    texture_size: EnumProperty(
        name="Texture Size",
        default="2048",
        description="Width and height of the colour and displacement maps",
        items=(
            ("1024", "1024 px", "Background characters and previews"),
            ("2048", "2048 px", "Good for most photos"),
            ("4096", "4096 px", "For large, sharp photos"),
            ("8192", "8192 px", "For huge photos; needs memory"),
        ),
    )
    quality: EnumProperty(
        name="Quality",
        default="standard",
        items=(
            ("draft", "Draft", "Fast; the shape follows the photo only roughly"),
            ("standard", "Standard", "The shape is fitted to the photo's pixels"),
            ("high", "High", "More passes; takes longer"),
        ),
    )
    detail: FloatProperty(
        name="Skin Detail",
        default=1.0,
        min=0.0,
        max=4.0,
        soft_max=2.0,
        subtype="FACTOR",
        description="How strongly wrinkles and pores are written into the displacement map. "
        "It can be scaled later with Displacement Strength",
    )
    keep_expression: BoolProperty(
        name="Keep Expression",
        default=True,
        description="Set the shape keys to the photo's expression. Otherwise the face is relaxed",
    )
    face_number: IntProperty(
        name="Face", default=1, min=1, max=100, description="Which face of a group photo; 1 is the largest"
    )
    use_focal: BoolProperty(
        name="Override Focal Length",
        default=False,
        description="Use your own focal length. Otherwise it is read from the photo or estimated",
    )
    focal_mm: FloatProperty(
        name="Focal Length",
        default=50.0,
        min=5.0,
        max=2000.0,
        precision=0,
        description="Focal length in millimetres as on a 35 mm film camera. Phones have about 26 mm, portraits 85 mm",
    )

    same_expression: EnumProperty(
        name="Expression",
        default="AUTO",
        description="Of several photos of one person",
        items=(
            ("AUTO", "Automatic", "Find out from the photos whether the expression changed"),
            ("SAME", "Same in All Photos", "The person kept still: one expression for all photos"),
            ("DIFFERENT", "Different", "Each photo has an expression of its own"),
        ),
    )

    hair_texture: BoolProperty(
        name="Hair in Texture",
        default=False,
        description="Give the back of the published texture the colour of the photo's hair. Otherwise it is bald",
    )

    corrected: BoolProperty(
        name="Correct Known Bugs",
        default=False,
        description="Leave out the documented bugs of the published code. Otherwise the result is the published one",
    )

    def engine_settings(self) -> Settings:
        """These settings as the engine wants them."""
        chosen = {} if self.same_expression == "AUTO" else {"same_expression": self.same_expression == "SAME"}
        return Settings(
            method=self.method or "open",
            texture_size=int(self.texture_size),
            quality=self.quality,
            detail=self.detail,
            keep_expression=self.keep_expression,
            face_index=self.face_number - 1,
            focal_mm=self.focal_mm if self.use_focal else None,
            hair_texture=self.hair_texture,
            corrected=self.corrected,
            **chosen,
        )


class HRN_JobItem(bpy.types.PropertyGroup):
    """One row of the list; everything else is looked up in the session."""

    job_id: IntProperty()


class HRN_State(bpy.types.PropertyGroup):
    """Mirror of the session for drawing."""

    subjects: CollectionProperty(type=bpy.types.PropertyGroup)
    """Rows of the batch; an item's name is the subject's key."""
    active_subject: IntProperty(name="Subject", options={"SKIP_SAVE"})
    jobs: CollectionProperty(type=HRN_JobItem)
    active_job: IntProperty(name="Active Head", options={"SKIP_SAVE"})
    photos: CollectionProperty(type=bpy.types.PropertyGroup)
    """Chosen photos; an item's name is its path."""
    active_photo: IntProperty(name="Photo", options={"SKIP_SAVE"})
    status: StringProperty()


_CLASSES = (HRN_BatchSettings, HRN_Settings, HRN_JobItem, HRN_State)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.hrn = PointerProperty(type=HRN_Settings)
    bpy.types.WindowManager.hrn = PointerProperty(type=HRN_State)


def unregister() -> None:
    del bpy.types.Scene.hrn
    del bpy.types.WindowManager.hrn
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)

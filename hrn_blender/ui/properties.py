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

from ..engine.wire.settings import SETTINGS, Setting, Settings
from ..state.language import CONTEXT
from ..state.methods import method_items

__all__ = ["HRN_JobItem", "HRN_Settings", "HRN_State", "register", "unregister"]


class HRN_BatchSettings(bpy.types.PropertyGroup):
    """Fields of Batch Import; saved with the scene so that opening the file and clicking Start goes on."""

    source: StringProperty(
        name="Photos",
        translation_context=CONTEXT,
        description="Folder in which each sub-folder and each loose photo is one person, or a CSV or JSON list of people",
    )
    out: StringProperty(
        name="Heads",
        translation_context=CONTEXT,
        subtype="DIR_PATH",
        description="Folder in which each head gets a folder of its own. Empty: beside the photos",
    )
    when_done: EnumProperty(
        name="When Done",
        translation_context=CONTEXT,
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
        translation_context=CONTEXT,
        default=0,
        min=0,
        max=256,
        description="Heads that are made at the same time. 0: as many as memory and processor cores allow",
    )


class HRN_Settings(bpy.types.PropertyGroup):
    """Settings of the next reconstruction: a property for each of :data:`engine.wire.settings.SETTINGS` that the panel
    shows, and the batch's fields."""

    def engine_settings(self) -> Settings:
        """These settings as the engine wants them."""
        return Settings(**{one.name: self._value(one) for one in SETTINGS.values() if not one.not_in_panel})

    def _value(self, setting: Setting):
        shown = getattr(self, setting.property_name)
        if setting.name == "method":
            return shown or setting.default
        if setting.choices:
            return next(choice.value for choice in setting.choices if choice.key == shown)
        if setting.switch is not None and not getattr(self, setting.switch.name):
            return setting.default
        return shown - setting.panel_from if setting.kind == "int" else shown


def _properties(setting: Setting) -> dict[str, object]:
    """Blender's properties of one setting, by name."""
    words = {"name": setting.label, "description": setting.description, "translation_context": CONTEXT}
    if setting.name == "method":
        return {setting.property_name: EnumProperty(items=method_items, **words)}
    if setting.choices:
        items = [(choice.key, choice.label, choice.description) for choice in setting.choices]
        default = next(choice.key for choice in setting.choices if choice.value == setting.default)
        return {setting.property_name: EnumProperty(items=items, default=default, **words)}
    if setting.kind == "bool":
        return {setting.property_name: BoolProperty(default=setting.default, **words)}
    if setting.kind == "int":
        first = setting.panel_from
        limits = {"min": setting.minimum + first, "max": setting.panel_maximum or setting.maximum}
        return {setting.property_name: IntProperty(default=setting.default + first, **limits, **setting.panel_options, **words)}
    limits = {"min": setting.minimum, "max": setting.maximum}
    start = setting.default if setting.switch is None else setting.switch.start
    found = {setting.property_name: FloatProperty(default=start, **limits, **setting.panel_options, **words)}
    if setting.switch is not None:
        switch = setting.switch
        words |= {"name": switch.label, "description": switch.description}
        found[switch.name] = BoolProperty(default=False, **words)
    return found


# Blender makes a class's annotations into properties when it is registered.
HRN_Settings.__annotations__ = {"batch": PointerProperty(type=HRN_BatchSettings)}
for _setting in SETTINGS.values():
    if not _setting.not_in_panel:
        HRN_Settings.__annotations__.update(_properties(_setting))


class HRN_JobItem(bpy.types.PropertyGroup):
    """One row of the list; everything else is looked up in the session."""

    job_id: IntProperty()


class HRN_State(bpy.types.PropertyGroup):
    """Mirror of the session for drawing."""

    subjects: CollectionProperty(type=bpy.types.PropertyGroup)
    """Rows of the batch; an item's name is the subject's key."""
    active_subject: IntProperty(name="Subject", translation_context=CONTEXT, options={"SKIP_SAVE"})
    jobs: CollectionProperty(type=HRN_JobItem)
    active_job: IntProperty(name="Active Head", translation_context=CONTEXT, options={"SKIP_SAVE"})
    photos: CollectionProperty(type=bpy.types.PropertyGroup)
    """Chosen photos; an item's name is its path."""
    active_photo: IntProperty(name="Photo", translation_context=CONTEXT, options={"SKIP_SAVE"})
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

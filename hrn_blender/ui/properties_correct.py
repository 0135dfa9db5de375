"""What is corrected about a head, saved with it in the .blend file: pins, switches, locks, sliders and masks."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, FloatProperty, PointerProperty, StringProperty

from ..build.head import BUNDLE_PROPERTY
from ..engine.wire.corrections import DEVIATION_MM, DEVIATIONS_MM
from ..engine.wire.sliders import SLIDERS
from ..state import correct, session
from ..state.language import CONTEXT

__all__ = ["register", "unregister"]


def _changed(group: bpy.types.PropertyGroup, _context) -> None:
    """Fit the head anew after one of its corrections has been changed in the panel."""
    head = group.id_data
    if correct.quiet.depth or session.queue is None or BUNDLE_PROPERTY not in head:
        return
    correct.refit_or_say(head)


def _switch(name: str, description: str, default: bool = False):
    return BoolProperty(name=name, description=description, default=default, update=_changed, translation_context=CONTEXT)


class HRN_Correct(bpy.types.PropertyGroup):
    """The corrections of a head; of a photo camera only the masks are used."""

    pins: StringProperty(options={"HIDDEN"}, description="The pins, as text")
    begun: BoolProperty(options={"HIDDEN"}, description="Whether this head has corrections of its own")
    fit_old: BoolProperty(options={"HIDDEN"}, description="Whether the corrections have changed since the shape was fitted")
    texture_old: BoolProperty(options={"HIDDEN"}, description="Whether the shape has changed since the maps were made")
    said: StringProperty(options={"HIDDEN"}, description="What the engine said about the last fit, as text")
    opacity: FloatProperty(
        name="Wire",
        translation_context=CONTEXT,
        default=0.35,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        description="How strongly the mesh is drawn over the photo in Adjust Mode",
    )
    deviation: FloatProperty(
        name="Precision (mm)",
        translation_context=CONTEXT,
        default=DEVIATION_MM,
        min=DEVIATIONS_MM[0],
        max=DEVIATIONS_MM[1],
        soft_max=3.0,
        step=10,
        precision=2,
        update=_changed,
        description="How exactly pins are set, at the face; the larger, the more the photo's own say counts against them",
    )
    rigid_only: _switch("Camera Only", "Pins move the camera and leave the head as it is")
    shape: _switch("Shape", "Pins may change the shape of the head", True)
    expression: _switch("Expression", "Pins may change the facial expression in their photo", True)
    symmetric: _switch("Symmetric", "What a pin changes on one side of the head happens on the other one, too")
    neutral: _switch(
        "Neutral Face",
        "The face is relaxed in the head's first photo: what looks like an expression there is the person's shape",
    )
    focal_free: _switch("Focal Length", "Pins may change the focal length of the photo's camera")
    lock_nose: _switch("Nose", "The nose stays as it is")
    lock_eyes: _switch("Eyes", "The eyes stay as they are")
    lock_mouth: _switch("Mouth", "The mouth stays as it is")
    lock_jaw: _switch("Jaw", "The jaw stays as it is")
    lock_ears: _switch("Ears", "The ears stay as they are")
    lock_skull: _switch("Skull", "The skull stays as it is")
    lock_group: StringProperty(
        name="Painted",
        translation_context=CONTEXT,
        update=_changed,
        description="Vertex group whose vertices stay as they are, painted in Weight Paint Mode",
    )
    ignore: PointerProperty(type=bpy.types.Image, description="The photo with what is to be ignored painted away")
    skin: PointerProperty(type=bpy.types.Image, description="The photo with what is skin painted away")


# Blender makes a class's annotations into properties when it is registered.
for _slider in SLIDERS.values():
    HRN_Correct.__annotations__[correct.SLIDER + _slider.name] = FloatProperty(
        name=_slider.label,
        translation_context=CONTEXT,
        description="Change of this measure; 0 leaves it as the photos say",
        min=_slider.minimum,
        max=_slider.maximum,
        step=10,
        precision=1,
        update=_changed,
    )


def register() -> None:
    bpy.utils.register_class(HRN_Correct)
    bpy.types.Object.hrn_correct = PointerProperty(type=HRN_Correct)


def unregister() -> None:
    del bpy.types.Object.hrn_correct
    bpy.utils.unregister_class(HRN_Correct)

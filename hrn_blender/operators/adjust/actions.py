"""Corrections without the mouse: what the panel's buttons and scripts do."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.props import EnumProperty, FloatProperty, FloatVectorProperty, IntProperty, IntVectorProperty

from ...adjust.hit import SurfacePoint
from ...adjust.pins import Pin, PinSet
from ...build.camera import HEIGHT_PROPERTY, PHOTO_PROPERTY, WIDTH_PROPERTY
from ...build.mix import MIXED
from ...build.refit import fitted_of, photo_cameras
from ...engine.wire.corrections import LOCK_PARTS
from ...engine.wire.errors import ErrorCode, HrnError
from ...engine.wire.messages import say
from ...engine.wire.sliders import SLIDERS
from ...state import correct, session
from ...state.heads import active_head
from ...state.language import CONTEXT, tip
from ...state.session import fail
from ..shared import engine_is_ready, in_object_mode, own_head

__all__ = ["CLASSES"]


class _Correction:
    """An operator that changes the corrections of the active head."""

    wait: FloatProperty(
        default=0.0, min=0.0, options={"HIDDEN", "SKIP_SAVE"}, description="Seconds to wait for the engine's answer at most"
    )

    @classmethod
    def poll(cls, context):
        head = own_head(cls, context)
        if head is None:
            return False
        if MIXED in head:
            cls.poll_message_set(tip("A mixed head has no photos: correct one of the two that it is made of"))
            return False
        return in_object_mode(cls, context) and engine_is_ready(cls)

    def _ask(self, head: bpy.types.Object, what: Callable[[bpy.types.Object], object]) -> set[str]:
        """Let the engine do `what`, and wait for it where that is wanted."""
        session.dismiss()
        try:
            what(head)
        except HrnError as error:
            return fail(self, error, head.name)
        if self.wait and not correct.wait(head, self.wait):
            message = say("The engine has not answered within {seconds:.0f} s.", seconds=self.wait)
            return fail(self, HrnError(ErrorCode.BUSY, message), head.name)
        if session.notice is not None:
            return fail(self, session.notice.error, head.name)
        return {"FINISHED"}


class HRN_OT_adjust_pin(_Correction, bpy.types.Operator):
    """Pin a point of the head to a pixel of a photo"""

    bl_idname = "hrn.adjust_pin"
    bl_label = "Add Pin"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    photo: IntProperty(default=0, min=0, options={"SKIP_SAVE"}, description="Number of the photo, from 0")
    vertices: IntVectorProperty(size=3, default=(0, 0, 0), options={"SKIP_SAVE"}, description="A triangle of the mesh")
    weights: FloatVectorProperty(
        size=3, default=(1.0, 0.0, 0.0), options={"SKIP_SAVE"}, description="Where in it the point lies: barycentric weights"
    )
    pixel: FloatVectorProperty(
        size=2, default=(0.0, 0.0), options={"SKIP_SAVE"}, description="Pixels from the photo's left and upper edge"
    )

    def execute(self, context):
        head = active_head(context)
        camera = next((one for one in photo_cameras(head) if one.get(PHOTO_PROPERTY, 0) == self.photo), None)
        if camera is None:
            message = say("{head} has no photo number {number}.", head=head.name, number=self.photo)
            return fail(self, HrnError(ErrorCode.CORRECTIONS_INVALID, message), head.name)
        x, y = self.pixel
        if not (0 <= x <= camera[WIDTH_PROPERTY] and 0 <= y <= camera[HEIGHT_PROPERTY]):
            message = say("A pin at {x:.0f}, {y:.0f} lies outside the photo.", x=x, y=y)
            return fail(self, HrnError(ErrorCode.CORRECTIONS_INVALID, message), head.name)
        if not all(0 <= number < len(head.data.vertices) for number in self.vertices) or sum(self.weights) <= 0:
            message = say("{head} has no such point for a pin.", head=head.name)
            return fail(self, HrnError(ErrorCode.CORRECTIONS_INVALID, message), head.name)
        total = sum(self.weights)
        point = SurfacePoint(tuple(self.vertices), tuple(weight / total for weight in self.weights))

        def pin(head: bpy.types.Object) -> None:
            correct.read_from_bundle(head)
            fitted_of(head)  # Says so where the mesh is no longer the folder's.
            correct.set_pins(head, correct.pins_of_head(head).added(Pin(self.photo, point, (x, y))))
            correct.refit(head)

        return self._ask(head, pin)


class HRN_OT_adjust_refit(_Correction, bpy.types.Operator):
    """Fit the head anew to its pins, masks, locks and sliders"""

    bl_idname = "hrn.adjust_refit"
    bl_label = "Fit Again"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        return self._ask(active_head(context), correct.refit)


class HRN_OT_adjust_clear(_Correction, bpy.types.Operator):
    """Take corrections back; the head becomes what the photos alone say"""

    bl_idname = "hrn.adjust_clear"
    bl_label = "Clear Corrections"
    bl_options = {"REGISTER", "UNDO"}

    what: EnumProperty(
        name="Clear",
        translation_context=CONTEXT,
        items=(
            ("PINS", "Pins", "All pins in all photos"),
            ("SLIDERS", "Sliders", "All sliders go back to 0"),
            ("ALL", "Everything", "Pins, sliders, locks and masks"),
        ),
    )

    def execute(self, context):
        head = active_head(context)
        wanted = head.hrn_correct
        try:
            if self.what == "ALL":
                wanted.begun = True  # Nor is anything of the folder wanted.
            correct.read_from_bundle(head)
        except HrnError as error:
            return fail(self, error, head.name)
        with correct.quiet():
            if self.what in ("PINS", "ALL"):
                correct.set_pins(head, PinSet())
            if self.what in ("SLIDERS", "ALL"):
                for name in SLIDERS:
                    setattr(wanted, correct.SLIDER + name, 0.0)
            if self.what == "ALL":
                for name in LOCK_PARTS:
                    setattr(wanted, f"lock_{name}", False)
                wanted.lock_group = ""
                for camera in photo_cameras(head):
                    for kind in correct.MASKS:
                        setattr(camera.hrn_correct, kind, None)
        return self._ask(head, correct.refit)


class HRN_OT_adjust_texture(_Correction, bpy.types.Operator):
    """Make skin, maps and the head's folder anew for its corrected shape"""

    bl_idname = "hrn.adjust_texture"
    bl_label = "Update Texture"
    bl_options = {"REGISTER"}

    def execute(self, context):
        return self._ask(active_head(context), correct.retexture)


CLASSES = (HRN_OT_adjust_pin, HRN_OT_adjust_refit, HRN_OT_adjust_clear, HRN_OT_adjust_texture)

"""Painting away what the engine is to ignore of a photo, in Blender's image editor."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty

from ...build.photo_masks import painted_photo
from ...engine.wire.errors import ErrorCode, HrnError
from ...state import correct
from ...state.heads import active_head, meant_camera
from ...state.language import CONTEXT, report
from ...state.session import fail
from .actions import _Correction

__all__ = ["CLASSES"]

_before: dict[str, str] = {}
"""Name of a brush that takes alpha away -> how it blended before."""
_KIND = {
    "name": "Mask",
    "translation_context": CONTEXT,
    "items": (
        ("ignore", "What to Ignore", "Hair, a hand, glasses, glare: neither shape nor skin is taken from there"),
        ("skin", "What Is Skin", "Skin that the engine took for something else"),
    ),
}


def _image_editor(context) -> tuple[bpy.types.Window, bpy.types.Area]:
    """An image editor that is open, or one in a window of its own."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR":
                return window, area
    bpy.ops.wm.window_new()
    window = context.window_manager.windows[-1]
    area = max(window.screen.areas, key=lambda one: one.width * one.height)
    area.type = "IMAGE_EDITOR"
    return window, area


def _paint_on(image: bpy.types.Image, window: bpy.types.Window, area: bpy.types.Area) -> None:
    """Show the picture in an image editor, with a brush that takes alpha away."""
    space = area.spaces.active
    space.mode = "PAINT"
    space.image = image
    region = next((region for region in area.regions if region.type == "WINDOW"), None)
    if region is not None:
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.image.view_all(fit_view=True)


def _take_brush() -> bool:
    """Let the brush in the artist's hand take alpha away; whether there is one.

    A brush of our own would have to be activated as an asset of this file, in which Blender 4.3 crashes."""
    brush = bpy.context.scene.tool_settings.image_paint.brush
    if brush is None:
        return False
    if brush.blend != "ERASE_ALPHA":
        _before[brush.name] = brush.blend
        brush.blend = "ERASE_ALPHA"
    return True


def _give_back_brush() -> None:
    """Let the brushes paint again as they did before."""
    for name, blend in _before.items():
        brush = bpy.data.brushes.get(name)
        if brush is not None:
            brush.blend = blend
    _before.clear()


class HRN_OT_adjust_paint(_Correction, bpy.types.Operator):
    """Paint over the photo in the image editor: what you paint away is what this mask holds. Then click Use Mask"""

    bl_idname = "hrn.adjust_paint"
    bl_label = "Paint What to Ignore"
    bl_options = {"REGISTER", "UNDO"}

    kind: EnumProperty(**_KIND)

    def execute(self, context):
        head = active_head(context)
        camera = meant_camera(context, head)
        if camera is None:
            return fail(self, HrnError(ErrorCode.BUNDLE_INVALID, "This head has no photo camera any more."), head.name)
        try:
            correct.read_from_bundle(head)
            image = correct.mask_of(camera, self.kind)
            if image is None:
                image = painted_photo(camera, self.kind)
                setattr(camera.hrn_correct, self.kind, image)
        except HrnError as error:
            return fail(self, error, head.name)
        if not bpy.app.background:
            _paint_on(image, *_image_editor(context))
            if not _take_brush():
                self.report({"WARNING"}, report("Choose a brush and set its blend mode to Erase Alpha"))
        return {"FINISHED"}


class HRN_OT_adjust_use_masks(_Correction, bpy.types.Operator):
    """Fit the head anew without what was painted away, and keep the masks in the file"""

    bl_idname = "hrn.adjust_use_masks"
    bl_label = "Use Mask"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        head = active_head(context)
        _give_back_brush()
        correct.keep_masks()
        result = self._ask(head, correct.refit)
        if result == {"FINISHED"}:
            correct.retexture_later(head)
            self.report({"INFO"}, report("The masks of {head} are used", head=head.name))
        return result


class HRN_OT_adjust_remove_mask(_Correction, bpy.types.Operator):
    """Forget this mask of the photo"""

    bl_idname = "hrn.adjust_remove_mask"
    bl_label = "Remove Mask"
    bl_options = {"REGISTER", "UNDO"}

    kind: EnumProperty(**_KIND)

    def execute(self, context):
        head = active_head(context)
        camera = meant_camera(context, head)
        if camera is None or correct.mask_of(camera, self.kind) is None:
            return {"CANCELLED"}
        _give_back_brush()
        setattr(camera.hrn_correct, self.kind, None)
        return self._ask(head, correct.refit)


CLASSES = (HRN_OT_adjust_paint, HRN_OT_adjust_use_masks, HRN_OT_adjust_remove_mask)

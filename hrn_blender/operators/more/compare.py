"""Compare: two heads, or a head and an earlier version of it, on either side of a line that follows the mouse."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from bpy.props import IntProperty, StringProperty
from mathutils import Vector

from ...build.head import bundle_path
from ...build.keep import head_images
from ...build.mesh_arrays import mixed_places
from ...build.version import BUNDLE, version_places
from ...engine.wire.bundle import MATERIALS, load_bundle
from ...engine.wire.errors import ErrorCode, HrnError
from ...engine.wire.messages import say
from ...state import history, session
from ...state.heads import active_head
from ...state.language import CONTEXT, report, tip, words
from ...state.session import fail
from ..shared import in_object_mode
from .own import other_heads, refuse_other_mesh
from .wipe import Side, Wipe, difference

__all__ = ["CLASSES", "leave"]

_PASSED = {"MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE", "TRACKPADPAN", "TRACKPADZOOM", "TRACKPADROTATE", "HOME"}
"""What turns and zooms the view is left to Blender."""
_running: HRN_OT_compare | None = None
"""The one that is on."""


def leave() -> None:
    """End the comparison, where one is on: the add-on is disabled."""
    if _running is not None:
        _running.finish()


class HRN_OT_compare(bpy.types.Operator):
    """Lay another head or an earlier version over this one, with a line between them that follows the mouse. Esc leaves"""

    bl_idname = "hrn.compare"
    bl_label = "Compare"
    bl_options = {"INTERNAL"}

    other: StringProperty(options={"SKIP_SAVE"}, description="Name of the other head; empty: a version of this one")
    version: IntProperty(default=-1, min=-1, options={"SKIP_SAVE"}, description="Which version, from 0; -1 is the newest kept")

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        if head is None:
            cls.poll_message_set(tip("Select a head first"))
            return False
        if _running is not None:
            cls.poll_message_set(tip("A comparison is on already; Esc leaves it"))
            return False
        if not other_heads(context, head) and not history.versions(head):
            cls.poll_message_set(tip("There is neither another head nor an earlier version to compare with"))
            return False
        return in_object_mode(cls, context)

    def execute(self, context):
        """For scripts: says how far the two are apart."""
        try:
            sides = self._sides(context)
        except HrnError as error:
            return fail(self, error)
        skin = _skin(active_head(context).data)
        mean, most = difference(sides[0].places, sides[1].places, skin)
        for side in sides:
            side.drop()
        text = report(
            "{a} and {b}: {mean:.2f} mm apart on average, {most:.2f} mm at most",
            a=sides[0].name,
            b=sides[1].name,
            mean=mean,
            most=most,
        )
        self.report({"INFO"}, text)
        return {"FINISHED"}

    def invoke(self, context, event):
        global _running
        if context.area is None or context.area.type != "VIEW_3D":
            return fail(self, HrnError(ErrorCode.SETTINGS_INVALID, "Comparing needs a 3D viewport."))
        session.dismiss()
        try:
            self._both = self._sides(context)
        except HrnError as error:
            return fail(self, error)
        head = active_head(context)
        self._wipe = Wipe(head.data, head.matrix_world.copy(), self._both)
        self._area, self._region = context.area, next(r for r in context.area.regions if r.type == "WINDOW")
        self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")
        self._follow(event)
        context.window_manager.modal_handler_add(self)
        text = words(
            "Mouse: line between {a} (left) and {b} (right). X: swap. Esc: leave", a=self._both[0].name, b=self._both[1].name
        )
        self._area.header_text_set(text)
        _running = self
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if _running is not self:
            return {"CANCELLED"}
        if context.area is None or event.type in {"ESC", "RET", "NUMPAD_ENTER", "RIGHTMOUSE"} and event.value == "PRESS":
            self.finish()
            return {"FINISHED"}
        if event.type == "MOUSEMOVE":
            self._follow(event)
            return {"PASS_THROUGH"}
        if event.type == "X" and event.value == "PRESS":
            self._wipe.sides = self._wipe.sides[::-1]
            self._area.tag_redraw()
            return {"RUNNING_MODAL"}
        return {"PASS_THROUGH"} if event.type in _PASSED or event.type.startswith(("NUMPAD", "TIMER")) else {"RUNNING_MODAL"}

    def cancel(self, _context):
        """Blender ends it: another file is opened, or the window closes."""
        self.finish()

    def finish(self) -> None:
        """Take everything away again."""
        global _running
        _running = None
        bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")
        self._wipe.drop()
        try:
            self._area.header_text_set(None)
            self._area.tag_redraw()
        except ReferenceError:
            pass  # The viewport is gone.

    def _follow(self, event) -> None:
        region = self._region
        self._wipe.share = min(max((event.mouse_x - region.x) / max(region.width, 1), 0.0), 1.0)
        self._area.tag_redraw()

    def _draw(self) -> None:
        context = bpy.context
        if context.area != self._area or context.region_data is None:
            return
        view = context.region_data
        size = context.region.width, context.region.height
        self._wipe.paint(*size, view.perspective_matrix, view.view_matrix)
        self._wipe.paste(*size)

    def _sides(self, context) -> tuple[Side, Side]:
        """The other one on the left, the head on the right.

        Raises:
            HrnError: ``BUNDLE_INVALID``: there is nothing to compare with, or it has another mesh.
        """
        head = active_head(context)
        now = Side(mixed_places(head), _skin_picture(head), head.name)
        if self.other:
            other = bpy.data.objects.get(self.other)
            if other is None or other not in other_heads(context, head):
                raise HrnError(ErrorCode.BUNDLE_INVALID, say("There is no other head “{name}” in this scene.", name=self.other))
            refuse_other_mesh(head, other)
            places = mixed_places(other) - _shift(head, other)
            return Side(places, _skin_picture(other), other.name), now
        found = history.versions(head)
        number = self.version if self.version >= 0 else len(found) - 1
        if not 0 <= number < len(found):
            raise HrnError(ErrorCode.SETTINGS_INVALID, "There is no such version.", hint="Keep This Version makes one.")
        folder = history.folder_of(head, found[number])
        places = version_places(folder)
        if len(places) != len(head.data.vertices):
            raise HrnError(
                ErrorCode.BUNDLE_INVALID, say("{head} no longer has the vertices that it was built with.", head=head.name)
            )
        albedo = load_bundle(folder / BUNDLE).file("albedo")
        return Side(places, albedo, found[number].when), now


def _shift(head: bpy.types.Object, other: bpy.types.Object) -> np.ndarray:
    """(3,) by which another head's eyes lie off this one's in their object spaces: origins lie in the necks."""
    a, b = (Vector(one.get("hrn_origin", (0, 0, 0))) for one in (head, other))
    return np.array(a - b)


def _skin(mesh: bpy.types.Mesh) -> np.ndarray:
    """Numbers of the skin's vertices."""
    slot = MATERIALS.index("skin")
    return np.unique([v for polygon in mesh.polygons if polygon.material_index == slot for v in polygon.vertices])


def _skin_picture(head: bpy.types.Object) -> bpy.types.Image | None:
    """The albedo of a head as it stands in the scene."""
    name = load_bundle(bundle_path(head)).file("albedo").name
    found = [image for image in head_images(head) if Path(bpy.path.abspath(image.filepath)).name == name]
    return found[0] if found else None


class HRN_MT_compare(bpy.types.Menu):
    bl_idname = "HRN_MT_compare"
    bl_label = "Compare With"
    bl_translation_context = CONTEXT

    def draw(self, context):
        head = active_head(context)
        layout = self.layout
        layout.operator_context = "INVOKE_REGION_WIN"
        for other in other_heads(context, head) if head is not None else ():
            layout.operator("hrn.compare", text=other.name, translate=False, icon="USER").other = other.name
        found = history.versions(head) if head is not None else []
        for number in reversed(range(len(found))):
            text = words("Before: {what}", what=words(found[number].name))
            layout.operator("hrn.compare", text=f"{text}  {found[number].when}", translate=False, icon="TIME").version = number


CLASSES = (HRN_OT_compare, HRN_MT_compare)

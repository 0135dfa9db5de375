"""The operator that enters Adjust Mode, and what keys and mouse do in it."""

from __future__ import annotations

import bpy

from ...adjust.camera import project
from ...adjust.fitted import Fitted
from ...adjust.hand import Hand
from ...build.camera import PHOTO_PROPERTY
from ...build.head import BUNDLE_PROPERTY
from ...build.refit import fitted_of, photo_cameras
from ...engine.wire.errors import ErrorCode, HrnError
from ...state import correct, said, session
from ...state.heads import active_head, by_uid, meant_camera, photo_label
from ...state.language import tip, words
from ...state.session import fail
from ..shared import engine_is_ready, in_object_mode, own_head
from .draw import Overlay
from .view import View, over_photo

__all__ = ["HRN_OT_adjust", "Mode", "leave"]

_REACH = 12.0
"""Pixels of the region, at a resolution scale of 1, within which the mouse takes a pin."""
_SECONDS = 0.04
"""Between two looks at the engine."""
_PASSED = {"WHEELUPMOUSE", "WHEELDOWNMOUSE", "WHEELINMOUSE", "WHEELOUTMOUSE", "TRACKPADPAN", "TRACKPADZOOM", "HOME"}
"""What zooms and moves the picture is left to Blender."""
_LEAVE = {"ESC", "RET", "NUMPAD_ENTER"}
_NEXT = {"PAGE_DOWN", "RIGHT_ARROW", "DOWN_ARROW"}
_LAST = {"PAGE_UP", "LEFT_ARROW", "UP_ARROW"}


class HRN_OT_adjust(bpy.types.Operator):
    """Lay the head over its photo and pull it into place with pins"""

    bl_idname = "hrn.adjust"
    bl_label = "Adjust"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        head = own_head(cls, context)
        if head is None:
            return False
        if not photo_cameras(head):
            cls.poll_message_set(tip("This head has no photo camera any more"))
            return False
        if correct.adjusted:
            cls.poll_message_set(tip("Adjust Mode is on already"))
            return False
        return in_object_mode(cls, context) and engine_is_ready(cls)

    def invoke(self, context, _event):
        area = context.area
        if area is None or area.type != "VIEW_3D":
            return fail(self, HrnError(ErrorCode.SETTINGS_INVALID, "Adjust Mode needs a 3D viewport."))
        head = active_head(context)
        session.dismiss()
        try:
            correct.read_from_bundle(head)
            fitted = fitted_of(head)
        except HrnError as error:
            return fail(self, error, head.name)
        self._mode = Mode(context, head, fitted)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, _context, event):
        result = self._mode.take(event)
        if result & {"FINISHED", "CANCELLED"}:
            self._mode = None  # Blender keeps finished operators; the head's figures and batches need not be kept with them.
        return result

    def cancel(self, _context):
        """Blender ends the mode itself: another file is opened, or the window closes."""
        self._mode.leave()
        self._mode = None


_mode: Mode | None = None
"""The one that is on."""


def leave() -> None:
    """End the mode, where it is on: the add-on is disabled, and Blender calls nothing of the operator any more."""
    if _mode is not None:
        _mode.leave()


def _begin_timer(context) -> bpy.types.Timer:
    return context.window_manager.event_timer_add(_SECONDS, window=context.window)


class Mode:
    """Adjust Mode, from when it is entered until it is left."""

    def __init__(self, context, head: bpy.types.Object, fitted: Fitted):
        global _mode
        first = meant_camera(context, head).get(PHOTO_PROPERTY, 0)
        self._uid, self._name, self._window, self._mouse = head.session_uid, head.name, context.window, (0.0, 0.0)
        self._pressed_at = self._mouse
        self._surface, self._said = False, ""
        self._changed = self._stale = False
        self._zooms: dict[int, tuple] = {}
        self._shown: int | None = None
        self._hand = Hand(fitted, correct.pins_of_head(head), first)
        self._pins = head.hrn_correct.pins
        self._view = View(context.area, context.scene)
        self._overlay = Overlay(fitted)
        self._show(head)
        draw = bpy.types.SpaceView3D.draw_handler_add
        self._drawing = [draw(self._draw, (kind,), "WINDOW", kind) for kind in ("POST_VIEW", "POST_PIXEL")]
        self._timer = _begin_timer(context)
        calls = {"save_pre": self._before_saving, "undo_post": self._undone, "redo_post": self._undone}
        calls |= dict.fromkeys(("save_post", "save_post_fail"), self._after_saving)
        self._handlers = [(getattr(bpy.app.handlers, name), call) for name, call in calls.items()]
        for handlers, call in self._handlers:
            handlers.append(call)
        correct.adjusted.add(self._uid)
        correct.listeners.append(self._taken)
        _mode = self
        if head.hrn_correct.fit_old and correct.running(head) is None:
            correct.refit_or_say(head)  # Saved, closed or copied before the engine had answered.

    def _head(self) -> bpy.types.Object | None:
        """The head, where it and a camera of its photos are still in the scene that the window shows."""
        head = bpy.data.objects.get(self._name)
        if head is None or head.session_uid != self._uid:
            head = by_uid(bpy.data.objects, self._uid)  # It has another name.
            if head is None:
                return None
            self._name = head.name
        there = self._window.scene.objects.get(head.name) == head and BUNDLE_PROPERTY in head and photo_cameras(head)
        return head if there else None

    def _show(self, head: bpy.types.Object) -> None:
        """The photo of the hand, and what the status bar says."""
        camera, photo = self._camera(head), self._hand.photo
        if self._shown is not None:
            self._zooms[self._shown] = self._view.zoom
        self._shown = photo
        self._view.look_through(camera)
        self._view.show_surface(self._surface)
        if photo in self._zooms:  # Who comes back to a photo goes on where he was.
            self._view.zoom = self._zooms[photo]
        else:
            at = project(self._hand.posed, self._hand.eye)[0]
            self._view.fill(camera, at.min(0), at.max(0))
        self._place()
        bpy.context.workspace.status_text_set(
            words(
                "Click or Drag: Pin  |  Right Click, X: Remove Pin  |  Ctrl Z, Ctrl Shift Z: Undo, Redo  |  Wheel: Zoom  |  "
                "Page Up, Page Down: Photo  |  H: Show Head  |  Esc, Enter: Leave"
            )
        )
        self._say(head)

    def _say(self, head: bpy.types.Object) -> None:
        """In the viewport's header: which photo it is and what the last fit could not do, or what the engine does before it answers."""
        job = session.queue.active if correct.running(head) is not None else None
        if job is None:
            text = words("Adjust {head}: {photo}", head=head.name, photo=photo_label(self._camera(head)))
            text = "  |  ".join([text, *(words(sentence) for sentence in said.sentences(head)[:1])])
        else:
            text = words("Adjust {head}: waiting until the engine is done with {job}", head=head.name, job=job.name)
        if text != self._said:
            self._said = text
            self._view.area.header_text_set(text)

    def leave(self) -> None:
        """Everything but the corrections is as it was before; new maps are made where the shape is another one."""
        global _mode
        if _mode is not self:
            return
        _mode = None
        for handler in self._drawing:
            bpy.types.SpaceView3D.draw_handler_remove(handler, "WINDOW")
        if self._timer is not None:
            bpy.context.window_manager.event_timer_remove(self._timer)
        for handlers, call in self._handlers:
            if call in handlers:
                handlers.remove(call)
        if self._taken in correct.listeners:
            correct.listeners.remove(self._taken)
        correct.adjusted.discard(self._uid)
        for workspace in bpy.data.workspaces:
            workspace.status_text_set(None)
        self._view.give_back()
        head = by_uid(bpy.data.objects, self._uid)
        if head is not None and self._changed and head.hrn_correct.texture_old:
            correct.retexture_later(head)

    def _end(self) -> set[str]:
        self.leave()
        return {"FINISHED" if self._changed else "CANCELLED"}

    # -- saving and undo -----------------------------------------------------------------------------------------------

    def _before_saving(self, *_arguments) -> None:
        """A file that is opened again shall not look through a camera at nothing."""
        self._zoom = self._view.zoom if self._view.find() else None
        self._view.give_back()

    def _after_saving(self, *_arguments) -> None:
        head = self._head()
        if head is not None and self._zoom is not None and self._view.find():
            self._view.look_through(self._camera(head))
            self._view.show_surface(self._surface)
            self._view.zoom = self._zoom
            self._said = ""
            self._say(head)

    def _undone(self, *_arguments) -> None:
        self._stale = True

    def _keep_up(self, head: bpy.types.Object) -> None:
        """Take over what was not done by the hand: pins that were cleared in the sidebar, or all of it undone in the menu."""
        if self._hand.held is not None:
            return
        if head.hrn_correct.pins != self._pins:
            self._pins = head.hrn_correct.pins
            self._hand.history.push(correct.pins_of_head(head))
            self._changed = self._stale = True
        if self._stale or self._camera(head).get(PHOTO_PROPERTY, 0) != self._hand.photo:
            self._stale = False
            self._taken(head)

    # -- keys and mouse ------------------------------------------------------------------------------------------------

    def take(self, event) -> set[str]:
        """What an event does; what Blender is to do with it then."""
        head = self._head()
        if head is None or not self._view.find():
            return self._end()
        if event.type == "TIMER":
            session.ticker.tick()
            self._keep_up(head)
            self._say(head)
            return {"PASS_THROUGH"}
        self._keep_up(head)
        self._hand.symmetric = head.hrn_correct.symmetric
        inside = self._follow_mouse(event)
        if self._hand.held is not None:
            return self._holding(event, head)
        if event.type in _LEAVE and event.value == "PRESS":
            return self._end()
        if not inside and not (event.type == "Z" and (event.ctrl or event.oskey)):
            return {"PASS_THROUGH"}  # But never Blender's own undo, which would take the head away from under the hand.
        if event.type in _PASSED or (event.type == "MIDDLEMOUSE" and (event.shift or event.ctrl)):
            self._view.area.tag_redraw()
            return {"PASS_THROUGH"}
        if event.value == "PRESS":
            self._pressed(event, head)
        self._view.area.tag_redraw()
        return {"RUNNING_MODAL"}

    def _follow_mouse(self, event) -> bool:
        """Note where the mouse is; whether it is over the photo and not over the sidebar or another area."""
        region = self._view.region()
        self._mouse = (event.mouse_x - region.x, event.mouse_y - region.y)
        x, y = event.mouse_x, event.mouse_y
        for other in self._view.area.regions:
            covers = other.x <= x < other.x + other.width and other.y <= y < other.y + other.height
            if covers and other.type != "WINDOW" and other.width > 1 and other.height > 1:
                return False
        return 0 <= self._mouse[0] < region.width and 0 <= self._mouse[1] < region.height

    def _holding(self, event, head):
        """With a pin in the hand."""
        pixel, _ = self._pixel(head)
        if event.type == "MOUSEMOVE" and pixel is not None:
            self._hand.move(pixel)
            self._place()
        elif event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
            self._hand.drop()
            self._place()
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            if pixel is not None and self._pressed_at != self._mouse:
                self._hand.move(pixel)  # Where moves came too fast to be told one by one.
                self._place()
            if self._hand.release():
                self._refit(head)
        self._view.area.tag_redraw()
        return {"RUNNING_MODAL"}

    def _pressed(self, event, head) -> None:
        hand = self._hand
        pixel, reach = self._pixel(head)
        if event.type == "LEFTMOUSE" and pixel is not None:
            hand.press(pixel, reach)
            self._pressed_at = self._mouse
        elif event.type in {"RIGHTMOUSE", "X", "DEL"} and pixel is not None:
            if hand.remove(pixel, reach):
                self._refit(head)
        elif event.type == "Z" and (event.ctrl or event.oskey):
            if hand.step_forward() if event.shift else hand.step_back():
                self._refit(head)
        elif event.type in _NEXT | _LAST:
            hand.turn_to(1 if event.type in _NEXT else -1)
            self._show(head)
        elif event.type == "H":
            self._surface = not self._surface
            self._view.show_surface(self._surface)

    def _pixel(self, head) -> tuple[tuple[float, float] | None, float]:
        """Where the mouse is in the photo, and how far a pin may be from there; both in the photo's pixels."""
        frame = self._view.frame(self._camera(head))
        if frame is None:
            return None, 0.0
        size = float((frame.across**2).sum() ** 0.5)
        return frame.to_photo(self._mouse), _REACH * bpy.context.preferences.system.ui_scale / size

    def _camera(self, head) -> bpy.types.Object:
        cameras = photo_cameras(head)
        return next((camera for camera in cameras if camera.get(PHOTO_PROPERTY, 0) == self._hand.photo), cameras[0])

    # -- the engine's say ----------------------------------------------------------------------------------------------

    def _refit(self, head) -> None:
        self._changed = True
        correct.set_pins(head, self._hand.pins)
        self._pins = head.hrn_correct.pins
        correct.refit_or_say(head)

    def _taken(self, head: bpy.types.Object) -> None:
        """The engine has answered, and the head has taken its new fit."""
        if head.session_uid != self._uid or self._head() is None:
            return
        self._changed, photo = True, self._hand.photo
        try:
            self._hand.take(fitted_of(head))
        except HrnError as error:
            session.show_error(error, head.name)
            return
        if self._hand.photo != photo:
            self._show(head)
        self._place()
        self._view.area.tag_redraw()

    # -- drawing -------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        self._overlay.place(self._hand.posed, self._hand.eye.location)

    def _draw(self, kind: str) -> None:
        head = self._head()
        if head is None or not self._view.is_drawn():
            return
        region, scale = bpy.context.region, bpy.context.preferences.system.ui_scale
        if kind == "POST_VIEW":
            size = (region.width, region.height)
            matrix = over_photo(head, self._camera(head), self._hand.eye)
            self._overlay.draw_mesh(matrix, head.hrn_correct.opacity, size, scale)
            return
        frame = self._view.frame(self._camera(head))
        if frame is None:
            return
        numbers, places, targets = self._hand.places()
        near = self._hand.held
        if near is None:
            near = self._hand.under(*self._pixel(head))
        under = numbers.index(near) if near in numbers else None
        off = {} if self._hand.held is not None else said.missed(head)
        beside = {n: f"{pin + 1}: {off[pin]:.1f} px" for n, pin in enumerate(numbers) if pin in off}
        self._overlay.draw_pins(frame.to_region(places), frame.to_region(targets), under, scale, beside)

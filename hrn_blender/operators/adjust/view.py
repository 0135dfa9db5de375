"""The 3D viewport in Adjust Mode: the photo behind, everything else out of the way, and back again afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Matrix

from ...adjust.camera import PhotoCamera
from ...build.camera import HEIGHT_PROPERTY, WIDTH_PROPERTY, match_scene_to_camera
from ...state.heads import by_uid

__all__ = ["Frame", "View", "over_photo", "photo_frame"]

_RENDER = ("resolution_x", "resolution_y", "resolution_percentage", "pixel_aspect_x", "pixel_aspect_y")
_OVERLAY = ("show_overlays", "show_floor", "show_axis_x", "show_axis_y", "show_cursor", "show_outline_selected")
_OVERLAY += ("show_relationship_lines",)
_VIEW = ("view_camera_zoom", "view_perspective", "view_distance")
_FILLED = 0.72
"""Share of the region that the head fills when the mode is entered."""
_OBJECTS = "show_object_viewport_"


@dataclass(frozen=True)
class Frame:
    """Where the photo lies in the region: pixels to pixels."""

    origin: np.ndarray
    """(2,) the photo's upper left corner, in the region."""
    across: np.ndarray
    """(2,) one pixel of the photo to the right."""
    down: np.ndarray
    """(2,) one pixel of the photo down."""

    def to_region(self, pixels: np.ndarray) -> np.ndarray:
        """(..., 2) of the region for (..., 2) of the photo."""
        pixels = np.asarray(pixels, np.float64)
        return self.origin + pixels[..., :1] * self.across + pixels[..., 1:] * self.down

    def to_photo(self, place: tuple[float, float]) -> tuple[float, float]:
        """A place of the region in pixels of the photo."""
        x, y = np.linalg.solve(np.stack([self.across, self.down], 1), np.asarray(place, np.float64) - self.origin)
        return float(x), float(y)


class View:
    """Remembers how a viewport and its scene were, and gives them back.

    Nothing of Blender's is held over time but the area, which is looked for again with each event: undo makes other scenes, and
    whoever maximizes or closes a viewport has other areas.

    Args:
        area: a 3D viewport.
    """

    def __init__(self, area: bpy.types.Area, scene: bpy.types.Scene):
        self.area = area
        self._window_pointer = bpy.context.window.as_pointer()
        self._space_pointer = area.spaces.active.as_pointer()
        self._scene, self._camera = scene.session_uid, scene.camera.session_uid if scene.camera is not None else None
        self._render = {name: getattr(scene.render, name) for name in _RENDER}
        space = self.space
        view = space.region_3d
        self._place = {name: getattr(view, name) for name in _VIEW}
        self._place |= {name: getattr(view, name).copy() for name in ("view_location", "view_rotation")}
        self._place["view_camera_offset"] = tuple(view.view_camera_offset)
        self._hidden = [name for name in space.bl_rna.properties.keys() if name.startswith(_OBJECTS) and "camera" not in name]
        self._shown = {name: getattr(space, name) for name in (*self._hidden, "use_local_camera")}
        self._overlay = {name: getattr(space.overlay, name) for name in _OVERLAY}
        self._cameras: dict[int, bool] = {}
        """Cameras that are hidden meanwhile, by ``session_uid``, and whether they were selected."""

    @property
    def space(self) -> bpy.types.SpaceView3D:
        return self.area.spaces.active

    @property
    def scene(self) -> bpy.types.Scene:
        return by_uid(bpy.data.scenes, self._scene) or bpy.context.scene

    @property
    def zoom(self) -> tuple[float, tuple[float, float]]:
        """Zoom of the camera's view, and by how much it is moved."""
        view = self.space.region_3d
        return view.view_camera_zoom, tuple(view.view_camera_offset)

    @zoom.setter
    def zoom(self, zoom: tuple[float, tuple[float, float]]) -> None:
        self.space.region_3d.view_camera_zoom, self.space.region_3d.view_camera_offset = zoom

    def find(self) -> bool:
        """Whether a window shows the viewport still, as it does when it is maximized, and nothing else in its place."""
        for window in bpy.context.window_manager.windows:
            if window.as_pointer() == self._window_pointer:
                for area in window.screen.areas:
                    if area.type == "VIEW_3D" and area.spaces.active.as_pointer() == self._space_pointer:
                        self.area = area
                        return True
        return False

    def is_drawn(self) -> bool:
        """Whether it is this viewport that Blender draws now, through a camera."""
        space = bpy.context.space_data
        if space is None or space.as_pointer() != self._space_pointer or bpy.context.area.type != "VIEW_3D":
            return False
        self.area = bpy.context.area
        return space.region_3d.view_perspective == "CAMERA"

    def look_through(self, camera: bpy.types.Object) -> None:
        """See through a photo's camera and nothing of the scene but its photo."""
        self._show_cameras()
        self._hide_cameras(camera)
        match_scene_to_camera(self.scene, camera)
        space = self.space
        space.use_local_camera = False
        space.region_3d.view_perspective = "CAMERA"
        for name in _OVERLAY[1:]:
            setattr(space.overlay, name, False)
        space.overlay.show_overlays = True
        self.show_surface(False)

    def _layer(self) -> bpy.types.ViewLayer:
        windows = bpy.context.window_manager.windows
        return next((one for one in windows if one.as_pointer() == self._window_pointer), bpy.context).view_layer

    def _hide_cameras(self, shown: bpy.types.Object) -> None:
        """Take the other cameras out of the picture, which stand before the face. The active object stays: the sidebar is its."""
        layer = self._layer()
        for one in layer.objects:
            if one.type == "CAMERA" and one not in (shown, layer.objects.active) and not one.hide_get(view_layer=layer):
                self._cameras[one.session_uid] = one.select_get(view_layer=layer)
                one.hide_set(True, view_layer=layer)

    def _show_cameras(self) -> None:
        layer = self._layer()
        for one in layer.objects if self._cameras else ():
            if one.session_uid in self._cameras:
                one.hide_set(False, view_layer=layer)
                one.select_set(self._cameras[one.session_uid], view_layer=layer)
        self._cameras.clear()

    def fill(self, camera: bpy.types.Object, low: np.ndarray, high: np.ndarray) -> None:
        """Zoom and move the camera's view until a part of the photo fills the region.

        Args:
            low: (2,) upper left corner of the part, in the photo's pixels.
            high: (2,) its lower right corner.
        """
        view = self.space.region_3d
        free_low, free_high = self._free()
        size = free_high - free_low
        view.view_camera_offset = (0.0, 0.0)
        for _ in range(3):  # Sums with the sensor's fit make it more than a factor; then it is exact enough.
            view.update()
            frame = self.frame(camera)
            if frame is None:
                return
            shown = np.abs(frame.to_region(high) - frame.to_region(low))
            grow = float((_FILLED * size / np.maximum(shown, 1e-6)).min())
            # Blender's zoom z magnifies by (sqrt(2) + z / 50)² / 4.
            now = (2**0.5 + view.view_camera_zoom / 50) ** 2 / 4
            view.view_camera_zoom = float(np.clip(50 * (2 * (now * grow) ** 0.5 - 2**0.5), -30, 600))
        places = []
        for offset in ((0.0, 0.0), (0.1, 0.1)):
            view.view_camera_offset = offset
            view.update()
            frame = self.frame(camera)
            if frame is None:
                return
            places.append(frame.to_region((low + high) / 2))
        moved = places[1] - places[0]
        if (np.abs(moved) > 1e-6).all():
            view.view_camera_offset = tuple(np.clip(0.1 * ((free_low + free_high) / 2 - places[0]) / moved, -1, 1))
        view.update()

    def _free(self) -> tuple[np.ndarray, np.ndarray]:
        """(2,) lower left and upper right corner of what sidebar, tools and headers leave of the region, in its pixels."""
        region = self.region()
        low, high = np.zeros(2), np.array([region.width, region.height], np.float64)
        for other in self.area.regions:
            if other.width <= 1 or other.height <= 1:
                continue
            if other.type == "UI" and other.x > region.x:
                high[0] = min(high[0], other.x - region.x)
            elif other.type == "TOOLS":
                low[0] = max(low[0], other.x + other.width - region.x)
            elif other.type in {"HEADER", "TOOL_HEADER"} and other.y > region.y + region.height / 2:
                high[1] = min(high[1], other.y - region.y)
        return (low, high) if (high - low > 50).all() else (np.zeros(2), np.array([region.width, region.height], np.float64))

    def show_surface(self, shown: bool) -> None:
        """Show the heads themselves, or only the lines over the photo."""
        for name in self._hidden:
            setattr(self.space, name, shown)

    def give_back(self) -> None:
        """All as it was before, as far as it is there."""
        self._show_cameras()
        scene = by_uid(bpy.data.scenes, self._scene)
        if scene is not None:
            scene.camera = by_uid(bpy.data.objects, self._camera) if self._camera is not None else None
            _set(scene.render, self._render)
        for area in [area for screen in bpy.data.screens for area in screen.areas]:
            for space in area.spaces:
                if space.type == "VIEW_3D" and space.as_pointer() == self._space_pointer:
                    _set(space, self._shown)
                    _set(space.overlay, self._overlay)
                    if space.region_3d is not None:
                        _set(space.region_3d, self._place)
                    area.header_text_set(None)
                    area.tag_redraw()

    def region(self) -> bpy.types.Region | None:
        """The part of the viewport that shows the scene."""
        return next((region for region in self.area.regions if region.type == "WINDOW"), None)

    def frame(self, camera: bpy.types.Object) -> Frame | None:
        """Where the photo lies in the region; None while it cannot be told."""
        return photo_frame(self.region(), self.space.region_3d, self.scene, camera)


def _set(owner, values: dict) -> None:
    for name, value in values.items():
        setattr(owner, name, value)


def _as_seen(camera: bpy.types.Object) -> Matrix:
    """A camera's place in the scene as Blender looks through it: without the scale of its object, but with what a parent of uneven
    scale does to its axes."""
    seen = camera.matrix_world.copy()
    for column in range(3):
        axis = seen.col[column].xyz
        seen.col[column][:3] = axis / (axis.length or 1.0)
    return seen


def over_photo(head: bpy.types.Object, camera: bpy.types.Object, eye: PhotoCamera) -> Matrix:
    """Where the head is drawn to lie over its photo: at its own place in the scene, or, where that is of uneven scale or sheared, at
    the place that looks in this camera as the head itself would."""
    local = Matrix(eye.rotation.tolist()).to_4x4()
    local.translation = eye.location.tolist()
    size = abs(head.matrix_world.to_3x3().determinant()) ** (1 / 3) or 1.0
    return _as_seen(camera) @ Matrix.Scale(size, 4) @ local.inverted()


def photo_frame(
    region: bpy.types.Region, view: bpy.types.RegionView3D, scene: bpy.types.Scene, camera: bpy.types.Object
) -> Frame | None:
    """Where a region that looks through a photo's camera shows the photo; None while it cannot be told."""
    seen = _as_seen(camera)
    corners = [seen @ corner for corner in camera.data.view_frame(scene=scene)]
    upper_right, _, lower_left, upper_left = (location_3d_to_region_2d(region, view, corner) for corner in corners)
    if upper_right is None or lower_left is None or upper_left is None:
        return None
    origin = np.array(upper_left)
    across = (np.array(upper_right) - origin) / camera[WIDTH_PROPERTY]
    down = (np.array(lower_left) - origin) / camera[HEIGHT_PROPERTY]
    return Frame(origin, across, down) if np.linalg.norm(across) > 1e-9 else None

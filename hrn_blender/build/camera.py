"""Cameras that see what the photo saw."""

from __future__ import annotations

import math

import bpy
import numpy as np
from mathutils import Matrix

from ..adjust.camera import PhotoCamera
from .images import load_image
from .ledger import Ledger

__all__ = [
    "EXPRESSION_PROPERTY",
    "PHOTO_NAME_PROPERTY",
    "PHOTO_PROPERTY",
    "SHARE_PROPERTY",
    "aim",
    "build_camera",
    "camera_of",
    "match_scene_to_camera",
]

WIDTH_PROPERTY = "hrn_photo_width"
"""Custom property of photo cameras: the photo's width in pixels."""
HEIGHT_PROPERTY = "hrn_photo_height"
"""Custom property of photo cameras: the photo's height in pixels."""
ASPECT_PROPERTY = "hrn_pixel_aspect"
"""Custom property of photo cameras: height of a pixel over its width."""

PHOTO_PROPERTY = "hrn_photo"
"""Custom property of photo cameras: the photo's number, from 0."""
PHOTO_NAME_PROPERTY = "hrn_photo_name"
"""Custom property of photo cameras: the name of the photo's file."""

EXPRESSION_PROPERTY = "hrn_expression"
"""Custom property of photo cameras: values of the expression's shape keys, in their order."""

SHARE_PROPERTY = "hrn_share"
"""Custom property of photo cameras: how much of the head comes from the photo, 0 to 1."""

_SENSOR_MM = 36.0
"""Side of the camera's sensor along which focal lengths are reckoned, mm: full frame."""


def build_camera(camera: PhotoCamera, name: str, scene: bpy.types.Scene, ledger: Ledger) -> bpy.types.Object:
    """A camera object for one photo, in the head's object space, with the photo as its background.

    With the scene's resolution set to the photo's (:func:`match_scene_to_camera`) every pixel agrees. With any other
    resolution the photo still lines up with the head: it is fitted into the frame by the same side by which the
    sensor is fitted.

    Blender's model: with sensor fit along a side of n pixels, the focal length in pixels is ``lens * n / sensor``,
    and shifts are fractions of that side, positive to the right and up.
    """
    data = ledger.add(bpy.data.cameras.new(name))
    view = ledger.add(bpy.data.objects.new(name, data))
    aim(view, camera, scene)
    data.display_size = 0.015  # Small enough not to hide the face behind it
    data.passepartout_alpha = 0.8
    if camera.photo is not None:
        data.show_background_images = True
        background = data.background_images.new()
        background.image = load_image(camera.photo, f"{name} photo", "sRGB", ledger)
        background.display_depth = "BACK"
        background.frame_method = "FIT"
        background.alpha = 1.0
    view[PHOTO_PROPERTY], view[PHOTO_NAME_PROPERTY] = camera.number, camera.name
    if camera.expression:
        view[EXPRESSION_PROPERTY] = camera.expression
    if camera.share is not None:
        view[SHARE_PROPERTY] = camera.share
    return view


def aim(view: bpy.types.Object, camera: PhotoCamera, scene: bpy.types.Scene | None = None) -> None:
    """Give a camera object the place, the lens and the proportions of a photo's camera.

    Args:
        scene: into whose frame the photo is fitted; None leaves the side by which it is fitted as it is, and so the picture of who
            looks through the camera.
    """
    data = view.data
    aspect = camera.fx / camera.fy
    """Height of a pixel over its width."""
    if scene is not None:
        render = scene.render
        frame = render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y)
        data.sensor_fit = "HORIZONTAL" if camera.width / (camera.height * aspect) >= frame else "VERTICAL"
    side = camera.width if data.sensor_fit == "HORIZONTAL" else camera.height * aspect
    data.sensor_width = data.sensor_height = _SENSOR_MM
    data.lens_unit = "MILLIMETERS"
    data.lens = camera.fx * _SENSOR_MM / side
    data.shift_x = (camera.width / 2 - camera.cx) / side
    data.shift_y = (camera.cy - camera.height / 2) * aspect / side
    distance = float((camera.location**2).sum()) ** 0.5
    data.clip_start = max(1e-3, distance / 100)
    data.clip_end = distance * 100
    matrix = Matrix(camera.rotation.tolist()).to_4x4()
    matrix.translation = camera.location.tolist()
    view.matrix_basis = matrix
    view.matrix_parent_inverse = Matrix()  # Another one where the artist has parented it anew.
    view[WIDTH_PROPERTY], view[HEIGHT_PROPERTY], view[ASPECT_PROPERTY] = camera.width, camera.height, aspect


def camera_of(view: bpy.types.Object) -> PhotoCamera:
    """The photo's camera that a camera object is: :func:`aim` backwards."""
    data, width, height, aspect = view.data, view[WIDTH_PROPERTY], view[HEIGHT_PROPERTY], view[ASPECT_PROPERTY]
    side = width if data.sensor_fit == "HORIZONTAL" else height * aspect
    fx = data.lens * side / data.sensor_width
    matrix = np.array(view.matrix_parent_inverse @ view.matrix_basis, np.float64)
    return PhotoCamera(
        int(view.get(PHOTO_PROPERTY, 0)),
        str(view.get(PHOTO_NAME_PROPERTY, "")),
        tuple(view.get(EXPRESSION_PROPERTY, ())),
        view.get(SHARE_PROPERTY),
        None,
        int(width),
        int(height),
        fx,
        fx / aspect,
        cx=width / 2 - data.shift_x * side,
        cy=height / 2 + data.shift_y * side / aspect,
        rotation=matrix[:3, :3],
        location=matrix[:3, 3],
    )


def match_scene_to_camera(scene: bpy.types.Scene, view: bpy.types.Object) -> None:
    """Make `view`, a camera of :func:`build_camera`, the scene's camera and give the scene the photo's resolution.

    Raises:
        ValueError: `view` is not a camera that was built from a photo.
    """
    if WIDTH_PROPERTY not in view:
        raise ValueError(f"{view.name} was not built from a photo.")
    scene.camera = view
    view.hide_viewport = False  # Blender draws the photo behind visible cameras only.
    render = scene.render
    render.resolution_x, render.resolution_y = view[WIDTH_PROPERTY], view[HEIGHT_PROPERTY]
    render.resolution_percentage = 100
    aspect = view[ASPECT_PROPERTY]
    # Neither aspect may be below 1. Nearly square pixels are square: the difference is rounding.
    square = math.isclose(aspect, 1, rel_tol=1e-6)
    render.pixel_aspect_x = 1.0 if square else max(1.0, 1 / aspect)
    render.pixel_aspect_y = 1.0 if square else max(1.0, aspect)

"""A picture of the result: the photo, the head from the photo's camera, and the head turned.

Rendered by Cycles or EEVEE in a scene of its own with its own lights, which is gone afterwards: the user's scene and its
settings stay as they are.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from .. import compat
from .camera import match_scene_to_camera
from .hair.build import find_hair
from .hair.strands import read_guides
from .head import HeadResult
from .ledger import Ledger
from .mesh_arrays import mixed_places

__all__ = ["PreviewOptions", "render_preview"]


_FRONTAL = 0.2
"""Sine of the angle between camera and face up to which a photo counts as taken from the front."""


@dataclass(frozen=True)
class PreviewOptions:
    """How the picture of a result is rendered."""

    height: int = 512
    """Height of each of the three pictures in pixels."""
    engine: str = "cycles"
    """Render engine, ``cycles`` or ``eevee``; the latter needs OpenGL."""
    samples: int | None = None
    """Samples per pixel; None takes 12 for Cycles, whose denoiser does the rest (32 cannot be told apart at this size), and 32
    for EEVEE."""
    turn: float = 35.0
    """Degrees by which the last picture is turned, towards the side of the face that the photo shows less of."""
    margin: float = 0.13
    """Border around the head above the neck, with its hair, as a share of its size."""


def render_preview(result: HeadResult, path: str | os.PathLike, options: PreviewOptions = PreviewOptions()) -> Path:
    """Render photo | head | turned head into one PNG.

    Args:
        result: a head that was built from a photo.
        path: the PNG to write.

    Raises:
        ValueError: the head has no camera.
        OSError: `path` cannot be written.
    """
    if not result.cameras:
        raise ValueError("The head has no camera.")
    path = Path(path).absolute()
    view = result.cameras[0]
    with _studio(result, options) as (scene, ledger), tempfile.TemporaryDirectory() as folder:
        match_scene_to_camera(scene, view)
        window = _window(scene, result.head, view, options.margin)
        pictures = [_photo_crop(view, window, options.height)]
        scene.render.filepath = os.path.join(folder, "view.png")
        pictures.append(_render(scene, window, options.height))
        scene.camera = _turned_camera(scene, result, options.turn, ledger)
        window = _window(scene, result.head, scene.camera, options.margin)
        pictures.append(_render(scene, window, options.height))
    _write_png(path, np.concatenate(pictures, 1))
    return path


@contextmanager
def _studio(result: HeadResult, options: PreviewOptions) -> Iterator[tuple[bpy.types.Scene, Ledger]]:
    """A scene with the head, a grey world and three soft lights placed around the photo's camera."""
    ledger = Ledger()
    try:
        scene = ledger.add(bpy.data.scenes.new("HRN preview"))
        scene.collection.children.link(result.collection)
        scene.view_layers[0].update()  # World matrices of new objects are identity until then.
        world = ledger.add(bpy.data.worlds.new("HRN preview"))
        background = next(n for n in compat.ensure_node_tree(world).nodes if n.bl_idname == "ShaderNodeBackground")
        compat.socket(background.inputs, "Color").default_value = (0.16, 0.165, 0.175, 1)
        compat.socket(background.inputs, "Strength").default_value = 1.0
        scene.world = world
        centre, size = _centre(result.head)
        view = result.cameras[0]
        frame = view.matrix_world.to_3x3().normalized()
        # Azimuth from the camera towards its right, elevation, distance and side in head sizes, watts per square size.
        for name, azimuth, elevation, distance, side, power in (
            ("key", -38, 30, 3.2, 1.6, 145),
            ("fill", 24, -10, 3.5, 2.5, 100),
            ("rim", 155, 38, 3.0, 1.2, 70),
        ):
            light = ledger.add(bpy.data.lights.new(f"HRN {name}", "AREA"))
            light.size, light.energy = side * size, power * size * size
            lamp = ledger.add(bpy.data.objects.new(f"HRN {name}", light))
            a, e = math.radians(azimuth), math.radians(elevation)
            direction = frame @ Vector((math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e)))
            lamp.location = centre + direction * distance * size
            lamp.rotation_euler = direction.to_track_quat("Z", "Y").to_euler()
            lamp.visible_glossy = name != "fill"  # One window in the eyes; a second one would veil the pupils.
            scene.collection.objects.link(lamp)
        _choose_engine(scene, options)
        scene.render.use_persistent_data = False
        scene.view_settings.view_transform = "Standard"
        scene.view_settings.look = "None"
        scene.render.resolution_percentage = 100
        compat.output_as_png(scene.render.image_settings)
        yield scene, ledger
    finally:
        ledger.undo()


def _choose_engine(scene: bpy.types.Scene, options: PreviewOptions) -> None:
    """The engine and its quality."""
    if options.engine == "eevee":
        scene.render.engine = compat.eevee_engine()
        scene.eevee.taa_render_samples = options.samples or 32
        scene.eevee.use_shadows = True  # Blender 4.5 makes new scenes without.
        # Fewer steps towards a lamp pass by what is as thin as an ear or a lip: light behind it came out in front.
        scene.eevee.shadow_step_count = 16
        scene.eevee.shadow_ray_count = 2
        scene.render.hair_type = "STRIP"  # As thick as the strands are; as lines they would be a pixel wide.
        return
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = options.samples or 12
    scene.cycles.use_adaptive_sampling = True
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 6


def _centre(head: bpy.types.Object) -> tuple[Vector, float]:
    """Middle of the head's bounds in world space, and the length of their longest side, in metres."""
    corners = [head.matrix_world @ Vector(corner) for corner in head.bound_box]
    low = Vector(map(min, zip(*corners)))
    high = Vector(map(max, zip(*corners)))
    return (low + high) / 2, max(high - low)


def _posed_points(scene: bpy.types.Scene, head: bpy.types.Object) -> np.ndarray:
    """(N, 3) world positions of the head's vertices with shape keys."""
    matrix = np.array(head.matrix_world)
    return mixed_places(head) @ matrix[:3, :3].T + matrix[:3, 3]


def _above_the_neck(head: bpy.types.Object) -> np.ndarray:
    """(N,) bool: vertices that are not of the neck."""
    group = head.vertex_groups.get("neck")
    keep = np.ones(len(head.data.vertices), bool)
    if group is not None:
        keep[[v.index for v in head.data.vertices if any(g.group == group.index for g in v.groups)]] = False
    return keep if keep.any() else ~keep


def _hair_points(head: bpy.types.Object) -> np.ndarray:
    """(M, 3) world positions of the guides that renders show, as far down as the neck reaches."""
    points = [read_guides(hair.data).points for hair in find_hair(head).values() if not hair.hide_render]
    local = np.concatenate([np.zeros((0, 3)), *points])
    matrix = np.array(head.matrix_world)
    return local[local[:, 2] > 0] @ matrix[:3, :3].T + matrix[:3, 3]


def _window(
    scene: bpy.types.Scene, head: bpy.types.Object, view: bpy.types.Object, margin: float
) -> tuple[float, float, float, float]:
    """(x0, y0, x1, y1) of the face, skull and hair with a margin, as shares of the frame with y down, clipped to the frame."""
    camera = np.array(view.matrix_world.normalized().inverted())
    points = np.concatenate([_posed_points(scene, head)[_above_the_neck(head)], _hair_points(head)])
    points = points @ camera[:3, :3].T + camera[:3, 3]
    corners = view.data.view_frame(scene=scene)
    right, top = max(c.x for c in corners), max(c.y for c in corners)
    left, bottom = min(c.x for c in corners), min(c.y for c in corners)
    plane = points[:, :2] / -points[:, 2:] * -corners[0].z
    x, y = (plane[:, 0] - left) / (right - left), (top - plane[:, 1]) / (top - bottom)
    space = margin * max(np.ptp(x) * scene.render.resolution_x, np.ptp(y) * scene.render.resolution_y)
    dx, dy = space / scene.render.resolution_x, space / scene.render.resolution_y
    return (max(0.0, x.min() - dx), max(0.0, y.min() - dy), min(1.0, x.max() + dx), min(1.0, y.max() + dy))


def _turned_camera(scene: bpy.types.Scene, result: HeadResult, degrees: float, ledger: Ledger) -> bpy.types.Object:
    """A camera on the circle around the head, on the side of the face that the photo shows less of, or, where it shows
    both alike, on the side of the key light."""
    view = result.cameras[0]
    centre, _ = _centre(result.head)
    axes = result.head.matrix_world.to_3x3()
    front, up = axes @ Vector((0, -1, 0)), (axes @ Vector((0, 0, 1))).normalized()
    seen_from = (view.matrix_world.translation - centre).normalized()
    lean = front.normalized().cross(seen_from).dot(up)
    side = 1.0 if lean < -_FRONTAL else -1.0
    turn = Matrix.Translation(centre) @ Matrix.Rotation(math.radians(degrees) * side, 4, up) @ Matrix.Translation(-centre)
    other = ledger.add(bpy.data.objects.new("HRN turned", ledger.add(view.data.copy())))
    scene.collection.objects.link(other)
    other.matrix_world = turn @ view.matrix_world
    scene.view_layers[0].update()
    return other


def _render(scene: bpy.types.Scene, window: tuple[float, float, float, float], height: int) -> np.ndarray:
    """(height, w, 3) uint8 picture of a window of the frame."""
    x0, y0, x1, y1 = window
    render = scene.render
    render.use_border = render.use_crop_to_border = True
    render.border_min_x, render.border_max_x = x0, x1
    render.border_min_y, render.border_max_y = 1 - y1, 1 - y0
    size = render.resolution_x, render.resolution_y
    scale = height / ((y1 - y0) * render.resolution_y)
    render.resolution_x, render.resolution_y = max(4, round(size[0] * scale)), max(4, round(size[1] * scale))
    try:
        bpy.ops.render.render(write_still=True, scene=scene.name)
    finally:
        render.resolution_x, render.resolution_y = size
    width = max(1, round((x1 - x0) * size[0] * scale * render.pixel_aspect_x / render.pixel_aspect_y))
    return _resized(_read_pixels(render.filepath), width, height)


def _photo_crop(view: bpy.types.Object, window: tuple[float, float, float, float], height: int) -> np.ndarray:
    """(height, w, 3) uint8: the same window of the photo."""
    pixels = _read_pixels(bpy.path.abspath(view.data.background_images[0].image.filepath))
    rows, columns = pixels.shape[:2]
    x0, y0, x1, y1 = window
    crop = pixels[
        int(y0 * rows) : max(int(y0 * rows) + 1, round(y1 * rows)),
        int(x0 * columns) : max(int(x0 * columns) + 1, round(x1 * columns)),
    ]
    return _resized(crop, max(1, round(height * crop.shape[1] / crop.shape[0])), height)


def _read_pixels(path: str) -> np.ndarray:
    """(H, W, 3) uint8 of an image file, top row first."""
    image = bpy.data.images.load(path, check_existing=False)
    try:
        width, height = image.size
        pixels = np.empty(width * height * image.channels, np.float32)
        image.pixels.foreach_get(pixels)
        pixels = pixels.reshape(height, width, image.channels)[::-1]
        pixels = pixels[..., :3] if image.channels >= 3 else np.repeat(pixels[..., :1], 3, -1)
        return np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    finally:
        bpy.data.images.remove(image)


def _resized(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Bilinear, after averaging whole blocks when shrinking a lot."""
    block = max(1, min(image.shape[0] // height, image.shape[1] // width))
    rows, columns = image.shape[0] // block * block, image.shape[1] // block * block
    value = image[:rows, :columns].reshape(rows // block, block, columns // block, block, 3).mean((1, 3), np.float32)

    def along(axis: int, size: int) -> None:
        nonlocal value
        count = value.shape[axis]
        at = np.clip((np.arange(size) + 0.5) * count / size - 0.5, 0, count - 1)
        low = np.minimum(at.astype(int), max(0, count - 2))
        share = (at - low).astype(np.float32).reshape([-1 if i == axis else 1 for i in range(3)])
        value = value.take(low, axis) * (1 - share) + value.take(np.minimum(low + 1, count - 1), axis) * share

    along(0, height)
    along(1, width)
    return np.round(value).astype(np.uint8)


def _write_png(path: Path, image: np.ndarray) -> None:
    """(H, W, 3) uint8 to a PNG file."""
    height, width = image.shape[:2]
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :3] = image[::-1] / np.float32(255)
    target = bpy.data.images.new("HRN preview", width, height)
    try:
        target.pixels.foreach_set(rgba.ravel())
        target.file_format = "PNG"
        target.filepath_raw = str(path)
        target.save()
    except RuntimeError as error:
        raise OSError(f"{path} cannot be written: {error}") from error
    finally:
        bpy.data.images.remove(target)

"""A head that stands in the scene takes another shape: what the engine fitted anew, added to what the artist made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..adjust.camera import PhotoCamera
from ..adjust.fitted import Fitted
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from .camera import EXPRESSION_PROPERTY, PHOTO_PROPERTY, WIDTH_PROPERTY, aim, camera_of
from .head import bundle_path
from .mesh import DEFORMATION_KEY
from .mesh_arrays import points_of, vectors_of
from .source import HeadSource, photo_camera, read_source, to_blender

__all__ = [
    "Answer",
    "apply_answer",
    "fitted_of",
    "keep_fit",
    "move_points",
    "on_deformation",
    "photo_cameras",
    "read_answer",
]

FIT_VERTICES = "hrn_fit_vertices"
"""Point attribute: the coarse head that the shape keys stand on, as the engine last fitted it; absent until corrected."""
FIT_DEFORMATION = "hrn_fit_deformation"
"""Point attribute: the deformation that goes with it."""
FIT_VALUES = "hrn_fit_values"
"""Custom property of heads: the values of the facial actions that go with it."""


@dataclass(frozen=True)
class Answer:
    """What the engine says to corrections, in the axes of the head's object."""

    vertices: np.ndarray
    """(N, 3) metres, neutral coarse head."""
    deformation: np.ndarray
    """(N, 3) metres."""
    cameras: tuple[PhotoCamera, ...]
    values: np.ndarray
    """(E,) for the shape keys."""


def photo_cameras(head: bpy.types.Object) -> list[bpy.types.Object]:
    """The cameras of the head's photos that can be looked through, in the order of the photos."""
    found = [child for child in head.children if child.type == "CAMERA" and WIDTH_PROPERTY in child]
    return sorted(found, key=lambda camera: (camera.get(PHOTO_PROPERTY, 0), camera.name))


def _source(head: bpy.types.Object) -> HeadSource:
    return read_source(bundle_path(head))


def fitted_of(head: bpy.types.Object, source: HeadSource | None = None) -> Fitted:
    """The fit that a head in the scene stands on: its folder's, or the answer to the last corrections.

    Raises:
        HrnError: ``BUNDLE_INVALID``: the head's folder is gone or damaged, or the mesh is no longer the folder's.
    """
    source = source or _source(head)
    mesh = head.data
    if len(mesh.vertices) != len(source.vertices):
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            say("{head} no longer has the vertices that it was built with.", head=head.name),
            hint="Build the head again and correct that one.",
        )
    arrays = source.bundle.arrays()
    vertices, deformation = vectors_of(mesh, FIT_VERTICES), vectors_of(mesh, FIT_DEFORMATION)
    if vertices is None or deformation is None:
        vertices, deformation = _fit_of_folder(head, source, arrays)
    values = np.array(head.get(FIT_VALUES, source.expression_values), np.float64)
    return Fitted(
        vertices=np.asarray(vertices, np.float64),
        deformation=np.asarray(deformation, np.float64),
        folds=source.folds,
        deltas=source.expression_deltas,
        names=source.expression_names,
        values=values,
        faces=source.faces,
        material=source.face_material,
        parts=source.parts,
        landmark_vertices=arrays["landmark_vertices"],
        landmark_weights=arrays["landmark_weights"],
        eyes=tuple(camera_of(view) for view in photo_cameras(head)),
    )


def _fit_of_folder(head: bpy.types.Object, source: HeadSource, arrays: dict) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) vertices and deformation that a head was built with whose corrections were undone, or that has never had any: the
    folder may have been corrected since, and keeps the fit before that."""
    shift = source.origin - _origin(head)
    fits = [(source.vertices + shift, source.deformation)]
    if "fit_vertices" in arrays and "fit_deformation" in arrays:
        fits.append((to_blender(arrays["fit_vertices"]) - _origin(head), to_blender(arrays["fit_deformation"])))
    keys = head.data.shape_keys
    if keys is None or DEFORMATION_KEY not in keys.key_blocks:
        return fits[0]
    folds = 0.0 if source.folds is None else source.folds
    built = points_of(keys.key_blocks[DEFORMATION_KEY].points)

    def away(fit: tuple[np.ndarray, np.ndarray]) -> float:
        """Median, because the artist may have sculpted a part of it."""
        return float(np.median(np.linalg.norm(fit[0] + fit[1] - folds - built, axis=1)))

    return min(fits, key=away)


def _origin(head: bpy.types.Object) -> np.ndarray:
    return np.array(head["hrn_origin"], np.float64)


def _write(mesh: bpy.types.Mesh, name: str, values: np.ndarray) -> None:
    attribute = mesh.attributes.get(name) or mesh.attributes.new(name, "FLOAT_VECTOR", "POINT")
    attribute.data.foreach_set("vector", np.ascontiguousarray(values, np.float32).ravel())


def read_answer(head: bpy.types.Object, result: dict, source: HeadSource | None = None) -> Answer:
    """The engine's answer to ``refit`` for this head.

    Raises:
        HrnError: ``ENGINE_PROTOCOL``: it is not what it should be.
    """
    source = source or _source(head)
    origin = _origin(head)
    try:
        with np.load(result["geometry"]) as arrays:
            vertices, deformation = to_blender(arrays["vertices"]) - origin, to_blender(arrays["deformation"])
        cameras = tuple(photo_camera(source.bundle, camera, origin) for camera in result["cameras"])
        seen = tuple(
            replace(camera, expression=tuple(map(float, values)))
            for camera, values in zip(cameras, result["expressions"], strict=True)
        )
        values = np.array(result["expression"]["values"], np.float64)
        if vertices.shape != source.vertices.shape or not np.isfinite([vertices, deformation]).all():
            raise ValueError("geometry")
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise HrnError(
            ErrorCode.ENGINE_PROTOCOL, say("The engine's answer to the corrections cannot be read: {reason}.", reason=error)
        ) from error
    return Answer(vertices, deformation, seen, values)


def keep_fit(head: bpy.types.Object) -> None:
    """Write down the fit that a head stands on, before its shape is changed by other means, so that a later fit adds to that.

    Raises:
        HrnError: ``BUNDLE_INVALID``, see :func:`fitted_of`.
    """
    fitted = fitted_of(head)
    _write(head.data, FIT_VERTICES, fitted.vertices)
    _write(head.data, FIT_DEFORMATION, fitted.deformation)


def apply_answer(head: bpy.types.Object, fitted: Fitted, answer: Answer) -> None:
    """Give the head another fit. Whatever the artist has changed of its shape keys or sculpted into keys of his own stays as
    an offset from it; sliders of the face that he moved stay where they are.

    Args:
        fitted: the fit that the head stands on.
    """
    mesh = head.data
    coarse = answer.vertices - fitted.vertices
    further = answer.deformation - fitted.deformation
    keys = mesh.shape_keys
    whole = coarse + further
    for block in keys.key_blocks if keys is not None else ():
        move_points(block.points, whole if on_deformation(block) else coarse)
    baked = _is_baked(mesh, fitted) if keys is None else on_deformation(keys.reference_key)
    move_points(mesh.vertices, whole if baked else coarse)
    _set_actions(head, fitted, answer.values)
    _write(mesh, FIT_VERTICES, answer.vertices)
    _write(mesh, FIT_DEFORMATION, answer.deformation)
    head[FIT_VALUES] = answer.values.tolist()
    by_photo = {camera.number: camera for camera in answer.cameras}
    for view in photo_cameras(head):
        camera = by_photo.get(int(view.get(PHOTO_PROPERTY, 0)))
        if camera is not None:
            aim(view, camera)
            view[EXPRESSION_PROPERTY] = camera.expression
    mesh.update()
    head.update_tag()


def on_deformation(block: bpy.types.ShapeKey) -> bool:
    """Whether a key is the deformation or, over however many others, relative to it: what it adds to that stays the same."""
    seen = set()
    while block.name not in seen:
        if block.name == DEFORMATION_KEY:
            return True
        seen.add(block.name)
        block = block.relative_key
    return False


def _is_baked(mesh: bpy.types.Mesh, fitted: Fitted) -> bool:
    """Whether a mesh without shape keys holds the deformation, as after *Apply All Shape Keys*."""
    places = points_of(mesh.vertices) - fitted.vertices
    without, within = (np.median(np.linalg.norm(places - offset, axis=1)) for offset in (0, fitted.deformation))
    return bool(within < without)


def move_points(points, offset: np.ndarray) -> None:
    """Move the points of a shape key or a mesh by (N, 3) metres."""
    points.foreach_set("co", (points_of(points, np.float32) + offset).astype(np.float32).ravel())


def _set_actions(head: bpy.types.Object, fitted: Fitted, values: np.ndarray) -> None:
    """The new values, but for sliders that no longer stand where the fit had put them."""
    blocks = head.data.shape_keys.key_blocks if head.data.shape_keys is not None else {}
    for name, old, new in zip(fitted.names, fitted.values, values):
        if name in blocks and abs(blocks[name].value - old) < 1e-4:
            blocks[name].slider_max = max(blocks[name].slider_max, float(new))
            blocks[name].value = float(new)

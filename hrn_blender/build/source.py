"""A head bundle, read and checked, in Blender's axes: everything that building needs, before anything is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..adjust.camera import PhotoCamera
from ..engine.wire.bundle import MATERIALS, Bundle, load_bundle
from ..engine.wire.color import srgb_to_linear
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.hair import HairGroup, load_hair
from ..engine.wire.messages import say

__all__ = ["HeadSource", "photo_camera", "read_source", "to_blender"]

MAPS = ("albedo", "displacement", "normal")
"""Maps without which there is no material."""
BARE_MAP = "albedo_bare"
"""The albedo without painted brows, lashes and beard, which heads without such curves lack."""

AXES = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float64)
"""Engine (x to the subject's left, y up, z out of the face) -> Blender (x, -y out of the face, z up): a rotation."""


def to_blender(points: np.ndarray) -> np.ndarray:
    """(..., 3) points or vectors from the bundle's axes to Blender's: (x, -z, y). Both are metres."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], -1)


@dataclass(frozen=True)
class HeadSource:
    """One head. Lengths are metres in Blender's axes; the origin is the centre of the neck's lower border."""

    bundle: Bundle
    name: str
    method: str
    engine_version: str
    vertices: np.ndarray
    """(N, 3) float32, neutral coarse head."""
    deformation: np.ndarray
    """(N, 3) float32."""
    folds: np.ndarray | None
    """(N, 3) float32: what of the deformation are folds; None in bundles that do not tell them apart."""
    expression_names: tuple[str, ...]
    expression_deltas: np.ndarray
    """(E, N, 3) float32 at value 1."""
    expression_values: np.ndarray
    """(E,) float, what the shape keys are set to."""
    faces: np.ndarray
    """(Q, 4) int32."""
    uv: np.ndarray
    """(Q, 4, 2) float32."""
    face_material: np.ndarray
    """(Q,) int32 index into :data:`MATERIALS`."""
    parts: dict[str, np.ndarray]
    """Name -> (N,) weights in [0, 1]."""
    confidence: np.ndarray
    """(N,) float32 in [0, 1]."""
    confidence_class: np.ndarray
    """(N,) int: 0 prior, 1 completed, 2 seen."""
    maps: dict[str, Path]
    cameras: tuple[PhotoCamera, ...]
    origin: np.ndarray
    """(3,) where the object's origin lies in the bundle's space, but in Blender's axes."""
    enamel: tuple[float, float, float, float] | None = None
    """Linear RGBA of the teeth in the photo; None in bundles that do not tell."""
    hair: dict[str, HairGroup] = field(default_factory=dict)
    """The bundle's guides, in its axes; empty for a head without hair."""
    scalp_color: tuple[float, float, float, float] | None = None
    """Linear RGBA of the skin between the roots; None in bundles that do not tell."""


def read_source(path) -> HeadSource:
    """Read the bundle at `path`.

    Raises:
        HrnError: ``BUNDLE_INVALID``, with the field or file that is wrong.
    """
    bundle = load_bundle(path)
    arrays = bundle.arrays()
    manifest = bundle.manifest
    try:
        maps = {name: bundle.file(name) for name in (*MAPS, *({BARE_MAP} & set(manifest["maps"])))}
        hair = load_hair(bundle)
        names = tuple(str(name) for name in manifest["expression"]["names"])
        values = np.array(manifest["expression"]["values"], np.float64)
        part_names = tuple(str(name) for name in manifest["parts"])
        if tuple(manifest["materials"]) != MATERIALS:
            raise ValueError(f"materials are {manifest['materials']}")
        if not len(names) == len(values) == len(arrays["expression_deltas"]) or len(set(names)) != len(names):
            raise ValueError(
                f"{len(names)} expression names and {len(values)} values for {len(arrays['expression_deltas'])} shapes"
            )
        if len(part_names) != len(arrays["parts"]):
            raise ValueError(f"{len(part_names)} part names for {len(arrays['parts'])} parts")
        material = arrays["face_material"]
        if material.size and not 0 <= material.min() <= material.max() < len(MATERIALS):
            raise ValueError("face_material names a material that does not exist")
        vertices = to_blender(arrays["vertices"])
        origin = neck_centre(vertices, arrays["faces"])
        return HeadSource(
            bundle=bundle,
            name=str(manifest["name"]),
            method=str(manifest["method"]),
            engine_version=str(manifest["engine_version"]),
            vertices=(vertices - origin).astype(np.float32),
            deformation=to_blender(arrays["deformation"]).astype(np.float32),
            folds=to_blender(arrays["folds"]).astype(np.float32) if "folds" in arrays else None,
            expression_names=names,
            expression_deltas=to_blender(arrays["expression_deltas"]).astype(np.float32),
            expression_values=values,
            faces=arrays["faces"],
            uv=arrays["uv"],
            face_material=material,
            parts=dict(zip(part_names, arrays["parts"])),
            confidence=arrays["confidence"],
            confidence_class=arrays["confidence_class"],
            maps=maps,
            origin=origin,
            cameras=tuple(photo_camera(bundle, camera, origin) for camera in manifest["cameras"]),
            enamel=_linear(manifest["tooth_color"]) if "tooth_color" in manifest else None,
            hair=hair,
            scalp_color=_scalp_color(manifest["hair"].get("scalp_color")) if hair else None,
        )
    except KeyError as error:
        raise HrnError(
            ErrorCode.BUNDLE_INVALID, say("The manifest of {folder} has no {field!r}.", folder=bundle.path, field=error.args[0])
        ) from error
    except (TypeError, ValueError) as error:
        raise HrnError(
            ErrorCode.BUNDLE_INVALID, say("The manifest of {folder} is wrong: {reason}.", folder=bundle.path, reason=error)
        ) from error


def _linear(color: list) -> tuple[float, float, float, float]:
    """Linear RGBA of an 8-bit sRGB colour."""
    red, green, blue = (float(value) / 255 for value in color)
    if not 0 <= min(red, green, blue) <= max(red, green, blue) <= 1:
        raise ValueError("tooth_color is out of range")
    return (*srgb_to_linear([red, green, blue], np.float64).tolist(), 1.0)


def _scalp_color(color: list | None) -> tuple[float, float, float, float] | None:
    """Linear RGBA of the manifest's linear colour."""
    if color is None:
        return None
    red, green, blue = (float(value) for value in color)
    if not 0 <= min(red, green, blue) <= max(red, green, blue) <= 1:
        raise ValueError("scalp_color is out of range")
    return (red, green, blue, 1.0)


def photo_camera(bundle: Bundle, data: dict, origin: np.ndarray) -> PhotoCamera:
    """One of the manifest's cameras, or one like it that the engine has sent.

    Args:
        origin: (3,) where the head's origin lies in the bundle's space, in Blender's axes.

    Raises:
        KeyError, TypeError, ValueError: something of it is missing or wrong.
    """
    rotation, translation = np.array(data["R"], np.float64), np.array(data["t"], np.float64)
    intrinsics = [float(data[key]) for key in ("fx", "fy", "cx", "cy")]
    width, height = int(data["width"]), int(data["height"])
    if rotation.shape != (3, 3) or not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) or np.linalg.det(rotation) < 0:
        raise ValueError("a camera's R is not a rotation")
    if (
        translation.shape != (3,)
        or not np.isfinite([*translation, *intrinsics]).all()
        or min(*intrinsics[:2], width, height) <= 0
    ):
        raise ValueError("a camera's numbers are out of range")
    photo = None
    if data.get("file"):
        if data["file"] not in bundle.manifest["files"]:
            raise ValueError(f"the camera's photo {data['file']!r} is not in the bundle")
        photo = bundle.path / data["file"]
    # OpenCV looks along +z with y down, Blender along -z with y up.
    axes = AXES @ (np.diag([1.0, -1.0, -1.0]) @ rotation).T
    number, photos = int(data["photo"]), bundle.manifest["photos"]
    about = photos[number] if 0 <= number < len(photos) else {}
    expression = tuple(float(value) for value in about.get("expression", ()))
    share = None if about.get("share") is None else float(about["share"])
    return PhotoCamera(
        number,
        str(about.get("name", "")),
        expression,
        share,
        photo,
        width,
        height,
        *intrinsics,
        rotation=axes,
        location=to_blender(-rotation.T @ translation) - origin,
    )


def neck_centre(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(3,) centre of the lowest open border of the mesh: the loop at which a neck ends.

    Args:
        vertices: (N, 3) metres, z up.
        faces: (Q, 4).

    A mesh without a border gets the point below its centre at its lowest height.
    """
    loops = _borders(np.ascontiguousarray(faces, np.int32).tobytes())
    if not loops:
        low, high = vertices.min(0), vertices.max(0)
        return np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    return np.asarray(min((vertices[loop].mean(0) for loop in loops), key=lambda centre: centre[2]), np.float64)


@lru_cache(maxsize=4)
def _borders(quads: bytes) -> tuple[np.ndarray, ...]:
    """Vertices of each open border of a mesh, from the bytes of its (Q, 4) int32 faces: the same in a whole batch of heads."""
    faces = np.frombuffer(quads, np.int32).reshape(-1, 4)
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 3, 3, 0]].reshape(-1, 2), 1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    border = unique[count == 1]
    if not len(border):
        return ()
    # Connected components by spreading the smallest vertex number along border edges.
    label = np.arange(faces.max() + 1)
    while True:
        smallest = label[border].min(1)
        before = label.copy()
        np.minimum.at(label, border[:, 0], smallest)
        np.minimum.at(label, border[:, 1], smallest)
        if (label == before).all():
            break
    on_border = np.unique(border)
    roots = label[on_border]
    return tuple(on_border[roots == root] for root in np.unique(roots))

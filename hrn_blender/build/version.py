"""The state of a head that stands in the scene, as a folder: shape keys, groom, cameras, corrections with their painted masks, and
the bundle that they stand on."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import bpy
import numpy as np

from ..engine.wire.atomic import output_error, rename, temporary_path
from ..engine.wire.bundle import MANIFEST, Bundle, load_bundle
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.json_file import write_object
from ..engine.wire.messages import say
from .camera import EXPRESSION_PROPERTY, PHOTO_PROPERTY, SHARE_PROPERTY, camera_of
from .head import bundle_path
from .keep import copied
from .mesh import fill_groups, set_places
from .mesh_arrays import points_of, vectors_of
from .new_maps import same_path, take_maps
from .photos_of import set_cameras
from .refit import FIT_DEFORMATION, FIT_VALUES, FIT_VERTICES, photo_cameras
from .source import PhotoCamera, read_source
from .version_groom import groom_state, set_groom

__all__ = ["BUNDLE", "PICTURE", "read_state", "same_state", "version_places", "write_version"]

STATE = "state.json"
"""What is small about a state."""
ARRAYS = "state.npz"
"""Its shape keys."""
PICTURE = "preview.png"
"""Its thumbnail."""
BUNDLE = "bundle"
"""The folder with the bundle as it was then."""
_SCHEMA = 1
"""Raised when an older add-on could misread a state."""
_KEY_FIELDS = ("value", "slider_min", "slider_max", "mute", "vertex_group")
"""What is kept of a shape key beside its points."""


def _state(head: bpy.types.Object, bundle: Bundle) -> tuple[dict, dict[str, np.ndarray]]:
    mesh, keys = head.data, head.data.shape_keys
    arrays = {"mesh": points_of(mesh.vertices, np.float32)}
    blocks = []
    for number, block in enumerate(keys.key_blocks if keys is not None else ()):
        arrays[f"key_{number}"] = points_of(block.points, np.float32)
        about = {name: getattr(block, name) for name in _KEY_FIELDS}
        blocks.append({"name": block.name, "relative": block.relative_key.name, **about})
    for name in (FIT_VERTICES, FIT_DEFORMATION):
        values = vectors_of(mesh, name)
        if values is not None:
            arrays[name] = values.ravel()
    groom, strands = groom_state(head)
    arrays |= strands
    cameras = []
    for view in photo_cameras(head):
        number = int(view.get(PHOTO_PROPERTY, 0))
        eye = camera_of(view)
        about = {name: getattr(eye, name) for name in ("number", "name", "width", "height", "fx", "fy", "cx", "cy")}
        about |= {"rotation": eye.rotation.tolist(), "location": eye.location.tolist()}
        about |= {"expression": [float(v) for v in view.get(EXPRESSION_PROPERTY, ())], "share": view.get(SHARE_PROPERTY)}
        files = [camera["file"] for camera in bundle.manifest["cameras"] if camera["photo"] == number and camera.get("file")]
        cameras.append(about | {"file": files[0] if files else None})
    state = {
        "schema": _SCHEMA,
        "folder": str(bundle.path),
        "values": [float(value) for value in head.get(FIT_VALUES, ())],
        "keys": blocks,
        "cameras": cameras,
        "groom": groom,
    }
    return state, arrays


def write_version(
    head: bpy.types.Object,
    folder: Path,
    picture: bytes,
    corrections: dict | None,
    masks: Mapping[str, bytes],
    earlier: Iterable[Path] = (),
) -> None:
    """Write the present state of a head as a new folder, whole or not at all.

    Args:
        corrections: what is kept of them; None: they are those of the bundle.
        picture: the thumbnail, a PNG.
        masks: name of each painted mask's file, and its content.
        earlier: other versions; files of their bundles that are still the same share their place on the disk.

    Raises:
        HrnError: ``BUNDLE_INVALID`` where the head's folder is gone; ``DISK_FULL``, ``OUTPUT_NOT_WRITABLE``.
    """
    bundle = load_bundle(bundle_path(head))
    state, arrays = _state(head, bundle)
    temporary = temporary_path(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        (temporary / BUNDLE).mkdir(parents=True)
        _copy(bundle, temporary / BUNDLE, earlier)
        np.savez(temporary / ARRAYS, **arrays)  # type: ignore[arg-type]
        for name, content in masks.items():
            (temporary / name).write_bytes(content)
        write_object(temporary / STATE, state | {"corrections": corrections, "masks": sorted(masks)})
        (temporary / PICTURE).write_bytes(picture)
        rename(temporary, folder)
    except OSError as error:
        raise output_error(error, folder) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _copy(bundle: Bundle, target: Path, earlier: Iterable[Path]) -> None:
    """Copy a bundle. What an earlier version has of it is linked: versions are never written to, while an artist may paint on the
    head's own files."""
    known: dict[tuple[str, str], Path] = {}
    for version in earlier:
        try:
            manifest = json.loads((version / BUNDLE / MANIFEST).read_text(encoding="utf-8"))
            known |= {(name, one["sha256"]): version / BUNDLE / name for name, one in manifest["files"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    for name, about in bundle.manifest["files"].items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        linked = known.get((name, about["sha256"]))
        try:
            if linked is None or linked.stat().st_size != about["bytes"]:
                raise OSError("not there")
            os.link(linked, target / name)
        except OSError:  # Nor does every file system have links.
            shutil.copyfile(bundle.path / name, target / name)
    shutil.copyfile(bundle.path / MANIFEST, target / MANIFEST)


def same_state(head: bpy.types.Object, folder: Path, masks: Mapping[str, bytes]) -> bool:
    """Whether a head is as a version has it, apart from corrections that have not been fitted.

    Args:
        masks: as in :func:`write_version`.
    """
    try:
        bundle = load_bundle(bundle_path(head))
        state, arrays = _state(head, bundle)
        kept = json.loads((folder / STATE).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS) as found:
            alike = set(found.files) == set(arrays) and all(np.array_equal(found[n], arrays[n]) for n in arrays)
        alike = alike and kept.get("masks", []) == sorted(masks)
        alike = alike and all((folder / name).read_bytes() == content for name, content in masks.items())
        other = load_bundle(folder / BUNDLE).manifest
    except (HrnError, OSError, ValueError):
        return False
    here, there = (
        _flat([one["cameras"], one["values"], one["keys"], one.get("groom") or []])
        for one in (json.loads(json.dumps(state)), kept)
    )
    return alike and other == bundle.manifest and len(here) == len(there) and all(map(_same, here, there))


def _flat(value) -> list:
    """The leaves of nested lists and objects, keys included."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in (key, *_flat(value[key]))]
    return [leaf for one in value for leaf in _flat(one)] if isinstance(value, list) else [value]


def _same(a, b) -> bool:
    """Whether two leaves are the same; Blender keeps lenses and places of cameras in single precision."""
    numbers = isinstance(a, float) and isinstance(b, float)
    return bool(np.isclose(a, b, rtol=1e-5, atol=1e-6)) if numbers else a == b


def read_state(head: bpy.types.Object, folder: Path, scene: bpy.types.Scene) -> tuple[dict | None, dict[str, Path] | None]:
    """Make a head what a version of it was.

    Returns:
        Its corrections as :func:`write_version` was given them, and name -> file of its masks; None for masks where the version
        knows nothing of any.

    Raises:
        HrnError: ``BUNDLE_INVALID``: the version or the head's folder is gone or damaged, or the mesh has other vertices now.
    """
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS) as found:
            arrays = {name: found[name] for name in found.files}
        kept = load_bundle(folder / BUNDLE)
        if state["schema"] > _SCHEMA:
            raise ValueError("schema")
    except (OSError, ValueError, KeyError, HrnError) as error:
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            say("This version of {head} is no longer on the disk.", head=head.name),
            hint=say("Bring the folder {folder} back to its place.", folder=folder),
        ) from error
    if len(arrays["mesh"]) != len(head.data.vertices):
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            say("{head} no longer has the vertices that it was built with.", head=head.name),
            hint="Build the head again and correct that one.",
        )
    before = load_bundle(bundle_path(head))
    working = copied(kept.path, before.path.parent, kept.manifest, Path(state["folder"]).name)
    source = read_source(working)
    _set_keys(head, state["keys"], arrays)
    _set_fit(head, state, arrays)
    set_places(head.data, source)
    fill_groups(head, source)
    cameras = tuple(_camera(about, source.bundle) for about in state["cameras"])
    set_cameras(head, before, source.bundle, cameras, scene)
    if not same_path(before.path, working):
        take_maps(head, working)
    if "groom" in state:
        set_groom(head, state["groom"], arrays, source)
    head.data.update()
    head.update_tag()
    masks = state.get("masks")
    return state["corrections"], None if masks is None else {name: folder / name for name in masks}


def version_places(folder: Path) -> np.ndarray:
    """(N, 3) float64: the head of a version with its shape keys, without modifiers.

    Raises:
        HrnError: ``BUNDLE_INVALID``: it is gone or damaged.
    """
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS) as found:
            keys = {one["name"]: found[f"key_{number}"].astype(np.float64) for number, one in enumerate(state["keys"])}
            places = found["mesh"].astype(np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise HrnError(ErrorCode.BUNDLE_INVALID, "This version is no longer on the disk.") from error
    if not keys:
        return places
    places = keys[state["keys"][0]["name"]]
    for one in state["keys"][1:]:
        if not one["mute"]:
            places = places + one["value"] * (keys[one["name"]] - keys[one["relative"]])
    return places


def _set_keys(head: bpy.types.Object, wanted: list[Mapping], arrays: Mapping[str, np.ndarray]) -> None:
    mesh = head.data
    keys = mesh.shape_keys
    names = {one["name"] for one in wanted}
    for block in list(keys.key_blocks if keys is not None else ()):
        if block.name not in names and (block != keys.reference_key or not names):
            head.shape_key_remove(block)
    mesh.vertices.foreach_set("co", arrays["mesh"].ravel())
    for number, one in enumerate(wanted):
        keys = mesh.shape_keys
        block = keys.key_blocks.get(one["name"]) if keys is not None else None
        if block is None:
            block = head.shape_key_add(name=one["name"], from_mix=False)
        block.points.foreach_set("co", arrays[f"key_{number}"].ravel())
    for one in wanted:
        block = mesh.shape_keys.key_blocks[one["name"]]
        block.slider_min, block.slider_max = one["slider_min"], one["slider_max"]
        block.mute, block.vertex_group, block.value = one["mute"], one["vertex_group"], one["value"]
        block.relative_key = mesh.shape_keys.key_blocks[one["relative"]]


def _set_fit(head: bpy.types.Object, state: Mapping, arrays: Mapping[str, np.ndarray]) -> None:
    mesh = head.data
    for name in (FIT_VERTICES, FIT_DEFORMATION):
        attribute = mesh.attributes.get(name)
        if name in arrays:
            attribute = attribute or mesh.attributes.new(name, "FLOAT_VECTOR", "POINT")
            attribute.data.foreach_set("vector", arrays[name])
        elif attribute is not None:
            mesh.attributes.remove(attribute)
    if state["values"]:
        head[FIT_VALUES] = state["values"]
    else:
        head.pop(FIT_VALUES, None)


def _camera(about: Mapping, bundle: Bundle) -> PhotoCamera:
    values = {name: about[name] for name in ("number", "name", "share", "width", "height", "fx", "fy", "cx", "cy")}
    return PhotoCamera(
        **values,
        expression=tuple(about["expression"]),
        photo=None if about["file"] is None else bundle.path / about["file"],
        rotation=np.array(about["rotation"], np.float64),
        location=np.array(about["location"], np.float64),
    )

"""What is corrected about a head, as it lies in the scene, as its folder has it and as the engine reads it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import bpy

from ..adjust.document import document, pins_from_text, pins_of, pins_to_text
from ..adjust.pins import PinSet
from ..build.camera import PHOTO_PROPERTY
from ..build.head import bundle_path
from ..build.photo_masks import mask_png, painted_photo
from ..build.refit import photo_cameras
from ..engine.wire.bundle import Bundle, load_bundle
from ..engine.wire.corrections import (
    DEVIATION_MM,
    LOCK_PARTS,
    Corrections,
    Locks,
    Switches,
    read_corrections,
    refuse_other_photos,
)
from ..engine.wire.errors import HrnError
from ..engine.wire.messages import say
from ..engine.wire.sliders import SLIDERS

__all__ = [
    "MASKS",
    "SLIDER",
    "corrections_of",
    "folder",
    "keep_masks",
    "mask_of",
    "masks_of_head",
    "pins_of_head",
    "quiet",
    "read_from_bundle",
    "remove_folder",
    "set_masks",
    "set_pins",
]

MASKS = ("ignore", "skin")
"""Kinds of masks; names of the pointers in the cameras' property group and of the engine's members."""
SLIDER = "slider_"
"""Begins the names of properties that are sliders of :data:`engine.wire.sliders.SLIDERS`."""
_SWITCHES = ("rigid_only", "shape", "expression", "symmetric", "neutral")
"""Switches that are properties of the same name."""
_folder: Path | None = None
"""Where answers and masks lie until Blender ends."""


def folder() -> Path:
    """A folder of this session's own."""
    global _folder
    if _folder is None or not _folder.is_dir():
        _folder = Path(tempfile.mkdtemp(prefix="hrn-correct-"))
    return _folder


def pins_of_head(head: bpy.types.Object) -> PinSet:
    """The pins of a head in the scene."""
    return pins_from_text(head.hrn_correct.pins, len(head.data.vertices))


def set_pins(head: bpy.types.Object, pins: PinSet) -> None:
    """Give a head these pins."""
    head.hrn_correct.pins = pins_to_text(pins)


def mask_of(camera: bpy.types.Object, kind: str) -> bpy.types.Image | None:
    """What was painted over a camera's photo, of the kinds :data:`MASKS`."""
    return getattr(camera.hrn_correct, kind)


def corrections_of(head: bpy.types.Object) -> dict:
    """All corrections of a head, as the engine reads them; its masks are written to the session's folder.

    Raises:
        HrnError: ``BUNDLE_INVALID``: the head's folder is gone or damaged.
    """
    manifest = load_bundle(bundle_path(head)).manifest
    wanted = head.hrn_correct
    masks: dict[int, dict[str, str]] = {}
    for camera in photo_cameras(head):
        for kind in MASKS:
            image = mask_of(camera, kind)
            if image is not None:
                masks.setdefault(int(camera.get(PHOTO_PROPERTY, 0)), {})[kind] = _write_mask(head, camera, kind, image)
    switches = {name: getattr(wanted, name) for name in _SWITCHES}
    locked = tuple(name for name in LOCK_PARTS if getattr(wanted, f"lock_{name}"))
    return document(
        manifest,
        pins_of_head(head),
        masks,
        Switches(**switches, focal="free" if wanted.focal_free else "locked"),
        Locks(locked, _painted(head, wanted.lock_group)),
        {name: value for name in SLIDERS if (value := getattr(wanted, SLIDER + name))},
        round(wanted.deviation, 4),
    ).to_json()


def masks_of_head(head: bpy.types.Object) -> dict[str, bytes]:
    """Name of a file -> its content, a PNG, for each mask that was painted over a photo of the head."""
    found = {}
    for camera in photo_cameras(head):
        for kind in MASKS:
            image = mask_of(camera, kind)
            if image is not None:
                found[_mask_name(camera, kind)] = mask_png(image)
    return found


def set_masks(head: bpy.types.Object, masks: Mapping[str, Path]) -> None:
    """Give the photos of a head these masks, and no others; pictures that are the same already stay.

    Args:
        masks: name -> file, as :func:`masks_of_head` calls them.

    Raises:
        HrnError: ``BUNDLE_INVALID``: a photo is gone.
    """
    for camera in photo_cameras(head):
        for kind in MASKS:
            file, image = masks.get(_mask_name(camera, kind)), mask_of(camera, kind)
            if file is None:
                setattr(camera.hrn_correct, kind, None)
            elif image is None or mask_png(image) != file.read_bytes():
                setattr(camera.hrn_correct, kind, painted_photo(camera, kind, file))


def _mask_name(camera: bpy.types.Object, kind: str) -> str:
    return f"mask_{camera.get(PHOTO_PROPERTY, 0)}_{kind}.png"


def _painted(head: bpy.types.Object, name: str) -> tuple[int, ...]:
    """The vertices that a vertex group holds by at least a half."""
    group = head.vertex_groups.get(name) if name else None
    if group is None:
        return ()
    found = []
    for vertex in head.data.vertices:
        if any(one.group == group.index and one.weight >= 0.5 for one in vertex.groups):
            found.append(vertex.index)
    return tuple(found)


def _write_mask(head: bpy.types.Object, camera: bpy.types.Object, kind: str, image: bpy.types.Image) -> str:
    """The name of the PNG in the session's folder that says where `image` was painted away: where its alpha is gone."""
    name = f"{head.session_uid}_{camera.get(PHOTO_PROPERTY, 0)}_{kind}.png"
    (folder() / name).write_bytes(mask_png(image))
    return name


def keep_masks() -> None:
    """Store what was painted on masks inside the .blend file, which is about to be saved or fitted to."""
    for camera in bpy.data.objects:
        for kind in MASKS if camera.type == "CAMERA" else ():
            image = mask_of(camera, kind)
            if image is not None and image.is_dirty:
                image.pack()


def read_from_bundle(head: bpy.types.Object) -> None:
    """Take over the corrections that a head's folder was made with, once for each head; what was set of it already stays.

    Raises:
        HrnError: ``BUNDLE_INVALID``, ``CORRECTIONS_INVALID``.
    """
    wanted = head.hrn_correct
    if wanted.begun:
        return
    bundle = load_bundle(bundle_path(head))
    about = bundle.manifest.get("corrections")
    if about:
        found = _corrections_in(bundle, about["file"])
        _read_masks(head, found, bundle)
        if not wanted.pins:
            set_pins(head, pins_of(found, bundle.manifest))
        values = {name: getattr(found.switches, name) for name in _SWITCHES}
        values["deviation"] = next((pin.deviation_mm for entry in found.photos for pin in entry.pins), DEVIATION_MM)
        values["focal_free"] = found.switches.focal == "free"
        values |= {f"lock_{name}": name in found.locks.parts for name in LOCK_PARTS}
        values |= {SLIDER + name: found.sliders.get(name, 0.0) for name in SLIDERS}
        with quiet():
            for name, value in values.items():
                if not wanted.is_property_set(name):
                    setattr(wanted, name, value)
            if not wanted.lock_group:
                _lock_vertices(head, found.locks.vertices)
    wanted.begun = True


def _corrections_in(bundle: Bundle, name: str) -> Corrections:
    """
    Raises:
        HrnError: ``CORRECTIONS_INVALID``, with the way to go on without them.
    """
    known = {about.get("sha256") for about in bundle.manifest["photos"]}
    try:
        found = read_corrections(bundle.path / name)
        refuse_other_photos(found, known)
    except HrnError as error:
        hint = say("Put the head's folder back as it was, or begin without them: Clear > Everything.")
        raise HrnError(error.code, error.message, hint=hint) from error
    return found


def _lock_vertices(head: bpy.types.Object, vertices: tuple[int, ...]) -> None:
    """Make single locked vertices a vertex group, as an artist would have painted it."""
    inside = [number for number in vertices if number < len(head.data.vertices)]
    if inside:
        group = head.vertex_groups.new(name="Stays As It Is")
        group.add(inside, 1.0, "REPLACE")
        head.hrn_correct.lock_group = group.name


def _read_masks(head: bpy.types.Object, found: Corrections, bundle: Bundle) -> None:
    """Make the masks of a bundle pictures that can be painted on."""
    numbers = {about.get("sha256"): number for number, about in enumerate(bundle.manifest["photos"])}
    for entry in found.photos:
        for camera in photo_cameras(head):
            if camera.get(PHOTO_PROPERTY, 0) != numbers.get(entry.sha256):
                continue
            for kind in MASKS:
                name = getattr(entry, kind)
                if name is not None and mask_of(camera, kind) is None:
                    setattr(camera.hrn_correct, kind, painted_photo(camera, kind, bundle.path / name))


class quiet:
    """While this lasts, changes of a head's corrections ask for no new fit."""

    depth = 0

    def __enter__(self) -> None:
        quiet.depth += 1

    def __exit__(self, *_) -> None:
        quiet.depth -= 1


def remove_folder() -> None:
    """The session ends: its folder goes."""
    global _folder
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
        _folder = None

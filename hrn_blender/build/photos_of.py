"""The cameras and pictures of a head that stands in the scene, when its folder becomes another one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import bpy

from ..engine.wire.bundle import Bundle
from .camera import EXPRESSION_PROPERTY, PHOTO_NAME_PROPERTY, PHOTO_PROPERTY, SHARE_PROPERTY, aim, build_camera
from .images import load_image, picture_nodes
from .keep import head_images
from .ledger import Ledger
from .new_maps import own_materials, same_path
from .refit import photo_cameras
from .source import PhotoCamera

__all__ = ["set_cameras", "swap_pictures"]


def _known_by(bundle: Bundle, number: int) -> tuple[str, str]:
    """Checksum and name of the user's file of a photo; empty where the bundle does not know them."""
    photos = bundle.manifest["photos"]
    about = photos[number] if 0 <= number < len(photos) else {}
    return str(about.get("sha256", "")), str(about.get("name", ""))


def set_cameras(
    head: bpy.types.Object, before: Bundle, bundle: Bundle, wanted: Sequence[PhotoCamera], scene: bpy.types.Scene
) -> None:
    """Give a head the cameras of another bundle: those of the same photos stay what they are and are aimed anew.

    Args:
        before: the bundle that the present cameras' numbers belong to.
        bundle: that of `wanted`.
    """
    present = {_known_by(before, int(view.get(PHOTO_PROPERTY, 0))): view for view in photo_cameras(head)}
    with Ledger() as ledger:
        for camera in wanted:
            view = present.pop(_known_by(bundle, camera.number), None)
            if view is None:
                suffix = f" {camera.number + 1}" if camera.number else ""
                view = build_camera(camera, f"{head.name} camera{suffix}", scene, ledger)
                view.parent = head
                home = next(iter(head.users_collection), scene.collection)
                home.objects.link(view)
                continue
            aim(view, camera)
            view[PHOTO_PROPERTY], view[PHOTO_NAME_PROPERTY] = camera.number, camera.name
            for key, value in ((EXPRESSION_PROPERTY, camera.expression or None), (SHARE_PROPERTY, camera.share)):
                if value is not None:
                    view[key] = value
                else:
                    view.pop(key, None)
            if camera.photo is not None:
                _show_photo(view, camera.photo, ledger)
    for view in present.values():
        if scene.camera == view:
            scene.camera = next(iter(photo_cameras(head)), None)
        bpy.data.batch_remove([view, view.data])


def _show_photo(view: bpy.types.Object, photo: Path, ledger: Ledger) -> None:
    """Let a camera show this file, where it shows another one of the same photo."""
    for background in view.data.background_images:
        image = background.image
        if image is not None and image.source == "FILE" and not _is(image, photo):
            background.image = _replacement(image, photo, ledger)


def swap_pictures(head: bpy.types.Object, before: Path, now: Path) -> None:
    """Let the head's materials show the maps of the folder `now` instead of those of `before`. Pictures that the artist paints on
    stay as they are, and so do copies of the head. The images are new ones, so that an undo finds the old ones as they were."""
    own_materials(head)
    cameras = {id(b.image) for view in photo_cameras(head) for b in view.data.background_images}
    parts = (head, *head.children_recursive)
    nodes = [node for part in parts for slot in part.material_slots for node in picture_nodes(slot.material)]
    with Ledger() as ledger:
        for image in head_images(head):
            path = Path(bpy.path.abspath(image.filepath, library=image.library))
            file = now / path.name
            if id(image) in cameras or image.is_dirty or not file.is_file() or _is(image, file):
                continue
            if path.parent.name != before.name and path.parent.name != now.name:
                continue  # A picture of the artist's own that happens to have such a name.
            made = _replacement(image, file, ledger)
            for node in nodes:
                if node.image == image:
                    node.image = made


def _is(image: bpy.types.Image, file: Path) -> bool:
    return same_path(bpy.path.abspath(image.filepath, library=image.library), file)


def _replacement(image: bpy.types.Image, file: Path, ledger: Ledger) -> bpy.types.Image:
    """A new image of `file` in place of `image`, stored in the .blend file where that one is."""
    name = image.name
    image.name = f"{name} before"
    made = load_image(file, name, image.colorspace_settings.name, ledger)
    if image.packed_file is not None:
        made.pack()
    return made

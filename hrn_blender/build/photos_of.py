"""The cameras of a head that stands in the scene, when its folder becomes another one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import bpy

from ..engine.wire.bundle import Bundle
from .camera import EXPRESSION_PROPERTY, PHOTO_NAME_PROPERTY, PHOTO_PROPERTY, SHARE_PROPERTY, aim, build_camera
from .ledger import Ledger
from .new_maps import replaced, same_path
from .refit import photo_cameras
from .source import PhotoCamera

__all__ = ["set_cameras"]


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
        if (
            image is not None
            and image.source == "FILE"
            and not same_path(bpy.path.abspath(image.filepath, library=image.library), photo)
        ):
            background.image = replaced(image, photo, ledger)

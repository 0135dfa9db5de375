"""The heads in a scene: which one is meant, its cameras, the names of its photos."""

from __future__ import annotations

import bpy

from ..build import find_heads
from ..build.camera import PHOTO_NAME_PROPERTY, PHOTO_PROPERTY, SHARE_PROPERTY
from ..build.head import BUNDLE_PROPERTY
from ..build.refit import photo_cameras
from .language import words

__all__ = ["active_head", "by_uid", "linked_head", "head_cameras", "meant_camera", "photo_label"]


def by_uid(blocks, uid: int) -> bpy.types.ID | None:
    """The data-block of a collection of ``bpy.data`` with this ``session_uid``, which new names and undo leave alone."""
    return next((one for one in blocks if one.session_uid == uid), None)


def active_head(context) -> bpy.types.Object | None:
    """The head that the panel's sliders belong to: the active object, the head that it belongs to, or the one that
    follows it as an armature."""
    heads = find_heads(context.scene)
    active = context.active_object
    if active is None or active in heads:
        return active
    if active.parent in heads:
        return active.parent
    return next((head for head in heads if head.parent == active and active.type == "ARMATURE"), None)


def linked_head(context) -> bpy.types.Object | None:
    """The head of a library file that the active object shows or is: nothing about it can be changed here."""
    active = context.active_object
    if active is not None and active.type == "EMPTY" and active.instance_collection is not None:
        shown = active.instance_collection.objects
    else:
        shown = [active_head(context)]
    return next((o for o in shown if o is not None and o.library is not None and BUNDLE_PROPERTY in o), None)


def head_cameras(head: bpy.types.Object) -> list[bpy.types.Object]:
    """The cameras of the photos that `head` was made from, in the order of the photos."""
    cameras = [child for child in head.children if child.type == "CAMERA"]
    return sorted(cameras, key=lambda camera: (camera.get(PHOTO_PROPERTY, 0), camera.name))


def meant_camera(context, head: bpy.types.Object) -> bpy.types.Object | None:
    """The photo of `head` that is meant: that of the selected camera, else of the scene's, else the first; None without any."""
    cameras = photo_cameras(head)
    return next((one for one in (context.active_object, context.scene.camera, *cameras) if one in cameras), None)


def photo_label(camera: bpy.types.Object) -> str:
    """A photo's number, and its name and its share in the head where the bundle knows them."""
    share = camera.get(SHARE_PROPERTY)
    parts = [
        words("Photo {number}", number=camera.get(PHOTO_PROPERTY, 0) + 1),
        camera.get(PHOTO_NAME_PROPERTY, ""),
        "" if share is None else f"{share:.0%}",
    ]
    return "  ".join(filter(None, parts))

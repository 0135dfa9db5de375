"""Adjust Mode: pins on the photo, dragged with the mouse, and the same without the mouse."""

from __future__ import annotations

import bpy

from . import actions, mask, modal

__all__ = ["register", "unregister"]

register, _unregister = bpy.utils.register_classes_factory((modal.HRN_OT_adjust, *actions.CLASSES, *mask.CLASSES))


def unregister() -> None:
    modal.leave()
    _unregister()

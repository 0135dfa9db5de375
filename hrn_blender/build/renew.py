"""A head that stands in the scene becomes that of another bundle of the same person: the same object, refined in place."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from .head import bundle_path
from .mesh import FOLDS_KEY, fill_groups, set_places
from .new_maps import take_groom, take_maps
from .photos_of import set_cameras
from .refit import Answer, apply_answer, fitted_of, move_points, on_deformation
from .source import PhotoCamera, read_source

__all__ = ["renew"]


def renew(head: bpy.types.Object, folder: str | Path, scene: bpy.types.Scene) -> list[str]:
    """Give a head the shape, the cameras, the maps and the groom of another bundle. Whatever the artist has changed of its shape keys
    or sculpted into keys of his own stays as an offset; sliders of the face that he moved and strands that he combed stay.

    Returns:
        The groups of strands that stayed as they are because the artist has changed them.

    Raises:
        HrnError: ``BUNDLE_INVALID``: one of the folders is gone or damaged, or the mesh is no longer the head's.
    """
    before, now = read_source(bundle_path(head)), read_source(folder)
    fitted = fitted_of(head, before)
    origin = np.array(head["hrn_origin"], np.float64)
    shift = now.origin - origin
    cameras = tuple(PhotoCamera(**{**vars(one), "location": one.location + shift}) for one in now.cameras)
    answer = Answer(now.vertices + shift, now.deformation, (), np.asarray(now.expression_values, np.float64))
    zero = np.zeros_like(now.deformation)
    folds = [zero if one.folds is None else one.folds for one in (before, now)]
    _add_folds(head, before.folds is not None, now.folds is not None)
    apply_answer(head, fitted, answer)
    keys = head.data.shape_keys
    for block in keys.key_blocks if keys is not None else ():
        if on_deformation(block) and FOLDS_KEY in keys.key_blocks:
            move_points(block.points, folds[0] - folds[1])
        elif block.name == FOLDS_KEY:
            move_points(block.points, folds[1] - folds[0])
        elif block.name in now.expression_names:
            number = now.expression_names.index(block.name)
            move_points(block.points, now.expression_deltas[number] - before.expression_deltas[number])
    set_places(head.data, now)
    fill_groups(head, now)
    set_cameras(head, before.bundle, now.bundle, cameras, scene)
    take_maps(head, folder)
    return take_groom(head)


def _add_folds(head: bpy.types.Object, had: bool, has: bool) -> None:
    """A key for folds where a head without gets some."""
    keys = head.data.shape_keys
    if had or not has or keys is None or FOLDS_KEY in keys.key_blocks:
        return
    block = head.shape_key_add(name=FOLDS_KEY, from_mix=False)
    block.slider_max, block.value = 4.0, 1.0

"""Heads of a batch in rows and columns, facing the front view, each with its name below."""

from __future__ import annotations

import math
from pathlib import Path

import bpy

from . import BuildOptions, build_head, find_heads
from .head import BUNDLE_PROPERTY

__all__ = ["COLUMN_WIDTH", "ROW_HEIGHT", "build_in_grid", "built_head", "frame_grid", "grid_place", "has_heads"]

COLUMN_WIDTH = 0.3
"""Metres from head to head in a row: a head is about 0.2 wide."""
ROW_HEIGHT = 0.4
"""Metres from row to row: a head with its neck is about 0.32 high."""

BATCH_PROPERTY = "hrn_batch"
"""Custom property of the collection that holds a batch's heads: the output folder."""

_LABEL_SIZE = 0.032
"""Size of the names' letters below the heads, metres."""
_MARGIN = 1.08
"""What the view shows over the size of the grid."""


def grid_place(index: int, total: int) -> tuple[float, float, float]:
    """Where head `index` of `total` stands: the first at the top left, the lowest row on the floor."""
    columns, rows = _shape(total)
    row, column = divmod(index, columns)
    return (column - (columns - 1) / 2) * COLUMN_WIDTH, 0.0, (rows - 1 - row) * ROW_HEIGHT + _LABEL_SIZE * 2


def _shape(total: int) -> tuple[int, int]:
    """Columns and rows of a grid of `total` heads."""
    columns = max(1, math.ceil(math.sqrt(total)))
    return columns, max(1, math.ceil(total / columns))


def frame_grid(view: bpy.types.RegionView3D, total: int, free: float = 1.0) -> None:
    """Fit the whole grid of `total` heads into a 3D viewport that looks from the front.

    Args:
        free: share of the viewport's width that no sidebar covers.
    """
    columns, rows = _shape(total)
    view.view_location = (0.0, 0.0, rows * ROW_HEIGHT / 2)
    view.update()
    window = view.window_matrix  # Its diagonal is 2 over what is seen, in metres.
    view.view_distance *= _MARGIN * max(columns * COLUMN_WIDTH * window[0][0] / free, rows * ROW_HEIGHT * window[1][1]) / 2


def built_head(scene: bpy.types.Scene, bundle: str) -> bpy.types.Object | None:
    """The head of this bundle in `scene`, if there is one."""
    path = str(Path(bundle).absolute())
    return next((head for head in find_heads(scene) if head[BUNDLE_PROPERTY] == path), None)


def build_in_grid(scene: bpy.types.Scene, out: Path, bundle: str, title: str, index: int, total: int) -> bpy.types.Object:
    """Build the head of `bundle` at its place in the grid of the batch whose output folder is `out`.

    Raises:
        HrnError: ``BUNDLE_INVALID``.
    """
    # Many heads at once: what is seen from afar needs no subdivision and only the hair's guides in the viewport.
    options = BuildOptions(name=title, viewport_subdivision=0, share_groups=True, hair_share=0.0)
    result = build_head(bundle, scene=scene, parent=_collection(scene, out), options=options)
    result.head.location = grid_place(index, total)
    for camera in result.cameras:
        camera.hide_viewport = True  # One before every face would be all that is seen; looking through one shows it.
    result.collection.objects.link(_label(result.head, title))
    return result.head


def has_heads(scene: bpy.types.Scene, out: Path) -> bool:
    """Whether any head of this batch is in `scene`."""
    collection = _find_collection(scene, out)
    return collection is not None and len(collection.children) > 0


def _find_collection(scene: bpy.types.Scene, out: Path) -> bpy.types.Collection | None:
    return next((c for c in scene.collection.children_recursive if c.get(BATCH_PROPERTY) == str(out)), None)


def _collection(scene: bpy.types.Scene, out: Path) -> bpy.types.Collection:
    """The collection of this batch; made with its first head."""
    collection = _find_collection(scene, out)
    if collection is None:
        collection = bpy.data.collections.new(f"Batch {out.name}")
        collection[BATCH_PROPERTY] = str(out)
        scene.collection.children.link(collection)
    return collection


def _label(head: bpy.types.Object, title: str) -> bpy.types.Object:
    """`title` as a text below the neck, readable from the front; moves with the head."""
    text = bpy.data.curves.new(f"{head.name} name", "FONT")
    text.body = title
    text.size = _LABEL_SIZE
    # A long name gets smaller letters instead of running into its neighbour; about 0.55 of the size per letter.
    text.size *= min(1.0, 0.9 * COLUMN_WIDTH / (0.55 * _LABEL_SIZE * max(len(title), 1)))
    text.align_x, text.align_y = "CENTER", "TOP"
    label = bpy.data.objects.new(text.name, text)
    label.parent = head
    label.location = (0.0, -0.06, -0.025)
    label.rotation_euler.x = math.pi / 2
    label.hide_render = True
    return label

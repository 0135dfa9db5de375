"""Looking at a head's strands as Blender evaluates them."""

from __future__ import annotations

import bpy
import numpy as np

from hrn_blender.build.hair.strands import Guides, read_guides

__all__ = ["only_guides", "seen", "skin_distance"]


def only_guides(hair: bpy.types.Object) -> None:
    """Show the guides without children and without what bends them: the first modifier only."""
    for modifier in hair.modifiers[1:]:
        modifier.show_viewport = False


def seen(hair: bpy.types.Object) -> Guides:
    """The strands as evaluated now, in the object's own space."""
    bpy.context.view_layer.update()
    return read_guides(hair.evaluated_get(bpy.context.evaluated_depsgraph_get()).data)


def skin_distance(head: bpy.types.Object, points: np.ndarray) -> np.ndarray:
    """(n,) metres from points in the head's space to its surface as evaluated now."""
    bpy.context.view_layer.update()
    evaluated = head.evaluated_get(bpy.context.evaluated_depsgraph_get())
    found = np.array([evaluated.closest_point_on_mesh(point)[1] for point in points.tolist()])
    return np.linalg.norm(found - points, axis=1)

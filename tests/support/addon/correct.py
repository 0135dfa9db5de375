"""Pins and shape keys of heads that tests correct."""

from __future__ import annotations

import bpy
import numpy as np

from hrn_blender.adjust.camera import project
from hrn_blender.adjust.hit import SurfacePoint, point_at
from hrn_blender.build.refit import fitted_of

__all__ = ["a_point", "pin", "places"]


def places(head: bpy.types.Object, key: str) -> np.ndarray:
    """(N, 3) metres: the points of a shape key."""
    points = head.data.shape_keys.key_blocks[key].points
    found = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", found)
    return found.reshape(-1, 3)


def a_point(head: bpy.types.Object) -> tuple[SurfacePoint, tuple[float, ...]]:
    """A point of the skin and its pixel in the first photo."""
    fitted = fitted_of(head)
    at = project(fitted.posed(0), fitted.eyes[0])[0]
    for pixel in at[np.unique(fitted.faces[fitted.material == 0])]:
        point = point_at(fitted, 0, tuple(pixel))
        if point is not None:
            return point, tuple(float(value) for value in pixel)
    raise AssertionError("the photo shows no skin")


def pin(head: bpy.types.Object, wait: float = 20.0, photo: int = 0) -> set[str]:
    """Pin a point of the active head to where it is."""
    point, pixel = a_point(head)
    return bpy.ops.hrn.adjust_pin(photo=photo, vertices=point.vertices, weights=point.weights, pixel=pixel, wait=wait)

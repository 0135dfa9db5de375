"""Guides as arrays, to and from Blender's curves. Curves may have different numbers of points: users cut and draw them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import bpy
import numpy as np

from ...engine.wire.hair import HairGroup
from ..ledger import Ledger
from ..source import to_blender
from .names import COLOR, LAYER, SURFACE_UV

__all__ = ["Guides", "from_bundle", "new_curves", "read_guides", "set_attribute", "read_attribute", "write_points"]


@dataclass(frozen=True)
class Guides:
    """G curves of M points altogether, in object space of the head at rest."""

    offsets: np.ndarray
    """(G + 1,) int32: first point of each curve, and M."""
    points: np.ndarray
    """(M, 3) float32 metres."""
    radius: np.ndarray
    """(M,) float32 metres."""
    color: np.ndarray
    """(M, 3) float32 linear."""
    uv: np.ndarray
    """(G, 2) float32 roots in the head's UV map."""
    layer: np.ndarray
    """(G,) int32 as in :class:`engine.wire.hair.HairGroup`."""

    @property
    def roots(self) -> np.ndarray:
        """(G, 3) first point of each curve."""
        return self.points[self.offsets[:-1]]

    @property
    def curve(self) -> np.ndarray:
        """(M,) int: curve of each point."""
        return np.repeat(np.arange(len(self.uv)), np.diff(self.offsets))

    def chosen(self, keep: np.ndarray) -> Guides:
        """Those curves where `keep` (G,) bool holds."""
        inside = np.repeat(keep, np.diff(self.offsets))
        sizes = np.diff(self.offsets)[keep]
        return Guides(
            offsets_of(sizes), self.points[inside], self.radius[inside], self.color[inside], self.uv[keep], self.layer[keep]
        )

    def joined(self, other: Guides) -> Guides:
        """These curves, then those of `other`."""
        sizes = np.concatenate([np.diff(self.offsets), np.diff(other.offsets)])
        both = ((getattr(self, name), getattr(other, name)) for name in ("points", "radius", "color", "uv", "layer"))
        return Guides(offsets_of(sizes), *map(np.concatenate, both))

    def moved(self, points: np.ndarray) -> Guides:
        """The same curves with other points."""
        return replace(self, points=np.ascontiguousarray(points, np.float32))


def offsets_of(sizes: np.ndarray) -> np.ndarray:
    """(G + 1,) int32 first points of curves with `sizes` (G,) points."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)


def from_bundle(group: HairGroup, origin: np.ndarray) -> Guides:
    """The guides of a bundle in the head's object space.

    Args:
        origin: (3,) as in :class:`..source.HeadSource`.
    """
    count, size = group.points.shape[:2]
    points = to_blender(group.points.astype(np.float64)) - origin
    return Guides(
        np.arange(0, (count + 1) * size, size, dtype=np.int32),
        points.reshape(-1, 3).astype(np.float32),
        group.radius.reshape(-1),
        group.color.reshape(-1, 3),
        group.root_uv,
        group.layer.astype(np.int32),
    )


_TYPES = {"FLOAT": ("value", 1), "INT": ("value", 1), "FLOAT2": ("vector", 2), "FLOAT_VECTOR": ("vector", 3), "QUATERNION": ("value", 4),
          "FLOAT_COLOR": ("color", 4)}  # fmt: skip
"""Member and length of the values of attributes."""


def set_attribute(data: bpy.types.Curves, name: str, kind: str, domain: str, values: np.ndarray) -> None:
    """Write an attribute, which is made where it is missing or of another type."""
    attribute = data.attributes.get(name)
    if attribute is not None and (attribute.data_type, attribute.domain) != (kind, domain):
        data.attributes.remove(attribute)
        attribute = None
    if attribute is None:
        attribute = data.attributes.new(name, kind, domain)
    dtype = np.int32 if kind == "INT" else np.float32
    attribute.data.foreach_set(_TYPES[kind][0], np.ascontiguousarray(values, dtype).ravel())


def read_attribute(data: bpy.types.Curves, name: str, default: float = 0.0) -> np.ndarray | None:
    """(n,) or (n, c) values of an attribute; None where there is none."""
    attribute = data.attributes.get(name)
    if attribute is None or attribute.data_type not in _TYPES:
        return None
    member, size = _TYPES[attribute.data_type]
    values = np.full(len(attribute.data) * size, default, np.int32 if attribute.data_type == "INT" else np.float32)
    attribute.data.foreach_get(member, values)
    return values if size == 1 else values.reshape(-1, size)


def new_curves(name: str, guides: Guides, ledger: Ledger) -> bpy.types.Curves:
    """A new data-block with all that the guides hold."""
    data = ledger.add(bpy.data.hair_curves.new(name))
    if len(guides.uv):
        data.add_curves(np.diff(guides.offsets).tolist())
    rgba = np.ones((len(guides.points), 4), np.float32)
    rgba[:, :3] = guides.color
    data.position_data.foreach_set("vector", guides.points.ravel())
    set_attribute(data, "radius", "FLOAT", "POINT", guides.radius)
    set_attribute(data, COLOR, "FLOAT_COLOR", "POINT", rgba)
    set_attribute(data, SURFACE_UV, "FLOAT2", "CURVE", guides.uv)
    set_attribute(data, LAYER, "INT", "CURVE", guides.layer)
    return data


def write_points(data: bpy.types.Curves, points: np.ndarray) -> None:
    """Move the curves' points (M, 3)."""
    data.position_data.foreach_set("vector", np.ascontiguousarray(points, np.float32).ravel())
    data.update_tag()


def read_guides(data: bpy.types.Curves) -> Guides:
    """What the curves hold now; strands that were drawn without colour get the mean of the others."""
    count, size = len(data.curves), len(data.points)
    points = np.empty(3 * size, np.float32)
    data.position_data.foreach_get("vector", points)
    offsets = np.zeros(count + 1, np.int32)
    if count:
        data.curve_offset_data.foreach_get("value", offsets)

    def values(name: str, length: int, width: int) -> np.ndarray:
        found = read_attribute(data, name)
        if found is None or len(found) != length:
            return np.zeros((length, width) if width > 1 else length, np.float32)
        return found

    color, radius = values(COLOR, size, 4)[:, :3], values("radius", size, 1)
    for held in (color, radius) if size else ():
        empty = held.reshape(size, -1).max(1, initial=0) <= 0
        if empty.any() and not empty.all():
            held[empty] = held[~empty].mean(0)
    return Guides(
        offsets,
        points.reshape(-1, 3),
        radius,
        color.copy(),
        values(SURFACE_UV, count, 2),
        values(LAYER, count, 1).astype(np.int32),
    )

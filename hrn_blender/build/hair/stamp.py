"""Whether strands are still as the engine made them: an artist's combing is never replaced unasked."""

from __future__ import annotations

import zlib

import bpy
import numpy as np

from .strands import read_guides

__all__ = ["MADE", "is_as_made", "stamp"]

MADE = "hrn_groom_made"
"""Custom property of curves objects: sum over the guides as they were built from a bundle."""


def stamp(hair: bpy.types.Object) -> None:
    """Remember the guides of `hair`, just built from a bundle and bound, as the engine's own."""
    hair[MADE] = _sum(hair)


def is_as_made(hair: bpy.types.Object) -> bool:
    """Whether nobody has combed, cut, drawn or removed a guide of `hair` since :func:`stamp`."""
    return hair.get(MADE) == _sum(hair)


def _sum(hair: bpy.types.Object) -> str:
    guides = read_guides(hair.data)
    parts = (guides.offsets, guides.points, guides.radius)
    return f"{zlib.crc32(b''.join(np.ascontiguousarray(part).tobytes() for part in parts)):08x}"

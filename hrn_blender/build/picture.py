"""A small picture of a head as it stands in the scene, drawn without Blender's renderers: for thumbnails."""

from __future__ import annotations

import bpy
import numpy as np

from ..engine.wire.bundle import MATERIALS
from .hair_games.png import png_bytes
from .mesh_arrays import mixed_places, smooth_normals

__all__ = ["head_picture"]

SIDE = 128
"""Pixels of a thumbnail's side."""
_STEPS = 8
"""Points along each side of a quad: neighbours lie less than a pixel apart."""
_TURN = np.radians(20.0)
"""How far the head is turned to its side."""
_LIGHT = np.array([0.45, -0.75, 0.5]) / np.linalg.norm([0.45, -0.75, 0.5])
"""Where the light comes from: in front, above and beside the camera."""
_SKIN = np.array([0.72, 0.56, 0.48])
"""Colour of the skin, sRGB: a thumbnail shows the shape."""
_EYES = np.array([0.9, 0.9, 0.88])
"""Colour of the eyes."""
_GROUND = np.array([0.22, 0.22, 0.23])
"""Colour behind the head."""


def head_picture(head: bpy.types.Object) -> bytes:
    """A PNG of :data:`SIDE` pixels of the head with its present shape keys, a little turned."""
    mesh = head.data
    places = mixed_places(head)
    quads = np.empty(4 * len(mesh.polygons), np.int32)
    slots = np.empty(len(mesh.polygons), np.int32)
    sizes = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_total", sizes)
    mesh.polygons.foreach_get("material_index", slots)
    if len(mesh.loops) != len(quads) or (sizes != 4).any():
        return png_bytes(np.broadcast_to(np.uint8(_GROUND * 255), (SIDE, SIDE, 3)))
    mesh.loops.foreach_get("vertex_index", quads)
    quads = quads.reshape(-1, 4)
    shown = np.isin(slots, [MATERIALS.index("skin"), MATERIALS.index("eyes")])
    return png_bytes(_drawn(places, quads[shown], slots[shown] == MATERIALS.index("skin")))


def _drawn(places: np.ndarray, quads: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE, 3) uint8: dense points of the quads, the nearest to the camera in each pixel."""
    normals = smooth_normals(places, quads)
    u, v = np.meshgrid(np.linspace(0, 1, _STEPS), np.linspace(0, 1, _STEPS))
    shares = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], -1).reshape(-1, 4)
    dense = np.einsum("sk,qkd->qsd", shares, places[quads]).reshape(-1, 3)
    bent = np.einsum("sk,qkd->qsd", shares, normals[quads]).reshape(-1, 3)
    color = np.repeat(np.where(skin[:, None], _SKIN, _EYES), len(shares), 0)
    cos, sin = np.cos(_TURN), np.sin(_TURN)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    dense, bent = dense @ turn.T, bent @ turn.T
    low, high = dense.min(0), dense.max(0)
    scale = 0.94 * SIDE / max(high[0] - low[0], high[2] - low[2], 1e-9)
    middle = (low + high) / 2
    x = ((dense[:, 0] - middle[0]) * scale + SIDE / 2).astype(int).clip(0, SIDE - 1)
    y = (SIDE / 2 - (dense[:, 2] - middle[2]) * scale).astype(int).clip(0, SIDE - 1)
    far = np.argsort(-dense[:, 1], kind="stable")  # The camera looks along +y: what is drawn last is nearest.
    shade = 0.35 + 0.75 * np.maximum(bent @ _LIGHT, 0)
    image = np.broadcast_to(_GROUND, (SIDE, SIDE, 3)).copy()
    image[y[far], x[far]] = (color * shade[:, None])[far]
    return np.round(image.clip(0, 1) * 255).astype(np.uint8)

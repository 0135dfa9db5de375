"""Lashes and teeth for programs without our materials: their faces get coordinates of their own, into maps of their own.

In the viewport both are drawn by formulas over point attributes (:mod:`..lashes`, :mod:`..teeth`).
"""

from __future__ import annotations

import bpy
import numpy as np

from ...engine.wire.bundle import MATERIALS
from ...engine.wire.color import linear_to_srgb
from ..lashes import ATTRIBUTE as LASH_ATTRIBUTE
from ..lashes import HAIRS_PER_MM, LOWER_LENGTH, THICKNESS
from ..lashes import MARK as LASH_MARK
from ..mesh_arrays import vectors_of
from ..names import UV_MAP
from ..teeth import ATTRIBUTE as TOOTH_ATTRIBUTE

__all__ = ["BAKE_UV", "lash_pixels", "lay_out_strips", "teeth_uv"]

BAKE_UV = "Teeth"
"""UV map that teeth are baked through."""
_PERIOD_MM = 32.0
"""Millimetres of lid after which the map of lashes begins again: longer than one."""
_LASH_SIZE = (256, 2048)
"""Height and width of the map of lashes, texels."""
_SEED = 7
"""Seed of the hairs' lengths, places and lean."""


def lay_out_strips(mesh: bpy.types.Mesh) -> None:
    """Give lashes and teeth their places in their own maps; the rest keeps its coordinates in the head's maps."""
    uv = _uv(mesh, UV_MAP)
    places = vectors_of(mesh, LASH_ATTRIBUTE)
    loops = _loops(mesh, "lashes")
    if places is not None and len(loops):
        along = places[_vertices(mesh)[loops]]
        uv[loops] = np.stack([along[:, 0] / _PERIOD_MM, along[:, 1] * LOWER_LENGTH], 1)
    teeth = teeth_uv(mesh)
    if teeth is not None:
        loops = _loops(mesh, "teeth")
        uv[loops] = teeth[loops]
    # A layer of its own: the copied one's numbers are shared with the head's until something else than this writes them.
    mesh.uv_layers.remove(mesh.uv_layers[UV_MAP])
    mesh.uv_layers.new(name=UV_MAP, do_init=False).uv.foreach_set("vector", uv.ravel())


def teeth_uv(mesh: bpy.types.Mesh) -> np.ndarray | None:
    """(L, 2) float32 of all corners: u along the jaw, the lower jaw in the lower half of v, the upper one above it, the biting
    edges towards the middle; None where the mesh has no teeth that are known."""
    places, loops = vectors_of(mesh, TOOTH_ATTRIBUTE), _loops(mesh, "teeth")
    if places is None or not len(loops):
        return None
    corners = places[_vertices(mesh)]
    if not (corners[loops, 2] > 0.5).any():
        return None
    deepest = max(1e-3, float(corners[loops, 1].max()))
    depth = 0.02 + 0.46 * corners[:, 1] / deepest
    uv = np.zeros((len(corners), 2), np.float32)
    uv[:, 0] = 0.5 + 0.48 * corners[:, 0]
    uv[:, 1] = np.where(corners[:, 2] > 1.5, 0.5 + depth, 0.5 - depth)
    return uv


def lash_pixels(material: bpy.types.Material) -> np.ndarray:
    """(H, W, 4) uint8, top row first: the map of lashes as the material's color and sliders have them, roots at the bottom."""
    nodes = material.node_tree.nodes
    sliders = {"Hairs per mm": HAIRS_PER_MM, "Thickness": THICKNESS, "Length": 1.0}
    for node in nodes:
        if node.bl_idname == "ShaderNodeGroup" and node.node_tree and LASH_MARK in node.node_tree:
            sliders = {name: node.inputs[name].default_value for name in sliders}
    shader = next(node for node in nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    color = shader.inputs["Base Color"].default_value[:3]
    height, width = _LASH_SIZE
    count = max(1, round(sliders["Hairs per mm"] * _PERIOD_MM))
    chance = np.random.default_rng(_SEED).random((count, 3))
    cell = (np.arange(width) + 0.5) / width * count
    longest, place, lean = chance[cell.astype(int) % count].T
    tip = (1 - (np.arange(height)[:, None] + 0.5) / height) / LOWER_LENGTH
    reach = tip / np.maximum(sliders["Length"] * (0.5 + 0.5 * longest), 1e-3)
    centre = 0.35 + 0.3 * place + (0.5 * lean - 0.25) * reach
    off = np.abs(cell % 1 - centre)
    alpha = np.clip(12 * (sliders["Thickness"] * (1 - reach) - off), 0, 1)
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = np.round(255 * linear_to_srgb(color))
    pixels[..., 3] = np.round(255 * alpha)
    return pixels


def _uv(mesh: bpy.types.Mesh, name: str) -> np.ndarray:
    values = np.empty(2 * len(mesh.loops), np.float32)
    mesh.uv_layers[name].uv.foreach_get("vector", values)
    return values.reshape(-1, 2)


def _vertices(mesh: bpy.types.Mesh) -> np.ndarray:
    """(L,) int32 vertex of each corner."""
    values = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", values)
    return values


def _loops(mesh: bpy.types.Mesh, material: str) -> np.ndarray:
    """Numbers of the corners of the faces of one material of :data:`MATERIALS`."""
    slots = np.empty(len(mesh.polygons), np.int32)
    sizes = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    mesh.polygons.foreach_get("loop_total", sizes)
    return np.flatnonzero(np.repeat(slots == MATERIALS.index(material), sizes))

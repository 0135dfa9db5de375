"""The skin of the head as triangles: what strands are rooted in, and how they follow it from one pose to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry.mesh import QUAD_TRIANGLES
from ..head.model import MATERIALS, HeadModel
from .types import Strands

__all__ = ["SkinTriangles", "at_rest", "root_uv", "skin_triangles", "triangle_frames"]


@dataclass(frozen=True)
class SkinTriangles:
    """The head's skin, each quad as two triangles."""

    vertices: np.ndarray
    """(T, 3) int32 vertices of the head."""
    uv: np.ndarray
    """(T, 3, 2) float32."""


def skin_triangles(model: HeadModel) -> SkinTriangles:
    """The quads of the head's skin, (0, 1, 2) and (0, 2, 3) of each, in their order."""
    skin = np.flatnonzero(model.face_material == MATERIALS.index("skin"))
    return SkinTriangles(
        model.faces[skin][:, QUAD_TRIANGLES].reshape(-1, 3).astype(np.int32),
        model.uv[skin][:, QUAD_TRIANGLES].reshape(-1, 3, 2),
    )


def root_uv(skin: SkinTriangles, strands: Strands) -> np.ndarray:
    """(G, 2) float32: the roots in the head's UV layout."""
    return np.einsum("gc,gcu->gu", strands.root_weights, skin.uv[strands.root_face]).astype(np.float32)


def at_rest(skin: SkinTriangles, strands: Strands, posed: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """(G, P, 3) float32 mm: the strands' points on another pose of the head.

    Each strand moves rigidly with its root's triangle.

    Args:
        posed: (N, 3) mm, the vertices that `strands` were made on.
        rest: (N, 3) mm, the vertices to carry them to.
    """
    corners = skin.vertices[strands.root_face]
    here, there = triangle_frames(posed[corners]), triangle_frames(rest[corners])
    root_here = np.einsum("gc,gci->gi", strands.root_weights, posed[corners])
    root_there = np.einsum("gc,gci->gi", strands.root_weights, rest[corners])
    local = np.einsum("gpi,gij->gpj", strands.points - root_here[:, None], here)
    return (np.einsum("gpj,gij->gpi", local, there) + root_there[:, None]).astype(np.float32)


def triangle_frames(corners: np.ndarray) -> np.ndarray:
    """(G, 3, 3) orthonormal axes, in columns, of triangles (G, 3, 3)."""
    along = corners[:, 1] - corners[:, 0]
    normal = np.cross(along, corners[:, 2] - corners[:, 0])
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    return np.stack([along, np.cross(normal, along), normal], -1)

"""Cutting the head out of the base mesh, and walking over quads."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .makehuman import BaseMesh
from .model import MATERIALS

__all__ = ["HeadMesh", "boundary_loops", "cut_head", "edge_loop", "edge_table", "mirror_map", "uv_islands"]

NECK_VERTEX = 1522
"""A midline vertex at the throat of the base mesh, about 18 cm below the eyes. The edge loop through it closes around
the neck (42 vertices) where the trapezius begins to flare, so the cut looks like the collar of a bust."""

INSIDE_VERTEX = 5054
"""A midline vertex of the upper lip: its side of the neck loop is the head."""

HELPERS = {
    "helper-l-eye": "eyes",
    "helper-r-eye": "eyes",
    "helper-upper-teeth": "teeth",
    "helper-lower-teeth": "teeth",
    "helper-tongue": "tongue",
    "helper-l-eyelashes-1": "lashes",
    "helper-l-eyelashes-2": "lashes",
    "helper-r-eyelashes-1": "lashes",
    "helper-r-eyelashes-2": "lashes",
}
"""Helper groups of the base mesh that belong to a head, with their material."""


@dataclass(frozen=True)
class HeadMesh:
    """The head's part of the base mesh, renumbered."""

    source: np.ndarray
    """(N,) int: vertex of the base mesh."""
    faces: np.ndarray
    """(Q, 4) int32."""
    face_uv: np.ndarray
    """(Q, 4) int32 rows of the base mesh's UV list."""
    face_material: np.ndarray
    """(Q,) int32."""
    face_island: np.ndarray
    """(Q,) int32: UV island, numbered from the largest."""
    face_helper: np.ndarray
    """(Q,) group names of the base mesh."""
    neck_loop: np.ndarray
    """(B,) int32 in order."""


def cut_head(mesh: BaseMesh) -> HeadMesh:
    """Everything above the neck loop, plus eyes, teeth, tongue and lashes."""
    body = np.flatnonzero(mesh.face_group == "body")
    faces = mesh.faces[body]
    loop = edge_loop(faces, mesh.vertices, NECK_VERTEX)
    barrier = {frozenset(pair) for pair in zip(loop, np.roll(loop, -1))}
    pairs = [
        (a, b)
        for edge, owners in edge_table(faces).items()
        if len(owners) == 2 and frozenset(edge) not in barrier
        for a, b in [owners]
    ]
    label = _components(np.array(pairs), len(faces))
    start = np.flatnonzero((faces == INSIDE_VERTEX).any(1))[0]
    kept = [body[label == label[start]]]
    kept += [np.flatnonzero(mesh.face_group == group) for group in HELPERS]
    number = np.concatenate(kept)
    source, inverse = np.unique(mesh.faces[number], return_inverse=True)
    local = inverse.reshape(-1, 4).astype(np.int32)
    group = mesh.face_group[number]
    island = uv_islands(mesh.face_uv[number])
    material = np.array([MATERIALS.index(HELPERS.get(name, "skin")) for name in group], np.int32)
    # Of the body, only the face-and-scalp island and the neck are seen as skin; the mouth and the inside of the eye
    # sockets are islands of their own. The neck is the body island that touches the loop.
    to_local = np.full(len(mesh.vertices), -1)
    to_local[source] = np.arange(len(source))
    neck_loop = to_local[loop].astype(np.int32)
    of_body = group == "body"
    skin_islands = {
        int(island[(local == neck_loop[0]).any(1)][0]),
        int(island[(local == to_local[INSIDE_VERTEX]).any(1) & of_body][0]),
    }
    material[of_body & ~np.isin(island, list(skin_islands))] = MATERIALS.index("mouth")
    return HeadMesh(source, local, mesh.face_uv[number], material, island, group, neck_loop)


def edge_table(faces: np.ndarray) -> dict[tuple[int, int], list[int]]:
    """Undirected edges (low, high) -> the quads that share them."""
    table: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, quad in enumerate(faces.tolist()):
        for a, b in zip(quad, quad[1:] + quad[:1]):
            table[(a, b) if a < b else (b, a)].append(number)
    return table


def boundary_loops(faces: np.ndarray) -> list[list[int]]:
    """Open borders of a manifold quad mesh, each as ordered vertices, longest first."""
    following = {}
    shared = {edge: len(owners) for edge, owners in edge_table(faces).items()}
    for quad in faces.tolist():
        for a, b in zip(quad, quad[1:] + quad[:1]):
            if shared[(a, b) if a < b else (b, a)] == 1:
                following[b] = a
    loops = []
    while following:
        start, following_vertex = following.popitem()
        loop = [start]
        while following_vertex != start:
            loop.append(following_vertex)
            following_vertex = following.pop(following_vertex)
        loops.append(loop)
    return sorted(loops, key=len, reverse=True)


def uv_islands(face_uv: np.ndarray) -> np.ndarray:
    """(Q, 4) UV numbers -> (Q,) island of each quad, largest island first."""
    pairs = np.stack([np.repeat(face_uv[:, 0], 3), face_uv[:, 1:].ravel()], 1)
    label = _components(pairs, int(face_uv.max()) + 1)[face_uv[:, 0]]
    names, inverse, count = np.unique(label, return_inverse=True, return_counts=True)
    rank = np.empty(len(names), np.int32)
    rank[np.argsort(-count, kind="stable")] = np.arange(len(names))
    return rank[inverse]


def mirror_map(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(N,) int32: the vertex at (-x, y, z).

    Args:
        vertices: (N, 3) of an exactly symmetric mesh.
        faces: (Q, 4).

    Raises:
        ValueError: some vertex has no exact counterpart, or the map does not carry quads to quads.
    """
    keys = np.round(vertices * 1e5).astype(np.int64)
    used = np.unique(faces)
    # Several parts may have a vertex at one place; a counterpart must belong to the mirrored quads as well.
    places = defaultdict(list)
    for number in used.tolist():
        places[tuple(keys[number])].append(number)
    mirrored = [places[(-x, y, z)] for x, y, z in keys.tolist()]
    if any(not candidates for candidates in mirrored):
        raise ValueError("the mesh is not symmetric")
    quads = {frozenset(quad) for quad in faces.tolist()}
    result = np.array([candidates[0] for candidates in mirrored], np.int32)
    for number in np.flatnonzero([len(candidates) > 1 for candidates in mirrored]).tolist():
        around = faces[(faces == number).any(1)]
        for candidate in mirrored[number]:
            result[number] = candidate
            if all(frozenset(result[quad].tolist()) in quads for quad in around):
                break
    if not all(frozenset(quad) in quads for quad in result[faces].tolist()):
        raise ValueError("the mirror map does not carry quads to quads")
    return result


def edge_loop(faces: np.ndarray, vertices: np.ndarray, start: int) -> np.ndarray:
    """The closed edge loop that leaves vertex `start` towards larger x, straight through every 4-valent vertex."""
    around, owners = defaultdict(set), edge_table(faces)
    for a, b in owners:
        around[a].add(b)
        around[b].add(a)
    loop = [start, max(around[start], key=lambda other: vertices[other, 0])]
    while True:
        before, here = loop[-2:]
        beside = {vertex for face in owners[min(before, here), max(before, here)] for vertex in faces[face].tolist()}
        ahead = around[here] - beside
        if len(around[here]) != 4 or len(ahead) != 1:
            raise ValueError("the edge loop does not close")
        vertex = ahead.pop()
        if vertex == start:
            return np.array(loop)
        loop.append(vertex)


def _components(pairs: np.ndarray, count: int) -> np.ndarray:
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (count, count))
    return connected_components(graph, directed=False)[1]

"""Flattening the skin: cut, start, and the wish for more pixels in the face."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_matrix, diags

from ..topology import boundary_loops, edge_table
from .slim import flatten, rest_frames, tutte

__all__ = ["SeamedSkin", "cut_seam", "flatten_skin", "texel_wish"]

CROWN_VERTEX_HEIGHT = 105.0
"""The seam climbs the back of the head to here, mm above the eyes: behind the crown, where hair hides it."""

WISH = {"face": 1.0, "ear": 0.62, "scalp": 0.36, "neck": 0.45}
"""Wished texel density relative to the face."""

SCAFFOLD_WEIGHT = 2e-6
"""Energy of the triangles that fill the mouth and eye holes, mm^2 each at unit size. They only keep the lips and lids
from unfolding over one another, so anything far above zero rounding will do."""


class SeamedSkin(NamedTuple):
    """The skin as a disc with three holes."""

    faces: np.ndarray
    """(Q, 4) vertices of the cut mesh."""
    vertex: np.ndarray
    """(C,) head vertex of each cut vertex."""
    mirror: np.ndarray
    """(C,) the cut vertex on the other side."""


def cut_seam(faces: np.ndarray, template: np.ndarray, mirror: np.ndarray, neck_loop: np.ndarray) -> SeamedSkin:
    """Open the skin along the back midline, from the neck loop to behind the crown.

    Args:
        faces: (Q, 4) skin quads of the head.
        template: (N, 3) mm.
        mirror: (N,).
        neck_loop: (B,).
    """
    path = _back_midline(faces, template, mirror, neck_loop)
    # Quads left of the midline get copies of the seam's vertices, except for its last one.
    side = template[faces, 0].mean(1) > 0
    used = np.unique(faces)
    vertex = np.concatenate([used, path[:-1]])
    right = np.full(len(template), -1)
    right[used] = np.arange(len(used))
    left = right.copy()
    left[path[:-1]] = len(used) + np.arange(len(path) - 1)
    cut = np.where(side[:, None], left[faces], right[faces])
    partner = right[mirror[vertex]]
    partner[right[path[:-1]]] = left[path[:-1]]
    partner[left[path[:-1]]] = right[path[:-1]]
    return SeamedSkin(cut, vertex, partner)


def texel_wish(skin: SeamedSkin, template: np.ndarray, masks: dict[str, np.ndarray]) -> np.ndarray:
    """(C,) smooth wished density per cut vertex.

    Args:
        skin: the cut mesh.
        template: (N, 3) mm.
        masks: (N,) of ``ear``, ``scalp`` and ``neck``.
    """
    x, y, z = template[skin.vertex].T
    # The face: a soft ellipsoid around the nose; behind it density falls towards the back of the head.
    distance = np.sqrt((x / 78) ** 2 + ((y + 22) / 105) ** 2 + ((z - 5).clip(None, 0) / 75) ** 2)
    back = ((distance - 0.8) / 0.7).clip(0, 1)
    wish = WISH["face"] + (WISH["scalp"] - WISH["face"]) * back * back * (3 - 2 * back)
    for name in ("neck", "ear"):
        mask = masks[name][skin.vertex]
        wish = wish * (1 - mask) + mask * (WISH[name] if name == "ear" else np.minimum(wish, WISH[name]))
    edges = np.concatenate([skin.faces[:, [k, (k + 1) % 4]] for k in range(4)])
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (len(wish), len(wish))).tocsr()
    graph = graph + graph.T
    average = diags(1 / np.asarray(graph.sum(1)).ravel()) @ graph
    for _ in range(12):
        wish = 0.5 * wish + 0.5 * (average @ wish)
    return (wish + wish[skin.mirror]) / 2


def flatten_skin(
    skin: SeamedSkin, template: np.ndarray, wish: np.ndarray, rounds: int, tell: Callable[[int, float], object]
) -> np.ndarray:
    """(C, 2) UVs in mm of a face texel, symmetric about u = 0, v up, without flips."""
    template = template.astype(np.float64)
    # Both diagonals of every quad, so that the energy is symmetric and the quads stay convex.
    quads = skin.faces
    triangles = np.concatenate([quads[:, order] for order in ([0, 1, 2], [0, 2, 3], [0, 1, 3], [1, 2, 3])])
    loops = boundary_loops(quads)
    outline, holes = np.array(loops[0]), loops[1:]
    fill = []
    count = len(skin.vertex)
    mirror = skin.mirror
    for number, hole in enumerate(holes):
        ring = np.array(hole)
        fill.append(np.stack([ring, np.roll(ring, -1), np.full(len(ring), count + number)], 1))
    centre_partner = [next(k for k, other in enumerate(holes) if mirror[hole[0]] in other) for hole in holes]
    mirror = np.concatenate([mirror, count + np.array(centre_partner)])
    scaffold = np.concatenate(fill)
    wanted = wish[triangles].mean(1)
    frames, areas = rest_frames(template[skin.vertex][triangles] * wanted[:, None, None])
    # A scaffold triangle wants to be equilateral with sides of a millimetre.
    side = np.tile(np.array([[0, 0, 0], [1, 0, 0], [0.5, 0.75**0.5, 0]]), (len(scaffold), 1, 1))
    scaffold_frames, _ = rest_frames(side)
    every = np.concatenate([triangles, scaffold])
    start = _start(outline, count + len(holes), every, template[skin.vertex], mirror, areas.sum() / 2)
    start = _mirrored(start, mirror, 1)
    return flatten(
        start,
        every,
        np.concatenate([frames, scaffold_frames]),
        np.concatenate([areas / 2, np.full(len(scaffold), SCAFFOLD_WEIGHT)]),
        rounds,
        lambda direction: _mirrored(direction, mirror, 1),
        tell,
    )[:count]


def _mirrored(position: np.ndarray, mirror: np.ndarray, sign: int) -> np.ndarray:
    return (position + sign * position[mirror] * [-1, 1]) / 2


def _start(outline, count, triangles, points, mirror, area):
    """Tutte embedding on a circle, seam end on top, middle of the throat at the bottom."""
    length = np.linalg.norm(np.diff(points[np.append(outline, outline[0])], axis=0), axis=1)
    middle = [k for k, v in enumerate(outline) if mirror[v] == v]
    low = min(middle, key=lambda k: points[outline[k], 1])
    outline, length = np.roll(outline, -low), np.roll(length, -low)
    angle = np.concatenate([[0], np.cumsum(length)[:-1]]) / length.sum() * 2 * np.pi
    circle = np.stack([np.sin(angle), -np.cos(angle)], 1) * np.sqrt(area / np.pi)
    embedding = tutte(count, triangles, outline, circle)
    a, b, c = (embedding[triangles[:, k]] for k in range(3))
    turn = np.sign(np.median((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]))
    return embedding * [turn, 1]


def _back_midline(faces, template, mirror, neck_loop) -> np.ndarray:
    middle = set(np.flatnonzero(mirror == np.arange(len(mirror))).tolist())
    around: dict[int, list[int]] = {}
    for a, b in edge_table(faces):
        if a in middle and b in middle:
            around.setdefault(a, []).append(b)
            around.setdefault(b, []).append(a)
    path = [min((v for v in neck_loop.tolist() if v in middle), key=lambda v: template[v, 2])]
    while template[path[-1], 1] < CROWN_VERTEX_HEIGHT:
        path.append(next(v for v in around[path[-1]] if v not in path))
    return np.array(path)

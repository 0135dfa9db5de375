"""The last step of every group: no strand lies in the head, its ears or its eyes, on the way between its points either.

The groom keeps off the head that it is made on, told by voxels. What is left here: strands that the way from the photo's pose to
rest or a thin ear has let in, as the finely subdivided head shows them.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np

from ..geometry.closest import SurfaceIndex
from ..geometry.mesh import vertex_normals
from ..geometry.winding import enclosed
from ..head.model import MATERIALS, HeadModel
from ..head.subdivision import subdivided
from .finish import resampled
from .types import Strands

__all__ = ["Solid", "emerged"]

_DEEPEST = 0.7
"""Depth in the head from which on a strand is mended, mm: 1 mm must not be, and lines are looked at in places only."""
_PLACES = 8
"""Places at which the line between two points is looked at."""
_OUT = 0.2
"""How far outside of the head what is lifted comes to lie, mm."""
_ACROSS = 2.5
"""How far it is lifted in one round where the nearest skin is that of the other side, mm."""
_MOST = 6.0
"""Deepest place from which on a strand is cut where it enters: the nearest skin may be on its way in, mm."""
_ROUNDS = 5
"""How often strands are lifted before those that still lie in the head are cut, too."""
_LEAST = 3
"""Points that a strand must have before it enters the head; of shorter ones nothing is kept."""


class _Sunk(NamedTuple):
    """Lines between two points that pass through the head: the deepest place of each."""

    strand: np.ndarray
    """(n,) int, rising."""
    line: np.ndarray
    """(n,) int: number of the point before it, rising within each strand."""
    depth: np.ndarray
    """(n,) mm."""
    out: np.ndarray
    """(n, 3) unit directions to the surface."""


def emerged(strands: Strands, solid: Solid) -> Strands:
    """Strands that lie at most 1 mm in the head: lifted out, or else cut where they enter; fewer where nothing is left of one."""
    points = strands.points.astype(np.float64)
    which, count = np.arange(len(points)), np.full(len(points), points.shape[1])
    for _ in range(_ROUNDS):
        sunk = solid.sunk(points[which])
        count[which] = np.where(_deepest(sunk, len(which)) > _MOST, _free(sunk, len(which), points.shape[1]), count[which])
        lifted = count[which[sunk.strand]] == points.shape[1]
        sunk = _Sunk(*(one[lifted] for one in sunk))
        _lift(points, which[sunk.strand], sunk)
        which = which[np.unique(sunk.strand)]
    count[which] = _free(solid.sunk(points[which]), len(which), points.shape[1])
    cut = count < points.shape[1]
    points[cut] = resampled(points[cut], count[cut], points.shape[1])
    moved = replace(strands, points=points.astype(np.float32))
    return Strands(**{one.name: getattr(moved, one.name)[count >= _LEAST] for one in fields(Strands)})


def _deepest(sunk: _Sunk, strands: int) -> np.ndarray:
    """(G,) mm in the head of each strand."""
    deepest = np.zeros(strands)
    np.maximum.at(deepest, sunk.strand, sunk.depth)
    return deepest


def _free(sunk: _Sunk, strands: int, points: int) -> np.ndarray:
    """(G,) number of points of each strand before it enters the head."""
    free = np.full(strands, points)
    np.minimum.at(free, sunk.strand, sunk.line + 1)
    return free


def _lift(points: np.ndarray, strand: np.ndarray, sunk: _Sunk) -> None:
    """Moves both points of lines out of the head, but the roots; a point of two lines as the deeper one needs.

    Args:
        points: (G, P, 3) mm.
        strand: (n,) which of them each line belongs to.
    """
    rising = np.argsort(sunk.depth, kind="stable")
    _, first, own = np.unique(sunk.strand, return_index=True, return_inverse=True)
    # On the far side of what is thin, the nearest skin is beyond it: there the strand goes out where it came in.
    entrance = sunk.out[first][own]
    across = (sunk.out * entrance).sum(1) < 0
    move = np.where(across[:, None], _ACROSS * entrance, (sunk.depth + _OUT)[:, None] * sunk.out)
    before = points.copy()
    for end in (0, 1):
        place = sunk.line[rising] + end
        points[strand[rising], place] = before[strand[rising], place] + move[rising]
    points[:, 0] = before[:, 0]


class Solid:
    """Skin and eyes of a head as they are drawn.

    Args:
        vertices: (N, 3) mm.
    """

    def __init__(self, model: HeadModel, vertices: np.ndarray):
        fine, finer = subdivided(model)
        solid = np.isin(fine.face_material, [MATERIALS.index(name) for name in ("skin", "eyes")])
        used, inverse = np.unique(fine.triangles[np.repeat(solid, 2)], return_inverse=True)
        self._vertices = (finer @ vertices.astype(np.float64))[used]
        self._triangles = inverse.reshape(-1, 3)
        self._normals = vertex_normals(self._vertices, self._triangles)
        self._index = SurfaceIndex(self._vertices, self._triangles)

    def sunk(self, points: np.ndarray) -> _Sunk:
        """Lines of strands (G, P, 3) that pass through the head, the roots let be."""
        start, end = points[:, :-1].reshape(-1, 3), points[:, 1:].reshape(-1, 3)
        away, depth, out = self._below(points.reshape(-1, 3))
        away = away.reshape(points.shape[:2])
        depth, out = depth.reshape(away.shape)[:, 1:].ravel(), out.reshape(points.shape)[:, 1:].reshape(-1, 3)
        length = np.linalg.norm(end - start, axis=1)
        # What lies in the head between two places outside of it is farther from both than they are from the skin; half way it is
        # asked everywhere, because behind a lid the nearest skin may say outside of what is not.
        doubtful = length > (away[:, :-1] + away[:, 1:]).ravel() + 2 * _DEEPEST
        for some, places in ((doubtful, _PLACES), (~doubtful & (length > 2 * _DEEPEST), 2)):
            lines = np.flatnonzero(some)
            share = np.linspace(0, 1, places + 1)[1:-1, None, None]
            between = start[lines] + share * (end - start)[lines]
            _, below, ways = self._below(between.reshape(-1, 3))
            below, ways = below.reshape(between.shape[:2]), ways.reshape(between.shape)
            deepest = below.argmax(0), np.arange(len(lines))
            deeper = below[deepest] > depth[lines]
            depth[lines[deeper]], out[lines[deeper]] = below[deepest][deeper], ways[deepest][deeper]
        found = np.flatnonzero(depth > 0)
        strand, line = np.divmod(found, points.shape[1] - 1)
        return _Sunk(strand, line, depth[found], out[found])

    def _below(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n,) mm outside of the surface, (n,) mm below it if that is too deep, else 0, and (n, 3) unit directions out."""
        near = self._index.query(points)
        out = near.of(self._normals, self._triangles)
        out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-9
        inner = ((points - near.of(self._vertices, self._triangles)) * out).sum(1) < 0
        # Beyond the neck's open border nothing tells inside from outside.
        deep = np.flatnonzero(inner & ~near.on_border & (near.distance > _DEEPEST))
        deep = deep[enclosed(points[deep], self._vertices, self._triangles)]
        depth = np.zeros(len(points))
        depth[deep] = near.distance[deep]
        return np.where(inner, 0, near.distance), depth, out

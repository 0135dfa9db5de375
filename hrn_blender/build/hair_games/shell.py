"""The outer surface of a groom as quads: an implicit surface around its guides on a grid, drawn off by surface nets.

Guides are thickened until they touch (closing), the head fills what is beneath them, and the result is taken back to just
above the outermost strands; what lies in the head is laid on its skin, or left out. Surface nets: S. Gibson, "Constrained elastic
surface nets", 1998.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mathutils.kdtree import KDTree

from .facing import Surface
from .strips import Guides, resampled

__all__ = ["Shell", "Strands", "make_shell", "strands_of", "surface_nets"]


@dataclass(frozen=True)
class _Weights:
    """Tuned numbers, metres unless said otherwise; found by eye on rendered heads of long, chin-length and short hair."""

    close: float = 0.013
    """Half the widest gap between guides that is closed."""
    filled: float = 0.5
    """How much farther from any guide than that the hair may fill a hollow, as a share of it; no face is filled."""
    above: float = 0.003
    """Height of the surface above the outermost guides."""
    under: float = 0.0004
    """Depth in the skin to which hair that lies on the head reaches, so that no gap shows."""
    first: float = 0.009
    """Size of the grid with which the area is measured."""
    finest: float = 0.003
    """Smallest size of the grid."""
    inner: float = 0.0005
    """Height above the skin that a face of an open shell reaches; those that lie on or in the head are left out."""
    farthest: float = 0.012
    """Metres by which a vertex is moved out of the head at most: a face that stays deep is left out instead of stretched."""
    allowed: float = 0.0008
    """Depth in the head beyond which faces of an open shell are left out: in the folds of ears."""
    smooth: int = 3
    """Rounds of smoothing."""
    crumbs: float = 0.04
    """Share of the faces below which a part that hangs together with no other is left out."""
    step: float = 0.004
    """Distance of the points by which guides are known."""


_W = _Weights()


@dataclass(frozen=True)
class Strands:
    """Guides as M points."""

    points: np.ndarray
    """(M, 3) metres."""
    along: np.ndarray
    """(M, 3) unit direction from root to tip."""
    color: np.ndarray
    """(M, 3) linear."""

    def tree(self) -> KDTree:
        """For asking which points are near."""
        return _tree(self.points)


@dataclass(frozen=True)
class Shell:
    """A mesh of quads."""

    vertices: np.ndarray
    """(N, 3) metres."""
    faces: np.ndarray
    """(Q, 4) int, counter-clockwise from outside."""


def strands_of(guides: Guides, outer: bool = False) -> Strands:
    """Points on guides, every 4 mm on average.

    Args:
        outer: only on the outer ones, where there are any, which is what is seen; those beneath seal the hair against the head.
    """
    seen = guides.layer == 0 if outer and (guides.layer == 0).any() else np.ones(len(guides.layer), bool)
    points, color = guides.points[seen], guides.color[seen]
    length = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(1)
    points, color = points[length > 0], color[length > 0]
    count = int(np.clip(np.quantile(length, 0.9) / _W.step, 6, 64)) if len(length) else 6
    points, color = resampled(points.astype(np.float64), count, color.astype(np.float64))
    along = np.gradient(points, axis=1)
    along /= np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-9)
    return Strands(points.reshape(-1, 3), along.reshape(-1, 3), color.reshape(-1, 3))


def make_shell(strands: Strands, surface: Surface, triangles: int, closed: bool = False) -> Shell:
    """The hair's surface in at most `triangles` triangles.

    Args:
        closed: keep the side that lies on the head: a solid, as for printing.
    """
    tree = strands.tree()
    size = _W.first
    shell = _shell(strands, tree, surface, size, closed)
    for _ in range(4):
        share = 2 * len(shell.faces) / triangles
        if not len(shell.faces) or 0.85 < share <= 1 or (share < 1 and size <= _W.finest):
            break
        size = max(_W.finest, size * np.sqrt(share) * 1.02)
        shell = _shell(strands, tree, surface, size, closed)
    while 2 * len(shell.faces) > triangles and len(shell.faces):
        size *= 1.06
        shell = _shell(strands, tree, surface, size, closed)
    vertices, deepest = _lifted(shell.vertices, shell.faces, surface, np.inf if closed else _W.farthest)
    return Shell(vertices, shell.faces if closed else shell.faces[deepest > -_W.allowed])


def _tree(points: np.ndarray) -> KDTree:
    tree = KDTree(len(points))
    for number, point in enumerate(points.tolist()):
        tree.insert(point, number)
    tree.balance()
    return tree


def _nearest(tree: KDTree, points: np.ndarray) -> np.ndarray:
    """(N,) distances of (N, 3) points to the nearest in `tree`."""
    return np.fromiter((found[2] for found in map(tree.find, points.tolist())), np.float64, len(points))


def _shell(strands: Strands, tree: KDTree, surface: Surface, size: float, closed: bool) -> Shell:
    """The surface on a grid of `size` metres."""
    close = max(_W.close, 1.3 * size)
    margin = close + 3 * size
    low = strands.points.min(0) - margin
    shape = np.ceil((np.ptp(strands.points, axis=0) + 2 * margin) / size).astype(int) + 1
    near = _near(strands.points, low, shape, size, close + 2 * size)
    at = low + size * np.argwhere(near)
    hair = _nearest(tree, at) - close
    head = surface(at)[0]
    far = 4 * close
    thick = np.full(shape, far)
    thick[near] = np.minimum(hair, head)
    hollow = _enclosed(thick < 0)
    thick[hollow] = -size
    crossings = _crossings(thick) * size + low
    field = np.where(hollow, -far, far)
    if len(crossings):
        inside = thick[near] < 0
        depth = np.full(len(at), -far)
        depth[inside] = _nearest(_tree(crossings), at[inside])
        back = close - _W.above - depth
        beyond = np.where(hollow[near], -far, hair - _W.filled * close)
        # The head stays in: hair that lies flat on it is thinner than the grid is fine.
        field[near] = np.maximum(np.where(inside, back, far), beyond)
    vertices, faces = surface_nets(field)
    faces = _large(faces, len(vertices))
    vertices = _smoothed(vertices, faces) * size + low
    if len(faces):
        distance, normal = surface(vertices)
        vertices += normal * np.clip(-_W.under - distance, 0, None)[:, None]
        if not closed:
            faces = faces[distance[faces].max(1) > _W.inner]
    used, faces = np.unique(faces, return_inverse=True)
    return Shell(vertices[used], faces.reshape(-1, 4))


def _near(points: np.ndarray, low: np.ndarray, shape: np.ndarray, size: float, reach: float) -> np.ndarray:
    """(X, Y, Z) bool: grid points that may lie within `reach` of a point."""
    near = np.zeros(shape, bool)
    near[tuple(np.round((points - low) / size).astype(int).T)] = True
    for _ in range(int(np.ceil(reach / size))):
        for axis in range(3):
            grown = near.copy()
            a, b = [np.s_[:]] * 3, [np.s_[:]] * 3
            a[axis], b[axis] = np.s_[1:], np.s_[:-1]
            grown[tuple(a)] |= near[tuple(b)]
            grown[tuple(b)] |= near[tuple(a)]
            near = grown
    return near


def _enclosed(solid: np.ndarray) -> np.ndarray:
    """(X, Y, Z) bool: free cells from which no way through free cells leads to the border: thick hair has no guides inside."""
    free, reached = ~solid, np.zeros_like(solid)
    for axis in range(3):
        for side in (0, -1):
            place = [np.s_[:]] * 3
            place[axis] = side
            reached[tuple(place)] = free[tuple(place)]
    while True:
        before = reached.sum()
        for axis in range(3):
            a, b = [np.s_[:]] * 3, [np.s_[:]] * 3
            a[axis], b[axis] = np.s_[1:], np.s_[:-1]
            reached[tuple(a)] |= reached[tuple(b)]
            reached[tuple(b)] |= reached[tuple(a)]
            reached &= free
        if reached.sum() == before:
            return free & ~reached


def _crossings(field: np.ndarray) -> np.ndarray:
    """(C, 3) places, in grid steps, where `field` changes its sign between neighbours."""
    found = []
    for axis in range(3):
        a, b = np.moveaxis(field, axis, 0)[:-1], np.moveaxis(field, axis, 0)[1:]
        index = np.argwhere((a < 0) != (b < 0))
        before, after = a[tuple(index.T)], b[tuple(index.T)]
        place = index.astype(np.float64)
        place[:, 0] += before / (before - after)
        found.append(np.insert(place[:, 1:], axis, place[:, 0], axis=1))
    return np.concatenate(found)


def surface_nets(field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The surface where `field` (X, Y, Z), negative inside, is zero.

    Returns:
        (N, 3) vertices in grid steps, one in each cell that the surface passes, and (Q, 4) quads, counter-clockwise from outside.
    """
    inside = field < 0
    cells = np.array(field.shape) - 1
    total, count = np.zeros((*cells, 3)), np.zeros(cells)
    quads = []
    number = np.full(cells, -1)
    edges = []
    for axis in range(3):
        a = tuple(np.s_[:-1] if k == axis else np.s_[:] for k in range(3))
        b = tuple(np.s_[1:] if k == axis else np.s_[:] for k in range(3))
        index = np.argwhere(inside[a] != inside[b])
        before, after = field[a][tuple(index.T)], field[b][tuple(index.T)]
        place = index.astype(np.float64)
        place[:, axis] += before / (before - after)
        u, v = (axis + 1) % 3, (axis + 2) % 3
        ring = []
        for du, dv in ((0, 0), (-1, 0), (-1, -1), (0, -1)):
            cell = index.copy()
            cell[:, u] += du
            cell[:, v] += dv
            ring.append(cell)
        whole = np.logical_and.reduce([((cell >= 0) & (cell < cells)).all(1) for cell in ring])
        for cell in ring:
            where = tuple(cell[whole].T)
            np.add.at(total, where, place[whole])
            np.add.at(count, where, 1)
        edges.append(([cell[whole] for cell in ring], inside[a][tuple(index[whole].T)]))
    held = count > 0
    number[held] = np.arange(held.sum())
    for ring, out in edges:
        quad = np.stack([number[tuple(cell.T)] for cell in ring], 1)
        quads.append(np.where(out[:, None], quad, quad[:, ::-1]))
    return total[held] / count[held][:, None], np.concatenate(quads)


def _large(faces: np.ndarray, vertices: int) -> np.ndarray:
    """The faces without crumbs: parts of few faces."""
    if not len(faces):
        return faces
    label = np.arange(vertices)
    edges = np.concatenate([faces[:, [i, (i + 1) % 4]] for i in range(4)])
    while True:
        before = label.copy()
        low = label[edges].min(1)
        np.minimum.at(label, edges[:, 0], low)
        np.minimum.at(label, edges[:, 1], low)
        label = label[label]
        if (label == before).all():
            break
    part = label[faces[:, 0]]
    sizes = np.bincount(part, minlength=vertices)
    return faces[sizes[part] >= _W.crumbs * len(faces)]


def _smoothed(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Vertices after rounds of Taubin's smoothing ("A signal processing approach to fair surface design", 1995)."""
    if not len(faces):
        return vertices
    edges = np.unique(np.sort(np.concatenate([faces[:, [i, (i + 1) % 4]] for i in range(4)]), 1), axis=0)
    both = np.concatenate([edges, edges[:, ::-1]])
    degree = np.maximum(np.bincount(both[:, 0], minlength=len(vertices)), 1)[:, None]
    for factor in (0.6, -0.4) * _W.smooth:
        mean = np.stack([np.bincount(both[:, 0], vertices[both[:, 1], k], len(vertices)) for k in range(3)], 1) / degree
        vertices = vertices + factor * (mean - vertices) * (degree > 1)
    return vertices


def _lifted(vertices: np.ndarray, faces: np.ndarray, surface: Surface, farthest: float) -> tuple[np.ndarray, np.ndarray]:
    """The vertices moved out of the head, and (Q,) metres, how far out of it the deepest point of each face then lies.

    Args:
        farthest: metres by which a vertex may be moved.
    """
    s, t = np.meshgrid(np.linspace(0, 1, 4), np.linspace(0, 1, 4))
    weight = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], -1).reshape(-1, 4)
    corner = vertices[faces]
    reach = np.linalg.norm(corner - np.roll(corner, 1, 1), axis=2).max(1, initial=0)
    near = np.flatnonzero(surface(vertices)[0][faces].min(1) < 0.75 * reach)
    first, vertices, deepest = vertices, vertices.copy(), np.full(len(faces), np.inf)
    for _ in range(8):
        points = np.einsum("kc,qcx->qkx", weight, vertices[faces[near]])
        distance, normal = surface(points)
        deepest[near] = distance.min(1)
        lack = np.clip(-_W.under - distance, 0, None)
        worst = lack.argmax(1)
        rows = np.arange(len(near))
        push = normal[rows, worst] * lack[rows, worst, None]
        order = np.argsort(lack[rows, worst], kind="stable")
        aim = vertices.copy()
        aim[faces[near[order]].ravel()] += np.repeat(push[order], 4, 0)
        away = aim - first
        aim = first + away * np.minimum(1, farthest / np.maximum(np.linalg.norm(away, axis=1), 1e-9))[:, None]
        moved = (aim != vertices).any(1)
        vertices = aim
        near = np.flatnonzero(moved[faces].any(1))  # Whose depth is another one now, those beside what was deep, too.
        if not len(near):
            break
    if len(near):
        deepest[near] = surface(np.einsum("kc,qcx->qkx", weight, vertices[faces[near]]))[0].min(1)
    return vertices, deepest

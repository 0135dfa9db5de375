"""Growing the known hair styles: roots on the scalp, and rules of direction, length and stand-off for each style.

All in model space, millimetres. Curls and the hair around each guide are Blender's (``tests/digest/hair_photos.py``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.spatial import cKDTree

from ..geometry.mesh import vertex_normals
from ..geometry.smoothstep import smoothstep
from ..head.model import MATERIALS, HeadModel
from ..head.subdivision import catmull_clark
from .hair_styles import Style

__all__ = ["POINTS", "Body", "Solid", "clumped", "curled", "grow", "scalp_roots", "torso"]

POINTS = 24
"""Points of a guide."""
_ROOTS = 5200
"""Guides of a full head of hair; a half more where they stand up singly."""
_CELL = 5.0
"""Side of the cells of the distance field, mm."""
_LOW = np.array([-210.0, -430.0, -270.0])
"""Lower corner of the space in which hair grows, mm."""
_HIGH = np.array([210.0, 240.0, 150.0])
"""Its upper corner, mm."""
_FAR = 45.0
"""Distance from which on the field is all the same, mm; hair is never so deep inside."""
_SKULL = np.array([0.0, 15.0, -80.0])
"""Middle of an ellipsoid well inside every head, mm: where no surface is near, it tells inside from outside."""
_SKULL_HALF = np.array([55.0, 75.0, 75.0])
"""Its half axes, mm."""
_WHORL = np.array([0.0, 95.0, -135.0])
"""Where the whorl is on the mean head."""
_DOWN = np.array([0.0, -1.0, 0.0])
"""Towards the ground."""
_TORSO = ((0.05, 0.0, 8.0), (0.25, 0.1, 25.0), (0.9, 0.3, 42.0), (1.7, 0.5, 62.0), (2.15, 0.55, 100.0), (2.2, 0.5, 260.0))
"""Rings of the shoulders below the neck's border: growth across, growth front to back, drop in mm."""


class Body(NamedTuple):
    """A generated head in whom hair grows."""

    model: HeadModel
    """Subdivided: parts, faces and the mean head's places."""
    vertices: np.ndarray
    """(N, 3) mm of that model."""
    shoulders: tuple[np.ndarray, np.ndarray]
    """(V, 3) mm and (Q, 4)."""


def torso(model: HeadModel, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shoulders under the neck of the (not subdivided) head: vertices (V, 3) mm and quads (Q, 4)."""
    loop = vertices[model.neck_loop]
    center = loop.mean(0)
    out = loop - center
    rings = [loop] + [
        center + out * [1 + across, 0, 1 + deep] + [0, -drop, 10 * across] + out * [0, max(0.0, 1 - drop / 30), 0]
        for across, deep, drop in _TORSO
    ]
    count = len(loop)
    ring, after = np.arange(count), np.roll(np.arange(count), -1)
    quads = [
        np.stack([k * count + ring, k * count + after, (k + 1) * count + after, (k + 1) * count + ring], 1)
        for k in range(len(_TORSO))
    ]
    smooth, faces = np.concatenate(rings), np.concatenate(quads)
    for _ in range(3):
        # As fine as the head: the distance field knows it by its vertices.
        matrix, faces = catmull_clark(faces)
        smooth = matrix @ smooth
    middle = smooth[faces].mean(1)
    turned = np.cross(smooth[faces[:, 2]] - smooth[faces[:, 0]], smooth[faces[:, 3]] - smooth[faces[:, 1]])
    outwards = ((middle - center) * [1, 0, 1] * turned).sum() > 0
    return smooth, faces if outwards else faces[:, ::-1]


class Solid:
    """Distance to head and shoulders, positive outside, from a grid."""

    def __init__(self, body: Body):
        skin = body.model.faces[body.model.face_material == MATERIALS.index("skin")]
        clouds, normals = [], []
        for vertices, faces in ((body.vertices, skin), body.shoulders):
            triangles = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
            normal = vertex_normals(vertices, triangles)
            used = np.unique(faces)
            middle = vertices[faces].mean(1)
            turned = np.cross(vertices[faces[:, 2]] - vertices[faces[:, 0]], vertices[faces[:, 3]] - vertices[faces[:, 1]])
            turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9)
            clouds += [vertices[used], middle]
            normals += [normal[used], turned]
        cloud, normal = np.concatenate(clouds), np.concatenate(normals)
        axes = [np.arange(low, high + _CELL, _CELL) for low, high in zip(_LOW, _HIGH)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
        distance, near = cKDTree(cloud).query(grid, k=4, distance_upper_bound=_FAR)
        known = near[..., -1] < len(cloud)
        inner = (((grid - _SKULL) / _SKULL_HALF) ** 2).sum(-1) < 1
        field = np.minimum(distance[..., 0], _FAR) * np.where(inner, -1, 1)
        place, near = grid[known], near[known]
        side = ((place[:, None] - cloud[near]) * normal[near]).sum(-1).mean(-1)
        field[known] = np.where(np.abs(side) < 2 * _CELL, side, np.sign(side) * np.abs(field[known]))
        self._field = field.astype(np.float32)
        self._slope = np.stack(np.gradient(self._field, _CELL), 0).astype(np.float32)

    def distance(self, points: np.ndarray) -> np.ndarray:
        """(...) mm of (..., 3) points."""
        return self._read(self._field, points)

    def outwards(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) unit vectors away from the surface."""
        slope = np.stack([self._read(part, points) for part in self._slope], -1)
        return slope / np.maximum(np.linalg.norm(slope, axis=-1, keepdims=True), 1e-6)

    @staticmethod
    def _read(field: np.ndarray, points: np.ndarray) -> np.ndarray:
        at = (np.asarray(points, float).reshape(-1, 3) - _LOW) / _CELL
        return _trilinear(field, at).reshape(points.shape[:-1])

    def pushed(self, points: np.ndarray, least: np.ndarray) -> np.ndarray:
        """`points` moved out until they are `least` mm from the surface."""
        for _ in range(2):
            lack = np.maximum(least - self.distance(points), 0)
            points = points + self.outwards(points) * lack[..., None]
        return points


@njit(cache=True, nogil=True)
def _trilinear(field, places):
    """(N,) values of a grid at places (N, 3) in cells; beyond its border, those of the border."""
    out = np.empty(len(places), field.dtype)
    for number in range(len(places)):
        low = np.empty(3, np.int64)
        share = np.empty(3)
        for axis in range(3):
            last = field.shape[axis] - 1
            place = min(max(places[number, axis], 0.0), float(last))
            low[axis] = min(int(place), last - 1)
            share[axis] = place - low[axis]
        total = 0.0
        for corner in range(8):
            i, j, k = corner & 1, (corner >> 1) & 1, corner >> 2
            part = share[0] if i else 1 - share[0]
            part *= share[1] if j else 1 - share[1]
            part *= share[2] if k else 1 - share[2]
            total += part * field[low[0] + i, low[1] + j, low[2] + k]
        out[number] = total
    return out


def scalp_roots(style: Style, body: Body, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Roots where the style has hair: places (G, 3) mm on the head and on the mean head, and normals (G, 3)."""
    model = body.model
    scalp = model.part("scalp")
    quads = model.faces[(model.face_material == MATERIALS.index("skin")) & (scalp[model.faces].mean(1) > 0.3)]
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    corner = body.vertices[triangles]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    which = rng.choice(len(triangles), 3 * count, p=area / area.sum())
    weight = rng.dirichlet(np.ones(3), 3 * count)
    normals = vertex_normals(body.vertices, model.triangles)

    def at(values: np.ndarray) -> np.ndarray:
        return np.einsum("gk,gk...->g...", weight, values[triangles[which]])

    places, means, normal, share = at(body.vertices), at(model.template), at(normals), at(scalp)
    keep = rng.uniform(0.35, 0.65, len(places)) < share
    keep &= rng.random(len(places)) < haired(style, means)
    keep = np.flatnonzero(keep)[:count]
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    return places[keep], means[keep], normal[keep]


def haired(style: Style, places: np.ndarray) -> np.ndarray:
    """(G,) in [0, 1]: how densely hair grows at (G, 3) places of the mean head's scalp."""
    x, y, z = places.T
    if style.bare == "all":
        return np.zeros(len(places))
    if style.bare == "temples":
        return 1 - smoothstep(-62, -50, z - 0.55 * np.minimum(np.abs(np.abs(x) - 38), 30)) * smoothstep(
            12, 20, np.abs(x)
        ) * smoothstep(55, 65, y)
    if style.bare == "front":
        return 1 - smoothstep(-78, -62, z) * smoothstep(60, 72, y)
    if style.bare == "top":
        return 1 - smoothstep(52, 66, y)
    if style.bare == "crown":
        return smoothstep(34, 50, np.linalg.norm(places - _WHORL, axis=1))
    return np.ones(len(places))


def grow(style: Style, body: Body, solid: Solid, rng: np.random.Generator) -> np.ndarray:
    """(G, POINTS, 3) float32 mm: the guides of `style`, roots first."""
    count = _ROOTS * 3 // 2 if style.comb in ("up", "out") and style.top < 60 else _ROOTS
    roots, means, normals = scalp_roots(style, body, count, rng)
    if not len(roots):
        return np.zeros((0, POINTS, 3), np.float32)
    if style.comb in ("tail", "bun", "braid", "braids"):
        points = _gathered(style, roots, means, normals, solid, rng)
    else:
        points = _loose(style, roots, means, normals, solid, rng)
    return points.astype(np.float32)


def _regions(means: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(G,) shares: of the top of the head, and of the back where it is not the top."""
    top = smoothstep(40, 75, means[:, 1])
    return top, smoothstep(-95, -130, means[:, 2])


def _loose(style, roots, means, normals, solid, rng) -> np.ndarray:
    """Hair that nothing holds together: it starts along the skin's normal, is combed, and falls."""
    count = len(roots)
    top, back = _regions(means, normals)
    length = style.top * top + (1 - top) * (style.back * back + style.side * (1 - back))
    front = smoothstep(-48, -36, means[:, 2] - 0.12 * np.abs(means[:, 0])) * smoothstep(60, 72, means[:, 1])
    fringe = (front > rng.random(count)) & (style.fringe > 0)
    length = np.where(fringe, style.fringe, length)
    length = np.maximum(length * np.clip(rng.normal(1, style.even, count), 0.5, 1.3), 1.5)
    depth = rng.beta(1.6, 1.0, count)
    step = length / (POINTS - 1)
    standing = style.comb in ("up", "out")
    direction = normals + rng.normal(0, 0.12, (count, 3))
    if not standing:
        direction = direction * 0.6 + 0.8 * _combed(style, roots, means, normals, fringe)
    points = [roots]
    place, wanted = roots.astype(float), style.lift * (0.15 + 0.85 * depth)
    shared = _waves(style, roots)
    for number in range(1, POINTS):
        far = number * step
        if standing:
            pull = _standing(style, normals, means, direction)
        else:
            pull = _combed(style, place, means, solid.outwards(place), fringe)
        weight = 1 - np.exp(-step / (9.0 if not standing else 60.0))
        direction = _unit(direction * (1 - weight[:, None]) + pull * weight[:, None])
        if not standing:
            direction = _slid(solid, roots, place, direction)
        place = place + direction * step[:, None] + shared(far, step)
        rise = np.clip(far / 25, 0, 1) if not standing else np.zeros(count)
        place = solid.pushed(place, np.maximum(0.6, wanted * rise))
        if not standing:
            # What lies on the skull keeps to it: hair follows the head instead of flying on.
            over = solid.distance(place) - wanted - 2
            near = (place[:, 1] > -40) & (over > 0)
            place = place - solid.outwards(place) * np.where(near, np.minimum(over, 0.6 * step), 0)[:, None]
        points.append(place)
    return np.stack(points, 1)


def _slid(solid: Solid, roots: np.ndarray, place: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Directions that do not run into the shoulders: hair slides off them, to the front or to the back."""
    low = place[:, 1] < -75
    near = np.where(low, np.clip(1 - (solid.distance(place) - 4) / 14, 0, 1), 0)[:, None]
    out = solid.outwards(place)
    into = np.minimum((direction * out).sum(1, keepdims=True), 0)
    flat = np.clip(out[:, 1:2], 0, 1)
    ahead = np.where(roots[:, 2:] > -95, 1.0, -1.0) * np.array([0.0, 0.0, 1.0])
    return _unit(direction - near * into * out + near * flat * ahead)


def _standing(style: Style, normals: np.ndarray, means: np.ndarray, direction: np.ndarray) -> np.ndarray:
    if style.comb == "out":
        return _unit(normals + 0.08 * direction)
    return _unit(normals + 0.25 * _unit(means - _WHORL) + [0, 0.35, 0])


def _combed(style: Style, place, means, normals, fringe) -> np.ndarray:
    """(G, 3) unit directions along the surface whose normals are given."""
    high = smoothstep(35, 85, place[:, 1])[:, None]
    middle = style.part or 0.0
    side = np.where(means[:, :1] > middle, 1.0, -1.0)
    away = np.concatenate([side, np.zeros((len(place), 2))], 1)
    if style.comb == "back":
        aim = high * np.array([0.0, 0.1, -1.0]) + (1 - high) * np.array([0.0, -0.75, -0.65])
        aim = np.where(place[:, 2:] < -130, aim + _DOWN, aim)
    elif style.comb == "forward":
        aim = high * _unit((place - _WHORL) * [1, 0.4, 1]) + (1 - high) * (_DOWN + [0, 0, 0.25])
    elif style.comb == "side":
        sweep = -1.0 if middle > 0 else 1.0
        across = np.where(means[:, :1] * sweep > middle * sweep, np.array([sweep, 0.0, 0.25]), np.array([-sweep, -0.4, 0.0]))
        aim = high * across + (1 - high) * (_DOWN + [0, 0, -0.15])
    else:
        # The parting ends at the whorl, from which hair falls to all sides.
        ahead = smoothstep(-45, 5, place[:, 2:] - _WHORL[2])
        away = away * ahead + (1 - ahead) * _unit((place - _WHORL) * [1, 0, 1])
        aim = high * (away + [0, -0.35, 0]) + (1 - high) * _DOWN
    aim = np.where(fringe[:, None], high * np.array([0.1, -0.1, 1.0]) + (1 - high) * _DOWN, aim)
    # Below the skull hair hangs; above, it lies along the skin.
    lies = smoothstep(-70, -20, place[:, 1])[:, None]
    along = aim - (aim * normals).sum(1, keepdims=True) * normals * lies
    return _unit(along + 0.05 * normals)


def _waves(style: Style, roots: np.ndarray):
    """Waves whose phase neighbours share, as steps of a guide at `far` mm from its root."""
    size, turn = style.wave
    if not size:
        return lambda far, step: 0.0
    phase = roots @ np.array([0.018, 0.008, 0.016])
    sideways = _unit(np.cross(roots - roots.mean(0) + [0, 200.0, 0], [0, 1.0, 0]))

    def move(far: np.ndarray, step: np.ndarray) -> np.ndarray:
        slope = size * 2 * np.pi / turn * np.cos(2 * np.pi * far / turn + phase) * np.clip(far / 60, 0, 1)
        return sideways * (slope * step)[:, None]

    return move


def _gathered(style, roots, means, normals, solid, rng) -> np.ndarray:
    """Hair combed along the skull to a tie, and what hangs or is wound there."""
    ties = np.array([style.tie])
    if style.comb == "braids":
        ties = np.array([style.tie, style.tie]) * [[1, 1, 1], [-1, 1, 1]]
    which = (roots[:, 0] < 0).astype(int) if len(ties) > 1 else np.zeros(len(roots), int)
    ties = solid.pushed(ties.astype(float), np.full(len(ties), 9.0))
    disc = rng.normal(0, 4.5, (len(roots), 3))
    goal = ties[which] + disc
    share = np.linspace(0, 1, POINTS // 2)[None, :, None]
    way = roots[:, None] * (1 - share) + goal[:, None] * share
    level = style.lift * (0.2 + 0.8 * rng.beta(1.6, 1, len(roots)))
    least = np.maximum(0.6, level[:, None] * np.clip(share[..., 0] * 6, 0, 1))
    for _ in range(4):
        way = solid.pushed(way, least)
        way[:, 1:-1] = (way[:, :-2] + 2 * way[:, 1:-1] + way[:, 2:]) / 4
    way[:, 0] = roots
    way[:, 1:] = solid.pushed(way[:, 1:], np.minimum(least[:, 1:], 0.6))
    end = _wound(style, ties[which], disc, solid, rng)
    return resampled(np.concatenate([way, end], 1), POINTS * 2 if style.comb in ("bun", "braid", "braids") else POINTS)


def _wound(style: Style, tie: np.ndarray, disc: np.ndarray, solid: Solid, rng: np.random.Generator) -> np.ndarray:
    """(G, n, 3) what follows the tie."""
    count = len(tie)
    out = solid.outwards(tie)
    if style.comb == "bun":
        turn = np.linspace(0, 2 * np.pi, 40)[None] + rng.uniform(0, 2 * np.pi, (count, 1))
        across = _unit(np.cross(out, [1.0, 0.2, 0.1]))
        other = np.cross(out, across)
        big, thick = rng.uniform(10, 24, (count, 1)), rng.uniform(6, 13, (count, 1))
        roll = 2 * turn + rng.uniform(0, 6.3, (count, 1))
        ring = (big + thick * np.cos(roll))[..., None]
        flat = np.cos(turn)[..., None] * across[:, None] + np.sin(turn)[..., None] * other[:, None]
        return tie[:, None] + out[:, None] * (18 + thick * np.sin(roll))[..., None] + ring * flat
    length = style.tail * np.clip(rng.normal(1, 0.06, (count, 1)), 0.8, 1.15)
    far = np.linspace(0.02, 1, 40)[None] * length
    # Away from the head first, then down.
    away = 26 * (1 - np.exp(-far / 22))
    line = tie[:, None] + out[:, None] * away[..., None] + _DOWN * np.maximum(far - 0.55 * away, 0)[..., None]
    if style.comb == "tail":
        spread = 1 + 1.6 * np.sin(np.pi * np.clip(far / style.tail, 0, 1)) ** 0.8
        return solid.pushed(line + disc[:, None] * spread[..., None], np.full(far.shape, 3.0))
    strand = rng.integers(0, 3, (count, 1)) * 2 * np.pi / 3
    angle = 2 * np.pi * far / 70 + strand
    width = 11 * np.clip(1.15 - 0.55 * far / style.tail, 0.3, 1)
    sideways = _unit(np.cross(out, _DOWN))
    line = line + sideways[:, None] * (width * np.sin(angle))[..., None]
    line = line + out[:, None] * (0.5 * width * np.sin(2 * angle))[..., None] + 0.8 * disc[:, None]
    return solid.pushed(line, np.full(far.shape, 4.0))


def resampled(points: np.ndarray, count: int) -> np.ndarray:
    """(G, count, 3): curves (G, P, 3) at equal steps of arc length."""
    step = np.linalg.norm(np.diff(points, axis=1), axis=2)
    far = np.concatenate([np.zeros((len(points), 1)), np.cumsum(step, 1)], 1)
    far /= np.maximum(far[:, -1:], 1e-9)
    wanted = np.linspace(0, 1, count)
    place = (far[:, None, :] <= wanted[None, :, None]).sum(2) - 1
    low = np.clip(place, 0, points.shape[1] - 2)
    row = np.arange(len(points))[:, None]
    share = (wanted[None] - far[row, low]) / np.maximum(far[row, low + 1] - far[row, low], 1e-9)
    share = np.clip(share, 0, 1)[..., None]
    return points[row, low] * (1 - share) + points[row, low + 1] * share


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def curled(style: Style, guides: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(G', P', 3): the guides wound around their middle lines; every second one where curls take many points."""
    radius, turn = style.curl
    if not radius or not len(guides):
        return guides
    guides = guides[::2]
    length = np.linalg.norm(np.diff(guides, axis=1), axis=2).sum(1)
    count = int(np.clip(8 * np.percentile(length, 90) / turn, POINTS, 110))
    points = resampled(guides, count)
    ahead = _unit(np.gradient(points, axis=1))
    across = _unit(np.cross(ahead, _unit(rng.normal(size=(len(guides), 1, 3)))))
    other = np.cross(ahead, across)
    far = np.linspace(0, 1, count)[None] * length[:, None]
    angle = 2 * np.pi * far / (turn * rng.uniform(0.8, 1.25, (len(guides), 1)))
    amount = radius * np.clip(far / 18, 0, 1) * rng.uniform(0.7, 1.15, (len(guides), 1))
    moved = np.cos(angle)[..., None] * across + np.sin(angle)[..., None] * other
    return (points + moved * amount[..., None]).astype(np.float32)


def clumped(style: Style, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(G, P, 3): tips drawn together in tufts."""
    if not style.clump or len(points) < 50 or style.comb in ("tail", "bun", "braid", "braids"):
        return points
    chiefs = rng.permutation(len(points))[: len(points) // (22 if style.comb == "up" else 9)]
    nearest = chiefs[cKDTree(points[chiefs, 0]).query(points[:, 0])[1]]
    share = style.clump * np.linspace(0, 1, points.shape[1])[:, None] ** 1.3
    # Only hair that grows the same way meets: a parting stays open.
    alike = (_unit(points[:, -1] - points[:, 0]) * _unit(points[nearest, -1] - points[nearest, 0])).sum(1) > 0.6
    tips = points + (points[nearest] - points) * share
    return np.where(alike[:, None, None], tips, points).astype(np.float32)

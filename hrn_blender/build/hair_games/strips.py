"""Hair cards from guide curves: strips of quads with a place in the strands' atlas. Pure NumPy.

Every card stands for the guides around it: it runs along one of them, faces away from the head, and is as wide as they are
apart. :func:`make_cards` keeps to a number of triangles. Lengths are metres in the head's space, z up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .atlas import SHADES, TILES, tiles_of
from .facing import Body, Surface, deepest, lifted, strip_axes
from .weights import CARD_WEIGHTS as _W

__all__ = ["Cards", "Guides", "make_cards", "resampled"]


@dataclass(frozen=True)
class Guides:
    """Guide curves as cards are made from: G guides of P points each, the root first."""

    points: np.ndarray
    """(G, P, 3) metres."""
    color: np.ndarray
    """(G, P, 3) linear."""
    layer: np.ndarray
    """(G,): 0 outer hair, 1 the short hair beneath it."""


@dataclass(frozen=True)
class Cards:
    """A mesh of strips."""

    vertices: np.ndarray
    """(N, 3) float32 metres."""
    faces: np.ndarray
    """(Q, 4) int32; two triangles each."""
    uv: np.ndarray
    """(N, 2) float32 in the atlas of :data:`.atlas.TILES`; v falls from root to tip."""
    normals: np.ndarray
    """(N, 3) float32: away from the head rather than off each card, so that cards shade as one body of hair."""
    color: np.ndarray
    """(N, 3) float32 linear: the groom's."""
    tint: np.ndarray
    """(N, 3) float32 in [0, 1]: `color` over what the baked texture has there."""
    ramps: np.ndarray
    """(SHADES, R, 3) float32: colours from root to tip with which the texture is baked."""
    card: np.ndarray
    """(N,) int32: the card of each vertex."""


def resampled(points: np.ndarray, count: int, *more: np.ndarray) -> list[np.ndarray]:
    """(G, count, …) `points` (G, P, 3), and values at them, at even steps of arc length."""
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2)
    length = np.concatenate([np.zeros((len(points), 1)), np.cumsum(steps, 1)], 1)
    share = length / np.maximum(length[:, -1:], 1e-9)
    wanted = np.linspace(0, 1, count)
    index = np.clip((share[:, None, :] <= wanted[None, :, None]).sum(2) - 1, 0, points.shape[1] - 2)
    low, high = np.take_along_axis(share, index, 1), np.take_along_axis(share, index + 1, 1)
    part = np.clip((wanted - low) / np.maximum(high - low, 1e-9), 0, 1)[..., None]
    out = []
    for values in (points, *more):
        a, b = np.take_along_axis(values, index[..., None], 1), np.take_along_axis(values, index[..., None] + 1, 1)
        out.append(a + part * (b - a))
    return out


def make_cards(guides: Guides, surface: Surface, triangles: int, seed: int = 0) -> Cards:
    """Cards of at most `triangles` triangles.

    Args:
        guides: guide curves; those shorter than 2 mm are left out.
        surface: the head that hair grows from.
        triangles: the most that may come out.
        seed: of what is varied from card to card.
    """
    rng = np.random.default_rng(seed)
    points, color = resampled(guides.points.astype(np.float64), _W.rows, guides.color.astype(np.float64))
    length = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(1)
    whole = length > _W.shortest
    points, color, length, layer = points[whole], color[whole], length[whole], np.minimum(guides.layer[whole], 1)
    if not len(points):
        return _assembled([], color, length, layer, np.zeros((SHADES, _W.rows, 3), np.float32), None, rng)
    ramps, shade = _shades(color)
    body = Body(points, surface)
    left, pieces = triangles, []
    for kind in ("under", "wisp", "outer"):
        of = np.flatnonzero(layer == 1) if kind == "under" else np.flatnonzero(layer == 0)
        if not len(of):
            continue
        budget = left if kind == "outer" else int({"under": _W.under, "wisp": _W.wisps}[kind] * triangles)
        if kind == "under" and not (layer == 0).any():
            budget = left
        pick, quads, copy = _picked(points[of], length[of], budget, triangles, kind, rng)
        width = _widths(points[of[pick]], kind)
        for count in np.unique(quads):
            these = quads == count
            pieces.append(_strips(kind, of[pick[these]], int(count), width[these], copy[these], points, body, rng))
            left -= 2 * int(count) * len(pieces[-1].guide)
    return _assembled(pieces, color, length, shade, ramps, body, rng)


def _shades(color: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(SHADES, R, 3) ramps from root to tip, dark to light, and (G,) the one that fits each guide."""
    mean = color.mean(1)
    light = mean.mean(1)
    centres = mean[np.argsort(light, kind="stable")[np.linspace(0, len(mean) - 1, 2 * SHADES + 1).astype(int)[1::2]]]
    for _ in range(4):
        shade = ((mean[:, None] - centres) ** 2).sum(2).argmin(1)
        centres = np.stack([mean[shade == i].mean(0) if (shade == i).any() else centres[i] for i in range(SHADES)])
    order = np.argsort(centres.mean(1), kind="stable")
    shade = np.argsort(order)[shade]
    ramps = np.stack(
        [
            color[shade == i].mean(0) if (shade == i).any() else np.tile(centres[order[i]], (color.shape[1], 1))
            for i in range(SHADES)
        ]
    )
    return ramps.astype(np.float32), shade


def _picked(
    points: np.ndarray, length: np.ndarray, budget: int, triangles: int, kind: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The guides that become cards: (n,) numbers, far from each other first, (n,) quads of each, and (n,) bool copies.

    Where there are fewer guides than the triangles allow, some come a second time: beside themselves, with ragged tips.
    """
    bend = np.linalg.norm(np.diff(points, 2, axis=1), axis=2) / np.maximum(length[:, None] / (points.shape[1] - 1), 1e-6)
    scale = (triangles / _W.reference) ** 0.25
    quads = np.ceil(scale * (length / _W.segment + bend.sum(1) / _W.bend * 0.5))
    quads = np.clip(quads, 2, 3 if kind == "under" else _W.most).astype(int)
    quads = np.minimum(quads, points.shape[1] - 1)
    order = rng.permutation(len(points)) if kind == "wisp" else _spread(points)
    pick = np.concatenate([order] * (1 if kind == "under" else 3))
    fits = np.cumsum(2 * quads[pick]) <= budget
    pick = pick[fits]
    return pick, quads[pick], np.arange(len(pick)) >= len(order)


def _spread(points: np.ndarray) -> np.ndarray:
    """(G,) the guides in an order in which the first ones cover the hair evenly (farthest point first)."""
    at = np.concatenate([points[:, 0], 0.7 * points[:, points.shape[1] // 2], 0.5 * points[:, -1]], 1).astype(np.float32)
    order = np.empty(len(at), int)
    far = np.full(len(at), np.inf, np.float32)
    chosen = int(at[:, 2].argmax())
    for place in range(len(at)):
        order[place] = chosen
        far = np.minimum(far, ((at - at[chosen]) ** 2).sum(1))
        far[chosen] = -1
        chosen = int(far.argmax())
    return order


def _widths(points: np.ndarray, kind: str) -> np.ndarray:
    """(n, R) metres: how far the neighbours are at root, middle and tip, tapered."""
    count = points.shape[1]
    if kind == "wisp":
        return np.full((len(points), count), _W.wisp_width)
    at, apart = [0, count // 2, count - 1], []
    for row in at:
        place = points[:, row].astype(np.float32)
        square = (place**2).sum(1)
        far = np.maximum(square[:, None] + square - 2 * place @ place.T, 0)
        nearest = np.sqrt(np.partition(far, min(3, len(far) - 1), axis=1)[:, : min(4, len(far))])
        apart.append(np.sort(nearest, 1)[:, 2:].mean(1) if nearest.shape[1] > 2 else np.full(len(far), _W.widest))
    t = np.linspace(0, 1, count)
    width = np.stack([np.interp(t, t[at], one) for one in np.stack(apart, 1)])
    root, tip = _W.taper
    shape = np.interp(t, [0, 0.25, 0.6, 1], [root, 1, 1, tip])
    return np.clip(_W.apart * width, _W.narrowest, _W.widest) * shape


@dataclass
class _Piece:
    """Cards of one kind with the same number of quads."""

    kind: str
    guide: np.ndarray
    """(n,) the guide of each."""
    corners: np.ndarray
    """(n, rows, 2, 3) left and right."""
    side: np.ndarray
    """(n, rows, 3) unit, from left to right; its cross product with the strand's direction is outward."""
    copy: np.ndarray
    """(n,) bool."""


def _strips(
    kind: str, guide: np.ndarray, quads: int, width: np.ndarray, copy: np.ndarray, all_points: np.ndarray, body: Body,
    rng: np.random.Generator,
) -> _Piece:  # fmt: skip
    """Strips along guides, off the head; those that cannot be kept out of it are left out."""
    points, wide = resampled(all_points[guide], quads + 1, width[..., None])
    half = 0.5 * wide
    side, out = strip_axes(points, body.outward(points))
    turn = rng.normal(0, _W.roll * (3 if kind == "wisp" else 1), (len(guide), 1, 1))
    side = np.cos(turn) * side + np.sin(turn) * out
    t = np.linspace(0, 1, quads + 1)[None, :, None]
    loose = copy[:, None, None] | (kind == "wisp")
    shift = rng.uniform(-1, 1, (len(guide), 1, 1)) * np.maximum(half, 0.004)
    points = points + np.where(
        loose, t ** (0.5 if kind != "wisp" else 1) * (shift * side + _W.lift * rng.uniform(0.3, 1.5, shift.shape) * out), 0
    )
    lengths = np.linalg.norm(np.diff(all_points[guide], axis=1), axis=2).sum(1)[:, None]
    clear = _W.clear[kind == "under"] + _W.lift * loose[..., 0]
    height = -_W.root_depth + (clear + _W.root_depth) * np.clip(t[..., 0] * lengths / _W.rise, 0, 1)
    good = np.zeros(len(guide), bool)
    corners = np.empty((len(guide), quads + 1, 2, 3))
    for narrower in (1.0, 0.5, 0.25):
        todo = np.flatnonzero(~good)
        if not len(todo):
            break
        corners[todo] = lifted(points[todo], side[todo] * (half[todo] * narrower), height[todo], body.surface)
        good[todo] = deepest(corners[todo], body.surface) > -_W.allowed
    return _Piece(kind, guide[good], corners[good], side[good], copy[good])


def _assembled(
    pieces: list[_Piece], color: np.ndarray, length: np.ndarray, shade: np.ndarray, ramps: np.ndarray, body: Body,
    rng: np.random.Generator,
) -> Cards:  # fmt: skip
    """One mesh of all strips."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("vertices", "faces", "uv", "normals", "color", "tint", "card")}
    vertices = cards = 0
    for piece in pieces:
        count, rows = piece.corners.shape[:2]
        if not count:
            continue
        tile = _tiles(piece, length, shade, body.surface, rng)
        box = np.array([TILES[i].uv for i in range(len(TILES))])[tile]
        across = np.where(rng.random(count) < 0.5, 0, 1)[:, None] ^ np.array([0, 1])
        u = box[:, :1] + across * (box[:, 2:3] - box[:, :1])
        v = box[:, 3:] + np.linspace(0, 1, rows) * (box[:, 1:2] - box[:, 3:])
        uv = np.stack([np.broadcast_to(u[:, None], (count, rows, 2)), np.broadcast_to(v[..., None], (count, rows, 2))], -1)
        tone = _at_rows(color[piece.guide], rows)
        base = _at_rows(ramps, rows)[[TILES[i].shade for i in tile]]
        tint = np.clip(tone / np.maximum(base, 1e-4), 0, 1)  # Exporters of whole numbers wrap what is more.
        first = vertices + np.arange(count)[:, None] * 2 * rows + np.arange(rows - 1) * 2
        parts["faces"].append(np.stack([first, first + 1, first + 3, first + 2], -1).reshape(-1, 4))
        parts["vertices"].append(piece.corners.reshape(-1, 3))
        parts["uv"].append(uv.reshape(-1, 2))
        parts["normals"].append(_normals(piece, body).reshape(-1, 3))
        parts["color"].append(np.repeat(tone, 2, 1).reshape(-1, 3))
        parts["tint"].append(np.repeat(tint, 2, 1).reshape(-1, 3))
        parts["card"].append(np.repeat(cards + np.arange(count), 2 * rows))
        vertices, cards = vertices + count * rows * 2, cards + count
    shapes = {"faces": 4, "uv": 2, "card": 0}
    joined = {}
    for name, arrays in parts.items():
        width = shapes.get(name, 3)
        empty = np.zeros((0, width) if width else 0)
        joined[name] = np.concatenate(arrays or [empty]).astype(np.int32 if name in ("faces", "card") else np.float32)
    return Cards(**joined, ramps=ramps)


def _at_rows(values: np.ndarray, rows: int) -> np.ndarray:
    """(n, rows, C) of (n, R, C) at even steps."""
    at = np.linspace(0, values.shape[1] - 1, rows)
    low = np.minimum(at.astype(int), values.shape[1] - 2)
    part = (at - low)[:, None]
    return values[:, low] * (1 - part) + values[:, low + 1] * part


def _tiles(piece: _Piece, length: np.ndarray, shade: np.ndarray, surface: Surface, rng: np.random.Generator) -> np.ndarray:
    """(n,) the tile of each card: its kind by place and length, its shade by the guide's colour."""
    count, own = len(piece.guide), shade[piece.guide]
    by_shade = {
        kind: np.array([tiles_of(kind)[_closest(kind, i)] for i in range(SHADES)])
        for kind in ("dense", "fringe", "wisp", "short")
    }
    if piece.kind in ("wisp", "under"):
        return by_shade["wisp" if piece.kind == "wisp" else "short"][own]
    ends = piece.corners.mean(2)
    distance, normal = surface(ends[:, -1])
    fringe = (normal[:, 1] < -0.5) & (distance < 0.03) & (ends[:, -1, 2] < ends[:, 0, 2])
    fringe |= (rng.random(count) < _W.ragged) | piece.copy
    tile = np.where(fringe, by_shade["fringe"][own], by_shade["dense"][own])
    return np.where(length[piece.guide] < _W.short, by_shade["short"][own], tile)


def _closest(kind: str, shade: int) -> int:
    """The tile of a kind whose shade is closest to `shade`."""
    return int(np.argmin([abs(TILES[i].shade - shade) for i in tiles_of(kind)]))


def _normals(piece: _Piece, body: Body) -> np.ndarray:
    """(n, rows, 2, 3) shading normals."""
    tangent = np.gradient(piece.corners.mean(2), axis=1)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=2, keepdims=True), 1e-9)
    outward = body.outward(piece.corners.mean(2))
    own = np.cross(piece.side, tangent)
    normal = (1 - _W.face_normal) * outward + _W.face_normal * own
    normal = normal[:, :, None] + _W.rounding * piece.side[:, :, None] * np.array([-1.0, 1])[:, None]
    return normal / np.maximum(np.linalg.norm(normal, axis=3, keepdims=True), 1e-9)

"""Hats, hoods, scarves and helmets as shells over a sitter's head, and the hair that they press down."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from ..geometry.smoothstep import smoothstep
from .grooms import Locks
from .part_labels import noise_at
from .parts import Part
from .sitter import Dome, Sitter
from .things import Look, Thing, ball, draw_look, sheet, tube

__all__ = ["draw_hat", "pressed"]

_KINDS = ("cap", "beanie", "brim", "helmet", "hood", "headscarf", "turban", "band", "headphones")
"""Kinds of things on heads."""
_SHARES = (0.17, 0.17, 0.12, 0.1, 0.14, 0.15, 0.06, 0.05, 0.04)
"""How often each is drawn."""


def draw_hat(
    sitter: Sitter, grid: np.ndarray, hair: np.ndarray, skin: np.ndarray, rng: np.random.Generator
) -> tuple[list[Thing], np.ndarray | None]:
    """Something on the head, and how far hair may reach in each direction (a grid of :class:`.sitter.Dome`), mm.

    Args:
        grid: noise. hair, skin: (3,) colors that cloth sometimes has.
    """
    kind = _KINDS[rng.choice(len(_KINDS), p=_SHARES)]
    look = draw_look(rng, hair if rng.random() < 0.7 else skin, plain=0.6)
    if rng.random() < 0.25:
        black = np.full(3, np.exp(rng.uniform(np.log(0.004), np.log(0.04)))) * np.exp(rng.normal(0, 0.15, 3))
        look = look._replace(color=black, second=black * np.exp(rng.normal(0, 0.8)))
    if kind == "band":
        return _band(sitter, look, rng)
    if kind == "headphones":
        return _headphones(sitter, look, rng), None
    if kind in ("hood", "headscarf"):
        return _veil(sitter, grid, look, kind == "hood", rng)
    return _crown(sitter, grid, look, kind, rng)


def pressed(locks: Locks, limit: np.ndarray) -> Locks:
    """Hair that stays under a hat.

    Args:
        limit: (R, S) mm from the skull's middle, infinity where hair is free.
    """
    moved = []
    for points in (locks.guides, locks.strands):
        away = points - Dome.center.astype(np.float32)
        far = np.linalg.norm(away, axis=-1, keepdims=True)
        most = Dome.read(np.minimum(limit, 999.0), away)[..., None].astype(np.float32)
        moved.append(np.where(far > most, away * (most / np.maximum(far, 1)), away) + Dome.center.astype(np.float32))
    return locks._replace(guides=moved[0].astype(np.float32), strands=moved[1].astype(np.float32))


def _shell(radius: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of a grid of radii where all corners of a cell are kept."""
    points = Dome.center + Dome.directions() * radius[..., None]
    vertices, triangles = sheet(points, around=True)
    return vertices, triangles[kept.ravel()[triangles].all(1)]


def _crown(sitter: Sitter, grid, look: Look, kind: str, rng) -> tuple[list[Thing], np.ndarray]:
    """What sits on the skull: above a slanted line, thicker or higher, with a brim or a peak."""
    way = Dome.directions()
    height = way[..., 1]
    front = rng.uniform(0.2, 0.5)
    back = rng.uniform(-0.55, 0.1) if kind in ("beanie", "helmet") else rng.uniform(-0.35, 0.15)
    if kind == "helmet":
        front, back = rng.uniform(0.2, 0.42), rng.uniform(-0.7, -0.2)
    ahead = way[..., 2] / np.maximum(np.hypot(way[..., 0], way[..., 2]), 1e-6)
    tilt = rng.normal(0, 0.06) * way[..., 0]
    level = np.sin(back + (front - back) * (0.5 + 0.5 * ahead)) + tilt
    kept = height > level
    thick = {"helmet": rng.uniform(18, 38), "beanie": rng.uniform(5, 11), "turban": rng.uniform(14, 30)}.get(
        kind, rng.uniform(4, 9)
    )
    radius = sitter.dome.radius + thick
    up = np.clip(height, 0, 1)
    if kind in ("cap", "brim"):
        radius = radius + rng.uniform(0, 22) * up**2
    if kind == "brim":
        radius = radius * (1 + rng.uniform(0, 0.28) * up**4)
    if kind == "beanie":
        radius = radius + rng.uniform(0, 45) * up ** rng.uniform(1.5, 4) * (1 - 0.5 * ahead * rng.random())
        if rng.random() < 0.6:
            look = look._replace(pattern="knit", fold=0.4, fold_size=7.0, gloss=0.0, second=look.color * 0.55)
    if kind == "turban":
        radius = radius + 7 * np.sin(9 * (height + 0.5 * way[..., 0] * rng.choice([-1, 1])) + rng.uniform(0, 6))
    if kind == "helmet":
        look = look._replace(
            gloss=rng.uniform(0.05, 0.5), shine=50.0, fold=0.02, pattern=str(rng.choice(["plain", "stripes", "blots"]))
        )
    radius = radius + rng.uniform(0, 2.5) * noise_at(grid, (way * 6 + rng.uniform(0, 40)).reshape(-1, 3)).reshape(radius.shape)
    edge = _edge(radius, level)
    things = [Thing(*_shell(radius, kept), Part.HAT, look)]
    things.append(Thing(*tube(edge, rng.uniform(1.5, 4.0), 6, closed=True, up=(0, 1, 0)), Part.HAT, look))
    if kind == "beanie" and rng.random() < 0.6:
        rows = np.array(
            [
                Dome.center + (edge - Dome.center) * (1.02 + 0.03 * np.sin(np.pi * s)) + [0, 45 * s, 0]
                for s in np.linspace(0, 1, 6)
            ]
        )
        rows = Dome.center + _pushed(rows - Dome.center, radius + 4)
        things.append(Thing(*sheet(rows, True), Part.HAT, look))
    if kind == "cap":
        things.append(_peak(edge, look if rng.random() < 0.6 else draw_look(rng), rng))
    if kind == "brim":
        wide, dip = rng.uniform(35, 95), rng.normal(0, 12)
        angle = np.arctan2(edge[:, 0] - Dome.center[0], edge[:, 2] - Dome.center[2])
        out = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], 1)
        wave = rng.uniform(0, 14) * np.cos(2 * angle)
        rows = [edge + out * wide * s + np.stack([0 * angle, s**2 * (dip + wave), 0 * angle], 1) for s in np.linspace(0, 1, 6)]
        things.append(Thing(*sheet(np.array(rows), True), Part.HAT, look))
    limit = np.where(height > level - 0.03, radius - 2.5, np.inf)
    return things, limit


def _edge(radius: np.ndarray, level: np.ndarray) -> np.ndarray:
    """(S, 3) mm: a shell's lower border, around the head."""
    way = Dome.directions()
    row = np.minimum((way[..., 1] > level).sum(0), len(way) - 1)
    column = np.arange(way.shape[1])
    row = np.round(gaussian_filter(row.astype(float), 1.0, mode="wrap")).astype(int)
    return Dome.center + way[row, column] * radius[row, column][:, None]


def _pushed(away: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Vectors from the skull's middle, made as long as a shell's radius."""
    far = np.linalg.norm(away, axis=-1, keepdims=True)
    return away / far * np.maximum(far, Dome.read(radius, away)[..., None])


def _peak(edge: np.ndarray, look: Look, rng) -> Thing:
    """A cap's peak, in front or turned."""
    turn = rng.choice([0.0, np.pi, rng.uniform(-0.6, 0.6)], p=[0.75, 0.12, 0.13])
    angle = np.arctan2(edge[:, 0], edge[:, 2] - Dome.center[2]) - turn
    angle = (angle + np.pi) % (2 * np.pi) - np.pi
    half = rng.uniform(0.75, 1.1)
    chosen = np.flatnonzero(np.abs(angle) < half)
    chosen = chosen[np.argsort(angle[chosen])]
    rim, part = edge[chosen], angle[chosen] / half
    ahead = np.array([np.sin(turn), 0, np.cos(turn)])
    long, dip, bend = rng.uniform(45, 80), rng.uniform(-5, 30), rng.uniform(0, 16)
    reach = np.sqrt(np.clip(1 - part**2, 0, 1)) ** 0.7
    rows = []
    for s in np.linspace(0, 1, 7):
        drop = -dip * s * reach - bend * part**2 * s
        rows.append(rim + ahead * (long * s * reach)[:, None] + np.stack([0 * drop, drop, 0 * drop], 1))
    return Thing(*sheet(np.array(rows)), Part.HAT, look)


def _veil(sitter: Sitter, grid, look: Look, hood: bool, rng) -> tuple[list[Thing], np.ndarray]:
    """A hood or a headscarf: all around the face's opening, down to the shoulders."""
    points, turns = 64, 28
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    opening = rng.uniform(0.95, 1.5) if hood else rng.uniform(0.85, 1.12)
    middle = Dome.center + [0, -18, 0]
    rows, loose = [], rng.uniform(8, 45) if hood else rng.uniform(3, 14)
    ripple = rng.uniform(1, 5) * (1.0 if hood else 1.4)
    narrow = rng.uniform(0.1, 0.35) if hood else rng.uniform(0.25, 0.42)
    for s in np.linspace(0, 1, turns):
        # The opening is narrower above, where it covers the hair's border or not, than beside the eyes.
        first = opening * (1 - narrow * np.clip(np.cos(angle), 0, 1)) - 0.1 * np.clip(-np.cos(angle), 0, 1)
        theta = first + (np.pi - first) * s
        way = np.stack([np.sin(theta) * np.sin(angle), np.sin(theta) * np.cos(angle), np.cos(theta)], 1)
        base = Dome.read(sitter.dome.radius, way + (middle - Dome.center) / 110)
        low = smoothstep(0.25, 0.75, -way[:, 1])
        base = base * (1 - low) + low * rng.uniform(105, 125)
        fold = ripple * noise_at(grid, np.stack([9 * way[:, 0] + 3, 5 * way[:, 1] + 7 * way[:, 2], 6 * way[:, 2]], 1))
        radius = base + loose * smoothstep(0, 0.25, s + 0.05) * (0.6 + 0.4 * np.clip(way[:, 1] + 0.4, 0, 1)) + fold + 2
        rows.append(middle + way * radius[:, None])
    rim = rows[0]
    # From the chin and neck it falls to the shoulders.
    drape = []
    below = middle + np.array([0, -80.0, -25.0])
    for s in np.linspace(0, 1, 10):
        wide = 62 + 100 * s**1.3 * rng.uniform(0.9, 1.1)
        fold = ripple * 1.6 * noise_at(grid, np.stack([4 * np.sin(angle), 4 * np.cos(angle), np.full(points, 1.5 * s)], 1))
        drape.append(
            below
            + np.stack([np.sin(angle), 0 * angle, 0.85 * np.cos(angle)], 1) * (wide + fold)[:, None]
            + [0, -130 * s + 25, 14 * s]
        )
    look = look._replace(fold=rng.uniform(0.2, 0.7), fold_size=rng.uniform(14, 40))
    things = [Thing(*sheet(np.array(rows), True), Part.HAT, look)]
    things.append(Thing(*sheet(np.array(drape), True), Part.HAT if not hood or rng.random() < 0.5 else Part.CLOTHES, look))
    things.append(Thing(*tube(rim, rng.uniform(2, 7) if hood else rng.uniform(1, 3), 6, closed=True), Part.HAT, look))
    way = Dome.directions()
    limit = np.where(way[..., 2] < np.cos(opening * 0.92), sitter.dome.radius + 0.5, np.inf)
    if not hood or rng.random() < 0.6:
        limit = np.where(way[..., 1] < -0.2, np.minimum(limit, sitter.dome.radius), limit)
    return things, limit


def _band(sitter: Sitter, look: Look, rng) -> tuple[list[Thing], np.ndarray]:
    """A headband around the head or over it."""
    way = Dome.directions()
    if rng.random() < 0.5:
        normal = np.array([rng.normal(0, 0.1), 0.8, rng.uniform(-0.5, 0.1)])
        offset = rng.uniform(0.25, 0.55)
    else:
        normal, offset = np.array([0, rng.uniform(0.1, 0.5), 0.9]), rng.uniform(0.25, 0.5)
    normal /= np.linalg.norm(normal)
    far = way @ normal - offset
    wide = rng.uniform(0.06, 0.22)
    kept = (np.abs(far) < wide) & (way[..., 1] > -0.15)
    radius = sitter.dome.radius + rng.uniform(5, 10)
    limit = np.where(np.abs(far) < wide + 0.03, radius - 2, np.inf)
    return [Thing(*_shell(radius, kept), Part.HAT, look)], limit


def _headphones(sitter: Sitter, look: Look, rng) -> list[Thing]:
    """A bow over the head and cups on the ears."""
    lean = rng.normal(0, 0.2)
    angle = np.linspace(-1.75, 1.75, 40)
    way = np.stack([np.sin(angle), np.cos(angle) * np.cos(lean), np.cos(angle) * np.sin(lean)], 1)
    radius = Dome.read(sitter.dome.radius, way) + rng.uniform(10, 28)
    look = look._replace(gloss=rng.uniform(0, 0.3), fold=0.0, pattern="plain")
    things = [Thing(*tube(Dome.center + way * radius[:, None], rng.uniform(5, 13), 8, flat=0.35, up=(1, 0, 0)), Part.HAT, look)]
    size = rng.uniform(28, 44)
    for side in (-1, 1):
        at = Dome.center + [side * (sitter.dome.radius[30, 30] + 8), -38, 6]
        things.append(Thing(*ball(at, np.array([rng.uniform(12, 20), size * 1.15, size])), Part.HAT, look))
    return things

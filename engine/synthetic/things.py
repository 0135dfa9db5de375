"""Things that people wear or hold, as meshes with a procedural look."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..wire.color import power_to_linear
from .part_labels import noise_at

__all__ = ["Look", "Thing", "albedo", "ball", "box", "draw_look", "sheet", "tube"]

PATTERNS = ("plain", "stripes", "checks", "dots", "blots", "knit", "flowers", "strands")
"""What cloth may look like."""


class Look(NamedTuple):
    """What a thing's surface looks like."""

    color: np.ndarray
    """(3,) linear albedo."""
    second: np.ndarray
    """(3,) of the pattern."""
    pattern: str = "plain"
    size: float = 12.0
    """Period of the pattern, mm."""
    turn: float = 0.0
    """Radians by which the pattern is turned."""
    gloss: float = 0.02
    """Strength of the highlights."""
    shine: float = 12.0
    """Exponent of the highlights."""
    fold: float = 0.2
    """Tilt of the normals by folds."""
    fold_size: float = 25.0
    """mm from fold to fold."""
    opacity: float = 1.0
    """Below 1 what lies behind is seen through it, and keeps its label below a half."""


class Thing(NamedTuple):
    """One mesh."""

    vertices: np.ndarray
    """(V, 3) mm in the head's space."""
    triangles: np.ndarray
    """(T, 3)"""
    label: int
    look: Look


def draw_look(rng: np.random.Generator, like: np.ndarray | None = None, plain: float = 0.55) -> Look:
    """A look of cloth.

    Args:
        like: (3,) a color near which it often lies: dark cloth under dark hair. plain: share without a pattern.
    """
    kind = rng.random()
    if like is not None and kind < 0.2:
        color = np.clip(like * np.exp(rng.normal(0, 0.25)), 0.004, 0.85)
    elif kind < 0.45:
        color = np.full(3, np.exp(rng.uniform(np.log(0.008), np.log(0.06)))) * np.exp(rng.normal(0, 0.12, 3))
    elif kind < 0.6:
        color = np.full(3, rng.uniform(0.4, 0.85)) * np.exp(rng.normal(0, 0.06, 3))
    else:
        color = power_to_linear(rng.random(3)) * 0.7 + 0.01
    second = rng.random(3) ** 2 * 0.8 + 0.01 if rng.random() < 0.5 else color * np.exp(rng.normal(0, 0.6))
    return Look(
        np.clip(color, 0.003, 0.9),
        np.clip(second, 0.003, 0.9),
        "plain" if rng.random() < plain else str(rng.choice(PATTERNS[1:])),
        float(np.exp(rng.uniform(np.log(4), np.log(45)))),
        float(rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])),
        float(rng.gamma(1.0, 0.03)),
        float(np.exp(rng.uniform(np.log(6), np.log(60)))),
        float(rng.uniform(0.0, 0.5)),
        float(np.exp(rng.uniform(np.log(8), np.log(50)))),
    )


def albedo(look: Look, places: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """(N, 3) at places (N, 3) mm."""
    weave = 1 + 0.12 * noise_at(grid, places / 1.7) + 0.1 * noise_at(grid, places / 30 + 5)
    if look.pattern == "plain":
        return look.color * weave[:, None]
    c, s = np.cos(look.turn), np.sin(look.turn)
    wander = 0.12 * noise_at(grid, places / 40 + 11)
    u = (c * places[:, 0] + s * places[:, 1]) / look.size + wander
    v = (c * places[:, 1] - s * places[:, 0] + 0.3 * places[:, 2]) / look.size + wander
    if look.pattern == "stripes":
        share = (u % 1) < 0.45
    elif look.pattern == "checks":
        share = 0.5 * ((u % 1) < 0.4) + 0.5 * ((v % 1) < 0.4)
    elif look.pattern == "dots":
        share = ((u % 1) - 0.5) ** 2 + ((v % 1) - 0.5) ** 2 < 0.07
    elif look.pattern == "knit":
        share = 0.5 + 0.5 * np.sin(2 * np.pi * u * look.size / 6) * (0.7 + 0.3 * np.sin(2 * np.pi * v * look.size / 5))
    elif look.pattern == "strands":
        share = 0.5 + noise_at(grid, np.stack([u * look.size / 1.5, v * 0.5, 0 * u], 1))
    else:
        share = noise_at(grid, places / look.size + 3)
        share = share > 0.15 if look.pattern == "blots" else np.abs(noise_at(grid, places / look.size + 31)) < 0.1 + 0.3 * share
    share = np.clip(np.asarray(share, np.float32), 0, 1)[:, None]
    return (look.color * (1 - share) + look.second * share) * weave[:, None]


def sheet(points: np.ndarray, around: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of a grid (R, S, 3) of points, whose rows may be closed."""
    rows, columns = points.shape[:2]
    r, c = np.meshgrid(np.arange(rows - 1), np.arange(columns if around else columns - 1), indexing="ij")
    a, b = r * columns + c, r * columns + (c + 1) % columns
    quads = np.stack([a, b, b + columns, a + columns], -1).reshape(-1, 4)
    return points.reshape(-1, 3).astype(float), np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def tube(
    line: np.ndarray, radius: np.ndarray | float, sides: int = 8, closed: bool = False, flat: float = 1.0, up=(0.0, 0.0, 1.0)
):
    """A tube along a line (P, 3): its vertices and triangles.

    Args:
        radius: mm, one or (P,). flat: thickness across `up` over that along it.
    """
    if closed:
        line = np.concatenate([line, line[:1]])
    ahead = np.gradient(line, axis=0)
    if closed:
        ahead[0] = ahead[-1] = line[1] - line[-2]
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    across = np.cross(ahead, np.asarray(up))
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    other = np.cross(across, ahead)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    wide = np.broadcast_to(np.asarray(radius, float), (len(line),))[:, None, None]
    ring = across[:, None] * np.cos(angle)[None, :, None] * flat + other[:, None] * np.sin(angle)[None, :, None]
    return sheet(line[:, None] + wide * ring, around=True)


def ball(center: np.ndarray, half: np.ndarray, turn: np.ndarray | None = None, rings: int = 14):
    """An ellipsoid with half axes (3,), turned by (3, 3)."""
    down, around = np.linspace(0, np.pi, rings), np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
    flat = np.sin(down)[:, None]
    points = np.stack([flat * np.cos(around), np.cos(down)[:, None] + 0 * around, flat * np.sin(around)], -1) * half
    return sheet(points @ (np.eye(3) if turn is None else turn).T + center, around=True)


def box(center: np.ndarray, half: np.ndarray, turn: np.ndarray):
    """A box with half sides (3,), turned by (3, 3)."""
    corner = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float) * half
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    # Every side has its own corners: hard edges.
    vertices = (corner @ turn.T + center)[quads].reshape(-1, 3)
    quads = np.arange(24).reshape(-1, 4)
    return vertices, np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])

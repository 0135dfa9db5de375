"""Neck, shoulders and what is worn on them."""

from __future__ import annotations

import numpy as np

from ..geometry.smoothstep import smoothstep
from .part_labels import noise_at
from .parts import Part
from .sitter import Sitter, Studio
from .things import Look, Thing, draw_look, sheet

__all__ = ["clothes"]


def clothes(
    studio: Studio, sitter: Sitter, posed: np.ndarray, skin: np.ndarray, hair: np.ndarray, rng: np.random.Generator
) -> list[Thing]:
    """Bare shoulders and a garment over them, with or without a collar.

    Args:
        posed: (N, 3) mm. skin, hair: (3,) colors of this person, which cloth sometimes has.
    """
    vertices, triangles = sitter.chest
    loop = posed[studio.model.neck_loop]
    middle, half = loop.mean(0), np.ptp(loop, axis=0) / 2
    bare = Thing(vertices, triangles, Part.SKIN, Look(skin, skin, gloss=0.08, shine=14.0, fold=0.05))
    things = [bare]
    if rng.random() < 0.03:
        return things
    look = _dark(draw_look(rng, hair if rng.random() < 0.6 else skin), rng, 0.25)
    grid = studio.renderer.grid
    away = vertices - middle
    ahead = away[:, 2] / np.maximum(np.hypot(away[:, 0], away[:, 2]), 1e-6)
    # How far the garment's opening lies below the neck's border: deeper in front, or a V, or off the shoulders.
    front = rng.uniform(0, 1) ** 2 * 130 if rng.random() < 0.8 else rng.uniform(60, 160)
    width = rng.uniform(25, 110)
    deep = front * smoothstep(-0.3, 0.95, ahead) * (1 - smoothstep(0.3 * width, 1.4 * width, np.abs(away[:, 0])))
    low = rng.uniform(-8, 14) + deep
    if rng.random() < 0.1:  # straps or none
        low = np.full(len(vertices), rng.uniform(60, 110))
    worn = -away[:, 1] > low
    swell = rng.uniform(3, 16)
    wave = noise_at(grid, vertices / 45 + rng.uniform(0, 40))
    out = away * [1, 0, 1]
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
    moved = vertices + (out * 0.8 + [0, 0.6, 0]) * (swell * (1 + 0.35 * wave))[:, None]
    kept = triangles[worn[triangles].all(1)]
    if len(kept):
        things.append(Thing(moved, kept, Part.CLOTHES, look))
    if rng.random() < 0.22:
        return things + _jacket(vertices, triangles, away, out, ahead, hair, rng)
    return things + _collar(loop, middle, half, look, rng, hair)


def _dark(look: Look, rng: np.random.Generator, share: float) -> Look:
    """The look in black or nearly so, for this share of the draws: what is taken for hair most easily."""
    if rng.random() >= share:
        return look
    color = np.full(3, np.exp(rng.uniform(np.log(0.003), np.log(0.04)))) * np.exp(rng.normal(0, 0.15, 3))
    return look._replace(color=color, second=color * np.exp(rng.normal(0, 0.7)))


def _jacket(vertices, triangles, away, out, ahead, hair, rng) -> list[Thing]:
    """An open jacket with lapels over what is worn below, and often a tie."""
    look = _dark(draw_look(rng, hair, plain=0.75), rng, 0.6)
    drop, wide, deep = -away[:, 1], rng.uniform(25, 75), rng.uniform(120, 420)
    half = wide * np.clip(1 - drop / deep, 0, 1) + rng.uniform(0, 3)
    worn = (drop > rng.uniform(-6, 6)) & ~((ahead > 0) & (np.abs(away[:, 0]) < half))
    thick = rng.uniform(11, 22)
    flap = 5 * ((ahead > 0) & (np.abs(away[:, 0]) < half + rng.uniform(25, 50)) & (drop < 0.8 * deep))
    moved = vertices + (out * 0.8 + [0, 0.7, 0]) * (thick + flap)[:, None]
    things = []
    kept = triangles[worn[triangles].all(1)]
    if len(kept):
        things.append(Thing(moved, kept, Part.CLOTHES, look))
    front = np.flatnonzero((np.abs(away[:, 0]) < 6) & (ahead > 0.7))
    if rng.random() < 0.5 and len(front) > 8:
        front = front[np.argsort(drop[front])]
        line = vertices[front][:: max(1, len(front) // 12)] * [0, 1, 1] + [away[front, 0].mean(), 0, rng.uniform(8, 12)]
        size = np.clip(np.linspace(9, 24, len(line)), 9, rng.uniform(14, 30))
        rows = np.stack([line + np.stack([k * size, 0 * size, -0.1 * np.abs(k) * size], 1) for k in (-1, -0.4, 0.4, 1)], 1)
        things.append(Thing(*sheet(rows), Part.CLOTHES, draw_look(rng, hair, plain=0.4)._replace(fold=0.1)))
    return things


def _collar(loop: np.ndarray, middle: np.ndarray, half: np.ndarray, look: Look, rng, hair) -> list[Thing]:
    """A turtleneck, a shirt's or jacket's collar, a hood on the back, a scarf, or nothing."""
    kind = rng.random()
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    around = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], 1)
    size = np.array([half[0] * 0.93, 1, half[2] * 0.95])
    if kind < 0.12:  # turtleneck
        tall = rng.uniform(15, 60)
        rows = [
            middle + around * size * (1.12 + 0.25 * (1 - s)) + [0, s * (tall + 20) - 20, 6 * s] for s in np.linspace(0, 1, 6)
        ]
        return [Thing(*sheet(np.array(rows), True), Part.CLOTHES, look)]
    if kind < 0.38:  # a collar that is open in front
        tall, flare, gap = rng.uniform(15, 50), rng.uniform(1.0, 1.5), rng.uniform(0.15, 0.7)
        turn = np.linspace(gap, 2 * np.pi - gap, 60)
        around = np.stack([np.sin(turn), 0 * turn, np.cos(turn)], 1)
        drop = np.stack([0 * turn, -35 * np.clip(np.cos(turn), 0, 1), 14 * np.cos(turn)], 1)
        rows = [
            middle + around * size * s + drop + [0, y, 0]
            for s, y in ((1.35, -30), (1.18, 0), (1.12, tall), (1.14 + 0.1 * flare, tall), (1.2 * flare, 0.2 * tall - 8))
        ]
        style = look if rng.random() < 0.5 else _dark(draw_look(rng, hair), rng, 0.3)
        return [Thing(*sheet(np.array(rows)), Part.CLOTHES, style)]
    if kind < 0.58:  # scarf, or a hood that hangs on the back
        hood = rng.random() < 0.6
        thick, big = rng.uniform(14, 34), rng.uniform(1.2, 1.6)
        grow = 1 + (0.9 * np.clip(-np.cos(angle), 0, 1) if hood else 0.3 * rng.random() * np.sin(angle * 2 + rng.uniform(0, 6)))
        line = (
            middle
            + around * size * big
            + [0, rng.uniform(-20, 12), 0]
            + np.stack([0 * angle, -22 * np.cos(angle), 0 * angle], 1)
        )
        ring = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        lump = 1 + 0.12 * np.sin(5 * ring[:, None] + 3 * angle[None] + rng.uniform(0, 6))
        outward = around[None] * np.cos(ring)[:, None, None] + np.array([0, 1.1, 0]) * np.sin(ring)[:, None, None]
        points = line[None] + (thick * grow * lump)[..., None] * outward
        points = np.concatenate([points, points[:1]])
        style = look if hood else _dark(draw_look(rng, hair), rng, 0.3)
        return [Thing(*sheet(points, True), Part.CLOTHES, style._replace(fold=0.5))]
    return []

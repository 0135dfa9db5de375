"""Backgrounds from procedures: walls, rooms, foliage, crowds of blobs, and what looks like hair but is none."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["backdrop"]


def _field(rng: np.random.Generator, side: int, cells: float, stretch: float = 1.0) -> np.ndarray:
    """(S, S) float32 smooth noise in about [0, 1] with so many cells across."""
    across, down = max(2, round(cells)), max(2, round(cells * stretch))
    small = rng.random((down, across), np.float32)
    return np.clip(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), 0, 1)


def _color(rng: np.random.Generator) -> np.ndarray:
    """(3,) float32 linear: walls and skies more than toys."""
    level = rng.uniform(0.02, 0.9) if rng.random() < 0.7 else rng.uniform(0.003, 0.06)
    spread = rng.choice([0.05, 0.25, 0.8], p=[0.5, 0.35, 0.15])
    return np.clip(level * np.exp(rng.normal(0, spread, 3)), 0.002, 1.2).astype(np.float32)


def _mixed(first, second, share: np.ndarray) -> np.ndarray:
    return first + (second - first) * share[..., None]


def _ramp(rng, side: int) -> np.ndarray:
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    angle = rng.uniform(0, 2 * np.pi)
    straight = 0.5 + (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
    around = 1.6 * np.hypot(x - rng.random(), y - rng.random())
    share = straight if rng.random() < 0.6 else around
    return _mixed(_color(rng), _color(rng), np.clip(share, 0, 1).astype(np.float32))


def _blobs(rng, side: int) -> np.ndarray:
    """Soft shapes of many colors: rooms and streets out of focus."""
    out = _ramp(rng, side)
    for _ in range(rng.integers(8, 60)):
        at, half = rng.uniform(-0.1, 1.1, 2) * side, np.exp(rng.uniform(np.log(0.015), np.log(0.25), 2)) * side
        color = tuple(float(v) for v in _color(rng) * np.exp(rng.normal(0, 0.4)))
        if rng.random() < 0.5:
            cv2.ellipse(
                out, tuple(int(v) for v in at), tuple(int(v) + 1 for v in half), float(rng.uniform(0, 180)), 0, 360, color, -1
            )
        else:
            corner = cv2.boxPoints(
                (tuple(map(float, at)), tuple(map(float, 2 * half)), float(rng.choice([0, 0, 90, rng.uniform(0, 90)])))
            )
            cv2.fillConvexPoly(out, corner.astype(np.int32), color)
    return out


def _foliage(rng, side: int) -> np.ndarray:
    """Leaves: many small ellipses over each other, dark gaps between."""
    green = np.array([rng.uniform(0.02, 0.2), rng.uniform(0.08, 0.3), rng.uniform(0.01, 0.1)], np.float32)
    if rng.random() < 0.25:
        green = green[[1, 0, 2]]
    out = np.empty((side, side, 3), np.float32)
    out[:] = green * rng.uniform(0.05, 0.4)
    size = np.exp(rng.uniform(np.log(0.006), np.log(0.04))) * side
    for _ in range(rng.integers(250, 1500)):
        at = tuple(int(v) for v in rng.uniform(0, side, 2))
        color = tuple(float(v) for v in green * np.exp(rng.normal(0, 0.6)) * np.exp(rng.normal(0, 0.12, 3)))
        half = (int(size * rng.uniform(0.5, 1.5)) + 1, int(size * rng.uniform(0.2, 0.7)) + 1)
        cv2.ellipse(out, at, half, float(rng.uniform(0, 180)), 0, 360, color, -1)
    if rng.random() < 0.4:
        sky = _field(rng, side, rng.uniform(4, 25))
        out = _mixed(out, _color(rng) + 0.4, (sky > rng.uniform(0.6, 0.85)).astype(np.float32))
    return out


def _streaks(rng, side: int) -> np.ndarray:
    """Strands other than hair: grass, wood, fur, curtains, straw."""
    out = np.empty((side, side, 3), np.float32)
    first, second = _color(rng), _color(rng)
    stretch = rng.uniform(8, 60)
    grain = _field(rng, side, rng.uniform(2, 8) * stretch / 2, 1 / stretch)
    grain = 0.6 * grain + 0.4 * _field(rng, side, rng.uniform(2, 10) * stretch, 1 / stretch)
    amount = side * rng.uniform(0, 0.06)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    x = x + amount * (_field(rng, side, rng.uniform(2, 8)) - 0.5)
    out = _mixed(first, second, cv2.remap(grain, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), float(rng.choice([0, 90, rng.uniform(0, 180)])), 1.5)
    return cv2.warpAffine(out, turn, (side, side), borderMode=cv2.BORDER_REFLECT)


def _tiles(rng, side: int) -> np.ndarray:
    """Bricks, shelves, windows, blinds: straight edges in rows."""
    out = np.empty((side, side, 3), np.float32)
    out[:] = _color(rng)
    tall, wide = np.exp(rng.uniform(np.log(0.03), np.log(0.35), 2)) * side
    base, gap, spread = _color(rng), rng.uniform(0.03, 0.3), rng.choice([0.08, 0.7])
    shift = rng.choice([0.0, 0.5])
    for row in range(int(side / tall) + 2):
        for column in range(-1, int(side / wide) + 2):
            color = base * np.exp(rng.normal(0, spread)) * np.exp(rng.normal(0, spread / 2, 3))
            x, y = (column + shift * (row % 2)) * wide, (row - 0.5) * tall
            low, high = (int(x), int(y)), (int(x + wide * (1 - gap)), int(y + tall * (1 - gap)))
            cv2.rectangle(out, low, high, tuple(float(v) for v in color), -1)
    if rng.random() < 0.6:
        y, x = np.mgrid[:side, :side].astype(np.float32)
        corner = np.float32([[0, 0], [side, 0], [side, side], [0, side]])
        bent = corner + rng.normal(0, 0.15 * side, (4, 2)).astype(np.float32)
        out = cv2.warpPerspective(out, cv2.getPerspectiveTransform(corner, bent), (side, side), borderMode=cv2.BORDER_REFLECT)
    return out


def _letters(rng, side: int) -> np.ndarray:
    """Walls of sponsors: large words and marks on one color."""
    out = np.empty((side, side, 3), np.float32)
    out[:] = _color(rng)
    if rng.random() < 0.5:
        out = _mixed(out, _color(rng), _field(rng, side, 3))
    color = _color(rng)
    for _ in range(rng.integers(2, 14)):
        words = "".join(rng.choice(list("ABCDEFGHIJKLMNOPRSTUVWXYZabdefghkmnorstu&"), rng.integers(1, 9)))
        scale = np.exp(rng.uniform(np.log(0.002), np.log(0.016))) * side
        at = (int(rng.uniform(-0.2, 0.9) * side), int(rng.uniform(0.05, 1.1) * side))
        color = color if rng.random() < 0.6 else _color(rng)
        font = int(rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX]))
        ink = np.zeros((side, side), np.uint8)
        cv2.putText(ink, words, at, font, scale, 255, int(rng.uniform(1, 4) * scale) + 1, cv2.LINE_AA)
        out = _mixed(out, color, ink.astype(np.float32) / 255)
    return out


def _noise(rng, side: int) -> np.ndarray:
    """Stone, plaster, clouds: noise of many sizes."""
    total, weight = np.zeros((side, side), np.float32), 0.0
    cells, fall = rng.uniform(2, 12), rng.uniform(0.45, 0.9)
    ridged = rng.random() < 0.5
    for octave in range(6):
        field = _field(rng, side, cells * 2**octave)
        total += fall**octave * (1 - np.abs(2 * field - 1) if ridged else field)
        weight += fall**octave
    share = np.clip((total / weight - 0.5) * rng.uniform(1, 4) + 0.5, 0, 1)
    return _mixed(_color(rng), _color(rng), share)


def _stage(rng, side: int) -> np.ndarray:
    """Darkness with lamps."""
    out = np.zeros((side, side, 3), np.float32) + _color(rng) * 0.03
    y, x = np.mgrid[:side, :side].astype(np.float32)
    for _ in range(rng.integers(1, 14)):
        at, size = rng.uniform(0, side, 2), np.exp(rng.uniform(np.log(0.01), np.log(0.3))) * side
        glow = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / size**2)
        out += glow[..., None] * (rng.random(3) ** 2 * rng.uniform(0.3, 3)).astype(np.float32)
    return out


def _close(rng, out: np.ndarray, like: np.ndarray | None) -> np.ndarray:
    """Something dark or of the hair's color right behind head and neck: a seat, a frame, a doorway, a bag."""
    side = len(out)
    mask = np.zeros((side, side), np.uint8)
    for _ in range(rng.integers(1, 4)):
        x, y = rng.normal(0.5, 0.17) * side, rng.normal(0.55, 0.15) * side
        wide, tall = np.exp(rng.uniform(np.log(0.03), np.log(0.3), 2)) * side
        kind = rng.random()
        if kind < 0.35:
            cv2.ellipse(mask, (int(x), int(y)), (int(wide) + 1, int(tall) + 1), float(rng.uniform(-30, 30)), 0, 360, 255, -1)
        elif kind < 0.7:  # down to the picture's border
            cv2.rectangle(mask, (int(x - wide), int(y - tall)), (int(x + wide), side), 255, -1)
        else:
            lean = rng.normal(0, 0.15) * side
            cv2.line(mask, (int(x - lean), 0), (int(x + lean), side), 255, max(1, int(0.35 * wide)))
    soft = np.exp(rng.uniform(np.log(0.4), np.log(12)))
    share = cv2.GaussianBlur(mask, (0, 0), soft).astype(np.float32) / 255
    color = np.full(3, np.exp(rng.uniform(np.log(0.004), np.log(0.06)))) * np.exp(rng.normal(0, 0.2, 3))
    if like is not None and rng.random() < 0.5:
        color = like * np.exp(rng.normal(0, 0.3))
    grain = 1 + rng.uniform(0, 0.8) * (_field(rng, side, rng.uniform(10, 90)) - 0.5)
    return _mixed(out, (color * grain[..., None]).astype(np.float32), share)


def backdrop(rng: np.random.Generator, side: int, like: np.ndarray | None = None) -> np.ndarray:
    """(S, S, 3) float32 linear, in or out of focus; 1 is about as bright as a white wall.

    Args:
        like: (3,) color that it sometimes has: dark hair on dark ground.
    """
    kinds = (_ramp, _blobs, _foliage, _streaks, _tiles, _noise, _stage, _letters)
    share = np.array([0.18, 0.24, 0.11, 0.11, 0.12, 0.09, 0.06, 0.09])
    out = kinds[rng.choice(len(kinds), p=share)](rng, side)
    if rng.random() < 0.35:
        other = kinds[rng.choice(len(kinds), p=share)](rng, side)
        mask = _field(rng, side, rng.uniform(2, 5))
        edge = np.clip((mask - rng.uniform(0.3, 0.7)) * rng.choice([4, 200]), 0, 1)
        out = _mixed(out, other, edge.astype(np.float32))
    if like is not None and rng.random() < 0.26:
        out = 0.25 * out + like.astype(np.float32) * np.float32(np.exp(rng.normal(0, 0.3)))
    if rng.random() < 0.3:
        out = _close(rng, out, like)
    out *= np.float32(np.exp(rng.normal(-0.1, 0.5)))
    if rng.random() < 0.6:
        out = cv2.GaussianBlur(out, (0, 0), float(np.exp(rng.uniform(np.log(0.002), np.log(0.05))) * side))
    return np.clip(out, 0, 4)

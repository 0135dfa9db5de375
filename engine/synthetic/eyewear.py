"""Glasses: frames from wire to broad, half and none, pads, bridges, temples; clear, tinted and mirroring lenses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .parts import Part
from .sitter import Studio
from .things import Look, Thing, ball, sheet, tube

__all__ = ["draw_glasses"]

_EYES = ((33, 133), (263, 362))
"""Landmarks at the outer and inner corners of the right and of the left eye."""
_POINTS = 48
"""Points around a lens, counted from its outer side over its upper edge."""


class _Frame(NamedTuple):
    """How a frame is made."""

    look: Look
    kind: str
    """``full``, ``half`` (no rim below), ``browline`` (broad above, thin below) or ``rimless``."""
    radius: float
    """Half of the rim's thickness, mm."""
    flat: float
    """Depth of the rim over its height."""
    edge: Look
    """The look of a lens' border without a rim."""


def draw_glasses(studio: Studio, posed: np.ndarray, rng: np.random.Generator) -> list[Thing]:
    """Frames, with clear, tinted or mirroring lenses."""
    points = studio.model.landmarks(posed)
    lens, frame = _lens(rng), _frame(rng)
    wide = rng.uniform(20, 31) if lens.opacity < 0.5 else rng.uniform(25, 34)
    x, y = _outline(wide, rng)
    bridge = points[[133, 362]].mean(0)
    # Some slide down the nose, and lie lower and farther ahead there.
    slid = rng.uniform(6, 22) if rng.random() < 0.15 else 0.0
    ahead = points[168, 2] + rng.uniform(2, 9) + 0.5 * slid
    things, rims = [], []
    for number, (outer, inner) in enumerate(_EYES):
        side = -1 if number == 0 else 1
        center = points[[outer, inner]].mean(0) - [0, slid, 0]
        across = x * side
        z = ahead - 0.0055 * (center[0] + across - bridge[0]) ** 2 - 0.12 * y - center[2]
        shift = side * max(0.0, wide - 2 - abs(center[0] - bridge[0]) + 4)
        rim = center + np.stack([across + shift, y - 3, z], 1)
        rims.append((rim, side))
        things += _rim(rim, y, frame)
        rings = [rim.mean(0) + (rim - rim.mean(0)) * s for s in (1.0, 0.6, 0.0)]
        things.append(Thing(*sheet(np.array(rings), True), Part.LENS, lens))
    things += _bridge(rims, frame, rng) + _temples(studio, posed, rims, frame, rng)
    if rng.random() < 0.65:
        things += _pads(points, rims, frame, rng)
    return things


def _frame(rng) -> _Frame:
    look, metal = _frame_look(rng)
    kind = str(rng.choice(["full", "half", "browline", "rimless"], p=[0.72, 0.12, 0.08, 0.08]))
    if metal or kind == "rimless":
        radius = rng.uniform(0.3, 0.8) if rng.random() < 0.7 else rng.uniform(0.8, 1.4)
    else:
        radius = rng.uniform(0.5, 1.2) if rng.random() < 0.3 else rng.uniform(1.2, 3.4)
    bright = rng.uniform(0.1, 0.7)
    edge = Look(np.full(3, bright), np.full(3, bright), gloss=0.5, shine=30.0, fold=0.0, opacity=rng.uniform(0.4, 0.9))
    return _Frame(look, kind, radius, rng.uniform(0.5, 1.2), edge)


def _frame_look(rng) -> tuple[Look, bool]:
    """A look, and whether it is metal's."""
    kind = rng.random()
    metal = kind < 0.45
    pattern, second = "plain", None
    if kind < 0.17:  # gold, brass, copper
        color = np.array([0.5, rng.uniform(0.28, 0.42), rng.uniform(0.08, 0.3)]) * rng.uniform(0.25, 1.3)
    elif kind < 0.32:  # silver, gun metal
        color = np.full(3, np.exp(rng.uniform(np.log(0.03), np.log(0.6))))
    elif kind < 0.72:  # black, of metal or plastic
        color = np.full(3, rng.uniform(0.004, 0.04))
    elif kind < 0.85:  # tortoise
        color, second = np.array([0.08, 0.03, 0.01]) * rng.uniform(0.2, 2), np.array([0.4, 0.17, 0.04]) * rng.uniform(0.4, 1.3)
        pattern = "blots"
    else:
        color = rng.random(3) ** 2 * 0.7 + 0.01
    if second is None:
        second = np.clip(color * rng.uniform(2, 6), 0, 0.6)
        pattern = "blots" if rng.random() < 0.1 else "plain"
    gloss, shine = (rng.uniform(0.1, 0.9), 30.0) if metal else (rng.gamma(1.5, 0.12), 40.0)
    return Look(np.clip(color, 0.003, 0.9), second, pattern, 5.0, gloss=gloss, shine=shine, fold=0.0), metal


def _outline(wide: float, rng) -> tuple[np.ndarray, np.ndarray]:
    """(48,) each: how far outwards and upwards from a lens' middle its border lies, mm."""
    power, tall = rng.choice([2.0, 2.0, 2.6, 4.0, 7.0]), rng.uniform(0.58, 1.0)
    turn = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
    cosine, sine = np.cos(turn), np.sin(turn)
    x = np.sign(cosine) * np.abs(cosine) ** (2 / power) * wide
    y = np.sign(sine) * np.abs(sine) ** (2 / power) * wide * tall
    y = y * (1 - rng.uniform(0, 0.25) * (sine < 0)) - rng.uniform(-2, 4)
    if rng.random() < 0.3:  # aviators narrow inwards below; others rise outwards like cats' eyes
        y = y + rng.uniform(-0.12, 0.22) * x
    if rng.random() < 0.2:
        x = x * (1 - 0.25 * np.clip(-y / wide, 0, 1))
    return x, y


def _rim(rim: np.ndarray, height: np.ndarray, frame: _Frame) -> list[Thing]:
    """What holds a lens; `height` (48,) mm of its points over its middle."""
    upper, lower = np.arange(_POINTS) < _POINTS // 2 + 1, np.arange(_POINTS) >= _POINTS // 2
    radius = np.full(_POINTS, frame.radius)
    if frame.kind == "browline":
        top = np.clip(height / max(height.max(), 1e-6), 0, 1)
        radius = 0.45 + (max(frame.radius, 1.4) - 0.45) * np.sqrt(top)
    things = []
    if frame.kind in ("full", "browline"):
        radius = np.append(radius, radius[0])
        things.append(Thing(*tube(rim, radius, 7, closed=True, flat=frame.flat), Part.GLASSES, frame.look))
    elif frame.kind == "half":
        things.append(Thing(*tube(rim[upper], frame.radius, 7, flat=frame.flat), Part.GLASSES, frame.look))
        things.append(Thing(*tube(rim[np.append(np.flatnonzero(lower), 0)], 0.4, 5), Part.GLASSES, frame.edge))
    else:
        things.append(Thing(*tube(rim, 0.4, 5, closed=True), Part.GLASSES, frame.edge))
    return things


def _bridge(rims, frame: _Frame, rng) -> list[Thing]:
    """One bar over the nose, or two."""
    (right, _), (left, _) = rims
    first, last = right[np.argmax(right[:, 0])], left[np.argmin(left[:, 0])]
    along = np.linspace(0, 1, 9)[:, None]
    wide = max(0.6, frame.radius * rng.uniform(0.8, 1.1))
    lifts = [rng.uniform(0, 6)]
    if rng.random() < 0.12:
        lifts.append(rng.uniform(9, 14))
    things = []
    for lift in lifts:
        start, end = (one + [0, max(0, lift - 6), 0] for one in (first, last))
        middle = (start + end) / 2 + [0, 3 + min(lift, 6), 3]
        line = (1 - along) ** 2 * start + 2 * along * (1 - along) * middle + along**2 * end
        things.append(Thing(*tube(line, wide, 7, up=(0, 0, 1)), Part.GLASSES, frame.look))
    return things


def _pads(points: np.ndarray, rims, frame: _Frame, rng) -> list[Thing]:
    """Pads on both sides of the nose, on short wires."""
    bright = rng.uniform(0.15, 0.7)
    look = Look(np.array([1, 0.95, 0.85]) * bright, np.ones(3), gloss=0.4, shine=30.0, fold=0.0, opacity=rng.uniform(0.3, 1.0))
    things = []
    for rim, side in rims:
        inner = rim[np.argmin(rim[:, 0] * side)]
        at = np.array([points[6, 0] + side * rng.uniform(8, 11), inner[1] - rng.uniform(2, 8), inner[2] - rng.uniform(2, 6)])
        turn = np.array([[0.8, 0, 0.6 * side], [0, 1, 0], [-0.6 * side, 0, 0.8]])
        things.append(Thing(*ball(at, np.array([1.3, rng.uniform(3.5, 6), 2.5]), turn, 8), Part.GLASSES, look))
        line = inner + np.linspace(0, 1, 5)[:, None] * (at - inner) + np.sin(np.linspace(0, np.pi, 5))[:, None] * [0, 2, 0]
        things.append(Thing(*tube(line, 0.4, 5), Part.GLASSES, frame.look))
    return things


def _temples(studio: Studio, posed, rims, frame: _Frame, rng) -> list[Thing]:
    """The bars to the ears, at the lenses' middle or above it."""
    things = []
    kind = rng.random()
    wide = rng.uniform(0.5, 1.0) if kind < 0.35 else rng.uniform(0.9, 1.6) if kind < 0.6 else rng.uniform(1.6, 5)
    rise = rng.uniform(0, 9)
    for rim, side in rims:
        ear = posed[studio.model.part("left_ear" if side > 0 else "right_ear") > 0.5]
        hinge = rim[np.argmax(rim[:, 0] * side + 0.15 * rise * (rim[:, 1] - rim[:, 1].mean()) / 9)]
        top = ear[np.argmax(ear[:, 1])]
        rest = np.array([top[0], top[1] - 6, top[2]]) - [side * 4, 0, 0]
        corner = hinge + [side * 2, 3, -3]
        knee = rest + [side * 1, 0, -8]
        path = np.array([hinge, corner, corner * 0.5 + rest * 0.5 + [side * 4, 0, 0], rest, knee, knee + [0, -28, -10]])
        fine = np.stack([np.interp(np.linspace(0, 5, 26), np.arange(6), path[:, axis]) for axis in range(3)], 1)
        things.append(Thing(*tube(fine, wide, 6, flat=0.4, up=(0, 1, 0)), Part.GLASSES, frame.look))
    return things


def _lens(rng) -> Look:
    """Clear, tinted, dark or mirroring; what it mirrors is sometimes green or violet from its coat."""
    kind = rng.random()
    coat = np.ones(3) if rng.random() < 0.6 else 0.3 + 0.7 * rng.random(3)
    if kind < 0.66:
        gloss = rng.gamma(1.0, 0.05) if rng.random() < 0.8 else rng.uniform(0.1, 0.5)
        return Look(np.full(3, 0.02), coat, gloss=gloss, opacity=rng.uniform(0.01, 0.12))
    if kind < 0.74:
        return Look(rng.random(3) * 0.3, coat, gloss=rng.uniform(0, 0.3), opacity=rng.uniform(0.15, 0.45))
    if kind < 0.93:
        return Look(rng.random(3) ** 2 * 0.05, coat, gloss=rng.uniform(0, 0.4), opacity=rng.uniform(0.6, 0.99))
    return Look(rng.random(3) * 0.3, coat, gloss=rng.uniform(0.5, 1.0), opacity=0.97)

"""Hands before a face: palms, fists, single fingers, with nails and knuckles."""

from __future__ import annotations

import cv2
import numpy as np

from .parts import Part
from .things import Look, Thing, ball, draw_look, tube

__all__ = ["draw_hand", "hand"]

_PLACES = (13, 13, 13, 17, 152, 50, 280, 234, 454, 1, 172, 397, 205, 425, 10, 67, 297, 33, 263)
"""Landmarks that hands lie on: mouth, chin, cheeks, jaw, forehead, eyes."""


def draw_hand(
    points: np.ndarray, towards: np.ndarray, axes: np.ndarray, skin: np.ndarray, rng: np.random.Generator
) -> list[Thing]:
    """One hand, or two, on a face with landmarks (478, 3); own skin, another's, or a glove.

    Args:
        towards: (3,) unit, to the camera. axes: (3, 3) right, up and to the camera.
    """
    tone = skin * np.exp(rng.normal(0, 0.12)) if rng.random() < 0.8 else draw_look(rng).color * [1, 0.75, 0.6]
    if rng.random() < 0.08:
        tone = draw_look(rng).color
    things = []
    for _ in range(1 if rng.random() < 0.85 else 2):
        at = points[int(rng.choice(_PLACES))] + towards * rng.uniform(4, 18)
        # The palm lies on the place, or the fingers' tips do.
        things += hand(at, axes, tone, rng, tips=rng.random() < 0.55)
    return things


def hand(at: np.ndarray, axes: np.ndarray, color: np.ndarray, rng: np.random.Generator, tips: bool = False) -> list[Thing]:
    """A palm, fingers and a forearm, about flat before the camera.

    Args:
        at: (3,) mm, middle of the palm. axes: (3, 3) right, up and to the camera. color: (3,). tips: `at` is where fingers end.
    """
    look = Look(
        np.clip(color, 0.01, 0.8),
        color,
        gloss=rng.uniform(0.02, 0.2),
        shine=14.0,
        fold=rng.uniform(0.1, 0.35),
        fold_size=rng.uniform(4, 12),
    )
    nail = _nail(color, rng)
    turn = rng.uniform(-1.9, 1.9)
    flat = axes @ cv2.Rodrigues(np.array([0, 0, turn]))[0]
    flat = flat @ cv2.Rodrigues(np.array([rng.normal(0, 0.35), rng.normal(0, 0.35), 0]))[0]
    side = rng.choice([-1, 1])
    bend, spread, size = rng.uniform(0, 0.9), rng.uniform(0.0, 0.22), rng.uniform(0.85, 1.1)
    if tips:
        bend = rng.uniform(0, 0.5)
        at = at - flat @ np.array([rng.normal(0, 12), 36 + rng.uniform(35, 70), 0])
    folded = rng.random(4) < rng.choice([0.0, 0.0, 0.5, 0.75])
    things = [Thing(*ball(at, np.array([36, 44, 12]), flat), Part.COVER, look)]
    for finger in range(4):
        angle = (finger - 1.5) * spread + rng.normal(0, 0.04)
        base = np.array([(finger - 1.5) * 18.0, 36, 0])
        long = (66, 78, 72, 56)[finger if side > 0 else 3 - finger] * size
        curl = 2.6 if folded[finger] else bend * rng.uniform(0.6, 1.3)
        things += _finger(at, base, angle, long, curl, flat, (look, nail))
    s = np.linspace(0, 1, 7)
    thumb = np.stack([side * (28 + 42 * s), -8 + 44 * s, 4 + 4 * s], 1)
    things.append(Thing(*tube(at + thumb @ flat.T, 10.5 * np.sqrt(np.clip(1.03 - s**8, 0.02, 1)), 9), Part.COVER, look))
    arm = np.stack([0 * s, -30 - 260 * s, -10 * s], 1)
    things.append(Thing(*tube(at + arm @ flat.T, np.linspace(25, 40, 7), 12, flat=0.8), Part.COVER, look))
    if rng.random() < 0.6:  # a sleeve
        part = np.linspace(rng.uniform(0.1, 0.5), 1, 6)
        line = at + np.stack([0 * part, -30 - 260 * part, -10 * part], 1) @ flat.T
        things.append(Thing(*tube(line, np.linspace(36, 52, 6), 12, flat=0.85), Part.COVER, draw_look(rng)))
    return things


def _nail(color: np.ndarray, rng) -> Look:
    """Bare, or painted."""
    bare = np.clip(color * [1.05, 1.15, 1.2] + 0.04, 0, 0.85)
    shade = bare if rng.random() < 0.7 else rng.random(3) ** 2 * 0.6 + 0.01
    return Look(shade, shade, gloss=rng.uniform(0.2, 0.7), shine=40.0, fold=0.0)


def _finger(at, base, angle: float, long: float, curl: float, flat: np.ndarray, looks: tuple[Look, Look]) -> list[Thing]:
    """A finger with knuckles, and the nail of one that shows its back to the camera."""
    s = np.linspace(0, 1, 14)
    up = long * np.sin(curl * s + 1e-3) / (curl + 1e-3)
    deep = -long * (1 - np.cos(curl * s)) / (curl + 1e-3)
    line = base + np.stack([np.sin(angle) * up, np.cos(angle) * up, deep], 1)
    knuckles = 1 + 0.07 * (np.exp(-(((s - 0.35) / 0.08) ** 2)) + np.exp(-(((s - 0.7) / 0.06) ** 2)))
    radius = 8.6 * (1 - 0.22 * s) * np.sqrt(np.clip(1.03 - s**8, 0.02, 1)) * knuckles
    things = [Thing(*tube(at + line @ flat.T, radius, 9), Part.COVER, looks[0])]
    if curl < 0.7:
        ahead = line[-1] - line[-2]
        ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-9)
        aside = np.cross(ahead, [0, 0, 1.0])
        aside /= max(float(np.linalg.norm(aside)), 1e-9)
        out = np.cross(aside, ahead)
        turn = np.stack([aside, ahead, out], 1)
        place = line[-2] - 3.0 * ahead + 5.8 * out
        things.append(Thing(*ball(at + flat @ place, np.array([4.6, 6.0, 1.4]), flat @ turn, 8), Part.COVER, looks[1]))
    return things

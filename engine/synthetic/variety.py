"""Domain randomisation: what a picture may look like without the head's shape being another.

The plain look of :mod:`.render` paints everything where the mean head has it and lights it with two lamps, so a network
learns to trust colours that people do not share. Here brows, lips and hairline are moved and redrawn, skin is stained,
light comes from a whole sky with its shadows under nose and chin, and the developer changes more.
"""

from __future__ import annotations

import cv2
import numpy as np

from .heads import smooth_field
from .paint import Paint

__all__ = ["draw_lamps", "draw_sky", "finish", "moved_paint", "varied_paint"]

_SKY_DIRECTIONS = 12
"""Number of directions from which light of the surroundings comes."""


def varied_paint(paint: Paint, rng: np.random.Generator) -> Paint:
    """The plain look's paint with the rest of what people show."""
    skin = np.array(paint.skin)
    brow = np.exp(rng.uniform(np.log(0.01), np.log(0.2))) * np.array([1, rng.uniform(0.55, 0.95), rng.uniform(0.3, 0.9)])
    if rng.random() < 0.15:
        brow = skin * rng.uniform(0.4, 0.8)
    paint = paint._replace(
        brow=tuple(brow),
        brow_paint=rng.choice([0.0, 0.5, 1.0]),
        brow_gap=rng.normal(0, 2.5),
        brow_tilt=rng.normal(0, 0.10),
        brow_arch=rng.normal(0, 2.0),
        brow_ragged=rng.uniform(-0.9, 1.2),
        brow_width=np.exp(rng.uniform(np.log(1.6), np.log(6.5))),
        brow_rise=rng.normal(0, 2.5),
        brow_strength=rng.uniform(0.0, 1.0) ** 0.6,
    )
    if rng.random() < 0.5:
        stain = rng.uniform(0, 0.16) * np.array([rng.uniform(-0.6, 1), 1, rng.uniform(0, 1.2)])
        paint = paint._replace(stain=tuple(stain))
    if rng.random() < 0.4:
        paint = paint._replace(mole=rng.uniform(0.2, 1))
    if rng.random() < 0.4:
        paint = paint._replace(rings=rng.uniform(0, 0.7))
    paint = paint._replace(
        bare=float(rng.random() < 0.5),
        lip_edge=rng.uniform(-0.3, 0.3),
        lip_strength=rng.uniform(0, 1),
        beard_wide=rng.normal(0, 8),
        ragged=rng.uniform(0, 9) * (rng.random() < 0.6),
        temple=rng.normal(0, 9),
    )
    if rng.random() < 0.15:
        lip = np.array([rng.uniform(0.15, 0.6), rng.uniform(0.01, 0.2), rng.uniform(0.02, 0.25)])
        paint = paint._replace(lip=tuple(lip))
    if rng.random() < 0.3:
        paint = paint._replace(beard=rng.uniform(0.05, 0.5), beard_low=rng.uniform(-16, 6))
    if rng.random() < 0.6:
        paint = paint._replace(freckle=0.0)
    paint = paint._replace(gloss=rng.gamma(1.2, 0.12) if rng.random() < 0.8 else rng.uniform(0.3, 0.9))
    tint = np.exp(rng.normal(0, 0.08, 3))
    red = rng.spawn(1)[0]  # a generator of its own: what else is drawn stays as the networks have learnt it
    tongue = red.uniform(0.22, 0.6) * np.array([1, red.uniform(0.25, 0.6), red.uniform(0.25, 0.6)])
    return paint._replace(skin=tuple(skin * tint), tongue=tuple(tongue))


def draw_lamps(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions towards two lamps in camera axes (2, 3), their half angles in radians (2,), and their colours (2, 3)."""
    lights = rng.normal(size=(2, 3)) * [1, 0.8, 0.7] + [0, -0.5, -0.6]
    kind = rng.random()
    if kind < 0.2:  # from above, as ceilings and noon
        lights[0] = [rng.normal(0, 0.25), -1, rng.normal(-0.35, 0.25)]
    elif kind < 0.3:  # beside the lens
        lights[0] = [rng.normal(0, 0.1), rng.normal(-0.1, 0.1), -1]
    elif kind < 0.35:  # from below
        lights[0] = [rng.normal(0, 0.4), 0.8, -0.8]
    if rng.random() < 0.3:  # a rim from behind
        lights[1] = [rng.choice([-1, 1]) * rng.uniform(0.6, 1), -rng.uniform(0, 0.8), rng.uniform(0.1, 0.7)]
    lights /= np.linalg.norm(lights, axis=1, keepdims=True)
    soft = rng.uniform(0, 0.35, 2) * (rng.random(2) < 0.6)
    strength = np.array([rng.uniform(0, 1.6), rng.uniform(0, 0.7) * (rng.random() < 0.6)])
    return lights, soft, strength[:, None] * np.exp(rng.normal(0, 0.15, (2, 3)))


def draw_sky(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Directions in camera axes (K, 3) and what they shine, times their share of the sphere over pi (K, 3)."""
    number = np.arange(_SKY_DIRECTIONS) + 0.5
    up = 1 - 2 * number / _SKY_DIRECTIONS
    around = np.pi * (1 + 5**0.5) * number
    sphere = np.stack([np.sqrt(1 - up**2) * np.cos(around), up, np.sqrt(1 - up**2) * np.sin(around)], 1)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    sphere = sphere @ turn
    top, ground = rng.uniform(0.1, 1.2) * np.exp(rng.normal(0, 0.12, 3)), rng.uniform(0, 0.5) * np.exp(rng.normal(0, 0.2, 3))
    share = np.clip(0.5 - 0.5 * sphere[:, 1] * rng.uniform(0.6, 1.6), 0, 1)[:, None]
    shine = top * share + ground * (1 - share)
    for _ in range(rng.integers(0, 4)):  # windows
        towards = rng.normal(size=3) * [1, 0.7, 0.8] + [0, -0.4, -0.5]
        towards /= np.linalg.norm(towards)
        near = np.exp((sphere @ towards - 1) / rng.uniform(0.06, 0.4))
        shine = shine + near[:, None] * rng.uniform(0.3, 3) * np.exp(rng.normal(0, 0.12, 3))
    return sphere, shine * 4 / _SKY_DIRECTIONS * rng.uniform(0.3, 1)


def moved_paint(place: np.ndarray, rng: np.random.Generator, alike: float = 0.75) -> np.ndarray:
    """(N, 3) mm: where on the mean head the colour of each point is taken from, minus where it lies.

    Args:
        alike: share of it that both sides have in common.
    """
    amount = rng.uniform(0, 2.5)
    return smooth_field(place, rng, (40, 160), alike) * amount + rng.normal(0, [0.3, 1.0, 0.5]) * amount * 0.6


def finish(picture: np.ndarray, rng: np.random.Generator, grey: float = 0.12) -> np.ndarray:
    """(S, S, 3) float32 sRGB in [0, 1] -> the same after more of what cameras and programs do to photos.

    Args:
        grey: share of pictures without color.
    """
    side = len(picture)
    if rng.random() < 0.4:
        picture = np.power(np.clip(picture, 0, 1), np.float32(np.exp(rng.normal(0, 0.25))))
    if rng.random() < 0.3:
        picture = picture * np.float32(rng.uniform(0.75, 1)) + np.float32(rng.uniform(0, 0.15))
    if rng.random() < 0.2:
        axis = np.linspace(-1, 1, side, dtype=np.float32) - np.float32(rng.normal(0, 0.3))
        across = np.linspace(-1, 1, side, dtype=np.float32) - np.float32(rng.normal(0, 0.3))
        picture = picture * (1 - np.float32(rng.uniform(0, 0.3)) * (axis[:, None] ** 2 + across**2))[..., None]
    if rng.random() < grey:
        picture = np.repeat(picture.mean(-1, keepdims=True), 3, -1)
    if rng.random() < 0.15:  # a phone's noise reduction
        picture = cv2.bilateralFilter(np.ascontiguousarray(picture, np.float32), 5, rng.uniform(0.03, 0.12), 3)
    if rng.random() < 0.25:  # sharpened
        blurred = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.7, 2) * side / 256)
        picture = picture + (picture - blurred) * np.float32(rng.uniform(0.2, 1))
    return np.clip(picture, 0, 1)

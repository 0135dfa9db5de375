"""Glasses, masks, fingers, words, hair and paint over a face in a photo: another drawing code than the one that networks learnt
from, and it says exactly where things lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..photo.regions import CHIN, EYES, OUTER_LIPS, OVAL
from . import painted_bands as bands
from .canvas import Canvas

__all__ = ["THINGS", "Painted", "paint", "paint_face"]

_JAW = (454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234)
"""Landmarks along the jaw, from the left ear to the right one."""
_LETTERS = 0.0073
"""Size of words: OpenCV's scale over the face's width in pixels."""
_FINGER = 0.12
"""Breadth of a finger, face widths."""


class Painted(NamedTuple):
    """A photo with something on it."""

    pixels: np.ndarray
    """(H, W, 3) uint8."""
    mask: np.ndarray
    """(H, W) bool: where it lies."""
    parts: tuple[str, ...]
    """What it may be called: names of :data:`engine.photo.part_net.PARTS`."""


class Thing(NamedTuple):
    """Something that can be painted."""

    parts: tuple[str, ...]
    """What it may be called."""
    draw: Callable[[Canvas], None]
    """Lays it over the face."""


def paint(name: str, pixels: np.ndarray, landmarks: np.ndarray) -> Painted:
    """Paint one of :data:`THINGS` over a face.

    Args:
        pixels: (H, W, 3) uint8 sRGB. landmarks: (478, 2 or more) of the face in them, pixels.
    """
    canvas = Canvas(pixels, landmarks)
    THINGS[name].draw(canvas)
    return Painted(*canvas.done(), THINGS[name].parts)


def paint_face(pixels: np.ndarray, landmarks: np.ndarray, color: tuple[int, int, int], half: bool = True) -> np.ndarray:
    """(H, W, 3) uint8: paint of an sRGB color on the left half of a face, or on all of it; see :func:`paint`."""
    canvas = Canvas(pixels, landmarks)
    _face_paint(canvas, color, half)
    return canvas.done()[0]


def _lens(canvas: Canvas, eye: int, square: float, size: tuple[float, float]) -> np.ndarray:
    """(60, 2) outline before an eye, once around from its right end over the lower side."""
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    x, y = np.sign(c) * np.abs(c) ** square * size[0], np.sign(s) * np.abs(s) ** square * size[1]
    return canvas.at(canvas.points[list(EYES[eye])].mean(0), x, y + 0.025)


def _glasses(
    canvas: Canvas, color, thick: float, square: float = 1.0, size=(0.19, 0.15), lower: bool = True, glass=None, streak=0.0
) -> None:
    """Glasses.

    Args:
        color: of the frames. thick: their breadth, face widths. square: 1 for oval lenses, less for those with corners.
        size: half breadth and half height of a lens, face widths. lower: whether rims run below the lenses, too.
        glass: color and opacity of lenses that are not clear. streak: opacity of a reflection across each eye.
    """
    for eye in range(2):
        rim = _lens(canvas, eye, square, size)
        if glass is not None:
            canvas.lay(canvas.area(rim), *glass, shade=1 + 0.8 * canvas.axes(rim.mean(0))[1])
        gleam = canvas.disc(0.7 * rim[38] + 0.3 * rim.mean(0), (0.07, 0.025), canvas.right - 0.8 * canvas.down)
        canvas.lay(gleam, (235, 240, 245), 0.12)  # beside the eye
        middle = rim.mean(0)
        canvas.lay(canvas.line([canvas.at(middle, -0.1, 0.06), canvas.at(middle, 0.08, -0.1)], 0.05), (235, 235, 235), streak)
        canvas.lay(canvas.line(rim if lower else np.concatenate([rim[30:], rim[:1]]), thick, lower), color)
    right, left = (canvas.points[list(lids)].mean(0) for lids in EYES)
    gap = [canvas.at(right, size[0], 0.0), canvas.at((right + left) / 2, 0, -0.03), canvas.at(left, -size[0], 0.0)]
    canvas.lay(canvas.line(gap, thick), color)
    for middle, side, temple in ((right, -1, 127), (left, 1, 356)):
        ends = [canvas.at(middle, side * size[0], -0.01), canvas.at(canvas.points[temple], side * 0.03, 0.0)]
        canvas.lay(canvas.line(ends, thick), color)


def _mask(canvas: Canvas, color, second=None, dots: bool = False, low: bool = False) -> None:
    """A folded mask with its bands.

    Args:
        second: color of every other square, or of dots. low: whether the nose is left out.
    """
    points = canvas.points
    jaw = [canvas.at(points[i], 0.0, 0.04) for i in _JAW]
    if low:
        corners, edge = (132, 361), [points[132], points[2], points[361], *jaw[3:-3]]
    else:
        corners, edge = (117, 346), [points[117], (points[6] + points[5]) / 2, points[346], *jaw]
    across, along = canvas.axes(points[13])
    folds = 1 - 0.12 * np.exp(-((np.mod(along * 7, 1) - 0.5) ** 2) / 0.01)
    tone = np.broadcast_to(np.float32(color), canvas.image.shape).copy()
    if second is not None and dots:
        tone[np.hypot(np.mod(across * 12, 1) - 0.5, np.mod(along * 12, 1) - 0.5) < 0.3] = second
    elif second is not None:
        tone[(np.floor(across * 14) + np.floor(along * 14)) % 2 == 0] = second
    for ear, corner in zip((234, 454), corners):
        canvas.lay(canvas.line(points[[ear, corner]], 0.012), color)
    canvas.lay(canvas.area(edge), tone, shade=canvas.face_shade() * folds)


def _finger(canvas: Canvas, tip: np.ndarray, end: np.ndarray, skin: np.ndarray) -> None:
    """A finger with its nail."""
    cover, ahead = canvas.line([tip, end], _FINGER), (tip - end) / np.linalg.norm(tip - end)
    canvas.lay(cover, skin * (1.0, 0.97, 0.95), shade=canvas.round_shade(cover, _FINGER / 2))
    nail = canvas.disc(tip + 0.005 * canvas.width * ahead, (0.085, 0.065), ahead)
    canvas.lay(nail, np.clip(skin * (1.04, 1.0, 1.0) + 8, 0, 255))


def _fingers(canvas: Canvas, place: int, count: int, color=None) -> None:
    """Fingers from the side and below, in the face's own color or in a glove's, their tips at a landmark."""
    skin, origin = canvas.skin() if color is None else np.array(color, float), canvas.points[place]
    for finger in range(count):
        row = finger - count / 2
        tip = canvas.at(origin, 0.06 + 0.02 * (finger % 2), 0.125 * row)
        _finger(canvas, tip, canvas.at(origin, -0.75, 0.14 * row + 0.35), skin)


def _hand(canvas: Canvas) -> None:
    """Three fingers from below over the mouth."""
    skin, points = canvas.skin(), canvas.points
    for finger in range(3):
        share = finger / 2.5
        tip = canvas.at(points[61] * (1 - share) + points[291] * share, 0.0, 0.03 * finger - 0.1)
        _finger(canvas, tip, canvas.at(points[CHIN], 0.16 * finger - 0.02, 0.35), skin)


def _words(canvas: Canvas, place: int, color, text: str = "IMG 2047", edge: bool = False, bar: bool = False) -> None:
    """Words around a landmark, as they stand or with a dark edge, or on a dark bar."""
    middle = canvas.points[place]
    if bar:
        x, y = 1.1 * canvas.width, 0.13 * canvas.width
        canvas.lay(canvas.area(middle + np.array([(-x, -y), (x, -y), (x, y), (-x, y)])), (20, 20, 20))
    if edge:
        canvas.lay(canvas.letters(text, middle, _LETTERS, 0.07), (0, 0, 0))
    canvas.lay(canvas.letters(text, middle, _LETTERS, 0.022), color)


def _microphone(canvas: Canvas) -> None:
    ball = canvas.at(canvas.points[17], 0.04, 0.05)
    stick = canvas.line([ball, canvas.at(ball, 0.25, 0.9)], 0.12)
    canvas.lay(stick, (30, 30, 33), shade=canvas.round_shade(stick, 0.06))
    across, along = canvas.axes(ball)
    mesh = 0.85 + 0.3 * ((np.floor(across * 50) + np.floor(along * 50)) % 2)
    away = (across**2 + along**2) / 0.15**2
    canvas.lay(canvas.disc(ball, (0.3, 0.3), canvas.right), (35, 35, 38), shade=mesh * np.sqrt(np.clip(1.3 - away, 0.1, 1.3)))


def _lock(canvas: Canvas, color=(45, 32, 25)) -> None:
    """A lock of hair that falls over the left eye."""
    points, rng, t = canvas.points, np.random.default_rng(3), np.linspace(0, 1, 16)
    for tone in rng.uniform(0.7, 1.5, 8):
        cover = np.zeros(canvas.shape, np.float32)
        for _ in range(20):
            high = canvas.at(points[338], *(rng.normal(0, 0.1, 2) - (0, 0.12)))
            low = canvas.at(points[346], *(rng.normal(0, 0.06, 2) + (0, 0.2)))
            spine = high + t[:, None] * (low - high)
            cover = np.maximum(cover, canvas.line(canvas.at(spine, -0.14 * np.sin(np.pi * t), 0.0 * t), 0.012))
        canvas.lay(cover, np.float32(color) * tone)


def _face_paint(canvas: Canvas, color, half: bool = True) -> None:
    """Paint on the left half of the face, or on all of it, around eyes and lips, under the photo's light."""
    cover = canvas.area(canvas.points[list(OVAL)])
    if half:
        cover = cover * (canvas.axes(canvas.points[4])[0] > 0)
    for bare in (*EYES, *(() if half else (OUTER_LIPS,))):
        cover = cover * (1 - canvas.area(canvas.points[list(bare)]))
    light = canvas.image.mean(-1)
    canvas.lay(cover, color, 0.92, shade=light / max(float(light[cover > 0.5].mean()), 1))


_FRAMES = ("glasses",)
"""What frames may be called."""
_LENSES = ("lens", "glasses")
"""What sunglasses may be called."""
_ACROSS = ("cover", "lens", "glasses")
"""What lies across the eyes may be called."""
_COVER = ("cover",)
"""What everything else but hair may be called."""

THINGS: dict[str, Thing] = {
    "wire of gold": Thing(_FRAMES, lambda face: _glasses(face, (170, 140, 80), 0.009)),
    "black wire": Thing(_FRAMES, lambda face: _glasses(face, (25, 22, 22), 0.009, 0.7, (0.19, 0.12))),
    "silver": Thing(_FRAMES, lambda face: _glasses(face, (185, 188, 192), 0.012, 0.6, (0.19, 0.13))),
    "half rims": Thing(_FRAMES, lambda face: _glasses(face, (40, 30, 30), 0.014, 0.7, (0.19, 0.13), lower=False)),
    "round": Thing(_FRAMES, lambda face: _glasses(face, (25, 22, 22), 0.018, 1.0, (0.165, 0.15))),
    "middling": Thing(_FRAMES, lambda face: _glasses(face, (60, 35, 25), 0.02, 0.8)),
    "red": Thing(_FRAMES, lambda face: _glasses(face, (160, 30, 40), 0.028, 0.8)),
    "brow line": Thing(_FRAMES, lambda face: _glasses(face, (30, 25, 25), 0.03, 0.6, (0.18, 0.125), lower=False)),
    "broad": Thing(_FRAMES, lambda face: _glasses(face, (22, 20, 22), 0.034, 0.6, (0.2, 0.155))),
    "brown": Thing(_FRAMES, lambda face: _glasses(face, (120, 70, 40), 0.035, 0.7, (0.18, 0.13))),
    "thick": Thing(_FRAMES, lambda face: _glasses(face, (18, 18, 20), 0.045, 0.5, (0.18, 0.13))),
    "sunglasses": Thing(_LENSES, lambda face: _glasses(face, (16, 16, 18), 0.02, 0.7, (0.2, 0.16), glass=((20, 20, 24), 1.0))),
    "sunglasses that reflect": Thing(
        _LENSES,
        lambda face: _glasses(face, (16, 16, 18), 0.02, 0.7, (0.2, 0.16), glass=((20, 20, 24), 1.0), streak=0.2),
    ),
    "round sunglasses": Thing(
        _LENSES, lambda face: _glasses(face, (150, 130, 90), 0.01, 1.0, (0.2, 0.16), glass=((30, 22, 15), 0.95))
    ),
    "mirrors": Thing(
        _LENSES, lambda face: _glasses(face, (150, 140, 90), 0.012, 0.7, (0.2, 0.16), glass=((90, 130, 190), 0.97))
    ),
    "tinted": Thing(_LENSES, lambda face: _glasses(face, (40, 30, 25), 0.015, 0.7, (0.2, 0.16), glass=((60, 30, 20), 0.7))),
    "white mask": Thing(_COVER, lambda face: _mask(face, (230, 232, 234))),
    "blue mask": Thing(_COVER, lambda face: _mask(face, (120, 170, 205))),
    "black mask": Thing(_COVER, lambda face: _mask(face, (30, 30, 33))),
    "checked mask": Thing(_COVER, lambda face: _mask(face, (185, 55, 58), (235, 225, 205))),
    "dotted mask": Thing(_COVER, lambda face: _mask(face, (40, 60, 110), (240, 240, 235), dots=True)),
    "mask of skin's color": Thing(_COVER, lambda face: _mask(face, (205, 165, 140))),
    "mask under the nose": Thing(_COVER, lambda face: _mask(face, (120, 170, 205), low=True)),
    "fingers on the mouth": Thing(_COVER, lambda face: _fingers(face, 13, 2)),
    "fingers on the chin": Thing(_COVER, lambda face: _fingers(face, 18, 4)),
    "fingers on a cheek": Thing(_COVER, lambda face: _fingers(face, 50, 3)),
    "fingers from below": Thing(_COVER, _hand),
    "gloved fingers": Thing(_COVER, lambda face: _fingers(face, 13, 3, (60, 70, 120))),
    "words on the lips": Thing(_COVER, lambda face: _words(face, 13, (250, 250, 250))),
    "words on the chin": Thing(_COVER, lambda face: _words(face, 18, (250, 230, 40), "hello you")),
    "caption": Thing(_COVER, lambda face: _words(face, 13, (255, 255, 255), "HELLO WORLD", edge=True)),
    "caption on a bar": Thing(_COVER, lambda face: _words(face, 13, (250, 220, 60), "HELLO WORLD", bar=True)),
    "microphone": Thing(_COVER, _microphone),
    "half painted": Thing(_COVER, lambda face: _face_paint(face, (40, 90, 170))),
    "blindfold": Thing(_COVER, lambda face: bands.band(face, (28, 26, 28))),
    "red blindfold": Thing(_COVER, lambda face: bands.band(face, (165, 30, 40))),
    "white bandage": Thing(_COVER, lambda face: bands.band(face, (232, 230, 224), above=0.2)),
    "striped band": Thing(_COVER, lambda face: bands.band(face, (40, 70, 130), (225, 225, 220))),
    "ski goggles": Thing(_ACROSS, lambda face: bands.goggles(face, (225, 225, 228), (190, 95, 40))),
    "dark goggles": Thing(_ACROSS, lambda face: bands.goggles(face, (25, 25, 28), (30, 34, 40))),
    "white headset": Thing(_ACROSS, lambda face: bands.headset(face, (225, 226, 228))),
    "black headset": Thing(_ACROSS, lambda face: bands.headset(face, (32, 32, 35))),
    "eye patch": Thing(_ACROSS, lambda face: bands.patch(face, (22, 20, 20))),
    "headset's arm": Thing(_COVER, lambda face: bands.boom(face, (28, 28, 30))),
    "headset's arm, grey, left": Thing(_COVER, lambda face: bands.boom(face, (150, 152, 156), 0.02, 1)),
    "subtitles": Thing(_COVER, lambda face: bands.subtitles(face, (255, 255, 255), ("I never said that", "to him."))),
    "subtitles on the lips": Thing(_COVER, lambda face: bands.subtitles(face, (255, 255, 255), ("you were there",), 13)),
    "yellow subtitles": Thing(
        _COVER, lambda face: bands.subtitles(face, (250, 220, 40), ("What do you think?", "Tell me!"), 17)
    ),
    "lock of hair": Thing(("hair",), _lock),
}
"""What can be painted, by name."""

"""What lies across the eyes or before the mouth: bands, goggles, patches, a headset's arm, small subtitles."""

from __future__ import annotations

import numpy as np

from ..photo.regions import EYES
from .canvas import Canvas

__all__ = ["band", "boom", "goggles", "headset", "patch", "subtitles"]

_EARS = (234, 454)
"""Landmarks before the right and the left ear."""
_SUBTITLE = 0.0023
"""Size of subtitles: OpenCV's scale over the face's width in pixels."""


def band(canvas: Canvas, color, second=None, above: float = 0.17, below: float = 0.15) -> None:
    """A cloth around the head, across both eyes.

    Args:
        color: sRGB. second: of every other stripe. above, below: how far it reaches from the middle of the eyes, face widths.
    """
    middle = canvas.points[[*EYES[0], *EYES[1]]].mean(0)
    x = np.linspace(-0.62, 0.62, 40)
    sag = 0.05 * (x / 0.6) ** 2
    edge = np.concatenate([canvas.at(middle, x, -above - sag), canvas.at(middle, x[::-1], below - sag[::-1])])
    across, along = canvas.axes(middle)
    tone = np.broadcast_to(np.float32(color), canvas.image.shape).copy()
    if second is not None:
        tone[np.floor((along + 0.3 * across) * 18) % 2 == 0] = second
    folds = 1 - 0.2 * np.exp(-((np.mod(along * 9 + 0.6 * across**2, 1) - 0.5) ** 2) / 0.02)
    canvas.lay(canvas.area(edge), tone, shade=canvas.face_shade() * folds)


def goggles(canvas: Canvas, frame, glass, strap=(40, 40, 45), gleam: float = 0.25) -> None:
    """Ski or diving goggles: one wide lens in a thick frame, and a strap."""
    middle = canvas.points[[*EYES[0], *EYES[1]]].mean(0)
    band(canvas, strap, above=0.07, below=0.07)
    turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    x = 0.43 * np.sign(c) * np.abs(c) ** 0.55
    y = np.where(s > 0, 0.24 * s - 0.07 * np.exp(-((x / 0.09) ** 2)) * (s > 0.2), 0.22 * s)
    rim = canvas.at(middle, x, y)
    across, along = canvas.axes(middle)
    canvas.lay(canvas.area(rim), glass, shade=np.clip(1.1 - 1.5 * along, 0.4, 1.8))
    streak = canvas.line([canvas.at(middle, -0.25, 0.12), canvas.at(middle, -0.08, -0.14)], 0.08)
    canvas.lay(streak, (235, 240, 245), gleam)
    canvas.lay(canvas.line(rim, 0.05, True), frame, shade=1 + 0.3 * across)


def headset(canvas: Canvas, color) -> None:
    """Goggles of virtual reality: a box before the eyes, with its strap."""
    middle = canvas.points[[*EYES[0], *EYES[1]]].mean(0)
    band(canvas, (50, 50, 52), above=0.06, below=0.06)
    turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    box = canvas.at(middle, 0.47 * np.sign(c) * np.abs(c) ** 0.3, 0.02 + 0.25 * np.sign(s) * np.abs(s) ** 0.3)
    across, along = canvas.axes(middle)
    canvas.lay(canvas.area(box), color, shade=np.clip(1.0 - 0.6 * along - 0.3 * across, 0.4, 1.3))
    for side in (-1, 1):
        canvas.lay(canvas.disc(canvas.at(middle, 0.3 * side, 0.14), (0.05, 0.05), canvas.right), (20, 20, 20))


def patch(canvas: Canvas, color) -> None:
    """A patch over the right eye, with its cord."""
    middle = canvas.points[list(EYES[0])].mean(0)
    canvas.lay(canvas.line([canvas.at(middle, -0.3, 0.12), canvas.at(middle, 0.75, -0.4)], 0.02), color)
    canvas.lay(canvas.disc(middle, (0.3, 0.27), canvas.right), color, shade=canvas.face_shade())


def boom(canvas: Canvas, color, thick: float = 0.025, side: int = 0) -> None:
    """A headset's arm from an ear to before the mouth, with its microphone; side: 0 from the right ear, 1 from the left."""
    ear, corner = canvas.points[_EARS[side]], canvas.points[(61, 291)[side]]
    tip = canvas.at(0.6 * corner + 0.4 * canvas.points[17], 0.0, 0.03)
    way = 1 if side else -1
    bend = canvas.at((ear + tip) / 2, 0.02 * way, 0.11)
    t = np.linspace(0, 1, 24)[:, None]
    arm = canvas.line((1 - t) ** 2 * canvas.at(ear, 0.05 * way, -0.05) + 2 * t * (1 - t) * bend + t**2 * tip, thick)
    canvas.lay(arm, color, shade=canvas.round_shade(arm, thick / 2))
    ball = canvas.disc(tip, (0.12, 0.09), tip - bend)
    canvas.lay(ball, np.array(color) * 0.8, shade=canvas.round_shade(ball, 0.05))
    canvas.lay(canvas.disc(canvas.at(ear, 0.1 * way, -0.05), (0.22, 0.34), canvas.down), color)


def subtitles(canvas: Canvas, color, lines: tuple[str, ...], place: int = 18, edge: bool = True) -> None:
    """Small letters on lips and chin, as films have them; place: landmark in the middle of the first line."""
    for row, text in enumerate(lines):
        middle = canvas.at(canvas.points[place], 0.0, 0.075 * row)
        if edge:
            canvas.lay(canvas.letters(text, middle, _SUBTITLE, 0.016), (0, 0, 0))
        canvas.lay(canvas.letters(text, middle, _SUBTITLE, 0.006), color)

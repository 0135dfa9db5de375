"""Glasses, masks, fingers and words painted flat on a photo: another drawing code than the one that networks learnt from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from ..photo.regions import CHIN, EYES, OVAL, TOP

__all__ = ["THINGS", "Painted", "paint"]

_SUB = 4
"""Bits of fractions of a pixel in OpenCV's drawing."""
_MASK = (127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356)
"""Landmarks of the face's lower outline, from ear to ear."""


class Painted(NamedTuple):
    """A photo with something on it."""

    pixels: np.ndarray
    """(H, W, 3) uint8."""
    mask: np.ndarray
    """(H, W) bool: where it lies."""
    parts: tuple[str, ...]
    """What it may be called."""


class _Face(NamedTuple):
    """Axes of a face in a photo, for drawing in face widths."""

    pixels: np.ndarray
    points: np.ndarray
    """(478, 2) pixels."""
    width: float
    """Pixels."""
    right: np.ndarray
    """(2,) unit, along the eyes."""
    down: np.ndarray
    """(2,) unit."""

    def at(self, origin: np.ndarray, x, y) -> np.ndarray:
        """(..., 2) pixels of a place x to the right of and y below an origin, face widths."""
        x, y = np.asarray(x)[..., None], np.asarray(y)[..., None]
        return origin + self.width * (x * self.right + y * self.down)


def paint(name: str, pixels: np.ndarray, points: np.ndarray, width: float) -> Painted:
    """Paint one of :data:`THINGS`.

    Args:
        pixels: (H, W, 3) uint8. points: (478, 2 or more) landmarks, pixels. width: of the face, pixels.
    """
    points = np.asarray(points, float)[:, :2]
    down = points[CHIN] - points[TOP]
    down /= np.linalg.norm(down)
    cover, color, parts = THINGS[name](_Face(pixels, points, width, np.array([down[1], -down[0]]), down))
    share = cover[..., None] / 255.0
    out = pixels * (1 - share) + color * share
    return Painted(np.round(out).clip(0, 255).astype(np.uint8), cover > 100, parts)


def _line(shape, points: np.ndarray, thick: float, closed: bool = False) -> np.ndarray:
    """(H, W) uint8 cover of a line of any thickness in pixels, drawn four times as large."""
    big = np.zeros((shape[0] * 4, shape[1] * 4), np.uint8)
    places = np.round(np.asarray(points) * 4 * 2**_SUB).astype(np.int32)
    cv2.polylines(big, [places], closed, 255, max(1, round(thick * 4)), cv2.LINE_AA, _SUB)
    return cv2.resize(big, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)


def _area(shape, points: np.ndarray) -> np.ndarray:
    out = np.zeros(shape, np.uint8)
    cv2.fillPoly(out, [np.round(np.asarray(points) * 2**_SUB).astype(np.int32)], 255, cv2.LINE_AA, _SUB)
    return out


def _lens(face: _Face, eye: int, square: float, size: tuple[float, float]) -> np.ndarray:
    """(60, 2) outline before one eye."""
    middle = face.points[list(EYES[eye])].mean(0)
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    x, y = np.sign(c) * np.abs(c) ** square * size[0], np.sign(s) * np.abs(s) ** square * size[1]
    return face.at(middle, x, y + 0.025)


def _frames(face: _Face, thick: float, color, square: float = 1.0, size=(0.19, 0.15), lower: bool = True):
    shape = face.pixels.shape[:2]
    cover = np.zeros(shape, np.uint8)
    for eye in range(2):
        rim = _lens(face, eye, square, size)
        cover |= _line(shape, rim if lower else np.concatenate([rim[30:], rim[:1]]), thick * face.width, lower)
    right, left = (face.points[list(lids)].mean(0) for lids in EYES)
    gap = np.array([face.at(right, size[0], 0.0), face.at((right + left) / 2, 0, -0.03), face.at(left, -size[0], 0.0)])
    cover |= _line(shape, gap, thick * face.width)
    for eye, side in ((0, -1), (1, 1)):
        middle = face.points[list(EYES[eye])].mean(0)
        temple = face.points[127 if eye == 0 else 356]
        cover |= _line(shape, np.array([face.at(middle, side * size[0], -0.01), temple]), thick * face.width)
    return cover, np.array(color, float), ("glasses",)


def _shades(face: _Face, color, opacity: float = 1.0, square: float = 0.7):
    shape = face.pixels.shape[:2]
    cover = np.zeros(shape, np.uint8)
    for eye in range(2):
        cover |= _area(shape, _lens(face, eye, square, (0.2, 0.16)))
    rows = np.linspace(0.7, 1.3, shape[0])[:, None, None]
    return (cover * opacity).astype(np.uint8), np.clip(np.array(color) * rows, 0, 255), ("lens", "glasses")


def _mask(face: _Face, color, top: int = 197, second=None):
    shape, points = face.pixels.shape[:2], face.points
    low = list(_MASK) if top == 197 else list(_MASK[3:-3])
    cover = _area(shape, np.concatenate([points[low], points[[top]]]))
    middle = points[13]
    y, x = np.mgrid[: shape[0], : shape[1]]
    across = ((x - middle[0]) * face.right[0] + (y - middle[1]) * face.right[1]) / face.width
    along = ((x - middle[0]) * face.down[0] + (y - middle[1]) * face.down[1]) / face.width
    shade = (1 - 0.5 * across**2) * (1 - 0.12 * (np.abs((along * 7) % 1 - 0.5) < 0.06))
    tone = np.broadcast_to(np.array(color, float), (*shape, 3)).copy()
    if second is not None:
        tone[((across * 12).astype(int) + (along * 12).astype(int)) % 2 == 0] = second
    return cover, tone * shade[..., None], ("cover",)


def _fingers(face: _Face, place: int, count: int, color=None):
    """Fingers from the side and below, in the face's own color."""
    shape, points = face.pixels.shape[:2], face.points
    skin = np.median(
        face.pixels[tuple(np.clip(points[[50, 280, 101, 330]].astype(int).T[::-1], 0, np.array(shape)[:, None] - 1))], 0
    )
    skin = np.array(color, float) if color else skin.astype(float)
    cover, tone = np.zeros(shape, np.uint8), np.zeros((*shape, 3))
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    for finger in range(count):
        tip = face.at(points[place], 0.06 + 0.02 * (finger % 2), (finger - count / 2) * 0.125)
        end = face.at(points[place], -0.75, (finger - count / 2) * 0.14 + 0.35)
        along = np.linspace(0, 1, 12)[:, None]
        one = _line(shape, tip + along * (end - tip), 0.115 * face.width)
        ahead = (tip - end) / np.linalg.norm(tip - end)
        off = ((x - tip[0]) * -ahead[1] + (y - tip[1]) * ahead[0]) / (0.06 * face.width)
        shade = 0.55 + 0.5 * np.sqrt(np.clip(1 - off**2, 0, 1))
        tone = np.where(one[..., None] > 0, skin * shade[..., None], tone)
        nail = np.zeros(shape, np.uint8)
        place_of = tip + 0.01 * face.width * ahead
        angle = float(np.degrees(np.arctan2(ahead[1], ahead[0])))
        cv2.ellipse(nail, (tuple(map(float, place_of)), (0.075 * face.width, 0.05 * face.width), angle), 255, -1, cv2.LINE_AA)
        tone = np.where(nail[..., None] > 127, np.clip(skin * [1.02, 1.08, 1.1] + 12, 0, 255), tone)
        cover |= one
    return cover, tone, ("cover",)


def _words(face: _Face, place: int, color, text: str = "IMG 2047"):
    shape = face.pixels.shape[:2]
    cover = np.zeros(shape, np.uint8)
    scale = 0.16 * face.width / 22
    at = face.points[place] + [-0.45 * face.width, 0.07 * face.width]
    cv2.putText(
        cover, text, tuple(int(v) for v in at), cv2.FONT_HERSHEY_DUPLEX, scale, 255, max(1, round(scale * 3)), cv2.LINE_AA
    )
    return cover, np.array(color, float), ("cover",)


def _microphone(face: _Face):
    shape = face.pixels.shape[:2]
    cover = np.zeros(shape, np.uint8)
    middle = face.at(face.points[17], 0.03, 0.02)
    cv2.circle(cover, tuple(int(v) for v in middle), int(0.13 * face.width), 255, -1, cv2.LINE_AA)
    cover |= _line(shape, np.array([middle, face.at(middle, 0.25, 0.9)]), 0.12 * face.width)
    return cover, np.array([28.0, 28, 30]), ("cover",)


def _half_paint(face: _Face, color):
    shape = face.pixels.shape[:2]
    y, x = np.mgrid[: shape[0], : shape[1]]
    middle = face.points[4]
    side = (x - middle[0]) * face.right[0] + (y - middle[1]) * face.right[1] > 0
    cover = _area(shape, face.points[list(OVAL)]) * side
    for lids in EYES:
        cover[_area(shape, face.points[list(lids)]) > 0] = 0
    light = face.pixels.mean(-1, keepdims=True) / max(float(face.pixels[cover > 0].mean()), 1)
    return (cover * 0.92).astype(np.uint8), np.clip(np.array(color) * light, 0, 255), ("cover",)


THINGS: dict[str, Callable[[_Face], tuple[np.ndarray, np.ndarray, tuple[str, ...]]]] = {
    "wire of gold": lambda face: _frames(face, 0.009, (170, 140, 80)),
    "black wire": lambda face: _frames(face, 0.009, (25, 22, 22), 0.7, (0.19, 0.12)),
    "silver": lambda face: _frames(face, 0.012, (185, 188, 192), 0.6, (0.19, 0.13)),
    "half rims": lambda face: _frames(face, 0.014, (40, 30, 30), 0.7, (0.19, 0.13), False),
    "middling": lambda face: _frames(face, 0.02, (60, 35, 25), 0.8),
    "broad": lambda face: _frames(face, 0.034, (22, 20, 22), 0.6, (0.2, 0.155)),
    "red": lambda face: _frames(face, 0.028, (160, 30, 40), 0.8),
    "sunglasses": lambda face: _shades(face, (20, 20, 24)),
    "round sunglasses": lambda face: _shades(face, (30, 22, 15), 0.95, 1.0),
    "mirrors": lambda face: _shades(face, (90, 130, 190)),
    "tinted": lambda face: _shades(face, (60, 30, 20), 0.75),
    "white mask": lambda face: _mask(face, (226, 229, 232)),
    "blue mask": lambda face: _mask(face, (120, 170, 205)),
    "black mask": lambda face: _mask(face, (30, 30, 33)),
    "checked mask": lambda face: _mask(face, (190, 60, 60), second=(235, 225, 200)),
    "mask of skin's color": lambda face: _mask(face, (205, 165, 140)),
    "mask under the nose": lambda face: _mask(face, (120, 170, 205), 2),
    "fingers on the mouth": lambda face: _fingers(face, 13, 2),
    "fingers on the chin": lambda face: _fingers(face, 18, 4),
    "fingers on a cheek": lambda face: _fingers(face, 50, 3),
    "gloved fingers": lambda face: _fingers(face, 13, 3, (60, 70, 120)),
    "words on the lips": lambda face: _words(face, 13, (250, 250, 250)),
    "words on the chin": lambda face: _words(face, 18, (250, 230, 40), "hello you"),
    "microphone": _microphone,
    "half painted": lambda face: _half_paint(face, (40, 90, 170)),
}
"""What can be painted, by name; each gives cover (H, W) uint8, color (3,) or (H, W, 3), and what it may be called."""

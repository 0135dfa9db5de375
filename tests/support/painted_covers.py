"""Things painted over the face of a photo: masks, glasses, fingers, a microphone, a caption, hair, paint.

Soft at their borders and as noisy as a photo, in places that the landmarks name, so that any face can wear them.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from engine.photo.regions import CHIN, EYES, OUTER_LIPS, TOP

__all__ = ["COVERS", "paint_cover"]

_SUBPIXELS = 4
"""Fractional bits of the coordinates that shapes are drawn with."""
_JAW = (454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234)
"""Landmarks along the jaw, from the left ear to the right one."""


class _Canvas:
    """A photo that shapes are laid over."""

    def __init__(self, pixels: np.ndarray, landmarks: np.ndarray):
        self.image = pixels.astype(np.float32)
        self.points = np.asarray(landmarks, np.float64)
        self.face = float(np.linalg.norm(self.points[454] - self.points[234]))
        up = self.points[TOP] - self.points[CHIN]
        self.up = up / np.linalg.norm(up)
        self.across = np.array([-self.up[1], self.up[0]])
        if self.across @ (self.points[454] - self.points[234]) < 0:
            self.across = -self.across
        self._noise = np.random.default_rng(5)

    def polygon(self, corners: np.ndarray) -> np.ndarray:
        """(H, W) float32 alpha of a filled outline."""
        mask = np.zeros(self.image.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(np.asarray(corners) * 2**_SUBPIXELS).astype(np.int32)], 255, cv2.LINE_AA, _SUBPIXELS)
        return mask.astype(np.float32) / 255

    def line(self, corners: np.ndarray, width: float, closed: bool = False) -> np.ndarray:
        """(H, W) float32 alpha of a line of some width, pixels."""
        mask = np.zeros(self.image.shape[:2], np.uint8)
        places = np.round(np.asarray(corners) * 2**_SUBPIXELS).astype(np.int32)
        cv2.polylines(mask, [places], closed, 255, max(1, round(width)), cv2.LINE_AA, _SUBPIXELS)
        return mask.astype(np.float32) / 255

    def lay(self, alpha: np.ndarray, color, opacity: float = 1.0, shade: np.ndarray | None = None) -> None:
        """Cover with an sRGB colour, (3,) or (H, W, 3), darkened by `shade` (H, W)."""
        alpha = cv2.GaussianBlur(alpha, (0, 0), max(0.6, 0.004 * self.face))[..., None] * opacity
        laid = np.broadcast_to(np.asarray(color, np.float32), self.image.shape)
        if shade is not None:
            laid = laid * shade[..., None]
        laid = laid + self._noise.normal(0, 2, self.image.shape[:2] + (1,)).astype(np.float32)
        self.image += alpha * (laid - self.image)

    def around(self) -> np.ndarray:
        """(H, W) float32: light that falls from the upper left over something round."""
        y, x = np.mgrid[: self.image.shape[0], : self.image.shape[1]].astype(np.float32)
        middle = self.points[[234, 454]].mean(0)
        side = ((x - middle[0]) * self.across[0] + (y - middle[1]) * self.across[1]) / self.face
        return np.clip(1.05 - 0.9 * side**2 - 0.15 * side, 0.3, 1.1).astype(np.float32)

    def done(self) -> np.ndarray:
        return np.clip(self.image + 0.5, 0, 255).astype(np.uint8)


def _mask(canvas: _Canvas, color, pattern: str = "") -> None:
    points = canvas.points
    bridge = points[6] * 0.5 + points[5] * 0.5
    below = -0.04 * canvas.face * canvas.up
    edge = [points[117], bridge, points[346], *(points[i] + below for i in _JAW)]
    alpha = canvas.polygon(edge)
    y, x = np.mgrid[: alpha.shape[0], : alpha.shape[1]].astype(np.float32)
    along = ((x - bridge[0]) * canvas.up[0] + (y - bridge[1]) * canvas.up[1]) / canvas.face
    folds = 1 - 0.12 * np.exp(-((np.mod(along * 7, 1) - 0.5) ** 2) / 0.01)
    laid = np.broadcast_to(np.float32(color), canvas.image.shape).copy()
    if pattern == "checked":
        tile = (np.floor(x / (0.06 * canvas.face)) + np.floor(y / (0.06 * canvas.face))) % 2 > 0
        laid[tile] = (235, 225, 210)
    elif pattern == "dots":
        step = 0.08 * canvas.face
        dots = np.hypot(np.mod(x, step) - step / 2, np.mod(y, step) - step / 2) < 0.3 * step
        laid[dots] = (240, 240, 235)
    for ear, corner in ((234, 117), (454, 346)):
        canvas.lay(canvas.line([points[ear], points[corner]], 0.012 * canvas.face), color)
    canvas.lay(alpha, laid, shade=canvas.around() * folds.astype(np.float32))


def _rims(canvas: _Canvas, power: float, wide: float, tall: float) -> list[np.ndarray]:
    turn = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2 / power) * wide
    y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** (2 / power) * tall
    out = []
    for eye in EYES:
        middle = canvas.points[list(eye)].mean(0) - 0.03 * canvas.face * canvas.up
        out.append(middle + canvas.face * (x[:, None] * canvas.across + y[:, None] * canvas.up))
    return out


def _glasses(
    canvas: _Canvas, color, thick: float, power: float = 2.0, half: bool = False, tall: float = 0.125, glass=None
) -> None:
    rims = _rims(canvas, power, 0.165, tall)
    width = thick * canvas.face
    for rim in rims:
        if glass is not None:
            canvas.lay(canvas.polygon(rim), glass[0], glass[1])
        shine = canvas.polygon(rim[:12] * 0.35 + rim.mean(0) * 0.65)
        canvas.lay(shine, (235, 240, 245), 0.12)
        upper = (rim - rim.mean(0)) @ canvas.up > -0.01 * canvas.face
        kept = np.roll(rim, 20, 0)[np.roll(upper, 20)] if half else rim
        canvas.lay(canvas.line(kept, width, not half), color)
    right, left = rims
    inner = [rim[np.argmax((rim - rim.mean(0)) @ canvas.across * side)] for rim, side in ((right, 1), (left, -1))]
    top = np.mean(inner, 0) + 0.015 * canvas.face * canvas.up
    canvas.lay(canvas.line([inner[0], top, inner[1]], width), color)
    for rim, side, ear in ((right, -1, 127), (left, 1, 356)):
        outer = rim[np.argmax((rim - rim.mean(0)) @ canvas.across * side)]
        canvas.lay(canvas.line([outer, canvas.points[ear] + 0.04 * canvas.face * side * canvas.across], width), color)


def _fingers(canvas: _Canvas, count: int = 3) -> None:
    """Fingers of a hand from below, in the skin's own colour."""
    points, face = canvas.points, canvas.face
    skin = np.median(canvas.image[tuple(np.round(points[[205, 425, 50, 280]]).astype(int).T[::-1])], 0)
    for number in range(count):
        low = points[CHIN] + (0.02 - 0.16 * number) * -face * canvas.across - 0.35 * face * canvas.up
        high = (
            points[OUTER_LIPS[0]] * (1 - number / 2.5) + points[291] * number / 2.5 + (0.10 - 0.03 * number) * face * canvas.up
        )
        spine = low + np.linspace(0, 1, 30)[:, None] * (high - low)
        alpha = canvas.line(spine, 0.13 * face)
        inside = cv2.distanceTransform((alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / (0.065 * face)
        shade = 0.55 + 0.5 * np.sqrt(np.clip(inside, 0, 1))
        canvas.lay(alpha, skin * (1.0, 0.97, 0.95), shade=shade.astype(np.float32))
        nail = cv2.ellipse(
            np.zeros(alpha.shape, np.uint8),
            (tuple((high - 0.01 * face * canvas.up).tolist()), (0.075 * face, 0.09 * face), 0.0),
            255,
            -1,
            cv2.LINE_AA,
        )
        canvas.lay(nail / np.float32(255), skin * (1.08, 1.0, 1.0))


def _microphone(canvas: _Canvas, color=(35, 35, 38)) -> None:
    points, face = canvas.points, canvas.face
    ball = points[17] - 0.06 * face * canvas.up + 0.05 * face * canvas.across
    stick = [ball, ball - 0.9 * face * canvas.up + 0.25 * face * canvas.across]
    canvas.lay(canvas.line(stick, 0.12 * face), (25, 25, 28))
    y, x = np.mgrid[: canvas.image.shape[0], : canvas.image.shape[1]].astype(np.float32)
    away = np.hypot(x - ball[0], y - ball[1]) / (0.17 * face)
    mesh = 0.85 + 0.3 * ((np.floor(x / (0.02 * face)) + np.floor(y / (0.02 * face))) % 2)
    canvas.lay(
        (away < 1).astype(np.float32), color, shade=(mesh * np.sqrt(np.clip(1.3 - away**2, 0.1, 1.3))).astype(np.float32)
    )


def _caption(canvas: _Canvas, text: str = "HELLO WORLD", color=(255, 255, 255), bar: bool = False) -> None:
    points, face = canvas.points, canvas.face
    size, thick = 0.0075 * face, max(1, round(0.03 * face))
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    middle = points[[13, 14]].mean(0)
    corner = tuple(np.round(middle + (-width / 2, height / 2)).astype(int).tolist())
    if bar:
        x0, y0, x1, y1 = middle[0] - 0.7 * width, middle[1] - height, middle[0] + 0.7 * width, middle[1] + height
        canvas.lay(canvas.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), (20, 20, 20))
    for line, shade in ((3 * thick, (0, 0, 0)), (thick, color)):
        mask = np.zeros(canvas.image.shape[:2], np.uint8)
        cv2.putText(mask, text, corner, cv2.FONT_HERSHEY_SIMPLEX, size, 255, line, cv2.LINE_AA)
        canvas.lay(mask / np.float32(255), shade)


def _strands(canvas: _Canvas, color=(45, 32, 25)) -> None:
    """A lock of hair that falls over the left eye."""
    points, face, rng = canvas.points, canvas.face, np.random.default_rng(3)
    for _ in range(160):
        high = points[338] + rng.normal(0, 0.10, 2) * face + 0.12 * face * canvas.up
        low = points[346] + rng.normal(0, 0.06, 2) * face - 0.2 * face * canvas.up
        t = np.linspace(0, 1, 16)[:, None]
        bend = 0.14 * face * np.sin(np.pi * t) * -canvas.across
        canvas.lay(canvas.line(high + t * (low - high) + bend, 0.012 * face), np.float32(color) * rng.uniform(0.7, 1.5))


def _paint(canvas: _Canvas, color=(40, 60, 170)) -> None:
    """Half of the face painted."""
    points = canvas.points
    oval = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152)
    alpha = canvas.polygon([*points[list(oval)], points[17], points[4], points[6], points[9]])
    light = canvas.image @ np.float32((0.3, 0.6, 0.1)) / 160
    canvas.lay(alpha, color, 0.9, shade=np.clip(light, 0.2, 1.5))


COVERS: dict[str, Callable[[_Canvas], None]] = {
    "mask_blue": lambda c: _mask(c, (120, 170, 205)),
    "mask_white": lambda c: _mask(c, (238, 238, 236)),
    "mask_black": lambda c: _mask(c, (28, 28, 30)),
    "mask_checked": lambda c: _mask(c, (170, 40, 50), "checked"),
    "mask_dots": lambda c: _mask(c, (40, 60, 110), "dots"),
    "glasses_round": lambda c: _glasses(c, (25, 22, 22), 0.018, tall=0.15),
    "glasses_thick": lambda c: _glasses(c, (18, 18, 20), 0.045, power=4.0),
    "glasses_thin": lambda c: _glasses(c, (120, 110, 95), 0.008, power=3.0),
    "glasses_half": lambda c: _glasses(c, (30, 25, 25), 0.03, power=3.5, half=True),
    "glasses_brown": lambda c: _glasses(c, (120, 70, 40), 0.035, power=3.0),
    "sunglasses_tinted": lambda c: _glasses(c, (40, 30, 25), 0.015, tall=0.14, glass=((70, 45, 30), 0.6)),
    "sunglasses_opaque": lambda c: _glasses(c, (15, 15, 17), 0.025, power=3.0, tall=0.15, glass=((14, 14, 18), 0.97)),
    "sunglasses_mirror": lambda c: _glasses(c, (150, 140, 90), 0.012, tall=0.145, glass=((110, 150, 190), 0.95)),
    "fingers": _fingers,
    "microphone": _microphone,
    "caption": _caption,
    "caption_bar": lambda c: _caption(c, color=(250, 220, 60), bar=True),
    "strands": _strands,
    "paint": _paint,
}
"""What can be painted, by name."""


def paint_cover(pixels: np.ndarray, landmarks: np.ndarray, kind: str) -> np.ndarray:
    """(H, W, 3) uint8: a photo with something over its face.

    Args:
        pixels: (H, W, 3) uint8 sRGB. landmarks: (478, 2) of the face in them. kind: of :data:`COVERS`.
    """
    canvas = _Canvas(pixels, landmarks)
    COVERS[kind](canvas)
    return canvas.done()

"""A face in a photo that shapes are laid over, in face widths along its own axes: soft at their borders, and as noisy as a photo."""

from __future__ import annotations

import cv2
import numpy as np

from ..photo.landmarks import width_of
from ..photo.parts import face_centre
from ..photo.regions import CHIN, TOP

__all__ = ["Canvas"]

_CHEEKS = ((117, 118, 101, 36, 205, 187, 123), (346, 347, 330, 266, 425, 411, 352))
"""Landmarks around either cheek."""
_REACH = 1.5
"""Half the side of the window around the face that can be drawn in, face widths."""
_FINER = 4
"""How much larger lines are drawn, so that they can be of any thickness."""
_SUB = 4
"""Bits of fractions of a pixel in OpenCV's drawing."""
_SOFT = 0.003
"""Blur of borders: sigma in face widths."""
_LEAST_SOFT = 0.5
"""The least of it in pixels."""
_NOISE = 2.0
"""Standard deviation of the noise in what is laid, levels."""
_COVERED = 0.4
"""From this opacity on a pixel belongs to what is laid."""


class Canvas:
    """The window of a photo around a face, and what has been laid over it.

    Args:
        pixels: (H, W, 3) uint8 sRGB. landmarks: (478, 2 or more) of the face in them, pixels.
    """

    def __init__(self, pixels: np.ndarray, landmarks: np.ndarray):
        points = np.asarray(landmarks, float)[:, :2]
        self.width = width_of(points)
        """Width of the face, pixels."""
        low = np.floor(np.maximum(face_centre(points) - _REACH * self.width, 0)).astype(int)
        high = np.ceil(face_centre(points) + _REACH * self.width).astype(int)
        self._photo, self._window = pixels, (slice(low[1], high[1]), slice(low[0], high[0]))
        self.image = pixels[self._window].astype(np.float32)
        """(h, w, 3) levels; all places on the canvas are pixels of this window."""
        self.shape = self.image.shape[:2]
        """(h, w)."""
        self.points = points - low - 0.5
        """(478, 2) landmarks, pixel centres at whole numbers."""
        down = self.points[CHIN] - self.points[TOP]
        self.down = down / np.linalg.norm(down)
        """(2,) unit, along the face's axis."""
        self.right = np.array([self.down[1], -self.down[0]])
        """(2,) unit, towards the person's left."""
        self._alpha = np.zeros(self.shape, np.float32)
        self._noise = np.random.default_rng(5)

    def at(self, origin: np.ndarray, x, y) -> np.ndarray:
        """(..., 2) place x to the right of and y below an origin, face widths."""
        x, y = np.asarray(x)[..., None], np.asarray(y)[..., None]
        return origin + self.width * (x * self.right + y * self.down)

    def axes(self, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(h, w) each: how far pixels lie to the right of and below an origin, face widths."""
        y, x = np.mgrid[: self.shape[0], : self.shape[1]]
        x, y = (x - origin[0]) / self.width, (y - origin[1]) / self.width
        return x * self.right[0] + y * self.right[1], x * self.down[0] + y * self.down[1]

    def area(self, corners: np.ndarray) -> np.ndarray:
        """(h, w) float32 cover of a filled outline, 0 to 1."""
        out = np.zeros(self.shape, np.uint8)
        cv2.fillPoly(out, [np.round(np.asarray(corners) * 2**_SUB).astype(np.int32)], 255, cv2.LINE_AA, _SUB)
        return out.astype(np.float32) / 255

    def line(self, corners: np.ndarray, thick: float, closed: bool = False) -> np.ndarray:
        """(h, w) float32 cover of a line with round ends that is `thick` face widths."""
        corners, thick = np.asarray(corners, float), thick * self.width
        low = np.clip(np.floor(corners.min(0) - thick - 2), 0, self.shape[::-1]).astype(int)
        high = np.clip(np.ceil(corners.max(0) + thick + 3), 0, self.shape[::-1]).astype(int)
        out, size = np.zeros(self.shape, np.float32), high - low
        if size.min() > 0:
            large = np.zeros(size[::-1] * _FINER, np.uint8)
            places = np.round((corners - low) * _FINER * 2**_SUB).astype(np.int32)
            cv2.polylines(large, [places], closed, 255, max(1, round(thick * _FINER)), cv2.LINE_AA, _SUB)
            small = cv2.resize(large, tuple(map(int, size)), interpolation=cv2.INTER_AREA)
            out[low[1] : high[1], low[0] : high[0]] = small.astype(np.float32) / 255
        return out

    def disc(self, middle: np.ndarray, size: tuple[float, float], along: np.ndarray) -> np.ndarray:
        """(h, w) float32 cover of an ellipse with diameters `size`, face widths, the first of them in the direction `along`."""
        turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)[:, None]
        along = np.asarray(along, float) / np.linalg.norm(along)
        aside = np.array([-along[1], along[0]])
        return self.area(middle + 0.5 * self.width * (size[0] * np.cos(turn) * along + size[1] * np.sin(turn) * aside))

    def letters(self, text: str, middle: np.ndarray, size: float, thick: float) -> np.ndarray:
        """(h, w) float32 cover of level words around a place; size: of OpenCV's letters in a face 1 pixel wide. thick: face
        widths."""
        size, thick = size * self.width, max(1, round(thick * self.width))
        (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, size, thick)
        corner = tuple(int(value) for value in np.round(middle + np.array([-width / 2, height / 2])))
        out = np.zeros(self.shape, np.uint8)
        cv2.putText(out, text, corner, cv2.FONT_HERSHEY_DUPLEX, size, 255, thick, cv2.LINE_AA)
        return out.astype(np.float32) / 255

    def round_shade(self, cover: np.ndarray, radius: float) -> np.ndarray:
        """(h, w) brightness of something round that is lit from the front; radius: face widths."""
        inside = cv2.distanceTransform((cover > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / (radius * self.width)
        return 0.55 + 0.5 * np.sqrt(np.clip(inside * (2 - inside), 0, 1))

    def face_shade(self) -> np.ndarray:
        """(h, w) brightness of what lies around the face, under light from the upper left."""
        side, _ = self.axes(self.points[[234, 454]].mean(0))
        return np.clip(1.05 - 0.9 * side**2 - 0.15 * side, 0.3, 1.1)

    def skin(self) -> np.ndarray:
        """(3,) color of the cheeks, levels."""
        cheeks = np.maximum(*(self.area(self.points[list(cheek)]) for cheek in _CHEEKS)) > 0.5
        return np.median(self.image[cheeks] if cheeks.any() else self.image.reshape(-1, 3), 0)

    def lay(self, cover: np.ndarray, color, opacity: float = 1.0, shade: np.ndarray | None = None) -> None:
        """Lay a color over the photo.

        Args:
            cover: (h, w), 0 to 1. color: (3,) or (h, w, 3) sRGB levels. shade: (h, w) factors of the color.
        """
        alpha = cv2.GaussianBlur(np.float32(cover), (0, 0), max(_LEAST_SOFT, _SOFT * self.width)) * np.float32(opacity)
        laid = np.broadcast_to(np.asarray(color, np.float32), self.image.shape)
        if shade is not None:
            laid = laid * np.float32(shade)[..., None]
        laid = laid + self._noise.normal(0, _NOISE, (*self.shape, 1)).astype(np.float32)
        self.image += alpha[..., None] * (laid - self.image)
        self._alpha = np.maximum(self._alpha, alpha)

    def done(self) -> tuple[np.ndarray, np.ndarray]:
        """(H, W, 3) uint8 photo with all that was laid, and (H, W) bool where it lies."""
        pixels, mask = self._photo.copy(), np.zeros(self._photo.shape[:2], bool)
        there = self._alpha > 0
        pixels[self._window][there] = np.round(self.image[there]).clip(0, 255).astype(np.uint8)
        mask[self._window] = self._alpha > _COVERED
        return pixels, mask

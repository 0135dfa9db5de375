"""Colours of iris, white of the eye and enamel, measured in the photo.

All three lie in the light of the skin around them, in the shade of lids and lips. So they are measured against the skin,
and get the colour that belongs to the skin's unlit one: a photo that is dark, or red, must not make eyes glow.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ...photo.regions import EYES, IRISES
from ...wire.color import LUMINANCE, srgb_to_linear
from ..sources.photo_view import PhotoView, feature_mask

__all__ = ["InnerColors", "measure_inner_colors"]

_IRIS = srgb_to_linear(np.array([84, 62, 44]) / 255)
"""Linear colour of an iris."""
_SCLERA = srgb_to_linear(np.array([192, 184, 177]) / 255)
"""Linear colour of the white of an eye."""
_ENAMEL = srgb_to_linear(np.array([222, 211, 191]) / 255)
"""Linear colour of enamel. These three colours stand where the photo shows none of the part, and give the hue to what it
shows."""
_IRIS_LUMINANCE = (0.012, 0.14)
"""Least and largest luminance of an iris that is believed."""
_SCLERA_LUMINANCE = (0.27, 0.50)
"""Least and largest luminance of the white of an eye that is believed."""
_ENAMEL_LUMINANCE = (0.30, 0.70)
"""Least and largest luminance of enamel that is believed."""
_LIDS_SHADE = 1.05
"""Light on the skin around the eyes over the light behind the lids."""
_LIPS_SHADE = 1.2
"""Light on the skin around the mouth over the light behind the lips."""
_LEAST_PIXELS = 6
"""Fewest pixels by which an iris or the white of the eyes is measured."""
_BLURRED_PX = 8.0
"""Radius of an iris below which pixels of its ring hold something of the white and the skin around it."""


class InnerColors(NamedTuple):
    """Linear RGB, (3,) float32 each, unlit."""

    iris: np.ndarray
    sclera: np.ndarray
    enamel: np.ndarray


def measure_inner_colors(view: PhotoView, level: np.ndarray, teeth: np.ndarray | None, skin: np.ndarray) -> InnerColors:
    """
    Args:
        view: the photo.
        level: (3,) unlit colour of the skin over its colour in the photo.
        teeth: (3,) colour of the teeth over the skin's, both as in the photo; None where none show.
        skin: (3,) unlit colour of the skin.
    """
    rings, whites, radius = _eye_pixels(view)
    iris, sclera, enamel = _IRIS, _SCLERA, _ENAMEL
    if len(rings) >= _LEAST_PIXELS:
        # Catchlights are brighter, lashes darker than most of the ring.
        order = rings[np.argsort(rings @ LUMINANCE)]
        blurred = np.clip(1 - radius / _BLURRED_PX, 0, 1)
        low, high = 0.25 - 0.15 * blurred, 0.70 - 0.25 * blurred
        chosen = order[int(low * len(order)) : max(int(high * len(order)), int(low * len(order)) + 1)]
        iris = _within(np.median(chosen, 0) * level * _LIDS_SHADE, _IRIS_LUMINANCE)
        # No iris is redder than brown; a photo in red light is.
        iris[1] = max(iris[1], iris[0] / 2.2)
        iris[2] = max(iris[2], iris[1] / 3.0)
    if len(whites) >= _LEAST_PIXELS:
        seen = np.quantile((whites * level) @ LUMINANCE, 0.7) * _LIDS_SHADE
        sclera = _within(_SCLERA * seen / (_SCLERA @ LUMINANCE), _SCLERA_LUMINANCE)
    if teeth is not None:
        measured = np.maximum(teeth * skin * _LIPS_SHADE, 1e-3)
        # Their hue is known to a part only: lips, gums and the light colour it.
        enamel = _within(
            np.sqrt(measured / (measured @ LUMINANCE) * _ENAMEL / (_ENAMEL @ LUMINANCE)) * (measured @ LUMINANCE),
            _ENAMEL_LUMINANCE,
        )
        enamel[0] = max(enamel[0], 1.06 * enamel[1])  # Teeth are yellow, never green.
    return InnerColors(*(np.clip(color, 0, 1).astype(np.float32) for color in (iris, sclera, enamel)))


def _within(color: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    luminance = max(float(color @ LUMINANCE), 1e-4)
    return color * np.clip(luminance, *limits) / luminance


def _eye_pixels(view: PhotoView) -> tuple[np.ndarray, np.ndarray, float]:
    """(n, 3) linear pixels of both irises' rings without pupil and limbus, (m, 3) of the whites beside them, and the
    irises' radius in pixels."""
    opening = feature_mask(view, EYES)
    r = max(1, int(round(0.4 * view.pixels_per_mm)))
    opening = cv2.erode(opening, np.ones((2 * r + 1, 2 * r + 1), np.uint8))
    rings, whites, radii = [np.zeros((0, 3))], [np.zeros((0, 3))], []
    for centre, ring in IRISES:
        c = view.landmarks[centre]
        radius = float(np.linalg.norm(view.landmarks[list(ring)] - c, axis=1).mean())
        if radius < 1.5:
            continue
        x0, y0 = np.maximum(np.floor(c - 2.5 * radius).astype(int), 0)
        x1, y1 = np.ceil(c + 2.5 * radius).astype(int) + 1
        window = view.pyramid[0][y0:y1, x0:x1] * np.float32(1 / 65535)
        if window.size == 0:
            continue
        yy, xx = np.mgrid[y0 : y0 + window.shape[0], x0 : x0 + window.shape[1]]
        distance = np.hypot(xx + 0.5 - c[0], yy + 0.5 - c[1]) / radius
        inside = opening[y0:y1, x0:x1] > 127
        rings.append(window[(distance > 0.45) & (distance < 0.85) & inside])
        whites.append(window[(distance > 1.2) & (distance < 2.2) & inside])
        radii.append(radius)
    return np.concatenate(rings), np.concatenate(whites), max(radii, default=0.0)

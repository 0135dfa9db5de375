"""Colours of iris, white of the eye and enamel, measured in the photo.

All three lie in the light of the skin around them, in the shade of lids and lips. So they are measured against the skin,
and get the colour that belongs to the skin's unlit one: a photo that is dark, or red, must not make eyes glow.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ...photo.regions import EYES, IRISES
from ...wire.color import LUMINANCE
from ..sources.photo_view import PhotoView, feature_mask
from ..weights import WEIGHTS, InnerWeights
from .srgb import linear

__all__ = ["InnerColors", "measure_inner_colors"]


class InnerColors(NamedTuple):
    """Linear RGB, (3,) float32 each, unlit."""

    iris: np.ndarray
    sclera: np.ndarray
    enamel: np.ndarray


def measure_inner_colors(
    view: PhotoView,
    level: np.ndarray,
    teeth: np.ndarray | None,
    skin: np.ndarray,
    weights: InnerWeights = WEIGHTS.inner,
    over: np.ndarray | None = None,
) -> InnerColors:
    """
    Args:
        view: the photo.
        level: (3,) unlit colour of the skin over its colour in the photo.
        teeth: (3,) colour of the teeth over the skin's, both as in the photo; None where none show.
        skin: (3,) unlit colour of the skin.
        weights: what is believed of the three colours.
        over: (h, w) float32 in [0, 1]: what lies over the face in its crop; None where nothing does.
    """
    w = weights
    rings, whites, radius = _eye_pixels(view, over, w)
    iris, sclera, enamel = (linear(color) for color in (w.iris, w.sclera, w.enamel))
    if len(rings) >= w.least_pixels:
        # Catchlights are brighter, lashes darker than most of the ring.
        order = rings[np.argsort(rings @ LUMINANCE)]
        blurred = np.clip(1 - radius / w.blurred_px, 0, 1)
        low, high = (share - less * blurred for share, less in zip(w.ring, w.ring_blurred))
        chosen = order[int(low * len(order)) : max(int(high * len(order)), int(low * len(order)) + 1)]
        iris = _within(np.median(chosen, 0) * level * w.lids_shade, w.iris_luminance)
        iris[1] = max(iris[1], iris[0] / w.most_red)
        iris[2] = max(iris[2], iris[1] / w.most_green)
    if len(whites) >= w.least_pixels:
        seen = np.quantile((whites * level) @ LUMINANCE, w.white) * w.lids_shade
        sclera = _within(sclera * seen / (sclera @ LUMINANCE), w.sclera_luminance)
    if teeth is not None:
        measured = np.maximum(teeth * skin * w.lips_shade, 1e-3)
        # Their hue is known to a part only: lips, gums and the light colour it.
        enamel = _within(
            np.sqrt(measured / (measured @ LUMINANCE) * enamel / (enamel @ LUMINANCE)) * (measured @ LUMINANCE),
            w.enamel_luminance,
        )
        enamel[0] = max(enamel[0], w.yellow * enamel[1])
    return InnerColors(*(np.clip(color, 0, 1).astype(np.float32) for color in (iris, sclera, enamel)))


def _within(color: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    luminance = max(float(color @ LUMINANCE), 1e-4)
    return color * np.clip(luminance, *limits) / luminance


def _eye_pixels(view: PhotoView, over: np.ndarray | None, w: InnerWeights) -> tuple[np.ndarray, np.ndarray, float]:
    """(n, 3) linear pixels of both irises' rings without pupil and limbus, (m, 3) of the whites beside them, and the
    irises' radius in pixels."""
    opening = feature_mask(view, EYES)
    r = max(1, int(round(w.lids_mm * view.pixels_per_mm)))
    if over is not None:
        opening[over > 0.5] = 0
    opening = cv2.erode(opening, np.ones((2 * r + 1, 2 * r + 1), np.uint8))
    rings, whites, radii = [np.zeros((0, 3))], [np.zeros((0, 3))], []
    for centre, ring in IRISES:
        c = view.landmarks[centre]
        radius = float(np.linalg.norm(view.landmarks[list(ring)] - c, axis=1).mean())
        if radius < w.least_radius_px:
            continue
        x0, y0 = np.maximum(np.floor(c - w.window * radius).astype(int), 0)
        x1, y1 = np.ceil(c + w.window * radius).astype(int) + 1
        window = view.pyramid[0][y0:y1, x0:x1] * np.float32(1 / 65535)
        if window.size == 0:
            continue
        yy, xx = np.mgrid[y0 : y0 + window.shape[0], x0 : x0 + window.shape[1]]
        distance = np.hypot(xx + 0.5 - c[0], yy + 0.5 - c[1]) / radius
        inside = opening[y0:y1, x0:x1] > 127
        rings.append(window[(distance > w.iris_ring[0]) & (distance < w.iris_ring[1]) & inside])
        whites.append(window[(distance > w.white_ring[0]) & (distance < w.white_ring[1]) & inside])
        radii.append(radius)
    return np.concatenate(rings), np.concatenate(whites), max(radii, default=0.0)
